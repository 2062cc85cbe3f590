//! The order of steps: whether what each needs agrees with the order written.
//!
//! Only what the document says in `needs` is judged and kept. That an action waits for those whose outputs it uses is found
//! by the plan, action by action; references point back only, so they cannot make a cycle.

use super::problem::Notes;
use crate::document::Place;
use crate::model::{Step, StepId};
use std::collections::{BTreeMap, BTreeSet};

/// Tells cycles and needs that point at later steps. `places` says where each step's needs are written.
pub(super) fn check(steps: &[Step], places: &BTreeMap<StepId, Place>, notes: &mut Notes) {
    let number: BTreeMap<StepId, usize> = steps.iter().map(|s| (s.id.clone(), s.number)).collect();
    let mut in_cycles = BTreeSet::new();
    for step in steps {
        if in_cycles.contains(&step.id) {
            continue;
        }
        if let Some(cycle) = cycle_through(steps, &step.id) {
            let mut names: Vec<&str> = cycle.iter().map(StepId::as_str).collect();
            names.push(step.id.as_str());
            let place = places.get(&step.id).copied().unwrap_or(Place::START);
            notes.add(place, format!("these steps need each other: `{}`", names.join("` -> `")));
            in_cycles.extend(cycle);
        }
    }
    for step in steps.iter().filter(|s| !in_cycles.contains(&s.id)) {
        for need in step.needs.iter().filter(|n| number.get(*n).is_some_and(|n| *n >= step.number)) {
            let place = places.get(&step.id).copied().unwrap_or(Place::START);
            let message = format!("step `{}` needs `{need}`, which is written after it", step.id);
            notes.advise(place, message, format!("move `{need}` before `{}`", step.id));
        }
    }
}

/// The shortest cycle through a step, beginning with it.
fn cycle_through(steps: &[Step], start: &StepId) -> Option<Vec<StepId>> {
    let mut seen = BTreeSet::new();
    let mut open = std::collections::VecDeque::from([vec![start.clone()]]);
    while let Some(path) = open.pop_front() {
        let last = path.last()?;
        for need in steps.iter().filter(|s| s.id == *last).flat_map(|s| &s.needs) {
            if need == start {
                return Some(path);
            }
            if seen.insert(need.clone()) {
                open.push_back(path.iter().cloned().chain([need.clone()]).collect());
            }
        }
    }
    None
}
