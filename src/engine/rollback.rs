//! Going back: everything that is not to stay is undone, what bears the site first.
//!
//! Promises:
//! - what was there before is brought back as soon as everything that stood on it and bore the site is undone; what the run has
//!   made is removed beside that or after it, when nothing stands on it any more;
//! - an undo that fails holds up only what must wait for it;
//! - in the order `article` one undo runs at a time;
//! - no guard is asked: what must hold on the way there may well not hold on the way back.

use super::call::call;
use super::exchange::Stopping;
use super::moment::{Moment, Next};
use crate::journal::{ActionState, RecordKind, Rest, RollbackTo};
use crate::model::{ActionCall, ActionPath, Millis, Phase};
use crate::plan::{Left, Order};

/// What was found out in one pass.
#[derive(Default)]
struct Pass {
    records: Vec<RecordKind>,
    calls: Vec<ActionCall>,
    wake: Option<Millis>,
    paused: Vec<ActionPath>,
    waiting: Vec<String>,
    unfinished: Vec<ActionPath>,
}

pub(super) fn next(moment: &Moment<'_>, left: &Left, to: &RollbackTo) -> Next {
    let Moment { plan, flight, .. } = *moment;
    if left.is_empty() {
        return Next::Rest(Rest::RolledBack { to: to.clone() });
    }
    let one_at_a_time = plan.order == Order::Article;
    if one_at_a_time && !flight.running.is_empty() {
        return Next::Perform { calls: Vec::new(), looks: Vec::new(), wake: None };
    }
    let mut pass = Pass::default();
    for place in left.ready() {
        let Some(action) = plan.actions.get(place).map(|planned| &planned.action) else { continue };
        if !flight.running.contains_key(action) {
            look(moment, action, &mut pass);
        }
        if one_at_a_time && !(pass.records.is_empty() && pass.calls.is_empty() && pass.wake.is_none()) {
            break;
        }
    }
    if !pass.records.is_empty() {
        return Next::Record(pass.records);
    }
    let goes_on = !pass.calls.is_empty() || !flight.running.is_empty();
    if goes_on || (pass.wake.is_some() && flight.stop == Stopping::No) {
        return Next::Perform { calls: pass.calls, looks: Vec::new(), wake: pass.wake };
    }
    Next::Rest(if !pass.paused.is_empty() {
        Rest::Paused { actions: pass.paused }
    } else if flight.stop != Stopping::No {
        Rest::Interrupted { unfinished: pass.unfinished }
    } else {
        Rest::Waiting { gates: pass.waiting }
    })
}

fn look(moment: &Moment<'_>, action: &ActionPath, pass: &mut Pass) {
    let Moment { plan, state, flight, now, .. } = *moment;
    let Some(definition) = plan.definition(action) else { return pass.paused.push(action.clone()) };
    let current = state.action(action);
    let gates = state.open_gates_of(action);
    if current.is_undoing() && !gates.is_empty() {
        return pass.waiting.extend(gates);
    }
    if matches!(current, ActionState::UndoFailed { retry_at: None, .. }) {
        return pass.paused.push(action.clone());
    }
    let cleared = flight.cleared.contains(action) && flight.stop != Stopping::Now;
    if flight.stop != Stopping::No && !cleared {
        pass.unfinished.extend(current.is_undoing().then(|| action.clone()));
        return;
    }
    if let Some(why) = current.stays(&definition.reversibility()) {
        return pass.records.push(RecordKind::Undone { action: action.clone(), evidence: why.to_owned() });
    }
    match current {
        ActionState::UndoFailed { retry_at: Some(at), .. } if *at > now => {
            pass.wake = Some(pass.wake.map_or(*at, |wake| wake.min(*at)));
        }
        ActionState::Undoing { .. } if flight.cleared.contains(action) => {
            match call(plan, state, definition, Phase::Undo) {
                Ok(call) => pass.calls.push(call),
                Err(failure) => {
                    pass.records.push(RecordKind::UndoFailed { action: action.clone(), failure, retry_at: None });
                }
            }
        }
        ActionState::Undoing { attempt, .. } | ActionState::UndoFailed { attempt, .. } => {
            pass.records.push(RecordKind::UndoStarted { action: action.clone(), attempt: attempt + 1 });
        }
        _ => pass.records.push(RecordKind::UndoStarted { action: action.clone(), attempt: 1 }),
    }
}
