//! One look at one action of a run, beside any executor: it only reads, and records nothing.

use super::Performer;
use super::call::call;
use crate::access::Beat;
use crate::journal::RunState;
use crate::model::{Failure, Finding, Outcome, Phase, StepAction};
use crate::plan::Plan;

/// What is seen of an action now.
///
/// # Errors
/// When it cannot be looked at.
pub async fn look_once<P: Performer>(
    plan: &Plan,
    state: &RunState,
    action: &StepAction,
    performer: &P,
) -> Result<Finding, Failure> {
    let call = call(plan, state, action, Phase::Observe)?;
    match performer.perform(call, Beat::silent(action.path.clone())).await {
        Outcome::Observed(finding) => Ok(finding),
        Outcome::Failed(failure) => Err(failure),
        _ => Err(Failure::permanent(format!("`{}` answered something else when asked to look", action.path))),
    }
}
