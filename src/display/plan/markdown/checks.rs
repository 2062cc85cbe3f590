//! The document's section on the checks before the run.

use crate::display::plan::checks::{CheckStanding, ordered, tally, way_to_accept};
use crate::display::plan::markdown::escape::{code, rich};
use crate::display::plan::markdown::table::table;
use crate::model::CheckRow;
use crate::plan::Plan;

pub(in crate::display) fn section(plan: &Plan) -> String {
    if plan.checks.is_empty() {
        return String::new();
    }
    let rows = ordered(plan).into_iter().map(|(standing, row)| {
        let word = match standing {
            CheckStanding::Refuses | CheckStanding::Accepted | CheckStanding::Warns => {
                format!("**{}**", standing.word())
            }
            CheckStanding::NotCheckable | CheckStanding::Passes => standing.word().to_owned(),
        };
        vec![code(&row.id), word, told(standing, row)]
    });
    let table = table(&["Check", "Verdict", "What was seen"], rows);
    format!("## Checks before the run\n\n{}.\n\n{table}", tally(plan))
}

fn told(standing: CheckStanding, row: &CheckRow) -> String {
    let mut parts = vec![rich(&row.evidence)];
    parts.extend(row.accepted.iter().map(|reason| format!("**accepted**: {}", rich(reason))));
    if standing != CheckStanding::Passes {
        parts.extend(row.advice.iter().map(|advice| format!("try: {}", rich(advice))));
    }
    parts.extend(way_to_accept(row).map(|way| format!("or: {}", rich(&way))));
    parts.join("<br>")
}

/// The refusals in the verdict.
pub(in crate::display) fn refusals(rows: &[&CheckRow]) -> String {
    rows.iter().map(|row| format!("> - check {}: **{}**\n", code(&row.id), rich(&row.evidence))).collect()
}
