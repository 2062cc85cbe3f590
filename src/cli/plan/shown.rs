//! What is said of a plan: its sentences, what was seen of it, where it comes from.

use crate::action;
use crate::cli::clock::SystemClock;
use crate::cli::operator;
use crate::cli::plan::planned_id;
use crate::cli::plan::prepared::Prepared;
use crate::display::{self, PlanOrigin};
use crate::engine::{Clock, outputs_of, preview_parameters};
use crate::model::{ActionPath, Description, RunId, StepId, Values};
use crate::plan::{Look, Plan, Previewed};
use std::collections::BTreeMap;

/// Where a plan comes from that is made now from a runbook with this fingerprint.
pub(in crate::cli) fn origin(fingerprint: String, until: Option<StepId>) -> PlanOrigin {
    let (by, tool) = (operator::name(), env!("CARGO_PKG_VERSION").to_owned());
    PlanOrigin { at: SystemClock.now(), by, fingerprint, tool, until, permissions: None, file: None }
}

pub(in crate::cli) fn text(prepared: &Prepared) -> String {
    let sentences = sentences(&prepared.plan, planned_id::begun(&prepared.run), &outputs_of(&prepared.looks));
    let permissions = prepared.permissions.as_ref().map(display::permissions_text).unwrap_or_default();
    display::plan_text(&prepared.plan, &sentences, &lines(&prepared.looks)) + &permissions
}

/// What each action will do and what its undo will do.
pub(in crate::cli) fn sentences(
    plan: &Plan,
    run: Option<&RunId>,
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

/// What looking has given already, over what is known.
pub(in crate::cli) fn outputs_with(
    mut known: BTreeMap<ActionPath, Values>,
    looks: &[(ActionPath, Look)],
) -> BTreeMap<ActionPath, Values> {
    known.extend(outputs_of(looks));
    known
}

/// What a plan keeps of the looks.
pub(in crate::cli) fn previews(
    plan: &Plan,
    run: Option<&RunId>,
    outputs: &BTreeMap<ActionPath, Values>,
    looks: &[(ActionPath, Look)],
) -> BTreeMap<ActionPath, Previewed> {
    let sentences = sentences(plan, run, outputs);
    let seen = |(action, look): &(ActionPath, Look)| match look {
        Look::Seen(finding) => {
            Some((action.clone(), Previewed::of(&planned_id::finding(finding), sentences(action).as_ref())))
        }
        Look::Refused(_) | Look::NotYet | Look::Done(_) => None,
    };
    looks.iter().filter_map(seen).collect()
}

/// What was seen of each action, one line each.
pub(in crate::cli) fn lines(looks: &[(ActionPath, Look)]) -> Vec<(ActionPath, Look)> {
    let line = |look: &Look| match look {
        Look::Seen(finding) => Look::Seen(planned_id::finding(finding)),
        Look::Refused(failure) => Look::Refused(planned_id::failure(failure)),
        Look::NotYet => Look::NotYet,
        Look::Done(finding) => Look::Done(planned_id::finding(finding)),
    };
    looks.iter().map(|(action, look)| (action.clone(), line(look))).collect()
}

/// The lines that differ between two texts, with `-` and `+`.
pub(in crate::cli) fn changes(old: &str, new: &str) -> String {
    similar::TextDiff::from_lines(old, new).unified_diff().context_radius(0).header("then", "now").to_string()
}
