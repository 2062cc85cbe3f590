//! From a planned action and the run's state to a complete call.

use super::fill::Filling;
use crate::action::{asks_in_part, looks_ahead};
use crate::journal::RunState;
use crate::model::{
    ActionCall, ActionPath, CheckCall, Failure, Found, Phase, PreflightCheck, RunId, Scope, StepAction, Unresolved,
    Value, Values,
};
use crate::plan::{Look, Plan};
use std::collections::BTreeMap;

/// The call of one phase of an action.
///
/// # Errors
/// When a value it needs is not known: an output that an action declared and did not give.
pub(super) fn call(plan: &Plan, state: &RunState, action: &StepAction, phase: Phase) -> Result<ActionCall, Failure> {
    let outputs = state.outputs_of(plan.runbook.giving(action));
    let scope = Scope { run: state.run.as_str(), inputs: &plan.inputs, outputs: &outputs };
    let filling = Filling::of_action(plan, action);
    let parameters =
        filling.fill(&|expr| expr.resolve(&scope)).map_err(|(name, error)| unknown(action, name, &error))?;
    Ok(with(plan, state, action, phase, parameters))
}

/// The call that looks at an action some of whose parameters are not known yet; nothing for a kind that cannot look without
/// them.
pub(super) fn call_ahead(plan: &Plan, state: &RunState, action: &StepAction) -> Option<ActionCall> {
    let parameters = preview_parameters(plan, &state.run, &state.outputs_of(plan.runbook.giving(action)), action);
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
    let parameters = Filling::of_check(plan, check).fill(&|expr| expr.resolve(&scope)).map_err(|(_, error)| error)?;
    let (id, region) = (check.id.clone(), plan.region.clone());
    Ok(CheckCall { id, kind: check.kind, parameters, region })
}

/// The call of a check that can be made in part without what has not been looked up; nothing where it cannot.
pub(super) fn check_call_in_part(
    plan: &Plan,
    outputs: &BTreeMap<ActionPath, Values>,
    check: &PreflightCheck,
) -> Option<CheckCall> {
    let scope = Scope { run: "", inputs: &plan.inputs, outputs };
    let parameters = Filling::of_check(plan, check).preview(&scope);
    let (id, region) = (check.id.clone(), plan.region.clone());
    asks_in_part(check.kind, &parameters).then_some(CheckCall { id, kind: check.kind, parameters, region })
}

/// The parameters of a check as the inputs tell them; a stand-in for what is looked up.
#[must_use]
pub fn preview_check(plan: &Plan, check: &PreflightCheck) -> Value {
    let nothing = BTreeMap::new();
    let scope = Scope { run: "", inputs: &plan.inputs, outputs: &nothing };
    Filling::of_check(plan, check).preview(&scope)
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
    Filling::of_action(plan, action).preview(&scope)
}

fn unknown(action: &StepAction, parameter: &str, error: &dyn std::error::Error) -> Failure {
    Failure::permanent(format!("parameter `{parameter}` of `{}` cannot be filled in", action.path))
        .cause(error.to_string())
}
