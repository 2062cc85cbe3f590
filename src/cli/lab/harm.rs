//! Harm that a rehearsal does to its own child process, at named points: killing it, or failing one of its calls. Wrappers
//! round the performer and the store; engine, actions and journal know nothing of it.

use crate::access::Beat;
use crate::cli::CommandFailure;
use crate::engine::Performer;
use crate::journal::{JournalError, Record, RecordKind, Store};
use crate::model::{
    ActionCall, ActionPath, Failure as Failed, FailureKind, GuardCall, Outcome, Phase, RunId, Sighting,
};
use std::cell::RefCell;
use std::path::PathBuf;
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
pub(in crate::cli) struct Harm {
    kill: Vec<Point>,
    /// At which append of this process, from 1, it dies.
    append: Option<(u64, When)>,
    /// Where it is written at which point it died.
    diary: Option<PathBuf>,
    /// Each is met once.
    fail: Rc<RefCell<Vec<Point>>>,
}

impl Harm {
    /// What an ordinary command has.
    pub(in crate::cli) fn none() -> Self {
        Self::default()
    }

    /// `kill` and `fail`: `ACTION:before` or `ACTION:after` its effect; `ACTION:before-undo` or `ACTION:after-undo`.
    pub(in crate::cli) fn parse(kill: &[String], fail: &[String]) -> Result<Self, CommandFailure> {
        let points = |texts: &[String]| texts.iter().map(|text| point(text)).collect::<Result<Vec<_>, _>>();
        Ok(Self { kill: points(kill)?, fail: Rc::new(RefCell::new(points(fail)?)), ..Self::default() })
    }

    /// The same, and it dies at this append: `N:before` or `N:after`.
    pub(in crate::cli) fn at_append(self, text: Option<&str>) -> Result<Self, CommandFailure> {
        let Some(text) = text else { return Ok(self) };
        let point = match text.split_once(':') {
            Some((number, "before")) => number.parse().ok().map(|number| (number, When::Before)),
            Some((number, "after")) => number.parse().ok().map(|number| (number, When::After)),
            _ => None,
        };
        let Some(append) = point else {
            return Err(CommandFailure::usage(format!("`{text}` is no append")).hint("write N:before or N:after"));
        };
        Ok(Self { append: Some(append), ..self })
    }

    /// The same, and it writes into this file at which of its points it died.
    pub(in crate::cli) fn told_in(self, diary: Option<PathBuf>) -> Self {
        Self { diary, ..self }
    }

    fn strike(&self, call: &ActionCall, when: When) {
        if let Some(point) = self.kill.iter().find(|point| point.is(call, when)) {
            self.die(&point.to_string());
        }
    }

    fn die(&self, at: &str) {
        // Who cannot write dies all the same, and the rehearsal sees that the point is missing.
        let _ = self.diary.as_ref().map(|file| std::fs::write(file, at));
        // Nothing runs after this: that is the point.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    }

    /// Whether this call is to fail now; it will not be asked to again.
    fn fails(&self, call: &ActionCall, when: When) -> bool {
        let mut points = self.fail.borrow_mut();
        let at = points.iter().position(|point| point.is(call, when));
        at.map(|at| points.remove(at)).is_some()
    }
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let when = if self.when == When::Before { "before" } else { "after" };
        let undo = if self.phase == Phase::Undo { "-undo" } else { "" };
        write!(f, "{}:{when}{undo}", self.action)
    }
}

impl Point {
    fn is(&self, call: &ActionCall, when: When) -> bool {
        self.action == call.action && self.phase == call.phase && self.when == when
    }
}

fn point(text: &str) -> Result<Point, CommandFailure> {
    let wrong = || {
        CommandFailure::usage(format!("`{text}` is no such point"))
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
pub(in crate::cli) struct Harmed<P> {
    pub(in crate::cli) inner: P,
    pub(in crate::cli) harm: Harm,
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

    async fn look(&self, call: GuardCall) -> Sighting {
        self.inner.look(call).await
    }
}

/// A store at one of whose appends this process dies.
#[derive(Debug)]
pub(in crate::cli) struct Mortal<S> {
    pub(in crate::cli) inner: S,
    pub(in crate::cli) harm: Harm,
    /// How many appends there were, but those of what the site was seen to be.
    pub(in crate::cli) appends: u64,
}

impl<S> Mortal<S> {
    fn strike(&self, when: When) {
        if self.harm.append == Some((self.appends, when)) {
            self.harm.die("append");
        }
    }
}

impl<S: Store> Store for Mortal<S> {
    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        // What the site answers comes when it comes: counted, a process might die before it has done anything, time and again.
        if matches!(record.kind, RecordKind::SiteSeen { .. }) {
            return self.inner.append(record);
        }
        self.appends += 1;
        self.strike(When::Before);
        self.inner.append(record)?;
        self.strike(When::After);
        Ok(())
    }

    fn records_after(&mut self, run: &RunId, after: u64) -> Result<Vec<Record>, JournalError> {
        self.inner.records_after(run, after)
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
            runbook: "move".into(),
            by: "hana".into(),
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
            ahead: None,
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
        for text in ["3", "3:during", ":before", "x:after", "-1:before"] {
            assert!(Harm::none().at_append(Some(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_point_is_written_as_it_is_read() {
        for text in ["a/b:before", "a/b:after", "a/b:before-undo", "a/b:after-undo"] {
            assert_eq!(point(text).unwrap().to_string(), text);
        }
    }
}
