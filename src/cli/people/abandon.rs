//! `runbook abandon`: ends a run that will not be gone on with. Shows what it leaves in the world, asks, and records it.

use crate::cli::args::{AbandonArgs, Common, Format};
use crate::cli::clock::SystemClock;
use crate::cli::confirm::confirm;
use crate::cli::out::out;
use crate::cli::plan::shown;
use crate::cli::run::executor::lease;
use crate::cli::{CommandFailure, Exit, open, operator};
use crate::display;
use crate::display::Typed;
use crate::engine::Clock;
use crate::journal::{RecordKind, Rest, RunState};

pub(in crate::cli) fn abandon(args: &AbandonArgs, common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let mut journal = open::journal(common)?;
    let state = open::going(&journal, Some(&args.run))?;
    let run = state.run.clone();
    if let Some(rest) = state.rest.as_ref().filter(|rest| rest.is_over()) {
        let is = if matches!(rest, Rest::RolledBack { .. }) { "is rolled back wholly" } else { "is finished" };
        return Err(CommandFailure::refused(format!("run `{run}` {is}: it has come to its end already")));
    }
    let reason = args.reason.split_whitespace().collect::<Vec<_>>().join(" ");
    if reason.is_empty() {
        return Err(CommandFailure::usage("a run is abandoned for a reason").hint("say why: `--reason \"...\"`"));
    }
    // Before anybody reads and decides: while somebody executes it, it is his.
    drop(lease(&mut journal, &state)?);
    let plan = open::plan(&state)?;
    let sentences = shown::sentences(&plan, Some(&run), &state.outputs());
    if !format.is_json() {
        out(&display::abandon_text(&plan, &state, &sentences))?;
    }
    confirm(args.yes, &format!("Abandon run {run}?"))?;
    let lease = lease(&mut journal, &state)?;
    let now = journal.state(&run)?;
    as_shown(&state, &now)?;
    let rest = Rest::Abandoned { why: reason, by: operator::name() };
    let kind = RecordKind::Rested { rest: rest.clone() };
    let (_, state) = journal.append(&now, Some(&lease), SystemClock.now(), kind)?;
    drop(lease);
    out(&if format.is_json() {
        format!("{}\n", display::abandoned_json(&plan, &state, &sentences))
    } else {
        format!("\n{}", display::rest_text(&plan, &state, &rest))
    })?;
    Ok(Exit::Done)
}

/// Refuses when something was recorded since the run was shown.
fn as_shown(shown: &RunState, now: &RunState) -> Result<(), CommandFailure> {
    if shown.seq == now.seq {
        return Ok(());
    }
    let run = &now.run;
    Err(CommandFailure::refused(format!("nothing was changed: run `{run}` has gone on since this was shown"))
        .hint(format!("`{}` shows where it stands now", Typed::of(run).status()))
        .hint(format!("`{}` shows what it leaves now, and asks", Typed::of(run).abandon())))
}
