//! From a planned action and the run's state to a complete call.

use super::fill::Filling;
use super::looking::LOOK_LIMIT_S;
use crate::action::{asks_in_part, looks_ahead};
use crate::journal::RunState;
use crate::model::{
    ActionCall, ActionPath, CheckCall, Failure, Foretold, Found, Guard, GuardCall, LookAhead, Phase, PreflightCheck,
    RunId, SiteProbe, StepAction, Unresolved, Value, Values,
};
use crate::plan::{Look, Plan};
use std::collections::BTreeMap;

/// The call of one phase of an action.
///
/// # Errors
/// When a value it needs is not known: an output that an action declared and did not give.
pub(super) fn call(plan: &Plan, state: &RunState, action: &StepAction, phase: Phase) -> Result<ActionCall, Failure> {
    let outputs = state.outputs_of(plan.runbook.giving(action));
    let parameters = Filling::new(plan, Some(&state.run), &outputs).of_action(action).into_iter();
    let known = |(name, value): (String, Foretold)| match value.into_known() {
        Ok(value) => Ok((name, value)),
        Err(error) => Err(unknown(action, &name, &error)),
    };
    let parameters = parameters.map(known).collect::<Result<_, _>>()?;
    Ok(with(plan, state, action, phase, Value::Object(parameters)))
}

/// A look at an action some of whose parameters are not known yet; nothing for a kind that cannot look without them.
pub(super) fn call_ahead(plan: &Plan, state: &RunState, action: &StepAction) -> Option<LookAhead> {
    let outputs = state.outputs_of(plan.runbook.giving(action));
    let parameters = preview_parameters(plan, Some(&state.run), &outputs, action);
    let call = || ActionCall { ahead: Some(plan.ahead()), ..with(plan, state, action, Phase::Observe, Value::Null) };
    looks_ahead(action.kind, &parameters).then(|| LookAhead { call: call(), parameters })
}

/// A call with these parameters.
fn with(plan: &Plan, state: &RunState, action: &StepAction, phase: Phase, parameters: Value) -> ActionCall {
    let current = state.action(&action.path);
    let traces = current.traces();
    ActionCall {
        run: state.run.clone(),
        runbook: plan.runbook.name.clone(),
        by: state.opened.by.clone(),
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
        ahead: None,
    }
}

/// One look at a guard.
///
/// # Errors
/// When a value it needs is not known, or the plan has no such guard.
pub(super) fn guard_call(plan: &Plan, state: &RunState, guard: &str) -> Result<GuardCall, UnaskedGuard> {
    let guard = plan.runbook.guards.iter().find(|it| it.id == guard).ok_or(UnaskedGuard::Unknown)?;
    let outputs = state.outputs_of(plan.runbook.giving_guard(guard));
    let parameters = Filling::new(plan, Some(&state.run), &outputs).of_probe(guard.kind, &guard.with).into_iter();
    let known = parameters.map(|(name, value)| Ok((name, value.into_known()?))).collect::<Result<_, Unresolved>>()?;
    let (guard, kind, parameters) = (guard.id.clone(), guard.kind, Value::Object(known));
    Ok(GuardCall { guard, kind, parameters, region: plan.region.clone(), deadline_s: LOOK_LIMIT_S })
}

/// A question to the site; nothing where the runbook names none.
///
/// # Errors
/// When a value it needs is not known.
pub(super) fn site_call(plan: &Plan) -> Result<Option<(GuardCall, u64)>, Unresolved> {
    let Some(site) = &plan.runbook.site else { return Ok(None) };
    let nothing = BTreeMap::new();
    let parameters = Filling::new(plan, None, &nothing).of_probe(SiteProbe::KIND, &site.with).into_iter();
    let known = parameters.map(|(name, value)| Ok((name, value.into_known()?))).collect::<Result<_, Unresolved>>()?;
    let parameters = Value::Object(known);
    let (guard, kind, region) = ("site".to_owned(), SiteProbe::KIND, plan.region.clone());
    Ok(Some((GuardCall { guard, kind, parameters, region, deadline_s: SiteProbe::PATIENCE_S }, site.every_ms)))
}

/// Why a guard cannot be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnaskedGuard {
    /// A value is missing.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// The plan has no such guard.
    #[error("the plan has no such guard")]
    Unknown,
}

/// A look at a guard before a run: as a check.
///
/// # Errors
/// When a parameter refers to what has not been looked up.
pub(super) fn guard_check(plan: &Plan, guard: &Guard) -> Result<CheckCall, Unresolved> {
    let nothing = BTreeMap::new();
    let parameters = Filling::new(plan, None, &nothing).of_probe(guard.kind, &guard.with).into_iter();
    let known = parameters.map(|(name, value)| Ok((name, value.into_known()?))).collect::<Result<_, Unresolved>>()?;
    let (region, parameters) = (plan.region.clone(), Foretold::Known(Value::Object(known)));
    Ok(CheckCall { id: guard.id.clone(), kind: guard.kind, parameters, region, ahead: plan.ahead() })
}

/// The parameters of a guard as the inputs tell them.
#[must_use]
pub fn preview_guard(plan: &Plan, guard: &Guard) -> Foretold {
    Foretold::Map(Filling::new(plan, None, &BTreeMap::new()).of_probe(guard.kind, &guard.with))
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
    let parameters = Filling::new(plan, None, outputs).of_probe(check.kind, &check.with).into_iter();
    let known = parameters.map(|(name, value)| Ok((name, value.into_known()?))).collect::<Result<_, _>>()?;
    Ok(of_check(plan, check, Foretold::Known(Value::Object(known))))
}

/// The call of a check that can be made in part without what has not been looked up; nothing where it cannot.
pub(super) fn check_call_in_part(
    plan: &Plan,
    outputs: &BTreeMap<ActionPath, Values>,
    check: &PreflightCheck,
) -> Option<CheckCall> {
    let parameters = Foretold::Map(Filling::new(plan, None, outputs).of_probe(check.kind, &check.with));
    asks_in_part(check.kind, &parameters).then(|| of_check(plan, check, parameters))
}

fn of_check(plan: &Plan, check: &PreflightCheck, parameters: Foretold) -> CheckCall {
    CheckCall { id: check.id.clone(), kind: check.kind, parameters, region: plan.region.clone(), ahead: plan.ahead() }
}

/// The parameters of a check as the inputs tell them.
#[must_use]
pub fn preview_check(plan: &Plan, check: &PreflightCheck) -> Foretold {
    Foretold::Map(Filling::new(plan, None, &BTreeMap::new()).of_probe(check.kind, &check.with))
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

/// The parameters of an action as far as they are known in a run, or before there is one.
#[must_use]
pub fn preview_parameters(
    plan: &Plan,
    run: Option<&RunId>,
    outputs: &BTreeMap<ActionPath, Values>,
    action: &StepAction,
) -> Foretold {
    Foretold::Map(Filling::new(plan, run, outputs).of_action(action))
}

fn unknown(action: &StepAction, parameter: &str, error: &dyn std::error::Error) -> Failure {
    Failure::permanent(format!("parameter `{parameter}` of `{}` cannot be filled in", action.path))
        .cause(error.to_string())
}
