//! Looks at guards on their way: each has a name, an end, and counts once.
//!
//! Promises: at most one look at a guard is under way; an answer that comes twice, late or from another executor's look changes nothing;
//! a look that gives no answer in its time is a bad one.

use super::exchange::{Effect, LookId};
use super::flight::{Flight, LookUnderWay, Watched};
use crate::model::{GuardCall, Millis, Pace, Sighting};
use std::time::Duration;

/// How long a look may take, in seconds: as much as the probes give their questions, and a little.
pub(super) const LOOK_LIMIT_S: u64 = 30;

impl Flight {
    /// Begins a look.
    pub(super) fn begin_look(&mut self, call: GuardCall, pace: Pace, now: Millis) -> Effect {
        let limit = pace.limit(Duration::from_secs(call.deadline_s)).as_millis();
        let until = now.saturating_add(i64::try_from(limit).unwrap_or(i64::MAX));
        let executor = self.began.unwrap_or_default();
        let id = LookId { guard: call.guard.clone(), executor, number: self.made };
        self.made += 1;
        self.looking.insert(call.guard.clone(), LookUnderWay { id: id.clone(), until });
        Effect::Look { id, call: Box::new(call) }
    }

    /// Takes the answer of a look, if that is waited for.
    pub(super) fn take_look(&mut self, look: &LookId, sighting: Sighting, now: Millis) {
        if self.looking.get(&look.guard).is_some_and(|it| it.id == *look) {
            self.looking.remove(&look.guard);
            self.note_look(&look.guard, sighting, now);
        }
    }

    /// Notes what was seen of a guard.
    pub(super) fn note_look(&mut self, guard: &str, last: Sighting, now: Millis) {
        let before = self.watched.get(guard).filter(|before| !before.last.holds && !last.holds);
        let since = before.map_or(now, |before| before.since);
        let bad = if last.holds { 0 } else { before.map_or(0, |before| before.bad).saturating_add(1) };
        self.watched.insert(guard.to_owned(), Watched { last, at: now, bad, since });
    }

    /// Ends the looks that have given no answer in their time; whether there were any.
    pub(super) fn end_late_looks(&mut self, now: Millis, effects: &mut Vec<Effect>) -> bool {
        let late: Vec<LookId> = self.looking.values().filter(|it| it.until <= now).map(|it| it.id.clone()).collect();
        for id in &late {
            self.looking.remove(&id.guard);
            self.note_look(&id.guard, Sighting::bad(format!("no answer within {LOOK_LIMIT_S} s")), now);
            effects.push(Effect::ForgetLook { id: id.clone() });
        }
        !late.is_empty()
    }

    /// Forgets all looks that are under way: nothing waits for them any more.
    pub(super) fn forget_looks(&mut self, effects: &mut Vec<Effect>) {
        let looking = std::mem::take(&mut self.looking).into_values();
        effects.extend(looking.map(|it| Effect::ForgetLook { id: it.id }));
    }
}
