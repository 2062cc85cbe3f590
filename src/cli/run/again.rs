//! A run that was taken back wholly begins again as a new one does: its plan is looked at in the world as it is now, with its
//! checks and what the caller may do; it is shown, and a person is asked.
//!
//! Promise: nothing is recorded before the person has said yes. Not handled: the age of a saved plan, for what it rests on is
//! compared with the world just now.

use crate::cli::args::{Common, Format};
use crate::cli::clock::SystemClock;
use crate::cli::out::out;
use crate::cli::plan::looked::{self, Looked};
use crate::cli::plan::refusal::refusals;
use crate::cli::plan::{permission, shown};
use crate::cli::run::executor::block_on;
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, secrets};
use crate::display;
use crate::display::Typed;
use crate::engine::{Clock, drifts, outputs_of};
use crate::journal::{Rest, RollbackTo, RunState};
use crate::model::{self, Acceptance, CheckRow, StepId};
use crate::plan::Plan;

/// Whether going on with a run is beginning it again.
pub(in crate::cli) fn begins(state: &RunState) -> bool {
    state.rest == Some(Rest::RolledBack { to: RollbackTo::Start })
}

/// Looks at the world as before a run. What was accepted when the run was opened is accepted still.
pub(in crate::cli) async fn look(
    plan: &mut Plan,
    state: &RunState,
    looking: &Looking,
) -> Result<Looked, CommandFailure> {
    let accepted = |row: &CheckRow| Some(Acceptance { id: row.id.clone(), reason: row.accepted.clone()? });
    let accepted: Vec<Acceptance> = plan.checks.iter().filter_map(accepted).collect();
    secrets::of_plan(plan).await?;
    let (mut looks, permissions) = looked::look(plan, &state.run, looking).await?;
    plan.judge_limits(None, looking.pace());
    model::accept(&mut plan.checks, &accepted);
    if let Some(told) = permissions.as_ref().filter(|told| told.only_plans) {
        permission::refuse(plan, told, &mut looks);
    }
    Ok((looks, permissions))
}

/// Shows the plan as a new run would, with what is seen of the world now; in no form only looks.
///
/// # Errors
/// What would refuse a new run, and a world that is another than the plan was made on.
pub(in crate::cli) fn show(
    state: &RunState,
    plan: &Plan,
    until: Option<&StepId>,
    common: &Common,
    format: Option<Format>,
) -> Result<(), CommandFailure> {
    let (run, looking) = (&state.run, Looking::new(common)?);
    let mut looked = plan.clone();
    let (looks, permissions) = block_on(look(&mut looked, state, &looking))??;
    let drift = drifts(plan, run, &looks, SystemClock.now());
    let (sentences, lines) = (shown::sentences(&looked, Some(run), &outputs_of(&looks)), shown::lines(&looks));
    let rests = until.map_or_else(String::new, |step| format!(", and rests after step {}, {step}", plan.number(step)));
    out(&match format {
        None => String::new(),
        Some(Format::Text) => format!(
            "run `{run}` was taken back wholly; `{}` begins it again like this{rests}\n\n{}{}",
            Typed::of(run).resume(),
            display::plan_text(&looked, &sentences, &lines),
            permissions.as_ref().map(display::permissions_text).unwrap_or_default()
        ),
        Some(Format::Json) => format!("{}\n", display::plan_json(&looked, &sentences, &lines)),
        Some(Format::Markdown) => {
            let origin = shown::origin(state.opened.fingerprint.clone(), until.cloned());
            display::plan_markdown(&looked, &origin, &sentences, &lines)
        }
    })?;
    let ready = refusals(&looks, &looked.checks, "nothing was changed: the world is not ready for this run");
    if drift.is_empty() {
        return match ready {
            Some(failure) => Err(failure.hint("then type the same command again")),
            None => Ok(()),
        };
    }
    let other = || {
        CommandFailure::refused(format!(
            "nothing was changed: the world is not the one that run `{run}` was planned on"
        ))
    };
    Err(ready
        .unwrap_or_else(other)
        .drift(drift)
        .hint("put the world back as it was, then type the same command again")
        .hint(format!("or plan anew, on the world as it is: `{}`", Typed::of(run).resume_with("--replan"))))
}
