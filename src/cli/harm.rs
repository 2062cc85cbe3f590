//! Harm that a rehearsal does to its own child process, at named points: killing it, or failing one of its calls. Wrappers
//! round the performer; engine and actions know nothing of it.

use super::Failure;
use crate::access::Beat;
use crate::engine::Performer;
use crate::model::{ActionCall, ActionPath, Failure as Failed, FailureKind, Outcome, Phase};
use std::cell::RefCell;
use std::rc::Rc;

/// Where something is done to this process.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Point {
    action: ActionPath,
    phase: Phase,
    when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    After,
}

/// All that is to be done to one process.
#[derive(Debug, Clone, Default)]
pub(super) struct Harm {
    kill: Vec<Point>,
    /// Each is met once.
    fail: Rc<RefCell<Vec<Point>>>,
}

impl Harm {
    /// What an ordinary command has.
    pub(super) fn none() -> Self {
        Self::default()
    }

    /// `kill` and `fail`: `ACTION:before` or `ACTION:after` its effect; `ACTION:before-undo` or `ACTION:after-undo`.
    pub(super) fn parse(kill: &[String], fail: &[String]) -> Result<Self, Failure> {
        let points = |texts: &[String]| texts.iter().map(|text| point(text)).collect::<Result<Vec<_>, _>>();
        Ok(Self { kill: points(kill)?, fail: Rc::new(RefCell::new(points(fail)?)) })
    }

    fn strike(&self, call: &ActionCall, when: When) {
        if self.kill.iter().any(|point| point.is(call, when)) {
            // Nothing runs after this: that is the point.
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    }

    /// Whether this call is to fail now; it will not be asked to again.
    fn fails(&self, call: &ActionCall, when: When) -> bool {
        let mut points = self.fail.borrow_mut();
        let at = points.iter().position(|point| point.is(call, when));
        at.map(|at| points.remove(at)).is_some()
    }
}

impl Point {
    fn is(&self, call: &ActionCall, when: When) -> bool {
        self.action == call.action && self.phase == call.phase && self.when == when
    }
}

fn point(text: &str) -> Result<Point, Failure> {
    let wrong = || {
        Failure::usage(format!("`{text}` is no such point"))
            .hint("write ACTION:before or ACTION:after, for an undo ACTION:before-undo or ACTION:after-undo")
    };
    let (action, point) = text.rsplit_once(':').ok_or_else(wrong)?;
    let (when, phase) = match point {
        "before" => (When::Before, Phase::Apply),
        "after" => (When::After, Phase::Apply),
        "before-undo" => (When::Before, Phase::Undo),
        "after-undo" => (When::After, Phase::Undo),
        _ => return Err(wrong()),
    };
    let action = action.parse().map_err(|e| wrong().cause(format!("{e}")))?;
    Ok(Point { action, phase, when })
}

/// A performer that may kill this process, or answer a failure.
#[derive(Debug, Clone)]
pub(super) struct Harmed<P> {
    pub(super) inner: P,
    pub(super) harm: Harm,
}

impl<P: Performer> Performer for Harmed<P> {
    async fn perform(&self, call: ActionCall, beat: Beat) -> Outcome {
        self.harm.strike(&call, When::Before);
        if self.harm.fails(&call, When::Before) {
            return failed(&call, FailureKind::Transient, "it was not even begun");
        }
        let outcome = self.inner.perform(call.clone(), beat).await;
        self.harm.strike(&call, When::After);
        if self.harm.fails(&call, When::After) {
            return failed(&call, FailureKind::Lost, "its answer was lost");
        }
        outcome
    }
}

fn failed(call: &ActionCall, kind: FailureKind, how: &str) -> Outcome {
    Failed::new(kind, format!("the rehearsal let `{}` fail: {how}", call.action)).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ActionKind, Value, Values};

    fn call(phase: Phase) -> ActionCall {
        ActionCall {
            run: "r1".parse().unwrap(),
            action: "a/b".parse().unwrap(),
            kind: ActionKind::InstanceStop,
            phase,
            attempt: 1,
            generation: 0,
            parameters: Value::Null,
            before: Value::Null,
            outputs: Values::new(),
            tags: std::collections::BTreeMap::new(),
            region: None,
            deadline_s: 1,
            approved: Vec::new(),
        }
    }

    #[test]
    fn a_point_is_met_once_and_only_in_its_phase() {
        let harm = Harm::parse(&[], &["a/b:after".into(), "a/b:before-undo".into()]).unwrap();
        let again = harm.clone();
        assert!(!harm.fails(&call(Phase::Apply), When::Before));
        assert!(!harm.fails(&call(Phase::Observe), When::After));
        assert!(harm.fails(&call(Phase::Apply), When::After));
        assert!(!again.fails(&call(Phase::Apply), When::After), "copies share what has been met");
        assert!(harm.fails(&call(Phase::Undo), When::Before));
    }

    #[test]
    fn what_is_no_point_is_refused() {
        for text in ["a/b", "a:before", "a/b:during", "a/b:after-apply", ":before", ""] {
            assert!(Harm::parse(&[text.into()], &[]).is_err(), "{text}");
        }
    }
}
