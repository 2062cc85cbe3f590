//! The order of steps and actions: whether what each needs agrees with the order written.
//!
//! Only what the document says in `needs` is judged and kept. That an action waits for those whose outputs it uses is found
//! by the plan, action by action; references point back only, so they cannot make a cycle.

use super::problem::Notes;
use super::scope::Declared;
use super::words::{found, meant};
use crate::document::{Node, Place};
use crate::model::{ActionPath, Needed, Step, StepId};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Tells cycles and needs that point at later steps. `places` says where each step's needs are written.
pub(super) fn check(steps: &[Step], places: &BTreeMap<StepId, Place>, notes: &mut Notes) {
    let at: HashMap<&StepId, usize> = steps.iter().enumerate().map(|(n, step)| (&step.id, n)).collect();
    let needs: Vec<Vec<usize>> =
        steps.iter().map(|step| step.needs.iter().filter_map(|need| at.get(need).copied()).collect()).collect();
    let place = |step: &Step| places.get(&step.id).copied().unwrap_or(Place::START);
    let (suspects, mut in_cycles) = (can_be_in_a_cycle(&needs), vec![false; steps.len()]);
    for (n, step) in steps.iter().enumerate().filter(|(n, _)| suspects[*n]) {
        let cycle = if in_cycles[n] { None } else { cycle_through(&needs, n) };
        if let Some(cycle) = cycle {
            let names = cycle.iter().chain([&n]).map(|n| steps[*n].id.as_str());
            let names = names.collect::<Vec<_>>().join("` -> `");
            notes.add(place(step), format!("these steps need each other: `{names}`"));
            cycle.into_iter().for_each(|n| in_cycles[n] = true);
        }
    }
    for (n, step) in steps.iter().enumerate().filter(|(n, _)| !in_cycles[*n]) {
        for need in needs[n].iter().filter(|need| **need >= n).map(|need| &steps[*need].id) {
            let message = format!("step `{}` needs `{need}`, which is written after it", step.id);
            notes.advise(place(step), message, format!("move `{need}` before `{}`", step.id));
        }
    }
}

/// Which steps may be in a cycle: what is left when those that need nothing of what is left are taken away, again and again.
fn can_be_in_a_cycle(needs: &[Vec<usize>]) -> Vec<bool> {
    let mut needed_by = vec![Vec::new(); needs.len()];
    needs.iter().enumerate().for_each(|(n, needs)| needs.iter().for_each(|need| needed_by[*need].push(n)));
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut away: Vec<usize> = (0..needs.len()).filter(|n| open[*n] == 0).collect();
    while let Some(gone) = away.pop() {
        for &n in &needed_by[gone] {
            open[n] -= 1;
            if open[n] == 0 {
                away.push(n);
            }
        }
    }
    open.into_iter().map(|open| open > 0).collect()
}

/// The shortest cycle through a step, beginning with it.
fn cycle_through(needs: &[Vec<usize>], start: usize) -> Option<Vec<usize>> {
    let mut came_from: HashMap<usize, usize> = HashMap::new();
    let mut open = VecDeque::from([start]);
    while let Some(last) = open.pop_front() {
        for &need in &needs[last] {
            if need == start {
                let back = std::iter::successors(Some(last), |n| came_from.get(n).copied());
                let mut cycle: Vec<usize> = back.collect();
                cycle.reverse();
                return Some(cycle);
            }
            if let Entry::Vacant(entry) = came_from.entry(need) {
                entry.insert(last);
                open.push_back(need);
            }
        }
    }
    None
}

/// What an action says it needs: steps and actions that are written before it. `position` is its own, from 0.
pub(super) fn of_action(
    scope: &Declared,
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
            Ok(Needed::Step(step)) => match scope.step(step.as_str()) {
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

fn nobody(scope: &Declared, item: &Node, what: &str, notes: &mut Notes) {
    let name = item.text().unwrap_or_default();
    let actions: Vec<String> = scope.actions.iter().map(|known| known.path.to_string()).collect();
    let names = scope.steps.iter().map(String::as_str).chain(actions.iter().map(String::as_str));
    let message = match name.parse::<ActionPath>() {
        Ok(_) => format!("`needs` of {what}: there is no action `{name}`"),
        Err(_) => format!("`needs` of {what}: there is no step `{name}`; an action is written `step/action`"),
    };
    notes.advise(item.place, message, meant(name, names, "steps and actions"));
}
