//! `runbook resume`: goes on where a run rests or died; in the direction it was going.

use crate::cli::args::{Common, Format, ResumeArgs};
use crate::cli::clock::SystemClock;
use crate::cli::confirm::confirm;
use crate::cli::lab::harm::Harm;
use crate::cli::library::step;
use crate::cli::out::out;
use crate::cli::plan::shown;
use crate::cli::run::executor::{ExecutorRun, block_on, lease};
use crate::cli::run::limits::{limits_now, set_limits};
use crate::cli::run::replan::Replanning;
use crate::cli::run::{again, remaining, replan};
use crate::cli::{CommandFailure, Exit, account, open, secrets};
use crate::display;
use crate::display::Typed;
use crate::engine::{Clock, Intent};
use crate::journal::{Mode, Rest, RollbackTo, RunState};
use crate::model::{ActionPath, Runbook, StepId};
use crate::plan::Plan;
use std::collections::BTreeSet;

pub(in crate::cli) fn resume(
    args: &ResumeArgs,
    common: &Common,
    format: Format,
    harm: &Harm,
) -> Result<Exit, CommandFailure> {
    let mut journal = open::journal(common)?;
    let state = open::to_resume(&journal, args.run.run.as_deref())?;
    if args.dry_run {
        return preview(args, &state, &open::plan(&state)?, common, format);
    }
    let lease = lease(&mut journal, &state)?;
    // Read again under the lease: whoever held it before may have gone further.
    let mut state = journal.state(&state.run)?;
    let mut plan = open::plan(&state)?;
    let intent = match way_back(&state) {
        Some((to, leave)) => {
            as_it_was(args, &state)?;
            Intent::Rollback { to, leave }
        }
        None => {
            let now = replan::now(&state, &plan, args)?;
            let until = if args.replan {
                let until = until(args, &state, now.runbook())?;
                let asked = Replanning { state: &state, old: &plan, until: until.as_ref(), args, common, format };
                (plan, state) = replan::replan(&mut journal, &lease, asked, now)?;
                until
            } else {
                replan::unchanged(&state, &plan, &now)?;
                let until = until(args, &state, &plan.runbook)?;
                if again::begins(&state) {
                    // Events are all that a program reads of it.
                    let shown = if format.is_json() { None } else { Some(format) };
                    again::show(&state, &plan, until.as_ref(), common, shown)?;
                    confirm(args.yes, &format!("Begin run {} again?", state.run))?;
                } else {
                    block_on(secrets::of_rest(&plan, &state, until.as_ref()))??;
                }
                until
            };
            if let Some(limits) = limits_now(args, &state, &plan, SystemClock.now())? {
                state = set_limits(&mut journal, &lease, &state, limits)?;
            }
            Intent::Forward { until }
        }
    };
    account::of_run(&plan, common, state.run.as_str())?;
    ExecutorRun { journal, plan, common, format, harm }.go(lease, state, intent)
}

/// Says what going on would do.
fn preview(
    args: &ResumeArgs,
    state: &RunState,
    plan: &Plan,
    common: &Common,
    format: Format,
) -> Result<Exit, CommandFailure> {
    let Some((to, leave)) = way_back(state) else {
        replan::unchanged(state, plan, &replan::now(state, plan, args)?)?;
        let until = until(args, state, &plan.runbook)?;
        if again::begins(state) {
            again::show(state, plan, until.as_ref(), common, Some(format))?;
            return Ok(Exit::Done);
        }
        return remaining::show(state, plan, until.as_ref(), common, format);
    };
    as_it_was(args, state)?;
    let keeps = leave.into_iter().chain(plan.keeping(state, &to)).collect();
    let queue = plan.undo_queue_keeping(state, &keeps);
    let sentences = shown::sentences(plan, Some(&state.run), &state.outputs());
    out(&match format {
        Format::Text => display::rollback_text(plan, state, &to, &queue, &sentences),
        Format::Markdown => display::rollback_markdown(plan, state, &to, &queue, &sentences),
        Format::Json => format!("{}\n", display::rollback_json(plan, state, &to, &queue, &sentences)),
    })?;
    Ok(Exit::Done)
}

/// Refuses what cannot count on the way back: it follows the plan that was executed, whatever the runbook says now.
fn as_it_was(args: &ResumeArgs, state: &RunState) -> Result<(), CommandFailure> {
    let given = [
        ("--replan", args.replan),
        ("--until", args.until.is_some()),
        ("--window", args.window.is_some()),
        ("--max-downtime", args.max_downtime.is_some()),
        ("--inputs", args.inputs.is_some()),
        ("--set", !args.sets.is_empty()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(replan::only_forward(&state.run, option)),
        None => Ok(()),
    }
}

/// Where a rollback goes that has not come to its end, and what stays there; nothing for a run that goes forward.
fn way_back(state: &RunState) -> Option<(RollbackTo, BTreeSet<ActionPath>)> {
    match (&state.mode, &state.rest) {
        (Mode::Rollback { .. }, Some(Rest::RolledBack { .. })) | (Mode::Forward { .. }, _) => None,
        (Mode::Rollback { to, keeps }, _) => Some((to.clone(), keeps.as_deref().cloned().unwrap_or_default())),
    }
}

/// The step to rest after: the one that is named, else the one the run was to rest after, unless it has come there.
fn until(args: &ResumeArgs, state: &RunState, runbook: &Runbook) -> Result<Option<StepId>, CommandFailure> {
    match (&args.until, state.bound(runbook)) {
        (Some(name), _) => step(runbook, name).map(Some),
        (None, Some(bound)) if runbook.step(bound.as_str()).is_none() => {
            let run = &state.run;
            Err(CommandFailure::refused(format!(
                "run `{run}` was to rest after `{bound}`, and the runbook has no such step now"
            ))
            .hint(format!("say where it is to rest: `{}`", Typed::of(run).resume_with("--replan --until STEP"))))
        }
        (None, bound) => Ok(bound.cloned()),
    }
}
