//! `runbook log`: a run's records, and whether they are as they were written.

use crate::cli::args::{Common, Format, LogArgs};
use crate::cli::out::out;
use crate::cli::{CommandFailure, Exit, open};
use crate::display;
use crate::journal::Verdict;
use crate::model::RunId;

pub(in crate::cli) fn log(args: &LogArgs, common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let journal = open::journal(common)?;
    // A journal that was changed may not fold: what is asked for by name is shown and checked all the same.
    let run: RunId = match &args.run.run {
        Some(name) => open::id(&journal, name)?,
        None => open::shown(&journal, None)?.run,
    };
    if args.verify {
        let verdict = journal.verify(&run)?;
        let text = if format.is_json() {
            format!("{}\n", display::verify_json(&verdict))
        } else {
            display::verify_text(&verdict)
        };
        out(&text)?;
        return Ok(if matches!(verdict, Verdict::Intact { .. }) { Exit::Done } else { Exit::Failed });
    }
    let records = journal.records(&run, 0)?;
    if records.is_empty() {
        return Err(crate::journal::JournalError::NoRun(run.to_string()).into());
    }
    let text =
        if format.is_json() { format!("{}\n", display::log_json(&records)) } else { display::log_text(&records) };
    out(&text)?;
    Ok(Exit::Done)
}
