//! `runbook resume --dry-run`: what has been done of a run, and what going on would do.
//!
//! It reads only: what has not begun is looked at in the world as it is now, the rest is told from the journal. What `resume`
//! would refuse is refused here: other credentials, a secret that cannot be had, another world than the one the rest was
//! planned on. No lease is taken, so that it can be asked while the run is at work; what it says is then as old as the look.
//! Not handled: an action that the run begins during the look, whose doing may be told as another world.

use crate::cli::args::{Common, Format};
use crate::cli::clock::SystemClock;
use crate::cli::out::out;
use crate::cli::plan::refusal::refusals;
use crate::cli::plan::shown;
use crate::cli::run::executor::block_on;
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, Exit, account, secrets};
use crate::display;
use crate::display::Typed;
use crate::engine::{Clock, Worker, drifts_ahead, look_ahead, ways_on};
use crate::journal::{ActionState, RunState};
use crate::model::{self, ActionPath, Finding, Found, StepId};
use crate::plan::{Look, Plan};
use std::rc::Rc;

/// Shows what remains of a run that goes forward.
pub(in crate::cli) fn show(
    state: &RunState,
    plan: &Plan,
    until: Option<&StepId>,
    common: &Common,
    format: Format,
) -> Result<Exit, CommandFailure> {
    let looking = Looking::new(common)?;
    let access = Rc::new(looking.access());
    let worker = Worker::new(Rc::clone(&access));
    let looks = block_on(async {
        account::same(plan, &access).await?;
        secrets::of_rest(plan, state, until).await?;
        Ok::<_, CommandFailure>(look_ahead(plan, state, &worker, SystemClock.now()).await)
    })??;
    let looks = excused(plan, state, looks);
    let refusal = refusal(plan, state, &looks);
    let mut plan = plan.clone();
    plan.names.extend(access.names().all());
    let plan = &plan;
    let lines = lines(plan, state, &looks);
    let outputs = shown::outputs_with(state.outputs(), &looks);
    let sentences = shown::sentences(plan, Some(&state.run), &outputs);
    let origin = shown::origin(state.opened.fingerprint.clone(), until.cloned());
    out(&match format {
        Format::Text => {
            let head = head(plan, state, until, refusal.is_some());
            format!("{head}\n{}", display::plan_text(plan, &sentences, &lines))
        }
        Format::Json => format!("{}\n", display::plan_json(plan, &sentences, &lines)),
        Format::Markdown => display::plan_markdown(plan, &origin, &sentences, &lines),
    })?;
    refusal.map_or(Ok(Exit::Done), Err)
}

/// What a `resume` would stop at: an action that refuses, or another world than the one the rest was planned on.
fn refusal(plan: &Plan, state: &RunState, looks: &[(ActionPath, Look)]) -> Option<CommandFailure> {
    let run = &state.run;
    let drift = drifts_ahead(plan, state, looks);
    let ready = refusals(looks, &[], &format!("the world is not ready for what is left of run `{run}`"));
    if drift.is_empty() {
        return ready
            .map(|failure| failure.hint(format!("then `{}` looks again", Typed::of(run).resume_with("--dry-run"))));
    }
    let other = || CommandFailure::refused(format!("the world is not the one that run `{run}` was planned on"));
    let failure = ready.unwrap_or_else(other).drift(drift);
    Some(ways_on().iter().map(|way| Typed::of(run).advice(way)).fold(failure, CommandFailure::hint))
}

/// What may pass by itself speaks against nothing but the next action: in the middle of a run a server that does not answer
/// may just be the one that an earlier action will start.
pub(in crate::cli) fn excused(
    plan: &Plan,
    state: &RunState,
    looks: Vec<(ActionPath, Look)>,
) -> Vec<(ActionPath, Look)> {
    let next = plan.actions.iter().find(|p| !state.action(&p.action).is_done()).map(|p| &p.action);
    let passes = |failure: &model::Failure| failure.kind.may_pass();
    let excuse = |(action, look): (ActionPath, Look)| match look {
        Look::Refused(failure) if passes(&failure) && Some(&action) != next => (action, Look::NotYet),
        look => (action, look),
    };
    looks.into_iter().map(excuse).collect()
}

fn head(plan: &Plan, state: &RunState, until: Option<&StepId>, refused: bool) -> String {
    let (run, all) = (&state.run, plan.actions.len());
    let done = plan.actions.iter().filter(|p| state.action(&p.action).is_done()).count();
    let rests = until.map_or_else(String::new, |step| format!(", and rests after step {}, {step}", plan.number(step)));
    let goes = if refused {
        "does not go on as things are: see the end".to_owned()
    } else {
        format!("goes on like this{rests}")
    };
    format!("run `{run}`: {done} of {all} actions are done; `{}` {goes}\n", Typed::of(run).resume())
}

/// One line for each action of the plan that is done, has begun or was looked at, in the plan's order.
pub(in crate::cli) fn lines(plan: &Plan, state: &RunState, looks: &[(ActionPath, Look)]) -> Vec<(ActionPath, Look)> {
    let seen = shown::lines(looks);
    let line = |action: &ActionPath| {
        let current = state.action(action);
        match &current {
            ActionState::Done { evidence, .. } => {
                Some(Look::Done(told(Found::Holds, format!("{}: {evidence}", current.word()))))
            }
            _ if current.traces().is_some() => {
                let evidence = format!("this run has begun it (it is {})", current.word());
                Some(Look::Seen(told(Found::InProgress, evidence)))
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
