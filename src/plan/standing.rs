//! What of a run is still there: whose effects stand when some actions are done, those on which none of the later ones has worked; and what
//! may still run by itself. And what the run itself has taken away again, as a claim that was released.

use super::resources::touched;
use super::{Plan, Resource};
use crate::journal::{ActionState, Traces};
use crate::model::{ActionPath, Property, StepAction};
use std::collections::BTreeSet;

/// Whether an action that stands so may have something running by itself: begun, and not known to have ended.
#[must_use]
pub fn may_run_on(action: &StepAction, current: &ActionState) -> bool {
    let is_begun = current.traces().is_some_and(Traces::is_started);
    action.kind.runs_by_itself() && is_begun && !current.is_done()
}

/// The done actions whose effects a later one has taken away again, as it was to: a claim that was released, a rule that was removed.
pub fn taken_away(plan: &Plan, is_done: impl Fn(&ActionPath) -> bool) -> BTreeSet<&ActionPath> {
    let mut taken_later: BTreeSet<Resource> = BTreeSet::new();
    let mut taken = BTreeSet::new();
    let done = plan.actions.iter().rev().filter(|planned| is_done(&planned.action));
    for action in done.filter_map(|planned| plan.definition(&planned.action)) {
        let works_on = touched(plan, action);
        if action.kind.takes_away() {
            taken_later.extend(works_on);
        } else if works_on.iter().any(|resource| taken_later.contains(resource)) {
            taken.insert(&action.path);
        }
    }
    taken
}

/// The done actions whose effects nothing later has touched, in the plan's sequence. What works on a whole host touches all that is
/// on it. Commands, requests and reloads are left out: what they leave behind to be seen is gone when the run has ended.
pub fn standing(plan: &Plan, is_done: impl Fn(&ActionPath) -> bool) -> Vec<&StepAction> {
    let mut touched_later: BTreeSet<Resource> = BTreeSet::new();
    let mut standing = Vec::new();
    let done = plan.actions.iter().rev().filter(|planned| is_done(&planned.action));
    for action in done.filter_map(|planned| plan.definition(&planned.action)) {
        let works_on = touched(plan, action);
        let was = |resource: &Resource| {
            let whole = match resource {
                Resource::OnHost { host, .. } => touched_later.contains(&Resource::Host { host: host.clone() }),
                Resource::Host { .. } | Resource::Thing(_) => false,
            };
            whole || touched_later.contains(resource)
        };
        let unseen = [Property::IsAnyDeed, Property::CannotBeSeen];
        let is_seen_no_more = unseen.iter().any(|it| action.kind.properties().contains(it));
        if !works_on.is_empty() && !is_seen_no_more && !works_on.iter().any(was) {
            standing.push(action);
        }
        touched_later.extend(works_on);
    }
    standing.reverse();
    standing
}
