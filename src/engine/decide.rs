//! What comes next: a pure function of plan, state and flight.

use super::call::call;
use super::exchange::Stopping;
use super::flight::Flight;
use super::frontier::{Ahead, Frontier};
use super::guards::{self, Leave, Watch};
use super::limits;
use super::moment::{Moment, Next};
use super::rollback;
use crate::journal::{ActionState, RecordKind, Rest, RollbackTo, RunState};
use crate::model::{ActionPath, BrokenGuard, Millis, OnFailure, Overrun, Pace, Phase};
use crate::plan::{Order, Plan, Sequence};

/// What comes next.
#[must_use]
pub fn next(plan: &Plan, state: &RunState, flight: &Flight, now: Millis) -> Next {
    let sequence = Sequence::of(plan);
    let frontier = Frontier::of(plan, &sequence, state);
    Moment { plan, sequence: &sequence, state, frontier: &frontier, flight, now, pace: Pace::USUAL }.next()
}

impl Moment<'_> {
    /// What comes next.
    pub(super) fn next(&self) -> Next {
        match self.frontier {
            Frontier::Forward(ahead) => forward(self, ahead),
            Frontier::Rollback(to, left) => rollback::next(self, left, to),
        }
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
    passed_over: Vec<ActionPath>,
    /// The first place of something that waits and may fail, for its next try or for a person; or that waits for its guards.
    waits_at: Option<usize>,
    unfinished: Vec<ActionPath>,
    /// What may begin, with its place: its guards allow it.
    given: Vec<(usize, RecordKind)>,
    waits_for_guards: bool,
    /// The limit for whose sake something does not begin.
    late: Option<Overrun>,
    broken: Vec<BrokenGuard>,
}

/// Whether something on the way forward stands still until a person decides, or a guard is broken: then nothing new is begun.
pub(super) fn is_held_up(
    plan: &Plan,
    sequence: &Sequence,
    frontier: &Frontier,
    state: &RunState,
    flight: &Flight,
) -> bool {
    let Frontier::Forward(ahead) = frontier else { return false };
    let stands = |action: &ActionPath| match state.action(action) {
        failed @ ActionState::Failed { retry_at: None, .. } => !is_passed_over(plan, action, failed),
        ActionState::InDoubt { .. } => flight.doubted.contains(action),
        other => other.is_undoing(),
    };
    guards::are_broken(plan, sequence, ahead, state) || ahead.within_reach(plan).any(|(_, action)| stands(action))
}

/// Whether an action has failed for good, and the run goes on without it. A doubt is none.
fn is_passed_over(plan: &Plan, action: &ActionPath, current: &ActionState) -> bool {
    matches!(current, ActionState::Failed { retry_at: None, .. })
        && !current.is_in_doubt()
        && plan.on_failure(action) == &OnFailure::Continue
}

fn forward(moment: &Moment<'_>, ahead: &Ahead) -> Next {
    let Moment { plan, sequence, state, frontier, flight, .. } = *moment;
    let watch = Watch::of(moment, ahead);
    if let Some(record) = watch.record {
        return Next::Record(vec![record]);
    }
    let held_up = is_held_up(plan, sequence, frontier, state, flight);
    let mut pass = Pass { held_up, broken: watch.broken, ..Pass::default() };
    for (place, action) in ahead.within_reach(plan) {
        look(moment, (place, action), ahead.is_open(place), &mut pass);
        if is_waiting(moment, action) && plan.on_failure(action) == &OnFailure::Continue {
            pass.waits_at = pass.waits_at.or(Some(place));
        }
    }
    if flight.stop == Stopping::No && !pass.held_up {
        let mut fresh = std::mem::take(&mut pass.fresh);
        fresh.retain(|action| {
            let late = overrun(moment, action);
            pass.late = pass.late.or(late);
            late.is_none()
        });
        pass.ready.extend(fresh.into_iter().map(|action| look_or_join(flight, action)));
    }
    if plan.order == Order::Article {
        // What is half done after a rollback that was broken off may stand behind what is to be done anew.
        pass.ready.sort_by_key(|(action, _)| sequence.place(action));
        // Nothing stands on what may fail, and still it comes first.
        if let Some(at) = pass.waits_at {
            pass.ready.retain(|(action, _)| sequence.place(action) < Some(at));
        }
        pass.ready.truncate(usize::from(flight.running.is_empty()));
    }
    if let Some(started) = begins(moment, &pass) {
        return Next::Record(vec![started]);
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
    let waits = pass.wake.is_some() || pass.waits_for_guards || watch.is_asking;
    if !calls.is_empty() || !flight.running.is_empty() || (waits && flight.stop == Stopping::No) {
        let wake = pass.wake.into_iter().chain(watch.wake).min();
        return Next::Perform { calls, looks: watch.due, wake };
    }
    if ahead.is_empty() {
        return Next::Rest(match &ahead.until {
            Some(step) => Rest::UntilReached { step: step.clone() },
            None => Rest::Finished,
        });
    }
    if let Some(to) = turns_back(moment, &pass) {
        return Next::TurnBack { to, failed: pass.paused, late: None };
    }
    if let (Some(late), Stopping::No, true) = (pass.late, flight.stop, pass.doubted.is_empty())
        && let Some(to) = moment.turns_back_late()
    {
        return Next::TurnBack { to, failed: Vec::new(), late: Some(late) };
    }
    Next::Rest(rest(flight, ahead, pass))
}

/// What begins of that which its guards allow: one after the other, and in `article` in its turn.
fn begins(moment: &Moment<'_>, pass: &Pass) -> Option<RecordKind> {
    let Moment { plan, sequence, flight, .. } = *moment;
    let (place, started) = pass.given.first()?;
    let comes_after = |(action, _): &(ActionPath, Phase)| sequence.place(action) > Some(*place);
    let is_its_turn = flight.running.is_empty() && pass.ready.iter().all(comes_after);
    (plan.order != Order::Article || is_its_turn).then(|| started.clone())
}

/// The limit for whose sake the effect of an action must not begin.
fn overrun(moment: &Moment<'_>, action: &ActionPath) -> Option<Overrun> {
    limits::overrun((moment.plan, moment.state), (moment.pace, moment.now), action)
}

/// Whether an action waits for its next try, or for a person.
fn is_waiting(moment: &Moment<'_>, action: &ActionPath) -> bool {
    let Moment { state, now, .. } = *moment;
    let later = matches!(state.action(action), ActionState::Failed { retry_at: Some(at), .. } if *at > now);
    later || !state.open_gates_of(action).is_empty()
}

/// Where the run goes back to by itself: where the plan says so of a step that failed, and all that would stay is done, all that would
/// not can be undone, and nothing is in doubt or stopped by a person.
fn turns_back(moment: &Moment<'_>, pass: &Pass) -> Option<RollbackTo> {
    let Moment { plan, state, flight, .. } = *moment;
    if flight.stop != Stopping::No || !pass.doubted.is_empty() {
        return None;
    }
    // What a person has to renew, or has refused, is no failure of the step.
    let is_failure = |action: &&ActionPath| {
        let current = state.action(action);
        matches!(current, ActionState::Failed { .. }) && !current.wants_credentials()
    };
    let failed = pass.paused.iter().filter(is_failure);
    let places = failed.filter_map(|action| match plan.on_failure(action) {
        OnFailure::RollBack { to: None } => Some(RollbackTo::Start),
        OnFailure::RollBack { to: Some(step) } => Some(RollbackTo::Step(step.clone())),
        OnFailure::Pause | OnFailure::Continue => None,
    });
    let fits = |to: &RollbackTo| plan.place(state, to).is_ok_and(|keeps| plan.beyond_recall(state, &keeps).is_empty());
    // Of several the one that goes back furthest.
    places.filter(fits).min_by_key(|to| plan.kept(to).len())
}

/// What somebody else is making is waited for; everything else is observed first.
fn look_or_join(flight: &Flight, action: ActionPath) -> (ActionPath, Phase) {
    let phase = if flight.joined.contains(&action) { Phase::Verify } else { Phase::Observe };
    (action, phase)
}

fn look(moment: &Moment<'_>, (place, action): (usize, &ActionPath), is_open: bool, pass: &mut Pass) {
    let Moment { state, flight, now, .. } = *moment;
    let current = state.action(action);
    if flight.running.contains_key(action) || current.is_done() {
        return;
    }
    let asked = state.open_gates_of(action);
    if !asked.is_empty() {
        pass.waiting.extend(asked);
        return;
    }
    if withheld(moment, (place, action), pass) {
        return;
    }
    let cut_short = flight.stop == Stopping::Now;
    let is_half_done = matches!(
        current,
        ActionState::Started { .. }
            | ActionState::Applied { .. }
            | ActionState::InDoubt { .. }
            | ActionState::Failed { retry_at: Some(_), .. }
    );
    // A rollback that was broken off may have undone what it stands on: that is done again first.
    if is_half_done && !is_open && flight.stop == Stopping::No {
        return;
    }
    match current {
        ActionState::Pending { .. } => {
            if is_open {
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
        ActionState::Failed { traces, retry_at: Some(at), .. } if flight.stop == Stopping::No => {
            // Nothing of it was begun, and it is too late for it.
            if traces.is_none()
                && let Some(late) = overrun(moment, action)
            {
                pass.late = pass.late.or(Some(late));
                pass.unfinished.push(action.clone());
            } else if *at <= now {
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
        failed if is_passed_over(moment.plan, action, failed) => pass.passed_over.push(action.clone()),
        // An undo that has not ended stands in the way of going forward: a person decides.
        ActionState::Failed { retry_at: None, .. } | ActionState::Undoing { .. } | ActionState::UndoFailed { .. } => {
            pass.paused.push(action.clone());
        }
        ActionState::Done { .. } => {}
    }
}

/// Looks at an action that waits for its guards; whether it is one that still may.
fn withheld(moment: &Moment<'_>, (place, action): (usize, &ActionPath), pass: &mut Pass) -> bool {
    let Moment { state, flight, now, .. } = *moment;
    let is_touched = state.action(action).traces().is_some();
    let waits = flight.withheld.get(action).filter(|it| guards::is_fresh(it.since, now));
    let Some(waits) = waits.filter(|_| {
        flight.stop == Stopping::No && (is_touched || !(pass.held_up || overrun(moment, action).is_some()))
    }) else {
        return false;
    };
    match guards::leave(moment, place, waits.since) {
        Leave::Given => pass.given.push((place, (*waits.started).clone())),
        Leave::NotYet => {
            pass.waits_for_guards = true;
            pass.waits_at = pass.waits_at.or(Some(place));
        }
        Leave::Refused => pass.unfinished.push(action.clone()),
    }
    true
}

fn rest(flight: &Flight, ahead: &Ahead, pass: Pass) -> Rest {
    if !pass.doubted.is_empty() {
        return Rest::InDoubt { actions: pass.doubted };
    }
    if !pass.paused.is_empty() {
        return Rest::Paused { actions: pass.paused };
    }
    if flight.stop != Stopping::No {
        return Rest::Interrupted { unfinished: pass.unfinished };
    }
    if !pass.broken.is_empty() {
        return Rest::GuardBroken { guards: pass.broken };
    }
    if let Some(overrun) = pass.late.filter(|_| pass.waiting.is_empty()) {
        return Rest::Overrun { overrun };
    }
    if !pass.waiting.is_empty() {
        return Rest::Waiting { gates: pass.waiting };
    }
    if pass.unfinished.is_empty() && !pass.passed_over.is_empty() {
        return match ahead.until {
            None => Rest::FinishedWithFailures { actions: pass.passed_over },
            // Short of the end a person decides whether it matters.
            Some(_) => Rest::Paused { actions: pass.passed_over },
        };
    }
    // Needs that can never be met: a plan is made from a validated runbook, which has no cycle.
    Rest::Paused { actions: pass.unfinished }
}
