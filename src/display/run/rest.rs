//! What is said at every rest: why, what is done, what is in doubt, whether the site is down, what to type next.

use crate::display::run::commands::{self, next_commands};
use crate::display::run::failure::told;
use crate::display::run::leaves::of_abandoned;
use crate::display::run::tally::{Tally, far};
use crate::display::run::{guards, limits, site};
use crate::display::table::wrapped;
use crate::display::wording::{phase, rest_sentence, unanswered};
use crate::journal::{ActionState, Rest, RunState};
use crate::model::{ActionPath, Value};
use crate::plan::{Plan, Site};
use serde_json::json;

/// The text for people at a rest.
#[must_use]
pub fn rest_text(plan: &Plan, state: &RunState, rest: &Rest) -> String {
    text(plan, state, rest, &[])
}

/// The same of a run that was abandoned just now, and of which these actions were ended where they ran by themselves.
#[must_use]
pub fn abandoned_text(plan: &Plan, state: &RunState, rest: &Rest, ended: &[&ActionPath]) -> String {
    text(plan, state, rest, ended)
}

fn text(plan: &Plan, state: &RunState, rest: &Rest, ended: &[&ActionPath]) -> String {
    let mut text = wrapped("", &format!("run {} {}", state.run, rest_sentence(plan, state, rest)));
    text.push_str(&far(plan, state));
    text.push_str(&site::answers(state, state.at));
    if !matches!(rest, Rest::Overrun { .. }) {
        text.push_str(&limits::lines(plan, state, state.at));
    }
    text.push_str(&why(state, rest));
    text.push_str(&guards::beside_the_rest(plan, state));
    text.push_str(&of_abandoned(plan, state, ended));
    text.push_str(&commands::block(&next_commands(plan, state, Some(rest))));
    text
}

/// The same for programs: `run`, `rest` (as in the journal), `sentence`, `steps_done`, `steps`, `actions_done`, `actions`,
/// `site` (`up`, `down`, `may_be_down`), `site_asked` (what its answers showed: `up`, `since`, `seen`, `down_ms`, `times`; null where nobody asked), `limits` (what it must keep within and `turn_back_by`; null where nobody has said), `next` (each with `command` and `why`).
#[must_use]
pub fn rest_json(plan: &Plan, state: &RunState, rest: &Rest) -> Value {
    let tally = Tally::of(plan, state);
    json!({
        "run": state.run,
        "rest": rest,
        "sentence": rest_sentence(plan, state, rest),
        "steps_done": tally.steps_done,
        "steps": tally.steps,
        "actions_done": tally.actions_done,
        "actions": tally.actions,
        "site": Site::now(plan, state),
        "site_asked": site::asked_json(state, state.at),
        "limits": limits::limits_json(plan, state, state.at),
        "next": next_commands(plan, state, Some(rest)),
    })
}

/// Failures, doubts and questions behind a rest, each under a heading.
pub(in crate::display) fn why(state: &RunState, rest: &Rest) -> String {
    let mut text = String::new();
    match rest {
        Rest::FinishedWithFailures { actions }
        | Rest::Paused { actions }
        | Rest::InDoubt { actions }
        | Rest::Interrupted { unfinished: actions } => {
            for action in actions {
                text.push_str(&one(state, action));
            }
        }
        Rest::Waiting { gates } => {
            for gate in unanswered(state, gates) {
                text.push_str(&question(state, gate));
            }
        }
        Rest::GuardBroken { guards } => text.push_str(&guards::told(guards)),
        Rest::Finished
        | Rest::UntilReached { .. }
        | Rest::RolledBack { .. }
        | Rest::Overrun { .. }
        | Rest::Abandoned { .. } => {}
    }
    text
}

fn one(state: &RunState, action: &ActionPath) -> String {
    let heading = |what: &str| format!("\n{action} {what}\n");
    match state.action(action) {
        ActionState::Failed { attempt, phase: at, failure, traces, .. } => {
            let tried = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            format!(
                "{}{}",
                heading(&format!("failed {}{tried}", phase(*at, traces.is_some()))),
                told(2, &state.run, failure)
            )
        }
        ActionState::UndoFailed { attempt, failure, .. } => {
            let tried = if *attempt > 1 { format!(", attempt {attempt}") } else { String::new() };
            let stays =
                wrapped("  ", "what it made may still be there; the rollback goes on only when it is taken back");
            format!("{}{}{stays}", heading(&format!("could not be undone{tried}")), told(2, &state.run, failure))
        }
        ActionState::InDoubt { evidence, .. } => {
            let seen = wrapped("  seen: ", evidence);
            format!("{}{seen}", heading("was started, and it cannot be told whether its effect was made"))
        }
        ActionState::Started { .. } => heading("was started, and its end is not recorded: it is looked at on resume"),
        ActionState::Applied { .. } => heading("made its effect, and the waiting for it was cut short"),
        ActionState::Undoing { .. } => heading("is being undone, and the end of that is not recorded"),
        ActionState::Pending { .. } | ActionState::Done { .. } => String::new(),
    }
}

/// A gate and what it asks.
pub(in crate::display) fn question(state: &RunState, name: &str) -> String {
    let Some(gate) = state.gates.get(name) else { return String::new() };
    let refused = match &gate.answer {
        Some((false, by)) => format!(", refused by {by}"),
        _ => String::new(),
    };
    format!("\ngate {name} of {}{refused}\n{}", gate.action, wrapped("  ", &gate.prompt))
}
