//! A plan's sequence with what follows from it: places, who waits for whom, and what a place in it keeps.
//!
//! Computed from a plan and never stored. Everything here is by place in the sequence, from 0; a step has the place of the last
//! of its actions.

use super::resources::touched_by_undo;
use super::{Order, Plan, Resource, stretches};
use crate::model::{ActionPath, OnFailure, StepId, WayBack};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

/// The sequence of a plan.
#[derive(Debug, Clone)]
pub struct Sequence {
    places: HashMap<ActionPath, usize>,
    /// What each action needs, directly.
    needs: Vec<Vec<usize>>,
    /// What the order makes each action wait for besides.
    after: Vec<Vec<usize>>,
    /// What needs each action, directly.
    needed_by: Vec<Vec<usize>>,
    /// What waits for each action, directly; as often as it does.
    waited_for_by: Vec<Vec<usize>>,
    /// What each action is to the way back.
    ways_back: Vec<WayBack>,
    /// The actions of which a preview names a fact.
    naming: HashMap<String, Vec<usize>>,
    /// Where each step ends.
    ends: BTreeMap<StepId, usize>,
    /// What each guard holds for, in the runbook's order.
    stretches: Vec<RangeInclusive<usize>>,
    /// By what only cleans up, those that bring back what was there and wait for it all the same.
    bound: HashMap<usize, Vec<usize>>,
}

impl Sequence {
    /// The sequence of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let places: HashMap<ActionPath, usize> =
            plan.actions.iter().enumerate().map(|(place, planned)| (planned.action.clone(), place)).collect();
        let found = |these: &[ActionPath]| these.iter().filter_map(|path| places.get(path).copied()).collect();
        let needs: Vec<Vec<usize>> = plan.actions.iter().map(|planned| found(&planned.needs)).collect();
        let after = plan.actions.iter().enumerate().map(|(place, planned)| match plan.order {
            Order::Article => before(plan, place).into_iter().collect(),
            Order::Overlap | Order::LeastDowntime => found(&planned.after),
        });
        let after: Vec<Vec<usize>> = after.collect();
        let ends = plan.actions.iter().enumerate().map(|(place, planned)| (planned.action.step().clone(), place));
        let needed_by = turned(needs.iter().map(|needs| needs.iter()));
        let waited_for_by = turned(needs.iter().zip(&after).map(|(needs, after)| needs.iter().chain(after)));
        let hurries = plan.runbook.hurries_back();
        let way_back = |action| plan.definition(action).map_or(WayBack::Unknown, |it| it.way_back_where(hurries));
        let ways_back = plan.actions.iter().map(|planned| way_back(&planned.action)).collect();
        let (ends, naming) = (ends.collect(), naming(plan));
        let stretches = stretches::of(plan);
        let mut sequence = Self {
            places,
            needs,
            after,
            needed_by,
            waited_for_by,
            ways_back,
            naming,
            ends,
            stretches,
            bound: HashMap::new(),
        };
        for (place, on_it) in bound(plan, &sequence) {
            sequence.bound.entry(on_it).or_default().push(place);
        }
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

    /// What directly needs the action at a place.
    pub(crate) fn needed_by(&self, place: usize) -> &[usize] {
        self.needed_by.get(place).map_or(&[], Vec::as_slice)
    }

    /// What directly waits for the action at a place; as often as it does.
    #[must_use]
    pub fn waited_for_by(&self, place: usize) -> &[usize] {
        self.waited_for_by.get(place).map_or(&[], Vec::as_slice)
    }

    /// What the action at a place is to the way back.
    pub(crate) fn way_back(&self, place: usize) -> WayBack {
        self.ways_back.get(place).copied().unwrap_or(WayBack::Unknown)
    }

    /// The actions of which a preview names this fact.
    #[must_use]
    pub fn naming(&self, fact: &str) -> &[usize] {
        self.naming.get(fact).map_or(&[], Vec::as_slice)
    }

    /// What the guard of this number in the runbook holds for.
    pub(crate) fn stretch(&self, guard: usize) -> RangeInclusive<usize> {
        self.stretches.get(guard).cloned().unwrap_or(RangeInclusive::new(1, 0))
    }

    /// The guards, by their numbers in the runbook, that hold for the action at a place.
    pub(crate) fn guards_of(&self, place: usize) -> impl Iterator<Item = usize> {
        let holds = move |(_, stretch): &(usize, &RangeInclusive<usize>)| stretch.contains(&place);
        self.stretches.iter().enumerate().filter(holds).map(|(guard, _)| guard)
    }

    /// What brings back what was there and waits for the undo at a later place, although that only cleans up: that uses what it has
    /// given, or stands on it and works on the very same (puts a server where the other one took it out).
    pub(crate) fn bound_to(&self, place: usize) -> &[usize] {
        self.bound.get(&place).map_or(&[], Vec::as_slice)
    }

    /// Whether a later action waits for an earlier one, however far.
    #[must_use]
    pub fn leads_to(&self, earlier: usize, later: usize) -> bool {
        self.lead(&[(earlier, later)]) == [true]
    }

    /// The places of all that needs the action at a place, however far.
    pub(crate) fn standing_on(&self, place: usize) -> BTreeSet<usize> {
        let (mut standing, mut open) = (BTreeSet::new(), vec![place]);
        while let Some(place) = open.pop() {
            open.extend(self.needed_by(place).iter().filter(|other| standing.insert(**other)));
        }
        standing
    }

    /// Of each of these pairs, whether the later action waits for the earlier one, however far.
    pub(crate) fn lead(&self, pairs: &[(usize, usize)]) -> Vec<bool> {
        led(pairs, |place| self.waits_for(place))
    }

    /// The same by what actions need; what the order adds does not count.
    pub(crate) fn needs_lead(&self, pairs: &[(usize, usize)]) -> Vec<bool> {
        led(pairs, |place| self.needs(place).iter().copied())
    }
}

/// What comes before a place when everything is done one by one: nobody waits for what the run may go on without, outside its step.
fn before(plan: &Plan, place: usize) -> Option<usize> {
    let step = plan.actions.get(place)?.action.step();
    plan.actions[..place].iter().rposition(|earlier| {
        *earlier.action.step() == *step || *plan.on_failure(&earlier.action) != OnFailure::Continue
    })
}

/// Of each pair of an earlier and a later place, whether one comes from the later one back to the earlier one. As many pairs as a
/// number has bits go along the sequence at once, from the first earlier place to the last later one.
fn led<I: Iterator<Item = usize>>(pairs: &[(usize, usize)], back: impl Fn(usize) -> I) -> Vec<bool> {
    let mut led = vec![false; pairs.len()];
    let mut sorted: Vec<usize> = (0..pairs.len()).collect();
    sorted.sort_unstable_by_key(|pair| pairs[*pair]);
    for some in sorted.chunks(64) {
        let Some(first) = some.first().map(|pair| pairs[*pair].0) else { continue };
        let last = some.iter().map(|pair| pairs[*pair].1).max().unwrap_or(first);
        let mut from: Vec<u64> = vec![0; (last + 1).saturating_sub(first)];
        for (bit, pair) in some.iter().enumerate() {
            if let Some(from) = from.get_mut(pairs[*pair].0 - first) {
                *from |= 1 << bit;
            }
        }
        for place in first..=last {
            let own = back(place).filter(|other| (first..place).contains(other)).map(|other| from[other - first]);
            let all = own.fold(from[place - first], |all, own| all | own);
            from[place - first] = all;
        }
        for (bit, pair) in some.iter().enumerate() {
            let (earlier, later) = pairs[*pair];
            led[*pair] = earlier < later && from[later - first] & (1 << bit) != 0;
        }
    }
    led
}

/// From what each place points at to what points at it.
fn turned<'a>(pointing: impl ExactSizeIterator<Item = impl Iterator<Item = &'a usize>>) -> Vec<Vec<usize>> {
    let mut turned = vec![Vec::new(); pointing.len()];
    for (place, others) in pointing.enumerate() {
        for other in others {
            if let Some(others) = turned.get_mut(*other) {
                others.push(place);
            }
        }
    }
    turned
}

fn naming(plan: &Plan) -> HashMap<String, Vec<usize>> {
    let mut naming: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, planned) in plan.actions.iter().enumerate() {
        for fact in planned.previewed.iter().flat_map(|previewed| previewed.facts.keys()) {
            naming.entry(fact.clone()).or_default().push(place);
        }
    }
    naming
}

/// What brings back what was there, with what only cleans up and is undone before it all the same; each pair once.
fn bound(plan: &Plan, sequence: &Sequence) -> BTreeSet<(usize, usize)> {
    let definitions: Vec<_> = plan.definitions().enumerate().collect();
    let hurries = plan.runbook.hurries_back();
    let of = |kind| definitions.iter().filter(move |(_, action)| action.way_back_where(hurries) == kind);
    let mut cleaned: BTreeMap<Resource, Vec<usize>> = BTreeMap::new();
    for (place, action) in of(WayBack::CleansUp) {
        touched_by_undo(plan, action).into_iter().for_each(|it| cleaned.entry(it).or_default().push(*place));
    }
    let restored = of(WayBack::Restores).filter(|_| !cleaned.is_empty());
    let pairs = restored.flat_map(|(place, action)| {
        let same = touched_by_undo(plan, action).into_iter().filter_map(|it| cleaned.get(&it)).flatten().copied();
        same.map(|later| (*place, later)).collect::<Vec<_>>()
    });
    let alike: Vec<(usize, usize)> = pairs.filter(|(place, later)| later > place).collect();
    let stands = sequence.needs_lead(&alike);
    let alike = alike.into_iter().zip(stands).filter_map(|(pair, stands)| stands.then_some(pair));
    let uses = of(WayBack::CleansUp).flat_map(|(later, action)| {
        let giving = plan.runbook.referred(action).into_iter().filter_map(|path| sequence.place(&path));
        giving.map(|place| (place, *later)).collect::<Vec<_>>()
    });
    alike.chain(uses).collect()
}
