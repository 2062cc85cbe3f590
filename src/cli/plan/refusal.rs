//! What refuses before a run: which refusals of checks a person may accept, and how the others are told.

use crate::cli::CommandFailure;
use crate::cli::plan::planned_id;
use crate::model::{self, Acceptance, AcceptanceError, ActionPath, CheckRow, Refusal, Runbook};
use crate::plan::{Look, PlanError, Resource};

/// Judges what was given with `--accept`, before anything is looked at.
pub(in crate::cli) fn judge(runbook: &Runbook, all: &[Acceptance]) -> Result<(), CommandFailure> {
    Acceptance::check(runbook, all).map_err(|error| {
        let failure = CommandFailure::usage(format!("cannot accept: {error}"));
        let acceptable = runbook.preflight.iter().flat_map(|check| {
            let rows = check.rows().filter(|row| row.refusal == Refusal::Acceptable);
            rows.map(move |row| format!("`{}.{}`", check.id, row.name))
        });
        let names: Vec<String> = acceptable.collect();
        match (&error, names.is_empty()) {
            (AcceptanceError::Twice(_), _) => failure.hint("give one reason"),
            (_, true) => failure.hint("this runbook has no check whose refusal may be accepted"),
            (_, false) => failure.hint(format!("refusals that may be accepted: {}", names.join(", "))),
        }
    })
}

/// What refuses: an action or a check, and how many others do for the same reason.
struct Told<'a> {
    why: String,
    first: String,
    actions: usize,
    checks: usize,
    advice: Vec<&'a str>,
    accept: Option<String>,
}

/// Refuses when a look or a check refuses: every cause once, with the first that found it.
pub(in crate::cli) fn refuse(looks: &[(ActionPath, Look)], checks: &[CheckRow]) -> Result<(), CommandFailure> {
    match refusals(looks, checks, "nothing was changed: the world is not ready for this runbook") {
        Some(failure) => Err(failure.hint("then type the same command again: no run was opened")),
        None => Ok(()),
    }
}

/// What refuses, under one headline; nothing when nothing does.
pub(in crate::cli) fn refusals(
    looks: &[(ActionPath, Look)],
    checks: &[CheckRow],
    headline: &str,
) -> Option<CommandFailure> {
    let refused = |(action, look): &(ActionPath, Look)| match look {
        Look::Refused(failure) => Some((action.clone(), planned_id::failure(failure))),
        _ => None,
    };
    let refused: Vec<(ActionPath, model::Failure)> = looks.iter().filter_map(refused).collect();
    let mut all: Vec<Told<'_>> = Vec::new();
    for (action, refusal) in &refused {
        let causes = refusal.causes.join("; ");
        let why = if causes.is_empty() { refusal.message.clone() } else { format!("{}: {causes}", refusal.message) };
        // What is typed for a run is no help where none is open.
        let advice = refusal.by_hand();
        match all.iter_mut().find(|told| told.why == why) {
            Some(told) => told.actions += 1,
            None => all.push(Told { why, first: action.to_string(), actions: 0, checks: 0, advice, accept: None }),
        }
    }
    for row in checks.iter().filter(|row| row.refuses()) {
        match all.iter_mut().find(|told| told.why == row.evidence) {
            Some(told) => told.checks += 1,
            None => all.push(Told {
                why: row.evidence.clone(),
                first: format!("check {}", row.id),
                actions: 0,
                checks: 0,
                advice: row.advice.iter().map(String::as_str).collect(),
                accept: row.acceptable.then(|| format!("or accept it, and say why: `--accept {}=\"REASON\"`", row.id)),
            }),
        }
    }
    if all.is_empty() {
        return None;
    }
    let mut failure = CommandFailure::refused(headline);
    for told in &all {
        failure = failure.cause(format!("{}: {}", told.who(), told.why));
    }
    for told in &all {
        failure = told.advice.iter().copied().fold(failure, CommandFailure::hint_once);
        failure = told.accept.iter().map(String::as_str).fold(failure, CommandFailure::hint_once);
    }
    Some(failure)
}

impl Told<'_> {
    /// "stop-cron/look-up, 7 more actions and 1 check".
    fn who(&self) -> String {
        let more = |n: usize, what: &str| match n {
            0 => None,
            1 => Some(format!("1 {what}")),
            n => Some(format!("{n} {what}s")),
        };
        let of_checks = if self.first.starts_with("check ") { "more check" } else { "check" };
        let others: Vec<String> =
            [more(self.actions, "more action"), more(self.checks, of_checks)].into_iter().flatten().collect();
        match others.as_slice() {
            [] => self.first.clone(),
            [one] => format!("{} and {one}", self.first),
            several => format!("{}, {}", self.first, several.join(" and ")),
        }
    }
}

/// Why there is no plan, and what helps.
pub(in crate::cli) fn no_plan(error: &PlanError) -> CommandFailure {
    let failure = CommandFailure::usage(error.to_string());
    match error {
        PlanError::Conflict(conflict) => {
            let needs = format!("let `{}` need `{}`: add it to its `needs`", conflict.later, conflict.earlier);
            let apart =
                "or, where two commands do not get in each other's way, say in both what they work on: `touches`";
            let failure = failure.hint(needs);
            let failure =
                if matches!(conflict.resource, Resource::Host { .. }) { failure.hint(apart) } else { failure };
            failure.hint("or do one action after the other: `--order article`")
        }
        PlanError::Early(early) => failure
            .hint(format!("let `{}` need `{}`: add it to its `needs`", early.early, early.giver))
            .hint("or do one action after the other: `--order article`"),
        _ => failure,
    }
}
