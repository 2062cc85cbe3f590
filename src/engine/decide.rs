//! What comes next: a pure function of plan, state and flight.

use super::call::call;
use super::exchange::Stopping;
use super::flight::Flight;
use super::rollback;
use crate::journal::{ActionState, Mode, RecordKind, Rest, RunState};
use crate::model::{ActionCall, ActionPath, Millis, Phase, StepAction, StepId};
use crate::plan::{Plan, PlannedAction};

/// What an executor has to do now.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Append these records, then ask again.
    Record(Vec<RecordKind>),
    /// Have these calls performed (there may be none), and ask again when one ends, or at `wake`.
    Perform {
        /// The calls.
        calls: Vec<ActionCall>,
        /// When a failed action is to be tried again.
        wake: Option<Millis>,
    },
    /// Stop, for this reason.
    Rest(Rest),
}

/// What comes next.
#[must_use]
pub fn next(plan: &Plan, state: &RunState, flight: &Flight, now: Millis) -> Next {
    match &state.mode {
        Mode::Forward { until } => forward(plan, state, flight, until.as_ref(), now),
        Mode::Rollback { to } => rollback::next(plan, state, flight, to, now),
    }
}

/// What was found out about the actions in one pass.
#[derive(Default)]
struct Pass {
    held_up: bool,
    ready: Vec<(ActionPath, Phase)>,
    fresh: Vec<ActionPath>,
    wake: Option<Millis>,
    paused: Vec<ActionPath>,
    doubted: Vec<ActionPath>,
    waiting: Vec<String>,
    unfinished: Vec<ActionPath>,
    left: usize,
}

/// Whether something on the way forward stands still until a person decides: then nothing new is begun.
pub(super) fn is_held_up(plan: &Plan, state: &RunState, flight: &Flight) -> bool {
    let Mode::Forward { until } = &state.mode else { return false };
    let stands = |action: &ActionPath| match state.action(action) {
        ActionState::Failed { retry_at: None, .. } => true,
        ActionState::InDoubt { .. } => flight.doubted.contains(action),
        other => other.is_undoing(),
    };
    within(plan, until.as_ref()).any(|planned| stands(&planned.action))
}

/// The actions up to the step after which the run is to rest.
fn within<'a>(plan: &'a Plan, until: Option<&StepId>) -> impl Iterator<Item = &'a PlannedAction> {
    let last = until.map_or(usize::MAX, |step| plan.number(step));
    plan.actions.iter().filter(move |p| plan.number(p.action.step()) <= last)
}

fn forward(plan: &Plan, state: &RunState, flight: &Flight, until: Option<&StepId>, now: Millis) -> Next {
    let mut pass = Pass { held_up: is_held_up(plan, state, flight), ..Pass::default() };
    for planned in within(plan, until) {
        look(state, flight, planned, now, &mut pass);
    }
    if flight.stop == Stopping::No && !pass.held_up {
        let fresh = std::mem::take(&mut pass.fresh);
        pass.ready.extend(fresh.into_iter().map(|action| look_or_join(flight, action)));
    }
    let mut calls = Vec::new();
    for (action, phase) in &pass.ready {
        let Some(definition) = plan.definition(action) else { continue };
        match call(plan, state, definition, *phase) {
            Ok(call) => calls.push(call),
            Err(failure) => {
                return Next::Record(vec![RecordKind::Failed {
                    action: action.clone(),
                    phase: *phase,
                    failure,
                    retry_at: None,
                }]);
            }
        }
    }
    if !calls.is_empty() || !flight.running.is_empty() || (pass.wake.is_some() && flight.stop == Stopping::No) {
        return Next::Perform { calls, wake: pass.wake };
    }
    Next::Rest(rest(flight, until, pass))
}

/// What somebody else is making is waited for; everything else is observed first.
fn look_or_join(flight: &Flight, action: ActionPath) -> (ActionPath, Phase) {
    let phase = if flight.joined.contains(&action) { Phase::Verify } else { Phase::Observe };
    (action, phase)
}

fn look(state: &RunState, flight: &Flight, planned: &PlannedAction, now: Millis, pass: &mut Pass) {
    let action = &planned.action;
    let current = state.action(action);
    if !current.is_done() {
        pass.left += 1;
    }
    if flight.running.contains_key(action) || current.is_done() {
        return;
    }
    let asked = gates_of(state, action);
    if !asked.is_empty() {
        pass.waiting.extend(asked);
        return;
    }
    let cut_short = flight.stop == Stopping::Now;
    match &current {
        ActionState::Pending { .. } => {
            if planned.needs.iter().all(|need| state.action(need).is_done()) {
                pass.fresh.push(action.clone());
            }
        }
        ActionState::Started { .. } if flight.cleared.contains(action) && !cut_short => {
            pass.ready.push((action.clone(), Phase::Apply));
        }
        ActionState::Started { .. } if flight.stop == Stopping::No => pass.ready.push((action.clone(), Phase::Observe)),
        ActionState::Applied { .. } if !cut_short => pass.ready.push((action.clone(), Phase::Verify)),
        ActionState::Started { .. } | ActionState::Applied { .. } => pass.unfinished.push(action.clone()),
        // Nothing of it was begun.
        ActionState::Failed { traces: None, retry_at: Some(_), .. } if pass.held_up => {
            pass.unfinished.push(action.clone());
        }
        ActionState::Failed { retry_at: Some(at), .. } if flight.stop == Stopping::No => {
            if *at <= now {
                pass.ready.push(look_or_join(flight, action.clone()));
            } else {
                pass.wake = Some(pass.wake.map_or(*at, |wake| wake.min(*at)));
            }
        }
        ActionState::Failed { retry_at: Some(_), .. } => pass.unfinished.push(action.clone()),
        ActionState::InDoubt { .. } if flight.doubted.contains(action) => pass.doubted.push(action.clone()),
        ActionState::InDoubt { .. } if flight.stop == Stopping::No => pass.ready.push((action.clone(), Phase::Observe)),
        ActionState::InDoubt { .. } => pass.doubted.push(action.clone()),
        // What was begun and cannot be looked at stays a doubt.
        ActionState::Failed { retry_at: None, .. } if current.is_in_doubt() => pass.doubted.push(action.clone()),
        // An undo that has not ended stands in the way of going forward: a person decides.
        ActionState::Failed { retry_at: None, .. } | ActionState::Undoing { .. } | ActionState::UndoFailed { .. } => {
            pass.paused.push(action.clone());
        }
        ActionState::Done { .. } => {}
    }
}

fn rest(flight: &Flight, until: Option<&StepId>, pass: Pass) -> Rest {
    if pass.left == 0 {
        return match until {
            Some(step) => Rest::UntilReached { step: step.clone() },
            None => Rest::Finished,
        };
    }
    if !pass.doubted.is_empty() {
        return Rest::InDoubt { actions: pass.doubted };
    }
    if !pass.paused.is_empty() {
        return Rest::Paused { actions: pass.paused };
    }
    if flight.stop != Stopping::No {
        return Rest::Interrupted { unfinished: pass.unfinished };
    }
    if !pass.waiting.is_empty() {
        return Rest::Waiting { gates: pass.waiting };
    }
    // Needs that can never be met: a plan is made from a validated runbook, which has no cycle.
    Rest::Paused { actions: pass.unfinished }
}

/// The gates that hold an action up.
pub(super) fn gates_of(state: &RunState, action: &ActionPath) -> Vec<String> {
    let gates = state.open_gates();
    gates.iter().filter(|(_, gate)| gate.action == *action).map(|(name, _)| (*name).to_owned()).collect()
}

/// Whether an action has something that must be undone when it was only found.
pub(super) fn leaves_nothing(definition: &StepAction) -> bool {
    matches!(definition.kind.spec().reversibility, crate::model::Reversibility::NothingToUndo(_))
}
