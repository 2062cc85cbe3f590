//! Opening the journal, and finding the run that is meant.

use super::args::Common;
use super::{Failure, settings};
use crate::journal::{Journal, Rest, RunState};
use crate::model::RunId;
use crate::plan::Plan;

/// The journal of the state folder.
pub(super) fn journal(common: &Common) -> Result<Journal, Failure> {
    Ok(Journal::open(&settings::state_folder(common)?)?)
}

/// The run that is named, or the only one that has not come to an end.
pub(super) fn run(journal: &Journal, named: Option<&str>) -> Result<RunState, Failure> {
    if let Some(name) = named {
        let run: RunId =
            name.parse().map_err(|e| Failure::usage(format!("{e}")).hint("`runbook runs` lists all runs"))?;
        return Ok(journal.state(&run)?);
    }
    let mut open = Vec::new();
    let runs = journal.runs()?;
    for summary in &runs {
        let state = journal.state(&summary.run)?;
        if !state.rest.as_ref().is_some_and(is_over) {
            open.push(state);
        }
    }
    match (open.len(), open.pop()) {
        (1, Some(state)) => Ok(state),
        (0, _) => match runs.as_slice() {
            [] => Err(Failure::usage("there is no run yet").hint("`runbook run NAME` begins one")),
            [only] => Ok(journal.state(&only.run)?),
            many => {
                let names: Vec<String> = many.iter().take(5).map(|r| r.run.to_string()).collect();
                Err(Failure::usage("every run has come to an end").hint(format!("name one: {}", names.join(", "))))
            }
        },
        (count, last) => {
            let names: Vec<String> =
                open.iter().chain(&last).map(|s| format!("{} ({})", s.run, s.opened.runbook)).collect();
            Err(Failure::usage(format!("{count} runs have not come to an end"))
                .hint(format!("name the one you mean: {}", names.join(", "))))
        }
    }
}

/// The plan a run was opened with.
pub(super) fn plan(state: &RunState) -> Result<Plan, Failure> {
    Plan::read(&state.opened.plan)
        .map_err(|e| Failure::refused(format!("run `{}` cannot be executed", state.run)).cause(e.to_string()))
}

fn is_over(rest: &Rest) -> bool {
    match rest {
        Rest::Finished => true,
        Rest::RolledBack { to } => *to == crate::journal::RollbackTo::Start,
        _ => false,
    }
}
