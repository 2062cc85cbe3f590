//! What somebody is told who does not sit before the screen: one line.

use crate::display::run::site;
use crate::display::terminal::one_line;
use crate::display::wording::rest_sentence;
use crate::journal::{RecordKind, RunState};
use crate::plan::Plan;

/// One line about a record that is in the state.
#[must_use]
pub fn notice_text(plan: &Plan, state: &RunState, record: &RecordKind) -> String {
    use RecordKind as K;
    let what = match record {
        K::Rested { rest } => rest_sentence(plan, state, rest),
        K::GuardBroke { broken } => {
            format!("begins nothing new: guard `{}` is broken: {}", broken.guard, broken.seen)
        }
        K::GateOpened { gate, prompt, .. } => format!("asks: {prompt} (gate `{gate}`)"),
        K::Failed { action, failure, .. } => format!("has a failure: {action}: {}", failure.message),
        K::UndoFailed { action, failure, .. } => format!("has a failure, of the undo of {action}: {}", failure.message),
        K::Doubted { action, evidence } => format!("is in doubt about {action}: {evidence}"),
        K::Started { action, .. } => format!("takes the site down, by {action}"),
        K::UndoStarted { action, .. } => format!("takes the site down on its way back, by the undo of {action}"),
        K::Done { action, .. } | K::Adopted { action, .. } => format!("has the site up again, by {action}"),
        K::Undone { action, .. } => format!("has the site up again, by the undo of {action}"),
        _ => "goes on".to_owned(),
    };
    let site = match record {
        K::Rested { .. } => site::by_what_is_done(plan, state),
        _ => None,
    };
    let site = site.map_or_else(String::new, |told| format!("; {told}"));
    one_line(&format!("run {} of {} {what}{site}", state.run, plan.runbook.name))
}
