//! `runbook show`: a saved plan, without touching the world.

use crate::cli::args::{Format, ShowArgs};
use crate::cli::out::{out, tell};
use crate::cli::plan::file::{self, ReadPlan};
use crate::cli::plan::shown;
use crate::cli::{CommandFailure, Exit, place};
use crate::display::{self, PlanOrigin};
use crate::model::{ActionPath, Found, Values};
use crate::plan::{Look, Plan};
use std::collections::BTreeMap;

pub(in crate::cli) fn show(args: &ShowArgs, format: Format) -> Result<Exit, CommandFailure> {
    let page = args.html.as_deref().map(|file| place::place("page", file)).transpose()?;
    let read = file::read(&args.plan)?;
    let (plan, origin, lines) = (&read.plan, origin(&read), lines(&read.plan));
    let sentences = shown::sentences(plan, None, &outputs(plan));
    out(&match format {
        Format::Text => {
            format!("{}{}", display::plan_text(plan, &sentences, &lines), display::plan_file_text(&origin))
        }
        Format::Json => format!("{}\n", display::saved_plan_json(plan, &origin, &sentences, &lines)),
        Format::Markdown => display::plan_markdown(plan, &origin, &sentences, &lines),
    })?;
    if let Some(page) = page {
        page.write(&display::plan_html(plan, &origin, &sentences, &lines))?;
        tell(format, &page.told())?;
    }
    Ok(Exit::Done)
}

/// Where a saved plan comes from.
pub(in crate::cli) fn origin(read: &ReadPlan) -> PlanOrigin {
    PlanOrigin {
        at: read.saved.made_at,
        by: read.saved.made_by.clone(),
        fingerprint: read.saved.fingerprint.clone(),
        tool: read.saved.tool.clone(),
        until: read.saved.until.clone(),
        permissions: None,
        file: Some(read.file.clone()),
    }
}

/// What was seen when the plan was made.
fn lines(plan: &Plan) -> Vec<(ActionPath, Look)> {
    let line = |p: &crate::plan::PlannedAction| {
        let seen = p.previewed.as_ref().map(|previewed| Look::Seen(previewed.finding()));
        (p.action.clone(), seen.unwrap_or(Look::NotYet))
    };
    plan.actions.iter().map(line).collect()
}

/// What looking had given already when the plan was made.
fn outputs(plan: &Plan) -> BTreeMap<ActionPath, Values> {
    let given = |p: &crate::plan::PlannedAction| {
        let previewed = p.previewed.as_ref().filter(|previewed| previewed.found == Found::Holds)?;
        Some((p.action.clone(), previewed.outputs.clone()))
    };
    plan.actions.iter().filter_map(given).collect()
}
