//! Refusals of checks: which ones a person accepts, and what is said of the others.

use super::Failure;
use crate::model::{Acceptance, AcceptanceError, CheckRow, Refusal, Runbook};

/// Judges what was given with `--accept`, before anything is looked at.
pub(super) fn judge(runbook: &Runbook, all: &[Acceptance]) -> Result<(), Failure> {
    Acceptance::check(runbook, all).map_err(|error| {
        let failure = Failure::usage(format!("cannot accept: {error}"));
        let acceptable = runbook.preflight.iter().flat_map(|check| {
            let rows = check.kind.spec().rows.into_iter().filter(|row| row.refusal == Refusal::Acceptable);
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

/// What keeps the run from beginning, added to a failure: each refusal with its evidence, and how to go on.
pub(super) fn tell(mut failure: Failure, refusing: &[&CheckRow]) -> Failure {
    for row in refusing {
        failure = failure.cause(format!("check {}: {}", row.id, row.evidence));
        for advice in &row.advice {
            failure = failure.hint_once(advice);
        }
        if row.acceptable {
            failure = failure.hint_once(&format!("or accept it, and say why: `--accept {}=\"REASON\"`", row.id));
        }
    }
    failure
}
