//! The order of steps and actions: whether what each needs agrees with the order written.
//!
//! Only what the document says in `needs` is judged and kept. That an action waits for those whose outputs it uses is found
//! by the plan, action by action; references point back only, so they cannot make a cycle.

use super::problem::Notes;
use super::scope::Scope;
use super::words::{found, meant};
use crate::document::{Node, Place};
use crate::model::{ActionPath, Needed, Step, StepId};
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

/// What an action says it needs: steps and actions that are written before it. `position` is its own, from 0.
pub(super) fn of_action(
    scope: &Scope,
    items: &[Node],
    what: &str,
    position: (usize, usize),
    notes: &mut Notes,
) -> Vec<Needed> {
    let mut needs: Vec<Needed> = Vec::new();
    for item in items {
        let Some(name) = item.text() else {
            let message =
                format!("`needs` of {what}: found {}, expected an action (`step/action`) or a step", found(item));
            notes.add(item.place, message);
            continue;
        };
        match Needed::try_from(name.to_owned()) {
            Ok(Needed::Action(path)) => match scope.action(&path) {
                None => nobody(scope, item, what, notes),
                Some(known) if known.position >= position => {
                    notes.add(item.place, format!("{what} needs `{path}`, which is not written before it"));
                }
                Some(_) => needs.push(Needed::Action(path)),
            },
            Ok(Needed::Step(step)) => match scope.steps.iter().position(|id| id == step.as_str()) {
                None => nobody(scope, item, what, notes),
                Some(number) if number >= position.0 => {
                    notes.add(item.place, format!("{what} needs step `{step}`, which does not end before it"));
                }
                Some(_) => needs.push(Needed::Step(step)),
            },
            Err(_) => nobody(scope, item, what, notes),
        }
    }
    needs.dedup();
    needs
}

fn nobody(scope: &Scope, item: &Node, what: &str, notes: &mut Notes) {
    let name = item.text().unwrap_or_default();
    let actions: Vec<String> = scope.actions.iter().map(|known| known.path.to_string()).collect();
    let names = scope.steps.iter().map(String::as_str).chain(actions.iter().map(String::as_str));
    let message = match name.parse::<ActionPath>() {
        Ok(_) => format!("`needs` of {what}: there is no action `{name}`"),
        Err(_) => format!("`needs` of {what}: there is no step `{name}`; an action is written `step/action`"),
    };
    notes.advise(item.place, message, meant(name, names, "steps and actions"));
}
