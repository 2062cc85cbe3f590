//! Which action waits for which, and in which sequence a plan has them.
//!
//! Promises: the sequence is one in which everything can be done one after the other, in every order. What an action needs is the
//! same in every order; what an order adds to it is kept apart (`after`), for the way back follows needs alone.
//! `least-downtime`: what opens a downtime waits for all that can be done before it; what can wait until after it waits for
//! its end.

use super::{Order, PlannedAction};
use crate::model::{ActionPath, OnFailure, Runbook, Step, StepId};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn of(runbook: &Runbook, order: Order) -> Vec<PlannedAction> {
    let mut planned: Vec<PlannedAction> = runbook
        .needs()
        .into_iter()
        .map(|(action, needs)| PlannedAction {
            action: action.clone(),
            needs: needs.into_iter().collect(),
            after: Vec::new(),
            previewed: None,
        })
        .collect();
    if order == Order::LeastDowntime {
        around_downtimes(runbook, &mut planned);
    }
    planned
}

/// Sorts actions into those before, in and after each downtime, and lets its beginning and what comes after it wait.
fn around_downtimes(runbook: &Runbook, planned: &mut [PlannedAction]) {
    let index: BTreeMap<ActionPath, usize> = planned.iter().enumerate().map(|(n, p)| (p.action.clone(), n)).collect();
    let needs: Vec<Vec<usize>> =
        planned.iter().map(|p| p.needs.iter().filter_map(|need| index.get(need).copied()).collect()).collect();
    let windows: Vec<(usize, Option<usize>)> = runbook
        .windows()
        .iter()
        .filter_map(|window| Some((*index.get(window.begins)?, window.ends.and_then(|end| index.get(end).copied()))))
        .collect();
    let passed_over = |step: &&Step| step.on_failure == OnFailure::Continue;
    let optional: Vec<&StepId> = runbook.steps.iter().filter(passed_over).map(|step| &step.id).collect();
    let may_fail: Vec<bool> = planned.iter().map(|p| optional.contains(&p.action.step())).collect();
    let mut stage = vec![0; planned.len()];
    for (n, (begins, ends)) in windows.iter().enumerate() {
        let led_to = ends.map(|end| leading_to(end, &needs));
        for (action, stands_on) in standing_on(*begins, &needs).iter().enumerate() {
            if *stands_on {
                let inside = led_to.as_ref().is_none_or(|led_to| led_to.get(action).copied().unwrap_or_default());
                stage[action] = if inside { 2 * n + 1 } else { 2 * n + 2 };
            }
        }
    }
    for (n, (begins, ends)) in windows.iter().enumerate() {
        let before: BTreeSet<usize> = (0..planned.len()).filter(|action| stage[*action] <= 2 * n).collect();
        // Nobody waits for what the run may go on without.
        let before: BTreeSet<usize> = before.into_iter().filter(|action| !may_fail[*action]).collect();
        let waited_for: BTreeSet<usize> = before.iter().flat_map(|action| needs[*action].iter().copied()).collect();
        let last: Vec<ActionPath> = before.difference(&waited_for).map(|last| planned[*last].action.clone()).collect();
        let own = planned[*begins].needs.clone();
        planned[*begins].after.extend(last.into_iter().filter(|path| !own.contains(path)));
        let Some(end) = ends.map(|end| planned[end].action.clone()) else { continue };
        for action in (0..planned.len()).filter(|action| stage[*action] == 2 * n + 2) {
            let waits_by_need = needs[action].iter().any(|need| stage[*need] == 2 * n + 2);
            if !waits_by_need && !planned[action].needs.contains(&end) {
                planned[action].after.push(end.clone());
            }
        }
    }
    let place: BTreeMap<ActionPath, usize> = planned.iter().zip(&stage).map(|(p, s)| (p.action.clone(), *s)).collect();
    planned.sort_by_key(|p| place.get(&p.action).copied());
}

/// Which actions stand on this one: need it, or need what does; itself among them.
fn standing_on(this: usize, needs: &[Vec<usize>]) -> Vec<bool> {
    let mut standing = vec![false; needs.len()];
    for (action, needs) in needs.iter().enumerate() {
        standing[action] = action == this || needs.iter().any(|need| standing[*need]);
    }
    standing
}

/// Which actions lead to this one: it needs them, or needs what does; itself among them.
fn leading_to(this: usize, needs: &[Vec<usize>]) -> Vec<bool> {
    let mut leading = vec![false; needs.len()];
    leading[this] = true;
    for action in (0..=this).rev().filter(|action| needs.get(*action).is_some()) {
        if leading[action] {
            needs[action].iter().for_each(|need| leading[*need] = true);
        }
    }
    leading
}
