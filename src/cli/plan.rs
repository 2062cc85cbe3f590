//! `runbook plan`: what would be done, with what was seen of the world by reading only.

use super::args::{Common, Format, RunArgs};
use super::clock::SystemClock;
use super::out::out;
use super::refusal::refuse;
use super::run::{Prepared, prepare};
use super::{Exit, Failure, operator, page};
use crate::action;
use crate::display::{self, PlanOrigin, PreflightLine};
use crate::engine::{Clock, Look, preview_parameters};
use crate::model::{ActionPath, Description, Found, RunId, StepId, Values};
use crate::plan::Plan;
use crate::validate;
use std::collections::BTreeMap;

pub(super) fn plan(args: &RunArgs, common: &Common, format: Format) -> Result<Exit, Failure> {
    let page = args.html.as_deref().map(page::place).transpose()?;
    let prepared = prepare(args, common, planned_run_id())?;
    let (plan, lines) = (&prepared.plan, lines(&prepared.looks));
    let origin = origin(validate::fingerprint(&prepared.text), prepared.until.clone());
    let sentences = sentences(plan, &prepared.run, &seen_outputs(&prepared.looks));
    out(&match format {
        Format::Text => display::plan_text(plan, &sentences, &lines),
        Format::Json => format!("{}\n", display::plan_json(plan, &sentences, &lines)),
        Format::Markdown => display::plan_markdown(plan, &origin, &sentences, &lines),
    })?;
    if let Some(page) = page {
        page.write(&display::plan_html(plan, &origin, &sentences, &lines))?;
        tell(format, &page.told())?;
    }
    refuse(&prepared.looks, &prepared.plan.checks).map(|()| Exit::Done)
}

/// Where a plan comes from that is made now from a runbook with this fingerprint.
pub(super) fn origin(fingerprint: String, until: Option<StepId>) -> PlanOrigin {
    let (by, tool) = (operator::name(), env!("CARGO_PKG_VERSION").to_owned());
    PlanOrigin { at: SystemClock.now(), by, fingerprint, tool, until }
}

/// Says something beside a result without spoiling one that a program reads.
pub(super) fn tell(format: Format, text: &str) -> Result<(), Failure> {
    if format == Format::Text {
        return out(text);
    }
    display::to_stderr(text);
    Ok(())
}

/// What stands for the id of a run that does not exist yet.
fn planned_run_id() -> RunId {
    "run-id".parse().expect("letters and a dash after an `r` form an id")
}

pub(super) fn text(prepared: &Prepared) -> String {
    let sentences = sentences(&prepared.plan, &prepared.run, &seen_outputs(&prepared.looks));
    display::plan_text(&prepared.plan, &sentences, &lines(&prepared.looks))
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
            all.insert(definition.path.clone(), told);
        }
    }
    move |path| all.get(path).cloned()
}

/// What looking has given already, so that a plan can show it.
fn seen_outputs(looks: &[(ActionPath, Look)]) -> BTreeMap<ActionPath, Values> {
    let given = |(action, look): &(ActionPath, Look)| match look {
        Look::Seen(finding) if finding.found == Found::Holds => Some((action.clone(), finding.outputs.clone())),
        _ => None,
    };
    looks.iter().filter_map(given).collect()
}

/// What was seen of each action, one line each.
fn lines(looks: &[(ActionPath, Look)]) -> Vec<(ActionPath, PreflightLine)> {
    let line = |look: &Look| match look {
        Look::Seen(finding) => PreflightLine::Seen(finding.clone()),
        Look::Refused(failure) => PreflightLine::Refused(failure.clone()),
        Look::NotYet => PreflightLine::NotYet,
    };
    looks.iter().map(|(action, look)| (action.clone(), line(look))).collect()
}

/// The lines that differ between two texts, with `-` and `+`.
pub(super) fn changes(old: &str, new: &str) -> String {
    similar::TextDiff::from_lines(old, new).unified_diff().context_radius(0).header("then", "now").to_string()
}
