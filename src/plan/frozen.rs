//! The plan itself: what is stored in a run's first record, and what can be told from it alone.

use super::lookup::Places;
use super::{Conflict, EarlyGuard, Expected, Lookup, Order, PlannedAction, Previewed};
use crate::model::{
    ActionPath, ChangeWindow, CheckRow, Foresight, OnFailure, Runbook, Step, StepAction, StepId, Unresolved, Value,
    Values,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the plan's form that is written.
pub const VERSION: u32 = 2;
/// The oldest version that is read. In 1 an action's needs held what the order `article` adds, too.
const OLDEST: u64 = 1;

/// What will be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The form's version.
    pub version: u32,
    /// The runbook.
    pub runbook: Runbook,
    /// The inputs, all of them. Secrets are references.
    pub inputs: Values,
    /// The AWS region; nothing when the runbook does not use AWS.
    pub region: Option<String>,
    /// The AWS account it is for.
    pub account: Option<String>,
    /// The operator's tags for what is created.
    pub tags: BTreeMap<String, String>,
    /// The order.
    pub order: Order,
    /// The sequence: every action with what must be done before it, in an order in which all can be done one by one.
    pub actions: Vec<PlannedAction>,
    /// How long things took before, as far as it was known when the plan was made.
    #[serde(default, skip_serializing_if = "Expected::is_empty")]
    pub expected: Expected,
    /// What the runbook's checks said when it was planned, and which refusals a person accepted; none when nobody looked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckRow>,
    /// Ids of resources with what they are called, as far as looking showed; for showing only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// Whether commands of the runbook that only look may be run before the run begins: somebody has read them and allowed it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub commands_allowed: bool,
    /// How long the site may be down, in seconds; nothing where nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_downtime_s: Option<u64>,
    /// The window in which a run of it may change anything; nothing where nobody has said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_window: Option<ChangeWindow>,
    /// The folder of the runbook's file, where its own files are; nothing for one that comes with the tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// Where its actions and steps stand: no part of what it is.
    #[serde(skip)]
    pub lookup: Lookup,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The runbook's region or tags refer to something that is not known before the run.
    #[error("{0}, but it is needed before the run begins")]
    Unresolved(#[from] Unresolved),
    /// Tags are not names with texts.
    #[error("the `tags` cannot be given: {0}")]
    Tags(String),
    /// Two actions that may run at the same time work on the same.
    #[error(transparent)]
    Conflict(Box<Conflict>),
    /// A guard may be asked before what it uses is known.
    #[error(transparent)]
    Early(Box<EarlyGuard>),
    /// A stored plan has another form.
    #[error("the plan is of version {0}, and this `runbook` knows versions {OLDEST} to {VERSION}")]
    Version(u64),
    /// A stored plan cannot be read.
    #[error("the plan cannot be read: {0}")]
    Form(String),
}

impl Plan {
    /// Reads a stored plan.
    ///
    /// # Errors
    /// When its form is another.
    pub fn read(stored: &Value) -> Result<Self, PlanError> {
        match stored.get("version").and_then(Value::as_u64) {
            Some(v) if (OLDEST..=u64::from(VERSION)).contains(&v) => {}
            other => return Err(PlanError::Version(other.unwrap_or(0))),
        }
        Self::deserialize(stored).map_err(|e| PlanError::Form(e.to_string()))
    }

    /// The plan as it is stored.
    ///
    /// # Errors
    /// Never for a plan that was made; the type is the serializer's.
    pub fn to_value(&self) -> Result<Value, PlanError> {
        serde_json::to_value(self).map_err(|e| PlanError::Form(e.to_string()))
    }

    /// How its actions are looked at before their turn.
    #[must_use]
    pub fn ahead(&self) -> Foresight {
        if self.commands_allowed { Foresight::WithCommands } else { Foresight::WithoutCommands }
    }

    /// The definitions of all actions, in the plan's sequence.
    pub fn definitions(&self) -> impl Iterator<Item = &StepAction> {
        self.actions.iter().filter_map(|planned| self.definition(&planned.action))
    }

    fn places(&self) -> &Places {
        self.lookup.of(&self.runbook, &self.actions)
    }

    /// What becomes of a run when this action has failed for good.
    #[must_use]
    pub fn on_failure(&self, action: &ActionPath) -> &OnFailure {
        self.step(action.step()).map_or(&OnFailure::Pause, |step| &step.on_failure)
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
