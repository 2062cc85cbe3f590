//! `runbook runs`: all runs of this journal.

use crate::cli::args::{Common, Format};
use crate::cli::out::out;
use crate::cli::{CommandFailure, Exit, open};
use crate::display::{self, RunRow};

pub(in crate::cli) fn runs(common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let journal = open::journal(common)?;
    let mut rows = Vec::new();
    for summary in journal.runs()? {
        let holder = journal.holder(&summary.run)?.map(|(holder, _)| holder);
        let row = journal.state(&summary.run).map_err(CommandFailure::from).and_then(|state| {
            let plan = open::plan(&state)?;
            Ok(RunRow::of(&plan, &state, holder.as_ref()))
        });
        // A run that cannot be read is listed all the same.
        rows.push(row.unwrap_or_else(|failure| RunRow::unreadable(&summary, failure.message())));
    }
    let text = if format.is_json() { format!("{}\n", display::runs_json(&rows)) } else { display::runs_text(&rows) };
    out(&text)?;
    Ok(Exit::Done)
}
