//! What is typed to this tool, as it is typed here: where options were given on its command line by which it finds the run
//! again, they are named again.
//!
//! Promise: every command that is shown with a run's name is made here, so that it can be copied and works.

use crate::display::plan::changes::shell_line;
use crate::journal::RollbackTo;
use crate::model::{Advice, Recourse, Resolution, RunId};
use std::fmt::Display;
use std::sync::OnceLock;

/// Options as they were given: for every command, and for those that reach out to hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CalledWith {
    /// `--state FOLDER`.
    pub everywhere: Vec<String>,
    /// `--ssh-config FILE` and the like.
    pub outside: Vec<String>,
}

static CALLED_WITH: OnceLock<CalledWith> = OnceLock::new();

/// Names these options with each command from now on. Call it once, before anything is written.
pub fn called_with(options: CalledWith) {
    // The command line of a process does not change.
    let _ = CALLED_WITH.set(options);
}

/// The commands of a run.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    run: &'a RunId,
    with: Option<&'a CalledWith>,
}

impl<'a> Typed<'a> {
    /// Those of this run, as they are typed here.
    #[must_use]
    pub fn of(run: &'a RunId) -> Self {
        Self { run, with: CALLED_WITH.get() }
    }

    /// `runbook resume RUN`.
    #[must_use]
    pub fn resume(self) -> String {
        self.outside("resume", "")
    }

    /// The same with options of its own (`--dry-run`).
    #[must_use]
    pub fn resume_with(self, options: impl Display) -> String {
        self.outside("resume", options)
    }

    /// `runbook rollback RUN --to STEP`.
    #[must_use]
    pub fn rollback(self, to: &RollbackTo) -> String {
        self.rollback_with(format_args!("--to {to}"))
    }

    /// The same with options of its own.
    #[must_use]
    pub fn rollback_with(self, options: impl Display) -> String {
        self.outside("rollback", options)
    }

    /// `runbook status RUN`.
    #[must_use]
    pub fn status(self) -> String {
        self.inside("status", "")
    }

    /// `runbook approve RUN GATE`.
    #[must_use]
    pub fn approve(self, gate: &str) -> String {
        self.inside("approve", gate)
    }

    /// `runbook resolve RUN ACTION --as WORD --reason "..."`.
    #[must_use]
    pub fn resolve(self, action: impl Display, resolution: Resolution) -> String {
        self.resolve_with(action, resolution, "")
    }

    /// The same with options of its own.
    #[must_use]
    pub fn resolve_with(self, action: impl Display, resolution: Resolution, options: &str) -> String {
        self.inside("resolve", format_args!("{action} --as {resolution} --reason \"...\"{options}"))
    }

    /// `runbook abandon RUN --reason "..."`.
    #[must_use]
    pub fn abandon(self) -> String {
        self.inside("abandon", "--reason \"...\"")
    }

    /// An advice in words, with what is typed.
    #[must_use]
    pub fn advice(self, advice: &Advice) -> String {
        let ways: Vec<String> = advice.ways().iter().map(|way| self.recourse(way)).collect();
        match (advice.done_by_hand(), ways.join(", then "), advice.effect()) {
            (Some(first), typed, _) if typed.is_empty() => first.to_owned(),
            (Some(first), typed, None) => format!("{first}, then {typed}"),
            (Some(first), typed, Some(effect)) => format!("{first}, then {typed}, which {effect}"),
            (None, typed, None) => typed,
            (None, typed, Some(effect)) => format!("{typed} {effect}"),
        }
    }

    fn recourse(self, way: &Recourse) -> String {
        match way {
            Recourse::Resume => format!("`{}`", self.resume()),
            Recourse::Replan(None) => format!("`{}`", self.resume_with("--replan")),
            Recourse::Replan(Some(set)) => format!("`{}`", self.resume_with(format_args!("--replan --set {set}"))),
            Recourse::Approve(gate) => format!("`{}`", self.approve(gate)),
            Recourse::Resolve(action, resolution) => format!("`{}`", self.resolve(action, *resolution)),
            Recourse::TakeBack(None) => format!("`{}`", self.rollback_with("--to ...")),
            Recourse::TakeBack(Some(step)) => format!("`{}` the step before `{step}`", self.rollback_with("--to")),
        }
    }

    fn inside(self, command: &str, rest: impl Display) -> String {
        self.command(command, &[], rest)
    }

    fn outside(self, command: &str, rest: impl Display) -> String {
        self.command(command, self.with.map_or(&[], |with| &with.outside), rest)
    }

    /// The options of everywhere stand before what may be completed by the operator.
    fn command(self, command: &str, options: &[String], rest: impl Display) -> String {
        let given: Vec<String> = self.with.iter().flat_map(|with| &with.everywhere).chain(options).cloned().collect();
        let mut line = format!("runbook {command} {}", self.run);
        for part in [shell_line(&given), rest.to_string()] {
            if !part.is_empty() {
                line.push(' ');
                line.push_str(&part);
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advice_says_what_is_typed_here() {
        let run: RunId = "r1".parse().expect("an id");
        let with = CalledWith {
            everywhere: ["--state", "/a b"].map(str::to_owned).to_vec(),
            outside: ["--ssh-config", "c"].map(str::to_owned).to_vec(),
        };
        let (plain, here) = (Typed { run: &run, with: None }, Typed { run: &run, with: Some(&with) });
        let advice = Advice::then_resume("start it").which("looks again");
        assert_eq!(plain.advice(&advice), "start it, then `runbook resume r1`, which looks again");
        let said = "start it, then `runbook resume r1 --state '/a b' --ssh-config c`, which looks again";
        assert_eq!(here.advice(&advice), said);
        assert_eq!(plain.advice(&Advice::resume("tries again")), "`runbook resume r1` tries again");
        assert_eq!(here.status(), "runbook status r1 --state '/a b'");
        let step = Advice::way(Recourse::TakeBack(Some("step-a".parse().expect("an id")))).then(Recourse::Resume);
        assert_eq!(
            plain.advice(&step.which("does it anew")),
            "`runbook rollback r1 --to` the step before `step-a`, then `runbook resume r1` does it anew"
        );
        let decide = Advice::way(Recourse::Resolve("a/b".parse().expect("a path"), Resolution::NotDone));
        assert_eq!(plain.advice(&decide), "`runbook resolve r1 a/b --as not-done --reason \"...\"`");
        assert_eq!(plain.advice(&Advice::by_hand("look")), "look");
        assert_eq!(plain.advice(&Advice::way(Recourse::Replan(None))), "`runbook resume r1 --replan`");
    }
}
