//! `runbook resume`: goes on where a run rests or died; in the direction it was going.

use super::args::{Common, Format, ResumeArgs};
use super::executor::{Execution, lease};
use super::harm::Harm;
use super::out::out;
use super::run::step;
use super::{Exit, Failure, account, open, plan as planning, remaining, replan};
use crate::display;
use crate::engine::{Intent, undo_queue};
use crate::journal::{Mode, Rest, RunState};
use crate::plan::Plan;

pub(super) fn resume(args: &ResumeArgs, common: &Common, format: Format, harm: &Harm) -> Result<Exit, Failure> {
    let mut journal = open::journal(common)?;
    let state = open::run(&journal, args.run.run.as_deref())?;
    if args.dry_run {
        return preview(args, &state, &open::plan(&state)?, common, format);
    }
    let lease = lease(&mut journal, &state)?;
    // Read again under the lease: whoever held it before may have gone further.
    let mut state = journal.state(&state.run)?;
    let mut plan = open::plan(&state)?;
    let forward = matches!(intent(&state, None), Intent::Forward { .. });
    // The way back follows the plan that was executed, whatever the runbook says now.
    if forward {
        let now = replan::now(&state, &plan, args)?;
        if args.replan {
            (plan, state) = replan::replan(&mut journal, &lease, &state, &plan, now, (args, common, format))?;
        } else {
            replan::unchanged(&state, &plan, &now)?;
        }
    } else if args.replan {
        return Err(replan::only_forward(&state.run));
    }
    let until = args.until.as_deref().map(|name| step(&plan.runbook, name)).transpose()?;
    account::of_run(&plan, common, state.run.as_str())?;
    let intent = intent(&state, until);
    Execution { journal, plan, common, format, harm }.go(lease, state, intent)
}

/// Says what going on would do.
fn preview(args: &ResumeArgs, state: &RunState, plan: &Plan, common: &Common, format: Format) -> Result<Exit, Failure> {
    let until = args.until.as_deref().map(|name| step(&plan.runbook, name)).transpose()?;
    let to = match intent(state, until) {
        Intent::Forward { until } => return remaining::show(state, plan, until, common, format),
        Intent::Rollback { to } => to,
    };
    let queue = undo_queue(plan, state, &to);
    let sentences = planning::sentences(plan, &state.run, &state.outputs());
    out(&match format {
        Format::Text => display::rollback_text(plan, state, &to, &queue, &sentences),
        Format::Markdown => display::rollback_markdown(plan, state, &to, &queue, &sentences),
        Format::Json => format!("{}\n", serde_json::json!({ "run": state.run, "to": to, "undo": queue })),
    })?;
    Ok(Exit::Done)
}

fn intent(state: &RunState, until: Option<crate::model::StepId>) -> Intent {
    match (&state.mode, &state.rest) {
        (Mode::Rollback { .. }, Some(Rest::RolledBack { .. })) | (Mode::Forward { .. }, _) => Intent::Forward { until },
        (Mode::Rollback { to }, _) => Intent::Rollback { to: to.clone() },
    }
}
