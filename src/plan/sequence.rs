//! A plan's sequence with what follows from it: places, who waits for whom, and what a place in it keeps.
//!
//! Computed from a plan and never stored. Everything here is by place in the sequence, from 0; a step has the place of the last
//! of its actions.

use super::resources::touched_by_undo;
use super::{Order, Plan, Resource};
use crate::model::{ActionPath, StepId, WayBack};
use std::collections::{BTreeMap, BTreeSet};

/// The sequence of a plan.
#[derive(Debug, Clone)]
pub struct Sequence {
    places: BTreeMap<ActionPath, usize>,
    /// What each action needs, directly.
    needs: Vec<Vec<usize>>,
    /// What the order makes each action wait for besides.
    after: Vec<Vec<usize>>,
    /// Where each step ends.
    ends: BTreeMap<StepId, usize>,
    /// What brings back what was there, and what only cleans up and is undone before it all the same.
    bound: Vec<(usize, usize)>,
}

impl Sequence {
    /// The sequence of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let places: BTreeMap<ActionPath, usize> =
            plan.actions.iter().enumerate().map(|(place, planned)| (planned.action.clone(), place)).collect();
        let found = |these: &[ActionPath]| these.iter().filter_map(|path| places.get(path).copied()).collect();
        let needs = plan.actions.iter().map(|planned| found(&planned.needs)).collect();
        let after = plan.actions.iter().enumerate().map(|(place, planned)| match plan.order {
            Order::Article => place.checked_sub(1).into_iter().collect(),
            Order::Overlap | Order::LeastDowntime => found(&planned.after),
        });
        let after = after.collect();
        let ends = plan.actions.iter().enumerate().map(|(place, planned)| (planned.action.step().clone(), place));
        let ends = ends.collect();
        let mut sequence = Self { places, needs, after, ends, bound: Vec::new() };
        sequence.bound = bound(plan, &sequence);
        sequence
    }

    /// How many actions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.needs.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// The place of an action.
    #[must_use]
    pub fn place(&self, action: &ActionPath) -> Option<usize> {
        self.places.get(action).copied()
    }

    /// Where a step ends: the place of its last action in the sequence.
    #[must_use]
    pub fn end(&self, step: &StepId) -> Option<usize> {
        self.ends.get(step).copied()
    }

    /// The steps, in the order in which they end.
    #[must_use]
    pub fn steps(&self) -> Vec<&StepId> {
        let mut steps: Vec<(&StepId, usize)> = self.ends.iter().map(|(step, end)| (step, *end)).collect();
        steps.sort_by_key(|(_, end)| *end);
        steps.into_iter().map(|(step, _)| step).collect()
    }

    /// What the action at a place directly needs.
    #[must_use]
    pub fn needs(&self, place: usize) -> &[usize] {
        self.needs.get(place).map_or(&[], Vec::as_slice)
    }

    /// All that the action at a place directly waits for: what it needs, and what the order adds.
    pub fn waits_for(&self, place: usize) -> impl Iterator<Item = usize> {
        let after = self.after.get(place).into_iter().flatten().copied();
        self.needs(place).iter().copied().chain(after)
    }

    /// For each place, whether all that leads to it is done, by what is done. Being done says nothing of what came before it: a
    /// new plan may put something there.
    #[must_use]
    pub fn open(&self, is_done: impl Fn(usize) -> bool) -> Vec<bool> {
        let mut settled = vec![false; self.len()];
        let mut open = vec![false; self.len()];
        for place in 0..self.len() {
            open[place] = self.waits_for(place).all(|other| settled.get(other).copied().unwrap_or_default());
            settled[place] = open[place] && is_done(place);
        }
        open
    }

    /// Pairs of a place that brings back what was there and a later one that only cleans up and is undone first all the same: it
    /// uses what the other one has given, or it stands on it and works on the very same (puts a server where the other one took
    /// it out).
    pub(crate) fn bound(&self) -> &[(usize, usize)] {
        &self.bound
    }

    /// Whether a later action waits for an earlier one, however far.
    #[must_use]
    pub fn leads_to(&self, earlier: usize, later: usize) -> bool {
        reaches(later, earlier, |place| self.waits_for(place).collect())
    }

    /// Whether a later action needs an earlier one, however far; what the order adds does not count.
    #[must_use]
    pub fn needs_lead_to(&self, earlier: usize, later: usize) -> bool {
        reaches(later, earlier, |place| self.needs(place).to_vec())
    }
}

fn bound(plan: &Plan, sequence: &Sequence) -> Vec<(usize, usize)> {
    let definitions: Vec<_> = plan.definitions().enumerate().collect();
    let of = |kind| definitions.iter().filter(move |(_, action)| action.kind.way_back() == kind);
    let mut cleaned: BTreeMap<Resource, Vec<usize>> = BTreeMap::new();
    for (place, action) in of(WayBack::CleansUp) {
        touched_by_undo(plan, action).into_iter().for_each(|it| cleaned.entry(it).or_default().push(*place));
    }
    let restored = of(WayBack::Restores).filter(|_| !cleaned.is_empty());
    let pairs = restored.flat_map(|(place, action)| {
        let same = touched_by_undo(plan, action).into_iter().filter_map(|it| cleaned.get(&it)).flatten().copied();
        same.map(|later| (*place, later)).collect::<Vec<_>>()
    });
    let alike = pairs.filter(|(place, later)| later > place && sequence.needs_lead_to(*place, *later));
    let uses = of(WayBack::CleansUp).flat_map(|(later, action)| {
        let giving = plan.runbook.referred(action).into_iter().filter_map(|path| sequence.place(&path));
        giving.map(|place| (place, *later)).collect::<Vec<_>>()
    });
    alike.chain(uses).collect()
}

/// Whether one comes from a place back to an earlier one.
fn reaches(from: usize, earlier: usize, back: impl Fn(usize) -> Vec<usize>) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(place) = open.pop() {
        for other in back(place) {
            if other == earlier {
                return true;
            }
            if other > earlier && seen.insert(other) {
                open.push(other);
            }
        }
    }
    false
}
