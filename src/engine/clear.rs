//! Removing what a run that has ended has left where it ran: beside any executor, and recorded by nobody.

use super::Worker;
use super::call::call;
use crate::access::Beat;
use crate::action;
use crate::journal::{Completion, RunState};
use crate::model::{ActionPath, Failure, Phase, StepAction};
use crate::plan::Plan;

/// Removes what is kept of the done and the undone actions of a run that has ended, so that they could be found again. Of what failed
/// and of what is in doubt it stays: somebody will want to read it. Answers what could not be removed.
pub async fn clear(plan: &Plan, state: &RunState, worker: &Worker) -> Vec<(ActionPath, Failure)> {
    let mut left = Vec::new();
    for (action, generation, phase) in plan.definitions().flat_map(|action| settled(state, action)) {
        // What cannot be named any more was on what the way back has taken away.
        let Ok(mut call) = call(plan, state, action, phase) else { continue };
        call.generation = generation;
        let beat = Beat::silent(action.path.clone());
        if let Err(failure) = action::clear(&call, worker.access(), &beat).await {
            left.push((action.path.clone(), failure));
        }
    }
    left
}

/// What of an action is over, by its generation: what was undone, with its undo, and what is done.
fn settled<'p>(
    state: &RunState,
    action: &'p StepAction,
) -> impl Iterator<Item = (&'p StepAction, u32, Phase)> + use<'p> {
    use crate::journal::ActionState::Done;
    let current = state.action(&action.path);
    let runs = action.kind.runs_by_itself();
    let last = current.generation();
    let done = matches!(current, Done { completion: Completion::Ran, .. }).then_some((action, last, Phase::Apply));
    (0..last).map(move |undone| (action, undone, Phase::Undo)).chain(done).filter(move |_| runs)
}
