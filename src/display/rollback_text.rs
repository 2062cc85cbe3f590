//! What a rollback will do: what is undone, in which order, what stays, and where that leaves the site.

use super::commands::{NextCommand, place, service};
use super::plan_text::{Sentences, undo};
use super::site::Site;
use super::table::{count, wrapped};
use crate::journal::{ActionState, Completion, RollbackTo, RunState};
use crate::model::{ActionPath, Reversibility, Step};
use crate::plan::Plan;

/// The rollback plan for people. `queue` is what has to be undone, in order, as the engine has it.
#[must_use]
pub fn rollback_text(
    plan: &Plan,
    state: &RunState,
    to: &RollbackTo,
    queue: &[ActionPath],
    sentences: Sentences<'_>,
) -> String {
    let mut text = format!("rollback of run {} to {}\n", state.run, place(plan, to));
    if queue.is_empty() {
        text.push_str("  nothing is to be undone\n");
    } else {
        text.push_str(&format!("  {} undone, in this order:\n", one_or_more(queue.len())));
    }
    let digits = queue.len().to_string().len();
    for (n, action) in queue.iter().enumerate() {
        let heading = format!("  {:>digits$}. {action}: ", n + 1);
        text.push_str(&wrapped(&heading, &undo_of(plan, state, action, sentences)));
    }
    text.push_str(&stays(plan, to));
    let (site, ways) = afterwards(plan, state, to);
    if ways.is_empty() {
        text.push_str(&format!("  afterwards {}\n", site.sentence()));
        return text;
    }
    text.push_str(&format!("  afterwards {}; the way back to service is one of\n", site.sentence()));
    for NextCommand { command, why } in ways {
        text.push_str(&format!("      {command}\n{}", wrapped("          ", &why)));
    }
    text
}

/// The site after a rollback, and the ways back to service when it is down then.
pub(super) fn afterwards(plan: &Plan, state: &RunState, to: &RollbackTo) -> (Site, Vec<NextCommand>) {
    let site = match to {
        RollbackTo::Start => Site::Up,
        RollbackTo::Step(step) => Site::after(plan, Some(step)),
    };
    let ways = service(plan, state, to).map(|way| vec![forward(plan, state, to), way]);
    (site, ways.unwrap_or_default())
}

pub(super) fn one_or_more(number: usize) -> String {
    format!("{} {}", count(number, "action"), if number == 1 { "is" } else { "are" })
}

/// What undoing an action that was begun means.
pub(super) fn undo_of(plan: &Plan, state: &RunState, action: &ActionPath, sentences: Sentences<'_>) -> String {
    let Some(definition) = plan.definition(action) else { return "?".into() };
    let spec = definition.kind.spec();
    let leaves_nothing = matches!(spec.reversibility, Reversibility::NothingToUndo(_));
    match state.action(action) {
        ActionState::Done { completion: Completion::Adopted, .. } if !leaves_nothing => {
            "it was there before this run, and stays".into()
        }
        ActionState::Failed { traces: None, .. } => "nothing had been done".into(),
        _ => undo(&spec, sentences(action).and_then(|told| told.undo)),
    }
}

fn stays(plan: &Plan, to: &RollbackTo) -> String {
    let kept: Vec<String> = kept(plan, to).iter().map(|s| format!("{} {}", s.number, s.id)).collect();
    if kept.is_empty() {
        return "  nothing stays done\n".into();
    }
    wrapped("  stays done: ", &format!("step {}", kept.join(", ")))
}

/// The steps that stay done.
pub(super) fn kept<'a>(plan: &'a Plan, to: &RollbackTo) -> Vec<&'a Step> {
    let keep = match to {
        RollbackTo::Start => 0,
        RollbackTo::Step(step) => plan.number(step),
    };
    plan.runbook.steps.iter().filter(|s| s.number <= keep).collect()
}

fn forward(plan: &Plan, state: &RunState, to: &RollbackTo) -> NextCommand {
    let number = match to {
        RollbackTo::Start => 0,
        RollbackTo::Step(step) => plan.number(step),
    };
    let back = plan.runbook.steps.iter().find(|s| s.number > number && !s.site_down);
    let why = match back {
        Some(step) => format!("goes forward again; the site is up after step {}, {}", step.number, step.id),
        None => "goes forward again".into(),
    };
    NextCommand { command: format!("runbook resume {}", state.run), why }
}
