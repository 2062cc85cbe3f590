//! `runbook plan`: what would be done, with what was seen of the world by reading only.

pub(in crate::cli) mod commands;
pub(in crate::cli) mod file;
pub(in crate::cli) mod iam_policy;
pub(in crate::cli) mod init;
pub(in crate::cli) mod looked;
pub(in crate::cli) mod permission;
pub(in crate::cli) mod planned_id;
pub(in crate::cli) mod prepare;
pub(in crate::cli) mod prepared;
pub(in crate::cli) mod refusal;
pub(in crate::cli) mod saved;
pub(in crate::cli) mod show;
pub(in crate::cli) mod shown;
pub(in crate::cli) mod sign;

use crate::cli::args::{Common, Format, RunArgs};
use crate::cli::out::{out, tell};
use crate::cli::plan::prepare::prepare;
use crate::cli::plan::refusal::refuse;
use crate::cli::plan::shown::{lines, origin, sentences, text};
use crate::cli::{CommandFailure, Exit, place};
use crate::engine::outputs_of;
use crate::plan::Saved;
use crate::{display, validate};

pub(in crate::cli) fn plan(args: &RunArgs, common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let page = args.html.as_deref().map(|file| place::place("page", file)).transpose()?;
    let file = args.out.as_deref().map(file::place_for).transpose()?;
    let prepared = prepare(args, common, planned_id::planned_run_id(), None)?;
    let (plan, lines) = (&prepared.plan, lines(&prepared.looks));
    let mut origin = origin(validate::fingerprint(&prepared.text), prepared.until.clone());
    origin.permissions.clone_from(&prepared.permissions);
    if let Some(file) = &prepared.plan_file {
        (origin.at, origin.by, origin.file) = (file.made_at, file.made_by.clone(), Some(file.clone()));
    }
    let sentences = sentences(plan, planned_id::begun(&prepared.run), &outputs_of(&prepared.looks));
    out(&match format {
        Format::Text => text(&prepared),
        Format::Json => {
            let mut json = display::plan_json(plan, &sentences, &lines);
            json["permissions"] = prepared.permissions.as_ref().map(display::permissions_json).into();
            format!("{json}\n")
        }
        Format::Markdown => display::plan_markdown(plan, &origin, &sentences, &lines),
    })?;
    if let Some(page) = page {
        page.write(&display::plan_html(plan, &origin, &sentences, &lines))?;
        tell(format, &page.told())?;
    }
    // What must not run is not saved either.
    refuse(&prepared.looks, &prepared.plan.checks)?;
    if let Some(file) = file {
        let saved = Saved {
            tool: origin.tool,
            made_at: origin.at,
            made_by: origin.by,
            document: prepared.text.clone(),
            fingerprint: origin.fingerprint,
            source: prepared.source.clone(),
            until: prepared.until.clone(),
            plan: plan.to_value().map_err(|e| CommandFailure::chain(Exit::Failed, &e))?,
        };
        let sha256 = file::save(&file, &saved)?;
        tell(format, &format!("{}sha256: {sha256}\n", file.told()))?;
    }
    Ok(Exit::Done)
}
