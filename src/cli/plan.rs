//! `runbook plan`: what would be done, with what was seen of the world by reading only.

use super::args::{Common, Format, RunArgs};
use super::clock::SystemClock;
use super::out::out;
use super::refusal::refuse;
use super::run::{Prepared, prepare};
use super::{Exit, Failure, operator, place, plan_file, planned_id};
use crate::action;
use crate::display::{self, PlanOrigin, PreflightLine};
use crate::engine::{Clock, Look, outputs_of, preview_parameters};
use crate::model::{ActionPath, Description, RunId, StepId, Values};
use crate::plan::{Plan, PlanError, Previewed, Saved};
use crate::validate;
use std::collections::BTreeMap;

pub(super) fn plan(args: &RunArgs, common: &Common, format: Format) -> Result<Exit, Failure> {
    let page = args.html.as_deref().map(|file| place::place("page", file)).transpose()?;
    let file = args.out.as_deref().map(plan_file::place_for).transpose()?;
    let prepared = prepare(args, common, planned_id::planned_run_id())?;
    let (plan, lines) = (&prepared.plan, lines(&prepared.looks));
    let mut origin = origin(validate::fingerprint(&prepared.text), prepared.until.clone());
    origin.permissions.clone_from(&prepared.permissions);
    if let Some(file) = &prepared.plan_file {
        (origin.at, origin.by, origin.file) = (file.made_at, file.made_by.clone(), Some(file.clone()));
    }
    let sentences = sentences(plan, &prepared.run, &outputs_of(&prepared.looks));
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
            plan: plan.to_value().map_err(|e| Failure::chain(Exit::Failed, &e))?,
        };
        let sha256 = plan_file::save(&file, &saved)?;
        tell(format, &format!("{}sha256: {sha256}\n", file.told()))?;
    }
    Ok(Exit::Done)
}

/// Why there is no plan, and what helps.
pub(super) fn no_plan(error: &PlanError) -> Failure {
    let failure = Failure::usage(error.to_string());
    match error {
        PlanError::Conflict(conflict) => failure
            .hint(format!("let `{}` need `{}`: add it to its `needs`", conflict.later, conflict.earlier))
            .hint("or do one action after the other: `--order article`"),
        _ => failure,
    }
}

/// Where a plan comes from that is made now from a runbook with this fingerprint.
pub(super) fn origin(fingerprint: String, until: Option<StepId>) -> PlanOrigin {
    let (by, tool) = (operator::name(), env!("CARGO_PKG_VERSION").to_owned());
    PlanOrigin { at: SystemClock.now(), by, fingerprint, tool, until, permissions: None, file: None }
}

/// Says something beside a result without spoiling one that a program reads.
pub(super) fn tell(format: Format, text: &str) -> Result<(), Failure> {
    if format == Format::Text {
        return out(text);
    }
    display::to_stderr(text);
    Ok(())
}

pub(super) fn text(prepared: &Prepared) -> String {
    let sentences = sentences(&prepared.plan, &prepared.run, &outputs_of(&prepared.looks));
    let permissions = prepared.permissions.as_ref().map(display::permissions_text).unwrap_or_default();
    display::plan_text(&prepared.plan, &sentences, &lines(&prepared.looks)) + &permissions
}

/// What each action will do and what its undo will do.
pub(super) fn sentences(
    plan: &Plan,
    run: &RunId,
    outputs: &BTreeMap<ActionPath, Values>,
) -> impl Fn(&ActionPath) -> Option<Description> + use<> {
    let mut all = BTreeMap::new();
    for definition in plan.runbook.actions() {
        let parameters = preview_parameters(plan, run, outputs, definition);
        if let Ok(told) = action::describe(definition.kind, &parameters) {
            all.insert(definition.path.clone(), planned_id::description(&told));
        }
    }
    move |path| all.get(path).cloned()
}

/// What looking has given already, over what is known.
pub(super) fn outputs_with(
    mut known: BTreeMap<ActionPath, Values>,
    looks: &[(ActionPath, Look)],
) -> BTreeMap<ActionPath, Values> {
    known.extend(outputs_of(looks));
    known
}

/// What a plan keeps of the looks.
pub(super) fn previews(
    plan: &Plan,
    run: &RunId,
    outputs: &BTreeMap<ActionPath, Values>,
    looks: &[(ActionPath, Look)],
) -> BTreeMap<ActionPath, Previewed> {
    let sentences = sentences(plan, run, outputs);
    let seen = |(action, look): &(ActionPath, Look)| match look {
        Look::Seen(finding) => {
            Some((action.clone(), Previewed::of(&planned_id::finding(finding), sentences(action).as_ref())))
        }
        Look::Refused(_) | Look::NotYet => None,
    };
    looks.iter().filter_map(seen).collect()
}

/// What was seen of each action, one line each.
pub(super) fn lines(looks: &[(ActionPath, Look)]) -> Vec<(ActionPath, PreflightLine)> {
    let line = |look: &Look| match look {
        Look::Seen(finding) => PreflightLine::Seen(planned_id::finding(finding)),
        Look::Refused(failure) => PreflightLine::Refused(planned_id::failure(failure)),
        Look::NotYet => PreflightLine::NotYet,
    };
    looks.iter().map(|(action, look)| (action.clone(), line(look))).collect()
}

/// The lines that differ between two texts, with `-` and `+`.
pub(super) fn changes(old: &str, new: &str) -> String {
    similar::TextDiff::from_lines(old, new).unified_diff().context_radius(0).header("then", "now").to_string()
}
