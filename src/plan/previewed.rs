//! What a plan says of the world: for each action that could be looked at, what was seen and what applying would change.
//!
//! Whoever signs a plan signs this. It holds no before-image, for that is taken anew just before the action acts.

use super::{Plan, PlannedAction};
use crate::model::{ActionPath, Change, Description, Facts, Finding, Found, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was previewed of one action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previewed {
    /// What it was going to do, one sentence.
    pub does: String,
    /// How the world stood to it.
    pub found: Found,
    /// What was seen, one line.
    pub evidence: String,
    /// What it could give already, so that later actions can be told in full.
    #[serde(default, skip_serializing_if = "Values::is_empty")]
    pub outputs: Values,
    /// What the action is held to when it acts.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
    /// What looking showed that it would change; empty where the parameters tell as much.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

impl Previewed {
    /// What a look and a description tell.
    #[must_use]
    pub fn of(finding: &Finding, described: Option<&Description>) -> Self {
        Self {
            does: described.map_or_else(String::new, |d| d.does.clone()),
            found: finding.found,
            evidence: finding.evidence.clone(),
            outputs: finding.outputs.clone(),
            facts: finding.facts.clone(),
            changes: finding.changes.clone(),
        }
    }

    /// The finding as a display shows it.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding {
            outputs: self.outputs.clone(),
            changes: self.changes.clone(),
            facts: self.facts.clone(),
            ..Finding::new(self.found, false, self.evidence.clone())
        }
    }
}

impl Plan {
    /// What was previewed of an action; nothing when it could not be looked at.
    #[must_use]
    pub fn previewed(&self, action: &ActionPath) -> Option<&Previewed> {
        self.planned(action).and_then(|planned| planned.previewed.as_ref())
    }

    /// Puts what was previewed into the plan. Actions that are not named keep what they have.
    pub fn preview(&mut self, mut seen: BTreeMap<ActionPath, Previewed>) {
        for planned in &mut self.actions {
            if let Some(previewed) = seen.remove(&planned.action) {
                planned.previewed = Some(previewed);
            }
        }
    }

    /// Whether two plans do the same in the same order for the same account, whatever was seen when they were made.
    #[must_use]
    pub fn does_the_same_as(&self, other: &Plan) -> bool {
        let order = |plan: &Plan| -> Vec<(ActionPath, Vec<ActionPath>, Vec<ActionPath>)> {
            let waits = |it: &PlannedAction| (it.action.clone(), it.needs.clone(), it.after.clone());
            plan.actions.iter().map(waits).collect()
        };
        let of = |plan: &Plan| (plan.account.clone(), plan.region.clone(), plan.tags.clone(), plan.order, order(plan));
        self.runbook == other.runbook && self.inputs == other.inputs && of(self) == of(other)
    }
}
