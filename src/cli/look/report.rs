//! `runbook report`: what became of a run, for those who were not there.

use crate::cli::args::{Common, Format, ReportArgs};
use crate::cli::clock::SystemClock;
use crate::cli::out::out;
use crate::cli::place::place;
use crate::cli::{CommandFailure, Exit, open};
use crate::display::{self, Reported};
use crate::engine::Clock;

pub(in crate::cli) fn report(args: &ReportArgs, common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let page = args.html.as_deref().map(|file| place("page", file)).transpose()?;
    let journal = open::journal(common)?;
    let state = open::shown(&journal, args.run.run.as_deref())?;
    let plan = open::plan(&state)?;
    let records = journal.records(&state.run, 0)?;
    let holder = journal.holder(&state.run)?.map(|(holder, _)| holder);
    let verdict = journal.verify(&state.run)?;
    let of = Reported {
        plan: &plan,
        state: &state,
        records: &records,
        holder: holder.as_ref(),
        verdict: &verdict,
        now: SystemClock.now(),
        tool: env!("CARGO_PKG_VERSION"),
    };
    if let Some(page) = page {
        page.write(&display::report_html(of))?;
    }
    let text = match format {
        Format::Text => display::report_text(of),
        Format::Json => format!("{}\n", display::report_json(of)),
        Format::Markdown => display::report_markdown(of),
    };
    out(&text)?;
    Ok(Exit::Done)
}
