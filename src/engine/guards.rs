//! What the guards of a plan ask for at a moment.
//!
//! A guard is in force as long as something within reach is not done that it holds for. Then it is looked at as often as it says; what
//! is looked at and would begin waits for a look that is fresh and good; and once it is broken nothing new is begun at all.
//!
//! Promises: a look that is waited for comes to an end, and one that was made since an action began to wait counts however long others
//! took, so that guards which answer well, be it slowly, never hold a run up for ever. One bad look of a guard that was recorded as broken
//! is enough to rest again, and one good look mends it.
//!
//! Not handled: the way back. It asks no guard.

use super::exchange::Stopping;
use super::flight::Watched;
use super::frontier::Ahead;
use super::moment::Moment;
use crate::journal::{RecordKind, RunState};
use crate::model::{BrokenGuard, Guard, Millis, Pace, Sighting};
use crate::plan::{Plan, Sequence};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long after a bad look the next one is made, unless the guard is looked at more often.
const AGAIN: Duration = Duration::from_secs(5);
/// How long what was seen of an action stays good while it waits for its guards, in milliseconds; then it is looked at anew.
const FRESH: Millis = 120_000;

/// What is known of the guards in force, and what they ask for.
#[derive(Default)]
pub(super) struct Watch {
    /// What follows from looks and is not recorded yet.
    pub(super) record: Option<RecordKind>,
    /// The guards to be looked at now.
    pub(super) due: Vec<String>,
    /// When the next one is.
    pub(super) wake: Option<Millis>,
    /// Those that are recorded as broken, with what was seen of them last.
    pub(super) broken: Vec<BrokenGuard>,
    /// Whether one of these was not looked at by this executor yet: that comes before it rests.
    pub(super) is_asking: bool,
}

/// Whether an effect may begin, as far as its guards go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    Given,
    /// Not before a look that is to come.
    NotYet,
    /// Not before somebody has mended what is broken.
    Refused,
}

impl Watch {
    /// What the guards ask for on the way forward.
    pub(super) fn of(moment: &Moment<'_>, ahead: &Ahead) -> Self {
        let Moment { plan, sequence, state, flight, now, pace, .. } = *moment;
        let mut watch = Self::default();
        for guard in in_force(plan, sequence, ahead) {
            let (watched, recorded) = (flight.watched.get(&guard.id), state.broken.get(&guard.id));
            watch.record = watch.record.take().or_else(|| follows(guard, watched, recorded));
            if let Some(recorded) = recorded {
                watch.broken.push(as_seen_last(guard, recorded, watched));
                watch.is_asking |= watched.is_none();
            }
            if flight.stop != Stopping::No || flight.looking.contains_key(&guard.id) {
                continue;
            }
            match watched.map(|watched| watched.at.saturating_add(age(guard, watched, pace))) {
                Some(at) if at > now => watch.wake = Some(watch.wake.map_or(at, |wake| wake.min(at))),
                _ => watch.due.push(guard.id.clone()),
            }
        }
        watch
    }
}

/// Whether a guard that is in force is recorded as broken.
pub(super) fn are_broken(plan: &Plan, sequence: &Sequence, ahead: &Ahead, state: &RunState) -> bool {
    !state.broken.is_empty() && in_force(plan, sequence, ahead).iter().any(|it| state.broken.contains_key(&it.id))
}

/// Whether a guard holds for the action at a place.
pub(super) fn is_guarded(plan: &Plan, sequence: &Sequence, place: usize) -> bool {
    let action = plan.actions.get(place).and_then(|planned| plan.definition(&planned.action));
    sequence.guards_of(place).next().is_some() && action.is_some_and(|action| !action.changes_nothing())
}

/// Whether what was looked at then may still begin when its guards allow it.
pub(super) fn is_fresh(since: Millis, now: Millis) -> bool {
    now.saturating_sub(since) <= FRESH
}

/// Whether the effect of the action at a place, which was looked at then, may begin.
pub(super) fn leave(moment: &Moment<'_>, place: usize, since: Millis) -> Leave {
    let Moment { plan, sequence, state, flight, now, pace, .. } = *moment;
    let guards: Vec<&Guard> = sequence.guards_of(place).filter_map(|number| plan.runbook.guards.get(number)).collect();
    if guards.iter().any(|guard| state.broken.contains_key(&guard.id)) {
        return Leave::Refused;
    }
    let allows = |guard: &&Guard| {
        let good = flight.watched.get(&guard.id).filter(|watched| watched.last.holds);
        good.is_some_and(|it| {
            it.at >= since || now.saturating_sub(it.at) <= wait(pace, Duration::from_millis(guard.every_ms))
        })
    };
    if guards.iter().all(allows) { Leave::Given } else { Leave::NotYet }
}

/// The guards that hold for something within reach, in the runbook's order.
fn in_force<'p>(plan: &'p Plan, sequence: &Sequence, ahead: &Ahead) -> Vec<&'p Guard> {
    if plan.runbook.guards.is_empty() {
        return Vec::new();
    }
    let numbers: BTreeSet<usize> = ahead.within_reach(plan).flat_map(|(place, _)| sequence.guards_of(place)).collect();
    numbers.into_iter().filter_map(|number| plan.runbook.guards.get(number)).collect()
}

/// The record that follows from what was seen, if one does.
fn follows(guard: &Guard, watched: Option<&Watched>, recorded: Option<&BrokenGuard>) -> Option<RecordKind> {
    let Watched { last, bad, since, .. } = watched?;
    let id = guard.id.clone();
    let seen = told(guard, last);
    match recorded {
        Some(_) if last.holds => Some(RecordKind::GuardMended { guard: id, seen }),
        None if *bad >= guard.times => {
            let broken = BrokenGuard { guard: id, seen, advice: last.advice.clone(), since: *since };
            Some(RecordKind::GuardBroke { broken })
        }
        _ => None,
    }
}

/// What was seen, with what was asked: by itself an answer does not say it.
fn told(guard: &Guard, last: &Sighting) -> String {
    guard.title.as_ref().map_or_else(|| last.seen.clone(), |title| format!("{title}: {}", last.seen))
}

fn as_seen_last(guard: &Guard, recorded: &BrokenGuard, watched: Option<&Watched>) -> BrokenGuard {
    match watched.filter(|watched| !watched.last.holds) {
        Some(Watched { last, .. }) => {
            BrokenGuard { seen: told(guard, last), advice: last.advice.clone(), ..recorded.clone() }
        }
        None => recorded.clone(),
    }
}

/// How old the last look may become before the next one is made.
fn age(guard: &Guard, watched: &Watched, pace: Pace) -> Millis {
    let every = Duration::from_millis(guard.every_ms);
    wait(pace, if watched.last.holds { every } else { every.min(AGAIN) })
}

fn wait(pace: Pace, usual: Duration) -> Millis {
    i64::try_from(pace.wait(usual).as_millis()).unwrap_or(i64::MAX)
}
