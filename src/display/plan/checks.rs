//! What the checks before a run said, ordered and worded the same for every form: what keeps the run from beginning first,
//! then what a person has accepted, what only warns, what could not be found out, and what is as it should be.

use crate::display::table::{count, hanging, wrapped};
use crate::display::terminal::one_line;
use crate::model::{CheckRow, CheckVerdict};
use crate::plan::Plan;

/// How a row stands, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::display) enum CheckStanding {
    Refuses,
    Accepted,
    Warns,
    NotCheckable,
    Passes,
}

impl CheckStanding {
    pub(in crate::display) fn of(row: &CheckRow) -> Self {
        match row.verdict {
            CheckVerdict::Refuse if row.accepted.is_some() => CheckStanding::Accepted,
            CheckVerdict::Refuse => CheckStanding::Refuses,
            CheckVerdict::Warn => CheckStanding::Warns,
            CheckVerdict::NotCheckable => CheckStanding::NotCheckable,
            CheckVerdict::Pass => CheckStanding::Passes,
        }
    }

    pub(in crate::display) fn word(self) -> &'static str {
        match self {
            CheckStanding::Refuses => "REFUSED",
            CheckStanding::Accepted => "ACCEPTED",
            CheckStanding::Warns => "warning",
            CheckStanding::NotCheckable => "not checkable",
            CheckStanding::Passes => "pass",
        }
    }
}

/// The rows, the gravest first; among equals in the document's order.
pub(in crate::display) fn ordered(plan: &Plan) -> Vec<(CheckStanding, &CheckRow)> {
    let mut rows: Vec<(CheckStanding, &CheckRow)> =
        plan.checks.iter().map(|row| (CheckStanding::of(row), row)).collect();
    rows.sort_by_key(|(standing, _)| *standing);
    rows
}

/// The rows that keep the run from beginning.
pub(in crate::display) fn refusing(plan: &Plan) -> Vec<&CheckRow> {
    plan.checks.iter().filter(|row| row.refuses()).collect()
}

/// "1 refuses, 1 refusal accepted, 3 warn, 30 pass".
pub(in crate::display) fn tally(plan: &Plan) -> String {
    let number = |standing| plan.checks.iter().filter(|row| CheckStanding::of(row) == standing).count();
    let part = |standing, one: &str, many: &str| match number(standing) {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let parts = [
        part(CheckStanding::Refuses, "refuses", "refuse"),
        part(CheckStanding::Accepted, "refusal accepted", "refusals accepted"),
        part(CheckStanding::Warns, "warns", "warn"),
        part(CheckStanding::NotCheckable, "not checkable", "not checkable"),
        part(CheckStanding::Passes, "passes", "pass"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// How a refusal is accepted, as it is typed.
pub(in crate::display) fn way_to_accept(row: &CheckRow) -> Option<String> {
    (row.refuses() && row.acceptable).then(|| format!("`--accept {}=\"REASON\"`", row.id))
}

/// What a reader must not overlook although nothing refuses: accepted refusals, then warnings.
pub(in crate::display) fn warnings(plan: &Plan) -> Vec<String> {
    let told = |(standing, row): &(CheckStanding, &CheckRow)| match (standing, &row.accepted) {
        (CheckStanding::Accepted, Some(reason)) => {
            Some(format!("`{}` refuses, and that was accepted: {reason}. Seen: {}", row.id, row.evidence))
        }
        (CheckStanding::Warns, _) => Some(format!("`{}`: {}", row.id, row.evidence)),
        _ => None,
    };
    ordered(plan).iter().filter_map(told).collect()
}

/// The section of the plan for people.
pub(in crate::display) fn text(plan: &Plan) -> String {
    if plan.checks.is_empty() {
        return String::new();
    }
    let all = ordered(plan);
    let width = all.iter().map(|(standing, _)| standing.word().len()).max().unwrap_or(0);
    let mut out = format!("\nchecks before the run: {}\n", tally(plan));
    for (standing, row) in all {
        let head = format!("  {:width$}  {}: ", standing.word(), row.id);
        out.push_str(&hanging(&head, width + 6, &one_line(&row.evidence)));
        let indent = " ".repeat(width + 6);
        if let Some(reason) = &row.accepted {
            out.push_str(&wrapped(&format!("{indent}accepted: "), &one_line(reason)));
        }
        if standing != CheckStanding::Passes {
            for advice in &row.advice {
                out.push_str(&wrapped(&format!("{indent}try: "), &one_line(advice)));
            }
        }
        if let Some(way) = way_to_accept(row) {
            out.push_str(&wrapped(&format!("{indent}or: "), &way));
        }
    }
    out
}

/// What a run goes on with although a check refused; one line each.
pub(in crate::display) fn accepted_text(plan: &Plan) -> String {
    let rows = plan.checks.iter().filter_map(|row| Some((row, row.accepted.as_ref()?)));
    rows.map(|(row, reason)| wrapped("  accepted: ", &format!("`{}` ({}): {reason}", row.id, one_line(&row.evidence))))
        .collect()
}

/// "2 actions and 1 check refuse".
pub(in crate::display) fn who_refuses(actions: usize, checks: usize) -> String {
    let parts: Vec<String> = [(actions, "action"), (checks, "check")]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| count(n, what))
        .collect();
    format!("{} {}", parts.join(" and "), if actions + checks == 1 { "refuses" } else { "refuse" })
}
