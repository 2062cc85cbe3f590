//! The way back as a partial order: what is undone before what.
//!
//! Promises: an undo waits for the undo of all that stands on it, by the needs that are the same in every order. But what brings back
//! what was there waits for nothing that is only cleaned up, unless that uses what it has given or works on the very same: the site
//! does not stay down until a certificate is gone.

use super::{Plan, Sequence};
use crate::journal::{RollbackTo, RunState};
use crate::model::{ActionPath, WayBack};
use std::cmp::Reverse;
use std::collections::BTreeSet;

impl Plan {
    /// The actions a rollback to `to` has to undo, in the order in which they are begun when one runs at a time.
    #[must_use]
    pub fn undo_queue(&self, state: &RunState, to: &RollbackTo) -> Vec<ActionPath> {
        self.undo_queue_keeping(state, &self.kept(to))
    }

    /// The same where exactly these are to stay.
    #[must_use]
    pub fn undo_queue_keeping(&self, state: &RunState, keeps: &BTreeSet<ActionPath>) -> Vec<ActionPath> {
        let sequence = Sequence::of(self);
        let mut left = self.left_to_undo(state, keeps);
        let mut queue = Vec::new();
        while let Some(first) = self.ready_to_undo(&sequence, state, &left).into_iter().next() {
            left.remove(&first);
            queue.extend(self.actions.get(first).map(|planned| planned.action.clone()));
        }
        queue
    }

    /// For each of these actions, those among them whose undo its own waits for.
    #[must_use]
    pub fn undo_waits(&self, undone: &[ActionPath]) -> Vec<(ActionPath, Vec<ActionPath>)> {
        let sequence = Sequence::of(self);
        let waits = |action: &ActionPath, other: &ActionPath| {
            let (Some(place), Some(on_it)) = (sequence.place(action), sequence.place(other)) else { return false };
            let stands = on_it > place && sequence.needs_lead_to(place, on_it);
            let barred = stands && is_barred_by(self.way_back(action), self.way_back(other));
            barred || sequence.bound().contains(&(place, on_it))
        };
        let of = |action: &ActionPath| undone.iter().filter(|other| waits(action, other)).cloned().collect();
        undone.iter().map(|action| (action.clone(), of(action))).collect()
    }

    /// What the undo of an action is to the way back.
    #[must_use]
    pub fn way_back(&self, action: &ActionPath) -> WayBack {
        self.definition(action).map_or(WayBack::Unknown, |definition| definition.kind.way_back())
    }

    /// The places of what is not to stay and has left something.
    pub(crate) fn left_to_undo(&self, state: &RunState, keeps: &BTreeSet<ActionPath>) -> BTreeSet<usize> {
        let is_left = |action: &ActionPath| !keeps.contains(action) && !state.action(action).is_pending();
        let actions = self.actions.iter().map(|planned| &planned.action).enumerate();
        actions.filter(|(_, action)| is_left(action)).map(|(place, _)| place).collect()
    }

    /// Those whose undo waits for none of the others, what bears the site first; half-done ones before done ones, then in
    /// reverse order of completion.
    pub(crate) fn ready_to_undo(&self, sequence: &Sequence, state: &RunState, left: &BTreeSet<usize>) -> Vec<usize> {
        let kinds: Vec<WayBack> = self.actions.iter().map(|planned| self.way_back(&planned.action)).collect();
        // Whether something that is left stands on it, and whether something does that what was there must wait for.
        let (mut stood_on, mut barred) = (vec![false; kinds.len()], vec![false; kinds.len()]);
        for (place, kind) in kinds.iter().enumerate().rev() {
            let stands = left.contains(&place);
            for need in sequence.needs(place) {
                stood_on[*need] |= stood_on[place] || stands;
                barred[*need] |= barred[place] || (stands && *kind != WayBack::CleansUp);
            }
        }
        for (place, on_it) in sequence.bound() {
            barred[*place] |= left.contains(on_it);
        }
        let key = |place: usize| {
            let kind = *kinds.get(place)?;
            let waits = if kind == WayBack::Restores { barred[place] } else { stood_on[place] };
            let current = state.action(&self.actions.get(place)?.action);
            let seq = current.traces().map_or(u64::MAX, |traces| traces.seq);
            (!waits).then_some((kind == WayBack::CleansUp, current.is_done(), Reverse(seq), Reverse(place)))
        };
        let mut ready: Vec<_> = left.iter().filter_map(|place| key(*place)).collect();
        ready.sort_unstable();
        ready.into_iter().map(|(.., place)| place.0).collect()
    }
}

/// Whether an undo waits for the undo of something that stands on it.
fn is_barred_by(this: WayBack, standing_on_it: WayBack) -> bool {
    (this, standing_on_it) != (WayBack::Restores, WayBack::CleansUp)
}
