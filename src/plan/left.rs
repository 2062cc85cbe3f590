//! What is left to undo on a way back, and what of it is next.
//!
//! Promises: kept action by action as a run goes back, at the cost of what changes, it is as if it had been made anew from the run's
//! state. Which undo waits for which is told in `undo`.

use super::settled::Settled;
use super::{Plan, Sequence};
use crate::journal::RunState;
use crate::model::{ActionPath, WayBack};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What is not to stay and has left something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    /// What is to stay, by place.
    stays: Vec<bool>,
    /// What is left, by place.
    turns: BTreeMap<usize, Turn>,
    /// Open where nothing that is left stands on it.
    stood_on: Settled,
    /// Open where nothing that is left stands on it that what was there must wait for.
    barred: Settled,
    /// How many of those that a place is bound to wait for are left.
    bound: Vec<usize>,
    /// What waits for none of the others.
    ready: BTreeSet<Turn>,
}

/// When it is an undo's turn: what bears the site first; half-done ones before done ones, then in reverse order of completion.
type Turn = (bool, bool, Reverse<u64>, Reverse<usize>);

impl Left {
    /// What is left of a run of which these actions are to stay.
    pub(crate) fn of(plan: &Plan, sequence: &Sequence, state: &RunState, keeps: &BTreeSet<ActionPath>) -> Self {
        let mut left = Self {
            stays: plan.actions.iter().map(|planned| keeps.contains(&planned.action)).collect(),
            turns: BTreeMap::new(),
            stood_on: Settled::all(sequence.len()),
            barred: Settled::all(sequence.len()),
            bound: vec![0; sequence.len()],
            ready: BTreeSet::new(),
        };
        (0..sequence.len()).for_each(|place| left.look_again(plan, sequence, state, place));
        left
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// The places whose undo waits for none of the others, in their turn.
    pub(crate) fn ready(&self) -> impl Iterator<Item = usize> {
        self.ready.iter().map(|(.., place)| place.0)
    }

    /// Takes in what has become of the action at a place.
    pub(crate) fn look_again(&mut self, plan: &Plan, sequence: &Sequence, state: &RunState, place: usize) {
        let Some(planned) = plan.actions.get(place) else { return };
        let current = state.action(&planned.action);
        let is_left = !current.is_pending() && self.stays.get(place) == Some(&false);
        let seq = current.traces().map_or(u64::MAX, |traces| traces.seq);
        let cleans_up = sequence.way_back(place) == WayBack::CleansUp;
        self.say(sequence, place, is_left.then_some((cleans_up, current.is_done(), Reverse(seq), Reverse(place))));
    }

    /// The first of them.
    pub(crate) fn next(&self) -> Option<usize> {
        self.ready().next()
    }

    /// Nothing is left of the action at a place.
    pub(crate) fn take_away(&mut self, sequence: &Sequence, place: usize) {
        self.say(sequence, place, None);
    }

    fn say(&mut self, sequence: &Sequence, place: usize, turn: Option<Turn>) {
        let before = match turn {
            Some(turn) => self.turns.insert(place, turn),
            None => self.turns.remove(&place),
        };
        if let Some(before) = before {
            self.ready.remove(&before);
        }
        if before.is_some() != turn.is_some() {
            let mut turned = Vec::new();
            let is_gone = turn.is_none();
            let needs = |from| sequence.needs(from);
            self.stood_on.say(place, is_gone, needs, |other| turned.push(other));
            if sequence.way_back(place) != WayBack::CleansUp {
                self.barred.say(place, is_gone, needs, |other| turned.push(other));
            }
            for &other in sequence.bound_to(place) {
                if let Some(count) = self.bound.get_mut(other) {
                    *count = if is_gone { count.saturating_sub(1) } else { *count + 1 };
                }
                turned.push(other);
            }
            turned.into_iter().for_each(|other| self.line_up(sequence, other));
        }
        self.line_up(sequence, place);
    }

    fn line_up(&mut self, sequence: &Sequence, place: usize) {
        let Some(turn) = self.turns.get(&place).copied() else { return };
        let goes = match sequence.way_back(place) {
            WayBack::Restores => self.barred.is_open(place) && self.bound.get(place) == Some(&0),
            WayBack::CleansUp | WayBack::Unknown => self.stood_on.is_open(place),
        };
        if goes {
            self.ready.insert(turn);
        } else {
            self.ready.remove(&turn);
        }
    }
}
