//! Going back: every action of later steps is undone, half-done ones first, then in reverse order of completion, one at
//! a time.

use super::call::call;
use super::decide::{Next, gates_of};
use super::exchange::Stopping;
use super::flight::Flight;
use crate::journal::{ActionState, RecordKind, Rest, RollbackTo, RunState};
use crate::model::{ActionPath, Millis, Phase};
use crate::plan::Plan;

/// The actions a rollback to `to` has to undo, in the order in which it does.
#[must_use]
pub fn undo_queue(plan: &Plan, state: &RunState, to: &RollbackTo) -> Vec<ActionPath> {
    let keep = match to {
        RollbackTo::Start => 0,
        RollbackTo::Step(step) => plan.number(step),
    };
    let mut queue: Vec<(bool, u64, usize, ActionPath)> = Vec::new();
    for (index, planned) in plan.actions.iter().enumerate() {
        let current = state.action(&planned.action);
        if plan.number(planned.action.step()) > keep && !current.is_pending() {
            let seq = current.traces().map_or(u64::MAX, |t| t.seq);
            queue.push((current.is_done(), seq, index, planned.action.clone()));
        }
    }
    queue.sort_by(|a, b| (a.0, b.1, b.2).cmp(&(b.0, a.1, a.2)));
    queue.into_iter().map(|(_, _, _, action)| action).collect()
}

pub(super) fn next(plan: &Plan, state: &RunState, flight: &Flight, to: &RollbackTo, now: Millis) -> Next {
    if !flight.running.is_empty() {
        return Next::Perform { calls: Vec::new(), wake: None };
    }
    let Some(action) = undo_queue(plan, state, to).into_iter().next() else {
        return Next::Rest(Rest::RolledBack { to: to.clone() });
    };
    let Some(definition) = plan.definition(&action) else {
        return Next::Rest(Rest::Paused { actions: vec![action] });
    };
    let current = state.action(&action);
    let gates = gates_of(state, &action);
    if current.is_undoing() && !gates.is_empty() {
        return Next::Rest(Rest::Waiting { gates });
    }
    if matches!(current, ActionState::UndoFailed { retry_at: None, .. }) {
        return Next::Rest(Rest::Paused { actions: vec![action] });
    }
    let cleared = flight.cleared.contains(&action) && flight.stop != Stopping::Now;
    if flight.stop != Stopping::No && !cleared {
        let unfinished = if current.is_undoing() { vec![action] } else { Vec::new() };
        return Next::Rest(Rest::Interrupted { unfinished });
    }
    if let Some(why) = current.stays(&definition.kind.spec().reversibility) {
        return Next::Record(vec![RecordKind::Undone { action, evidence: why.to_owned() }]);
    }
    match current {
        ActionState::UndoFailed { retry_at: Some(at), .. } if at > now => {
            Next::Perform { calls: Vec::new(), wake: Some(at) }
        }
        ActionState::Undoing { .. } if flight.cleared.contains(&action) => {
            match call(plan, state, definition, Phase::Undo) {
                Ok(call) => Next::Perform { calls: vec![call], wake: None },
                Err(failure) => Next::Record(vec![RecordKind::UndoFailed { action, failure, retry_at: None }]),
            }
        }
        ActionState::Undoing { attempt, .. } | ActionState::UndoFailed { attempt, .. } => start(action, attempt + 1),
        _ => start(action, 1),
    }
}

fn start(action: ActionPath, attempt: u32) -> Next {
    Next::Record(vec![RecordKind::UndoStarted { action, attempt }])
}
