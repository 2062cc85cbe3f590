//! What leaves an action or a check without the secrets that this process has fetched: they may stand in a file that is looked at, or in
//! an answer, where the action knows nothing of them.
//!
//! Not handled: before-images and outputs, which are used again, and so must stay as they are. They hold no contents of files.

use crate::access::blotted;
use crate::model::{Change, CheckRow, Failure, Finding, Outcome};

/// An outcome.
pub(super) fn outcome(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Observed(finding) => Outcome::Observed(self::finding(finding)),
        Outcome::Verified { outputs, evidence } => Outcome::Verified { outputs, evidence: blotted(&evidence) },
        Outcome::Undone { evidence } => Outcome::Undone { evidence: blotted(&evidence) },
        Outcome::UndoneAnew { evidence, renamed } => Outcome::UndoneAnew { evidence: blotted(&evidence), renamed },
        Outcome::Failed(failure) => Outcome::Failed(self::failure(failure)),
        other @ (Outcome::Applied { .. } | Outcome::Waiting { .. }) => other,
    }
}

/// The rows of a check.
pub(super) fn rows(rows: Vec<CheckRow>) -> Vec<CheckRow> {
    rows.into_iter().map(|row| CheckRow { evidence: blotted(&row.evidence), ..row }).collect()
}

fn finding(finding: Finding) -> Finding {
    let changes = finding.changes.into_iter().map(change).collect();
    Finding { evidence: blotted(&finding.evidence), changes, ..finding }
}

fn failure(failure: Failure) -> Failure {
    let causes = failure.causes.iter().map(|cause| blotted(cause)).collect();
    Failure { message: blotted(&failure.message), causes, ..failure }
}

fn change(change: Change) -> Change {
    match change {
        Change::File { on, path, diff } => Change::File { on, path, diff: blotted(&diff) },
        Change::Command { on, argv } => Change::Command { on, argv: argv.iter().map(|word| blotted(word)).collect() },
        other @ (Change::Keys { .. } | Change::Request { .. }) => other,
    }
}
