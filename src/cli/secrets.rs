//! Secrets are asked for before anything is changed: a run would find out hours later, in the middle of a downtime, that one
//! cannot be had.
//!
//! Not handled: whether a secret is the right one.

use crate::access::reveal;
use crate::cli::CommandFailure;
use crate::journal::RunState;
use crate::model::{SecretRef, StepAction, StepId, ValueType};
use crate::plan::{Plan, Sequence};
use std::collections::BTreeSet;

/// Refuses when a secret of a plan cannot be had that something uses; its checks may need those that no action does.
pub(in crate::cli) async fn of_plan(plan: &Plan) -> Result<(), CommandFailure> {
    let unused = plan.runbook.unused_inputs();
    at_hand(plan, |name| !unused.contains(&name)).await
}

/// Refuses when a secret cannot be had that is used by what has not been done of a run, as far as it is to go.
pub(in crate::cli) async fn of_rest(
    plan: &Plan,
    state: &RunState,
    until: Option<&StepId>,
) -> Result<(), CommandFailure> {
    let sequence = Sequence::of(plan);
    let last = until.and_then(|step| sequence.end(step)).unwrap_or(usize::MAX);
    let within = |action: &StepAction| sequence.place(&action.path).is_some_and(|place| place <= last);
    let to_come = plan.definitions().filter(|it| within(it) && !state.action(&it.path).is_done());
    let is_left = |place: usize| plan.actions.get(place).is_some_and(|it| !state.action(&it.action).is_done());
    let holds = |number: usize| sequence.stretch(number).any(|place| place <= last && is_left(place));
    let guards = plan.runbook.guards.iter().enumerate().filter(|(number, _)| holds(*number));
    let guards = guards.flat_map(|(_, guard)| plan.runbook.inputs_of_guard(guard));
    let used: BTreeSet<&str> = to_come.flat_map(|action| plan.runbook.inputs_of(action)).chain(guards).collect();
    at_hand(plan, |name| used.contains(name)).await
}

async fn at_hand(plan: &Plan, is_used: impl Fn(&str) -> bool) -> Result<(), CommandFailure> {
    let secrets = plan.runbook.inputs.iter().filter(|input| input.value_type == ValueType::Secret);
    for input in secrets.filter(|input| is_used(&input.name)) {
        let Some(reference) = plan.inputs.get(&input.name) else { continue };
        let Ok(reference) = serde_json::from_value::<SecretRef>(reference.clone()) else { continue };
        if let Err(error) = reveal(&reference).await {
            let failure = CommandFailure::refused(format!("nothing was changed: input `{}` cannot be had", input.name))
                .cause(error.to_string());
            return Err(match &reference {
                SecretRef::Env(name) => {
                    failure.hint(format!("`read -rs {name} && export {name}`, type it, then the same command again"))
                }
                // Its arguments may name more than a screen should show.
                SecretRef::Command(_) => failure.hint(format!("see why there is no {reference}")),
            });
        }
    }
    Ok(())
}
