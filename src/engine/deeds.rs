//! From a plan to what its IAM policy is made of.

use super::call::preview_parameters;
use crate::action::policy::{Deed, Origin};
use crate::model::{ActionPath, Expr, Reference, RunId, StepAction, ValueType, Values};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// The plan's actions with what inputs and `outputs` (what looking has given already) tell of their parameters.
#[must_use]
pub fn deeds(plan: &Plan, run: Option<&RunId>, outputs: &BTreeMap<ActionPath, Values>) -> Vec<Deed> {
    let parameters = |action: &StepAction| preview_parameters(plan, run, outputs, action);
    let origin = |expr: &Expr| {
        let Expr::Reference(Reference::Output { action, .. }) = expr else { return None };
        let giver = plan.definition(action)?;
        Some(Origin { kind: giver.kind, parameters: parameters(giver) })
    };
    let deed = |action: &StepAction| {
        let mut origins = BTreeMap::new();
        for (name, expr) in &action.with {
            let is_target =
                action.kind.spec().params.iter().any(|p| p.name == name && p.value_type == ValueType::Target);
            let expr = if is_target { instance_of(plan, expr) } else { Some(expr) };
            if let Some(origin) = expr.and_then(origin) {
                origins.insert(name.clone(), origin);
            }
        }
        Deed { path: action.path.to_string(), kind: action.kind, parameters: parameters(action), origins }
    };
    plan.runbook.actions().map(deed).collect()
}

/// Where the target that is named takes its instance from.
fn instance_of<'p>(plan: &'p Plan, named: &Expr) -> Option<&'p Expr> {
    let Expr::Literal(name) = named else { return None };
    let target = plan.runbook.targets.iter().find(|t| Some(t.name.as_str()) == name.as_str())?;
    target.fields.get("instance")
}
