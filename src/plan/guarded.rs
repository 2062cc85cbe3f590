//! What can be told of a plan's guards.
//!
//! Promise: what a guard uses is given before any action that it holds for and that makes an effect can begin, or there is no plan.

use super::{EarlyGuard, Plan, Sequence, stretches};
use crate::model::Guard;
use std::ops::RangeInclusive;

/// The first guard that may be asked before all it uses is known.
pub(super) fn early(plan: &Plan) -> Option<EarlyGuard> {
    if plan.runbook.guards.iter().all(|guard| plan.runbook.giving_guard(guard).is_empty()) {
        return None;
    }
    let sequence = Sequence::of(plan);
    for (number, guard) in plan.runbook.guards.iter().enumerate() {
        for giver in plan.runbook.giving_guard(guard) {
            let led_to = sequence.place(giver).map(|place| led_to(&sequence, place)).unwrap_or_default();
            let is_early = |place: &usize| !led_to.get(*place).copied().unwrap_or_default();
            let mut early = sequence.stretch(number).filter(is_early).filter(|place| plan.makes_an_effect(*place));
            if let Some(early) = early.next().and_then(|place| plan.actions.get(place)) {
                let (guard, giver, early) = (guard.id.clone(), giver.clone(), early.action.clone());
                return Some(EarlyGuard { guard, giver, early });
            }
        }
    }
    None
}

/// Of each place, whether it waits for this one, however far.
fn led_to(sequence: &Sequence, from: usize) -> Vec<bool> {
    let mut led_to = vec![false; sequence.len()];
    let mut open = vec![from];
    while let Some(place) = open.pop() {
        for next in sequence.waited_for_by(place) {
            if !std::mem::replace(&mut led_to[*next], true) {
                open.push(*next);
            }
        }
    }
    led_to
}

impl Plan {
    /// The guards that hold from the very first effect on: what they say before a run keeps it from beginning.
    #[must_use]
    pub fn guards_from_the_start(&self) -> Vec<&Guard> {
        let first = (0..self.actions.len()).find(|place| self.makes_an_effect(*place)).unwrap_or(self.actions.len());
        let begins = |(_, stretch): &(&Guard, RangeInclusive<usize>)| *stretch.start() <= first;
        self.runbook.guards.iter().zip(stretches::of(self)).filter(begins).map(|(guard, _)| guard).collect()
    }

    fn makes_an_effect(&self, place: usize) -> bool {
        let action = self.actions.get(place).and_then(|planned| self.definition(&planned.action));
        action.is_some_and(|action| !action.changes_nothing())
    }

    /// How many actions that make an effect each guard holds for, in the runbook's order.
    #[must_use]
    pub fn guarded(&self) -> Vec<(&Guard, usize)> {
        let count = |stretch: RangeInclusive<usize>| stretch.filter(|place| self.makes_an_effect(*place)).count();
        self.runbook.guards.iter().zip(stretches::of(self)).map(|(guard, stretch)| (guard, count(stretch))).collect()
    }
}
