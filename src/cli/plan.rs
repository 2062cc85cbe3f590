//! `runbook plan`: what would be done, with what was seen of the world by reading only.

use super::args::{Common, Format, RunArgs};
use super::out::out;
use super::run::{Prepared, prepare, refuse};
use super::{Exit, Failure};
use crate::action;
use crate::display::{self, PreflightLine};
use crate::engine::{Look, preview_parameters};
use crate::journal::RunState;
use crate::model::ActionPath;
use crate::plan::Plan;
use std::collections::BTreeMap;

pub(super) fn plan(args: &RunArgs, common: &Common, format: Format) -> Result<Exit, Failure> {
    let prepared = prepare(args, common)?;
    if format.is_json() {
        let sentences = sentences(&prepared.plan, None);
        out(&format!("{}\n", display::plan_json(&prepared.plan, &sentences, &lines(&prepared.looks))))?;
    } else {
        out(&text(&prepared))?;
    }
    refuse(&prepared.looks).map(|()| Exit::Done)
}

pub(super) fn text(prepared: &Prepared) -> String {
    let sentences = sentences(&prepared.plan, None);
    display::plan_text(&prepared.plan, &sentences, &lines(&prepared.looks))
}

/// What each action will do and what its undo will do.
pub(super) fn sentences(
    plan: &Plan,
    state: Option<&RunState>,
) -> impl Fn(&ActionPath) -> Option<(String, Option<String>)> {
    let mut all = BTreeMap::new();
    for definition in plan.runbook.actions() {
        let parameters = preview_parameters(plan, state, definition);
        if let Some(told) = parameters.and_then(|p| action::describe(definition.kind, &p).ok()) {
            all.insert(definition.path.clone(), told);
        }
    }
    move |path| all.get(path).cloned()
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
