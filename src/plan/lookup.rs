//! Where a plan's actions and steps stand, so that finding one does not mean going through all.
//!
//! Promises: no part of what a plan is. It is not stored, says nothing when plans are compared, and is made when it is first
//! asked. What it says is looked at before it is believed: in a plan that was changed since, it is searched for.

use super::{Plan, PlannedAction};
use crate::model::{ActionPath, Step, StepAction, StepId};
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

/// Where things stand in a plan.
#[derive(Default)]
pub struct Lookup(OnceLock<Places>);

#[derive(Default)]
struct Places {
    /// Of each step, its index.
    steps: HashMap<StepId, usize>,
    /// Of each action, the indices of its step and of itself in it.
    definitions: HashMap<ActionPath, (usize, usize)>,
    /// Of each action, its place in the sequence.
    planned: HashMap<ActionPath, usize>,
}

impl Places {
    fn of(plan: &Plan) -> Self {
        let mut places = Self::default();
        for (s, step) in plan.runbook.steps.iter().enumerate() {
            places.steps.entry(step.id.clone()).or_insert(s);
            for (a, action) in step.actions.iter().enumerate() {
                places.definitions.entry(action.path.clone()).or_insert((s, a));
            }
        }
        for (place, planned) in plan.actions.iter().enumerate() {
            places.planned.entry(planned.action.clone()).or_insert(place);
        }
        places
    }
}

impl Plan {
    fn places(&self) -> &Places {
        self.lookup.0.get_or_init(|| Places::of(self))
    }

    /// The definition of an action.
    #[must_use]
    pub fn definition(&self, action: &ActionPath) -> Option<&StepAction> {
        let known = self.places().definitions.get(action);
        let known = known.and_then(|(step, at)| self.runbook.steps.get(*step)?.actions.get(*at));
        known.filter(|it| it.path == *action).or_else(|| self.runbook.actions().find(|it| it.path == *action))
    }

    /// An action's place in the plan.
    #[must_use]
    pub fn planned(&self, action: &ActionPath) -> Option<&PlannedAction> {
        let known = self.places().planned.get(action).and_then(|place| self.actions.get(*place));
        known.filter(|it| it.action == *action).or_else(|| self.actions.iter().find(|it| it.action == *action))
    }

    /// A step.
    #[must_use]
    pub fn step(&self, id: &StepId) -> Option<&Step> {
        let known = self.places().steps.get(id).and_then(|at| self.runbook.steps.get(*at));
        known.filter(|it| it.id == *id).or_else(|| self.runbook.steps.iter().find(|it| it.id == *id))
    }

    /// The number of a step, from 1.
    #[must_use]
    pub fn number(&self, step: &StepId) -> usize {
        self.step(step).map_or(0, |step| step.number)
    }
}

impl Clone for Lookup {
    /// A plan is cloned to be changed: the clone looks for itself.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Lookup {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}
