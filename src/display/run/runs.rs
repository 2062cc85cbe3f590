//! The list of runs.

use crate::display::run::tally::Tally;
use crate::display::table::columns;
use crate::display::time::{date_time, rfc3339};
use crate::display::wording::{condition, executed_by};
use crate::journal::{Holder, RunState, RunSummary};
use crate::model::{Millis, RunId, Value};
use crate::plan::Plan;
use serde_json::json;

/// One run in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    run: RunId,
    runbook: String,
    opened_at: Millis,
    by: String,
    condition: String,
    steps: Option<(usize, usize)>,
    executor: Option<Holder>,
}

impl RunRow {
    /// A run whose state and plan can be read.
    #[must_use]
    pub fn of(plan: &Plan, state: &RunState, holder: Option<&Holder>) -> Self {
        let tally = Tally::of(plan, state);
        Self {
            run: state.run.clone(),
            runbook: state.opened.runbook.clone(),
            opened_at: state.opened.at,
            by: state.opened.by.clone(),
            condition: condition(state, holder).to_owned(),
            steps: Some((tally.steps_done, tally.steps)),
            executor: holder.cloned(),
        }
    }

    /// A run that cannot be read, and why not in a few words.
    #[must_use]
    pub fn unreadable(summary: &RunSummary, why: &str) -> Self {
        Self {
            run: summary.run.clone(),
            runbook: summary.runbook.clone(),
            opened_at: summary.opened_at,
            by: String::new(),
            condition: format!("unreadable: {why}"),
            steps: None,
            executor: None,
        }
    }
}

/// The list for people, in the order given.
#[must_use]
pub fn runs_text(runs: &[RunRow]) -> String {
    if runs.is_empty() {
        return "there are no runs; `runbook list` names the runbooks, `runbook run NAME` runs one\n".into();
    }
    let texts = |cells: [&str; 6]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
    let mut rows = vec![texts(["run", "runbook", "opened (UTC)", "by", "steps", "state"])];
    for run in runs {
        let steps = run.steps.map_or_else(|| "?".to_owned(), |(done, all)| format!("{done} of {all}"));
        let who = run.executor.as_ref().map_or_else(String::new, |h| format!(", {}", executed_by(h)));
        let state = format!("{}{who}", run.condition);
        let cells = [run.run.as_str(), &run.runbook, &date_time(run.opened_at), &run.by, &steps, &state];
        rows.push(texts(cells));
    }
    columns(0, &rows)
}

/// The list for programs: `run`, `runbook`, `opened_at` (RFC 3339), `by`, `condition`, `steps_done` and `steps` (null when
/// the run cannot be read), `executor` (`by`, `host`, `pid`, or null).
#[must_use]
pub fn runs_json(runs: &[RunRow]) -> Value {
    let one = |run: &RunRow| {
        json!({
            "run": run.run,
            "runbook": run.runbook,
            "opened_at": rfc3339(run.opened_at),
            "by": run.by,
            "condition": run.condition,
            "steps_done": run.steps.map(|s| s.0),
            "steps": run.steps.map(|s| s.1),
            "executor": run.executor,
        })
    };
    runs.iter().map(one).collect()
}
