//! `runbook resume`: goes on where a run rests or died; in the direction it was going.

use super::args::{Common, Format, ResumeArgs};
use super::executor::{Execution, lease};
use super::harm::Harm;
use super::out::out;
use super::run::step;
use super::{Exit, Failure, library, open, plan as planning, remaining};
use crate::display;
use crate::engine::{Intent, undo_queue};
use crate::journal::{Mode, Rest, RunState};
use crate::plan::Plan;
use crate::validate;

pub(super) fn resume(args: &ResumeArgs, common: &Common, format: Format, harm: &Harm) -> Result<Exit, Failure> {
    let mut journal = open::journal(common)?;
    let state = open::run(&journal, args.run.run.as_deref())?;
    let plan = open::plan(&state)?;
    if args.dry_run {
        return preview(args, &state, &plan, common, format);
    }
    let lease = lease(&mut journal, &state)?;
    // Read again under the lease: whoever held it before may have gone further.
    let state = journal.state(&state.run)?;
    let until = args.until.as_deref().map(|name| step(&plan.runbook, name)).transpose()?;
    let intent = intent(&state, until);
    // The way back follows the plan that was executed, whatever the runbook says now.
    if matches!(intent, Intent::Forward { .. }) {
        unchanged(&state)?;
    }
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

/// Refuses when the runbook is another one now: the one that comes with the tool, or the file the run was begun with.
fn unchanged(state: &RunState) -> Result<(), Failure> {
    let (place, now) = match &state.opened.source {
        Some(path) => match std::fs::read_to_string(path) {
            Ok(text) => (path.as_str(), text),
            // The journal has the whole document: a file that is gone says nothing about what to do.
            Err(_) => return Ok(()),
        },
        None => match library::SHIPPED.iter().find(|(name, _)| *name == state.opened.runbook) {
            Some((name, text)) => (*name, (*text).to_owned()),
            None => return Ok(()),
        },
    };
    if validate::fingerprint(&now) == state.opened.fingerprint {
        return Ok(());
    }
    let failure = Failure::refused(format!("`{place}` has changed since run `{}` was opened", state.run))
        .cause(super::plan::changes(&state.opened.document, &now));
    Err(match &state.opened.source {
        Some(path) => failure
            .hint(format!("bring `{path}` back as it was, or roll back: `runbook rollback {} --to start`", state.run)),
        None => failure.hint("use the version of `runbook` that opened the run, or roll back with it"),
    })
}
