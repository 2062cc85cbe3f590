//! From a planned action and the run's state to a complete call.

use super::preflight::Look;
use crate::action::looks_ahead;
use crate::journal::RunState;
use crate::model::{
    ActionCall, ActionKind, ActionPath, CheckCall, Expr, Failure, Found, Phase, PreflightCheck, Reference, RunId,
    Scope, StepAction, TargetSpec, Unresolved, Value, ValueType, Values, stand_in,
};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// The call of one phase of an action.
///
/// # Errors
/// When a value it needs is not known: an output that an action declared and did not give.
pub(super) fn call(plan: &Plan, state: &RunState, action: &StepAction, phase: Phase) -> Result<ActionCall, Failure> {
    let outputs = state.outputs();
    let scope = Scope { run: state.run.as_str(), inputs: &plan.inputs, outputs: &outputs };
    let spec = action.kind.spec();
    let mut parameters = serde_json::Map::new();
    for (name, expr) in &action.with {
        let mut value = expr.resolve(&scope).map_err(|e| unknown(action, name, &e))?;
        let wanted = spec.params.iter().find(|p| p.name == name).map(|p| &p.value_type);
        if let Some(wanted) = wanted {
            place_targets(plan, action.kind, &|e| e.resolve(&scope), wanted, &mut value)
                .map_err(|e| unknown(action, name, &e))?;
        }
        parameters.insert(name.clone(), value);
    }
    Ok(with(plan, state, action, phase, Value::Object(parameters)))
}

/// The call that looks at an action some of whose parameters are not known yet; nothing for a kind that cannot look without
/// them.
pub(super) fn call_ahead(plan: &Plan, state: &RunState, action: &StepAction) -> Option<ActionCall> {
    let parameters = preview_parameters(plan, &state.run, &state.outputs(), action);
    looks_ahead(action.kind, &parameters).then(|| with(plan, state, action, Phase::Observe, parameters))
}

/// A call with these parameters.
fn with(plan: &Plan, state: &RunState, action: &StepAction, phase: Phase, parameters: Value) -> ActionCall {
    let current = state.action(&action.path);
    let traces = current.traces();
    ActionCall {
        run: state.run.clone(),
        action: action.path.clone(),
        kind: action.kind,
        phase,
        attempt: current.attempt().max(1),
        generation: current.generation(),
        parameters,
        before: traces.and_then(|t| t.before.clone()).unwrap_or_default(),
        outputs: traces.map_or_else(Values::new, |t| t.outputs.clone()),
        tags: plan.tags.clone(),
        region: plan.region.clone(),
        deadline_s: action.deadline_s.unwrap_or(action.kind.spec().deadline_s),
        approved: state.approved(&action.path),
    }
}

/// The call of one check. A target's host key that an action pins is left out where it is not known yet: then the
/// operator's own known_hosts decides, as it does for that action.
///
/// # Errors
/// When a parameter refers to what has not been looked up.
pub(super) fn check_call(
    plan: &Plan,
    outputs: &BTreeMap<ActionPath, Values>,
    check: &PreflightCheck,
) -> Result<CheckCall, Unresolved> {
    let scope = Scope { run: "", inputs: &plan.inputs, outputs };
    let params = check.kind.spec().params;
    let mut parameters = serde_json::Map::new();
    for (name, expr) in &check.with {
        let mut value = expr.resolve(&scope)?;
        if let Some(param) = params.iter().find(|p| p.name == name) {
            // As for the action that pins a key.
            place_targets(plan, ActionKind::SshPinHostKey, &|e| e.resolve(&scope), &param.value_type, &mut value)?;
        }
        parameters.insert(name.clone(), value);
    }
    let (id, region) = (check.id.clone(), plan.region.clone());
    Ok(CheckCall { id, kind: check.kind, parameters: Value::Object(parameters), region })
}

/// The parameters of a check as the inputs tell them; a stand-in for what is looked up.
#[must_use]
pub fn preview_check(plan: &Plan, check: &PreflightCheck) -> Value {
    let nothing = BTreeMap::new();
    let scope = Scope { run: "", inputs: &plan.inputs, outputs: &nothing };
    let later = |reference: &Reference| unknown_yet(plan, reference);
    let params = check.kind.spec().params;
    let mut parameters = serde_json::Map::new();
    for (name, expr) in &check.with {
        let mut value = expr.preview(&scope, &later);
        if let Some(param) = params.iter().find(|p| p.name == name) {
            let fill = |expr: &Expr| Ok(expr.preview(&scope, &later));
            // Filling in stand-ins cannot fail: the error is that of resolving.
            let _ = place_targets(plan, ActionKind::SshPinHostKey, &fill, &param.value_type, &mut value);
        }
        parameters.insert(name.clone(), value);
    }
    Value::Object(parameters)
}

/// What looks have given: the outputs of actions that hold.
#[must_use]
pub fn outputs_of(looks: &[(ActionPath, Look)]) -> BTreeMap<ActionPath, Values> {
    let given = |(action, look): &(ActionPath, Look)| match look {
        Look::Seen(finding) if finding.found == Found::Holds => Some((action.clone(), finding.outputs.clone())),
        _ => None,
    };
    looks.iter().filter_map(given).collect()
}

/// The parameters of an action as they can be told before it runs, for describing it: `(known after step-6)` stands for
/// what is not known yet.
#[must_use]
pub fn preview_parameters(
    plan: &Plan,
    run: &RunId,
    outputs: &BTreeMap<ActionPath, Values>,
    action: &StepAction,
) -> Value {
    let scope = Scope { run: run.as_str(), inputs: &plan.inputs, outputs };
    let later = |reference: &Reference| unknown_yet(plan, reference);
    let spec = action.kind.spec();
    let mut parameters = serde_json::Map::new();
    for (name, expr) in &action.with {
        let mut value = expr.preview(&scope, &later);
        if let Some(wanted) = spec.params.iter().find(|p| p.name == name) {
            let fill = |expr: &Expr| Ok(expr.preview(&scope, &later));
            // Filling in stand-ins cannot fail: the error is that of resolving.
            let _ = place_targets(plan, action.kind, &fill, &wanted.value_type, &mut value);
        }
        parameters.insert(name.clone(), value);
    }
    Value::Object(parameters)
}

/// What stands for an output of an action that has not run: of the output's type.
fn unknown_yet(plan: &Plan, reference: &Reference) -> Value {
    let Reference::Output { action, output } = reference else { return Value::Null };
    let text = Value::from(stand_in(&format!("step-{}", plan.number(action.step()))));
    let spec = plan.definition(action).map(|a| a.kind.spec());
    let value_type = spec.and_then(|s| s.outputs.into_iter().find(|(name, _)| name == output)).map(|(_, t)| t);
    match value_type {
        Some(ValueType::List(_)) => Value::Array(vec![text]),
        _ => text,
    }
}

fn unknown(action: &StepAction, parameter: &str, error: &dyn std::error::Error) -> Failure {
    Failure::permanent(format!("parameter `{parameter}` of `{}` cannot be filled in", action.path))
        .cause(error.to_string())
}

/// Puts whole targets in the place of their names.
fn place_targets(
    plan: &Plan,
    kind: ActionKind,
    fill: &dyn Fn(&Expr) -> Result<Value, Unresolved>,
    wanted: &ValueType,
    value: &mut Value,
) -> Result<(), Unresolved> {
    match (wanted, value) {
        (ValueType::Target, value) => {
            let named = value.as_str().and_then(|name| plan.runbook.targets.iter().find(|t| t.name == name));
            if let Some(target) = named {
                *value = target_value(target, kind, fill)?;
            }
        }
        (ValueType::List(item), Value::Array(items)) => {
            for it in items {
                place_targets(plan, kind, fill, item, it)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// A target with its values. Pinning a host key comes before the pinned key is known: there it is left out.
fn target_value(
    target: &TargetSpec,
    kind: ActionKind,
    fill: &dyn Fn(&Expr) -> Result<Value, Unresolved>,
) -> Result<Value, Unresolved> {
    let mut fields = BTreeMap::from([("name".to_owned(), Value::from(target.name.as_str()))]);
    for (name, expr) in &target.fields {
        match fill(expr) {
            Ok(value) => {
                fields.insert(name.clone(), value);
            }
            Err(_) if name == "host_key" && kind == ActionKind::SshPinHostKey => {}
            Err(unresolved) => return Err(unresolved),
        }
    }
    Ok(fields.into_iter().collect::<serde_json::Map<_, _>>().into())
}
