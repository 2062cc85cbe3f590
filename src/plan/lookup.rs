//! Where a plan's actions and steps stand, so that finding one does not mean going through all.
//!
//! Promises: no part of what a plan is. It is not stored, says nothing when plans are compared, and is made when it is first
//! asked. What it says is looked at before it is believed: in a plan that was changed since, it is searched for.

use super::PlannedAction;
use crate::model::{ActionPath, Runbook, StepId};
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

/// Where things stand in a plan.
#[derive(Default)]
pub struct Lookup(OnceLock<Places>);

/// What stands where.
#[derive(Default)]
pub(super) struct Places {
    /// Of each step, its index.
    pub(super) steps: HashMap<StepId, usize>,
    /// Of each action, the indices of its step and of itself in it.
    pub(super) definitions: HashMap<ActionPath, (usize, usize)>,
    /// Of each action, its place in the sequence.
    pub(super) planned: HashMap<ActionPath, usize>,
}

impl Places {
    fn of(runbook: &Runbook, actions: &[PlannedAction]) -> Self {
        let mut places = Self::default();
        for (s, step) in runbook.steps.iter().enumerate() {
            places.steps.entry(step.id.clone()).or_insert(s);
            for (a, action) in step.actions.iter().enumerate() {
                places.definitions.entry(action.path.clone()).or_insert((s, a));
            }
        }
        for (place, planned) in actions.iter().enumerate() {
            places.planned.entry(planned.action.clone()).or_insert(place);
        }
        places
    }
}

impl Lookup {
    /// Where the steps of a plan's runbook and its actions stand.
    pub(super) fn of(&self, runbook: &Runbook, actions: &[PlannedAction]) -> &Places {
        self.0.get_or_init(|| Places::of(runbook, actions))
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
