//! `runbook resume --dry-run`: what has been done of a run, and what going on would do.
//!
//! It reads only: what has not begun is looked at in the world as it is now, the rest is told from the journal. No lease is
//! taken, so that it can be asked while the run is at work; what it says is then as old as the look.

use super::args::{Common, Format};
use super::clock::SystemClock;
use super::executor::block_on;
use super::out::out;
use super::refusal::refuse;
use super::settings::Looking;
use super::{Exit, Failure, plan as planning};
use crate::display::{self, PreflightLine};
use crate::engine::{Clock, Look, Worker, look_ahead};
use crate::journal::{ActionState, RunState};
use crate::model::{self, ActionPath, FailureKind, Finding, Found, StepId};
use crate::plan::Plan;
use std::rc::Rc;

/// Shows what remains of a run that goes forward.
pub(super) fn show(
    state: &RunState,
    plan: &Plan,
    until: Option<StepId>,
    common: &Common,
    format: Format,
) -> Result<Exit, Failure> {
    let looking = Looking::new(common)?;
    let access = Rc::new(looking.access());
    let worker = Worker::new(Rc::clone(&access));
    let looks = block_on(look_ahead(plan, state, &worker, SystemClock.now()))?;
    let looks = excused(plan, state, looks);
    let mut plan = plan.clone();
    plan.names.extend(access.names().all());
    let plan = &plan;
    let lines = lines(plan, state, &looks);
    let outputs = planning::outputs_with(state.outputs(), &looks);
    let sentences = planning::sentences(plan, &state.run, &outputs);
    let origin = planning::origin(state.opened.fingerprint.clone(), until.clone());
    out(&match format {
        Format::Text => {
            format!("{}\n{}", head(plan, state, until.as_ref()), display::plan_text(plan, &sentences, &lines))
        }
        Format::Json => format!("{}\n", display::plan_json(plan, &sentences, &lines)),
        Format::Markdown => display::plan_markdown(plan, &origin, &sentences, &lines),
    })?;
    refuse(&looks, &[]).map(|()| Exit::Done)
}

/// What may pass by itself speaks against nothing but the next action: in the middle of a run a server that does not answer
/// may just be the one that an earlier action will start.
pub(super) fn excused(plan: &Plan, state: &RunState, looks: Vec<(ActionPath, Look)>) -> Vec<(ActionPath, Look)> {
    let next = plan.actions.iter().find(|p| !state.action(&p.action).is_done()).map(|p| &p.action);
    let passes = |failure: &model::Failure| matches!(failure.kind, FailureKind::Transient | FailureKind::Lost);
    let excuse = |(action, look): (ActionPath, Look)| match look {
        Look::Refused(failure) if passes(&failure) && Some(&action) != next => (action, Look::NotYet),
        look => (action, look),
    };
    looks.into_iter().map(excuse).collect()
}

fn head(plan: &Plan, state: &RunState, until: Option<&StepId>) -> String {
    let rests = until.map_or_else(String::new, |step| format!(", and rests after step {}, {step}", plan.number(step)));
    let done = plan.actions.iter().filter(|p| state.action(&p.action).is_done()).count();
    format!(
        "run `{}`: {done} of {} actions are done; `runbook resume {}` goes on like this{rests}\n",
        state.run,
        plan.actions.len(),
        state.run
    )
}

/// One line for each action of the plan that is done, has begun or was looked at, in the plan's order.
pub(super) fn lines(plan: &Plan, state: &RunState, looks: &[(ActionPath, Look)]) -> Vec<(ActionPath, PreflightLine)> {
    let seen = planning::lines(looks);
    let line = |action: &ActionPath| {
        let current = state.action(action);
        match &current {
            ActionState::Done { evidence, .. } => {
                Some(PreflightLine::Done(told(Found::Holds, format!("{}: {evidence}", current.word()))))
            }
            _ if current.traces().is_some() => {
                let evidence = format!("this run has begun it (it is {})", current.word());
                Some(PreflightLine::Seen(told(Found::InProgress, evidence)))
            }
            _ => seen.iter().find(|(path, _)| path == action).map(|(_, line)| line.clone()),
        }
    };
    plan.actions.iter().filter_map(|p| Some((p.action.clone(), line(&p.action)?))).collect()
}

/// What the journal says of an action, in the form of a look.
fn told(found: Found, evidence: String) -> Finding {
    Finding::new(found, true, evidence)
}
