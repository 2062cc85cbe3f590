//! How long things took before: what the journal tells a plan.
//!
//! Durations are a comfort: a run whose records cannot be understood is left out, and stands in nobody's way. The commands that
//! are about that run say what is wrong with it.

use crate::cli::args::Common;
use crate::cli::{CommandFailure, settings};
use crate::journal::Journal;
use crate::plan::{Expected, Plan};

/// What the journal of the state folder has measured in the plan's account and region; nothing when there is no journal
/// yet, for a plan makes none.
pub(in crate::cli) fn expected(common: &Common, plan: &Plan) -> Result<Expected, CommandFailure> {
    let folder = settings::state_folder(common)?;
    if !Journal::is_in(&folder) {
        return Ok(Expected::default());
    }
    of(&Journal::open(&folder)?, plan)
}

/// What this journal has measured in the plan's account and region.
pub(in crate::cli) fn of(journal: &Journal, plan: &Plan) -> Result<Expected, CommandFailure> {
    let mut runs = Vec::new();
    for summary in journal.runs()? {
        match journal.records(&summary.run, 0) {
            Ok(records) => runs.push(records),
            Err(error) if error.is_of_one_run() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Expected::of_runs(plan, runs.iter().map(Vec::as_slice)))
}
