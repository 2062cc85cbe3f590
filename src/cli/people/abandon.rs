//! `runbook abandon`: ends a run that will not be gone on with. Shows what it leaves in the world, asks, ends what it has begun and what still
//! runs by itself, and records it.

use crate::cli::args::{AbandonArgs, Common, Format};
use crate::cli::clock::SystemClock;
use crate::cli::confirm::confirm;
use crate::cli::out::out;
use crate::cli::plan::shown;
use crate::cli::run::clearing;
use crate::cli::run::executor::{block_on, lease};
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, Exit, open, operator};
use crate::display;
use crate::display::Typed;
use crate::engine::{Clock, Worker, give_up, running_by_themselves};
use crate::journal::{RecordKind, Rest, RunState};
use crate::model::ActionPath;
use crate::plan::Plan;
use serde_json::json;
use std::rc::Rc;

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
    // While the lease is held, so that nobody begins anything beside it.
    let ended = if args.leave_running { Vec::new() } else { end_all(&plan, &now, common)? };
    let rest = Rest::Abandoned { why: reason, by: operator::name() };
    let kind = RecordKind::Rested { rest: rest.clone() };
    let (_, state) = journal.append(&now, Some(&lease), SystemClock.now(), kind)?;
    let left = clear(&plan, &state, common)?;
    drop(lease);
    out(&if format.is_json() {
        let mut told = display::abandoned_json(&plan, &state, &sentences);
        told["ended"] =
            ended.iter().map(|it| json!({ "action": it.action, "told": it.told, "ended": it.ended })).collect();
        format!("{told}\n")
    } else {
        let lines: Vec<String> = ended.iter().map(|it| format!("{}: {}\n", it.action, it.told)).collect();
        let gone: Vec<&ActionPath> = ended.iter().filter(|it| it.ended).map(|it| &it.action).collect();
        format!("\n{}{}", lines.concat(), display::abandoned_text(&plan, &state, &rest, &gone))
    })?;
    if let Some(left) = left {
        display::to_stderr(&format!("note: {left}\n"));
    }
    // What still runs somewhere is somebody's to end.
    Ok(if ended.iter().all(|it| it.ended) { Exit::Done } else { Exit::Failed })
}

/// What came of ending what an action has begun.
struct EndedCommand {
    action: ActionPath,
    told: String,
    ended: bool,
}

/// Ends what the run has begun and what still runs by itself. What cannot be ended is told, and ends nothing else.
fn end_all(plan: &Plan, state: &RunState, common: &Common) -> Result<Vec<EndedCommand>, CommandFailure> {
    let running = running_by_themselves(plan, state);
    if running.is_empty() {
        return Ok(Vec::new());
    }
    let looking = Looking::new(common)?;
    block_on(async {
        let worker = Worker::new(Rc::new(looking.access()));
        let mut all = Vec::new();
        for action in running {
            let (told, ended) = match give_up(plan, state, action, &worker).await {
                Ok(told) => (told.unwrap_or_default(), true),
                Err(failure) => {
                    let causes = failure.causes.join("; ");
                    let why =
                        if causes.is_empty() { failure.message } else { format!("{}: {causes}", failure.message) };
                    (format!("it could not be ended, and may still run: {why}"), false)
                }
            };
            all.push(EndedCommand { action: action.path.clone(), told, ended });
        }
        all
    })
}

/// Removes what the run has left where its commands ran.
fn clear(plan: &Plan, state: &RunState, common: &Common) -> Result<Option<String>, CommandFailure> {
    if !plan.definitions().any(|action| action.kind.runs_by_itself()) {
        return Ok(None);
    }
    let access = Rc::new(Looking::new(common)?.access());
    block_on(clearing::clear(plan, state, &access, std::future::pending()))
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
