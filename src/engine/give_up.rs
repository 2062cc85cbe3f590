//! Ending what runs by itself, of a run that is given up: beside any executor, and recorded by nobody.

use super::Worker;
use super::call::call;
use crate::access::Beat;
use crate::action;
use crate::journal::RunState;
use crate::model::{Failure, Phase, StepAction};
use crate::plan::{Plan, may_run_on};

/// The actions of a run that may have something running by itself: begun, and not known to have ended.
pub fn running_by_themselves<'p>(plan: &'p Plan, state: &RunState) -> Vec<&'p StepAction> {
    plan.definitions().filter(|action| may_run_on(action, state.action(&action.path))).collect()
}

/// Ends what an action of a run has begun and what runs by itself; what came of that, where there is anything of the kind.
///
/// # Errors
/// When it cannot be ended, or its host cannot be reached.
pub async fn give_up(
    plan: &Plan,
    state: &RunState,
    action: &StepAction,
    worker: &Worker,
) -> Result<Option<String>, Failure> {
    let call = call(plan, state, action, Phase::Undo)?;
    action::give_up(&call, worker.access(), &Beat::silent(action.path.clone())).await
}
