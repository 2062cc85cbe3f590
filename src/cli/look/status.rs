//! `runbook status`: where a run stands, who executes it, what to type next.

use crate::cli::args::{Common, Format, RunRef};
use crate::cli::clock::SystemClock;
use crate::cli::out::out;
use crate::cli::{CommandFailure, Exit, open};
use crate::display;
use crate::engine::Clock;

pub(in crate::cli) fn status(args: &RunRef, common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let journal = open::journal(common)?;
    let state = open::shown(&journal, args.run.as_deref())?;
    let plan = open::plan(&state)?;
    let records = journal.records(&state.run, 0)?;
    let holder = journal.holder(&state.run)?.map(|(holder, _)| holder);
    let now = SystemClock.now();
    let text = if format.is_json() {
        format!("{}\n", display::status_json(&plan, &state, &records, holder.as_ref(), now))
    } else {
        display::status_text(&plan, &state, &records, holder.as_ref(), now)
    };
    out(&text)?;
    Ok(Exit::Done)
}
