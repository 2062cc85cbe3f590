//! The way back as a partial order: what is undone before what.
//!
//! Promises: an undo waits for the undo of all that stands on it, by the needs that are the same in every order. But what brings back
//! what was there waits for nothing that is only cleaned up, unless that uses what it has given or works on the very same: the site
//! does not stay down until a certificate is gone.

use super::left::Left;
use super::{Plan, Sequence};
use crate::journal::{RollbackTo, RunState};
use crate::model::{ActionPath, WayBack};
use std::collections::BTreeSet;

impl Plan {
    /// The actions a rollback to `to` has to undo, in the order in which they are begun when one runs at a time.
    #[must_use]
    pub fn undo_queue(&self, state: &RunState, to: &RollbackTo) -> Vec<ActionPath> {
        self.undo_queue_keeping(state, &self.keeping(state, to))
    }

    /// The same where exactly these are to stay.
    #[must_use]
    pub fn undo_queue_keeping(&self, state: &RunState, keeps: &BTreeSet<ActionPath>) -> Vec<ActionPath> {
        let sequence = Sequence::of(self);
        let mut left = Left::of(self, &sequence, state, keeps);
        let mut queue = Vec::new();
        while let Some(first) = left.next() {
            left.take_away(&sequence, first);
            queue.extend(self.actions.get(first).map(|planned| planned.action.clone()));
        }
        queue
    }

    /// For each of these actions, those among them whose undo its own waits for.
    #[must_use]
    pub fn undo_waits(&self, undone: &[ActionPath]) -> Vec<(ActionPath, Vec<ActionPath>)> {
        let sequence = Sequence::of(self);
        let places: Vec<Option<usize>> = undone.iter().map(|action| sequence.place(action)).collect();
        let of = |this: Option<usize>| -> Vec<ActionPath> {
            let Some(place) = this else { return Vec::new() };
            let standing = sequence.standing_on(place);
            let waits = |on_it: usize| {
                let stands = on_it > place && standing.contains(&on_it);
                let barred = stands && is_barred_by(sequence.way_back(place), sequence.way_back(on_it));
                barred || sequence.bound_to(on_it).contains(&place)
            };
            undone.iter().zip(&places).filter(|(_, on_it)| on_it.is_some_and(waits)).map(|(it, _)| it.clone()).collect()
        };
        undone.iter().zip(&places).map(|(action, place)| (action.clone(), of(*place))).collect()
    }

    /// What the undo of an action is to the way back.
    #[must_use]
    pub fn way_back(&self, action: &ActionPath) -> WayBack {
        self.definition(action).map_or(WayBack::Unknown, |definition| self.runbook.way_back(definition))
    }
}

/// Whether an undo waits for the undo of something that stands on it.
fn is_barred_by(this: WayBack, standing_on_it: WayBack) -> bool {
    (this, standing_on_it) != (WayBack::Restores, WayBack::CleansUp)
}
