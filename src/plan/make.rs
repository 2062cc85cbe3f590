//! How a plan is made: the runbook, the inputs and an order go in.

use super::frozen::VERSION;
use super::{Expected, Lookup, Order, Plan, PlanError, guarded, needs, unordered};
use crate::model::{ActionPath, Runbook, Scope, ValueType, Values};
use std::collections::BTreeMap;

/// A runbook's actions in the sequence that an order gives them; every plan of it has the same, whatever its inputs.
#[must_use]
pub fn sequence(runbook: &Runbook, order: Order) -> Vec<ActionPath> {
    needs::of(runbook, order).into_iter().map(|planned| planned.action).collect()
}

impl Plan {
    /// Plans a runbook with these inputs for an account.
    ///
    /// # Errors
    /// When region or tags cannot be known beforehand; when actions that may run at the same time work on the same; when a guard may be
    /// asked before what it uses is known.
    pub fn make(runbook: Runbook, inputs: Values, account: Option<String>, order: Order) -> Result<Self, PlanError> {
        let nothing = BTreeMap::new();
        let scope = Scope { run: None, inputs: &inputs, outputs: &nothing };
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
            commands_allowed: false,
            max_downtime_s: None,
            change_window: None,
            folder: None,
            lookup: Lookup::default(),
        };
        if let Some(conflict) = unordered::conflict(&plan) {
            return Err(PlanError::Conflict(Box::new(conflict)));
        }
        guarded::early(&plan).map_or(Ok(plan), |early| Err(PlanError::Early(Box::new(early))))
    }
}
