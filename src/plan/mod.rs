//! The plan: a frozen value that leaves the executor no choice.
//!
//! It holds the validated runbook, the inputs, the account and region it is for, and which action waits for which. It is
//! stored in the run's first record and read from there ever after: what was planned is what runs. Making one is a pure
//! function. What was seen of the world is put in afterwards, as previews; comparing them with the world is the engine's.

mod expected;
mod left;
mod lookup;
mod named;
mod needs;
mod place;
mod previewed;
mod resources;
mod saved;
mod sequence;
mod settled;
mod site;
mod undo;

pub use expected::{Duration, Expected, Source};
pub(crate) use left::Left;
pub use lookup::Lookup;
pub use place::NoPlace;
pub use previewed::Previewed;
pub use resources::{Conflict, Resource};
pub use saved::{Saved, SavedError};
pub use sequence::Sequence;
pub(crate) use settled::Settled;
pub use site::{Site, Sites};

use crate::model::{ActionPath, CheckRow, Runbook, Scope, StepAction, Unresolved, Value, ValueType, Values};
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
    /// Where its actions and steps stand: no part of what it is.
    #[serde(skip)]
    pub lookup: Lookup,
}

/// An action's place in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAction {
    /// The action.
    pub action: ActionPath,
    /// The actions that must be done before it starts.
    pub needs: Vec<ActionPath>,
    /// What the order makes it wait for besides; `article` besides makes each wait for the one before it in the sequence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<ActionPath>,
    /// What was previewed of it; nothing when it could not be looked at, or was planned by a version that kept nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previewed: Option<Previewed>,
}

/// In which order actions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// One at a time, as written.
    #[default]
    Article,
    /// What does not need each other runs at the same time.
    Overlap,
    /// The same; and what begins a downtime waits for all that can be done before it, and what can wait until after it waits.
    LeastDowntime,
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
    /// A stored plan has another form.
    #[error("the plan is of version {0}, and this `runbook` knows versions {OLDEST} to {VERSION}")]
    Version(u64),
    /// A stored plan cannot be read.
    #[error("the plan cannot be read: {0}")]
    Form(String),
}

/// A runbook's actions in the sequence that an order gives them; every plan of it has the same, whatever its inputs.
#[must_use]
pub fn sequence(runbook: &Runbook, order: Order) -> Vec<ActionPath> {
    needs::of(runbook, order).into_iter().map(|planned| planned.action).collect()
}

impl Plan {
    /// Plans a runbook with these inputs for an account.
    ///
    /// # Errors
    /// When region or tags cannot be known beforehand; when actions that may run at the same time work on the same.
    pub fn make(runbook: Runbook, inputs: Values, account: Option<String>, order: Order) -> Result<Self, PlanError> {
        let nothing = BTreeMap::new();
        let scope = Scope { run: "", inputs: &inputs, outputs: &nothing };
        let region = runbook.region.as_ref().map(|e| e.resolve(&scope)).transpose()?;
        let region = region.and_then(|r| r.as_str().map(str::to_owned));
        let mut tags = BTreeMap::new();
        if let Some(given) = runbook.tags.as_ref().map(|e| e.resolve(&scope)).transpose()? {
            ValueType::Tags.check(&given).map_err(|e| PlanError::Tags(e.to_string()))?;
            let given = given.as_object().into_iter().flatten();
            tags.extend(given.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))));
        }
        let actions = needs::of(&runbook, order);
        let plan = Self {
            version: VERSION,
            runbook,
            inputs,
            region,
            account,
            tags,
            order,
            actions,
            expected: Expected::default(),
            checks: Vec::new(),
            names: BTreeMap::new(),
            lookup: Lookup::default(),
        };
        match resources::conflict(&plan) {
            None => Ok(plan),
            Some(conflict) => Err(PlanError::Conflict(Box::new(conflict))),
        }
    }

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

    /// The definitions of all actions, in the plan's sequence.
    pub fn definitions(&self) -> impl Iterator<Item = &StepAction> {
        self.actions.iter().filter_map(|planned| self.definition(&planned.action))
    }
}
