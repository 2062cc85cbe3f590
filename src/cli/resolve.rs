//! `runbook resolve`: a person decides what cannot be told by looking. Only while nobody executes the run.

use super::args::{Common, Format, ResolutionArg, ResolveArgs};
use super::executor::lease;
use super::out::out;
use super::{Exit, Failure, approve, open, operator};
use crate::journal::{RecordKind, Resolution};
use crate::model::ActionPath;

pub(super) fn resolve(args: &ResolveArgs, common: &Common, format: Format) -> Result<Exit, Failure> {
    let mut journal = open::journal(common)?;
    let state = open::going(&journal, Some(&args.run))?;
    let plan = open::plan(&state)?;
    let action: ActionPath = args.action.parse().map_err(|e| Failure::usage(format!("{e}")))?;
    if plan.definition(&action).is_none() {
        return Err(Failure::usage(format!("run `{}` has no action `{action}`", state.run))
            .hint(format!("`runbook status {}` lists them", state.run)));
    }
    let _lease = lease(&mut journal, &state)?;
    let state = journal.state(&state.run)?;
    let resolution = match args.resolution {
        ResolutionArg::Done => Resolution::Done,
        ResolutionArg::NotDone => Resolution::NotDone,
        ResolutionArg::Undone => Resolution::Undone,
    };
    let current = state.action(&action);
    let kind =
        RecordKind::Resolved { action: action.clone(), resolution, by: operator::name(), reason: args.reason.clone() };
    if current.next(&kind, state.seq + 1).is_none() {
        return Err(Failure::refused(format!(
            "`{action}` is {}: it cannot be resolved as {resolution}",
            current.word()
        )));
    }
    let state = approve::append(&mut journal, state, &kind)?;
    let text = if format.is_json() {
        format!("{}\n", serde_json::json!({ "run": state.run, "action": action, "resolution": resolution }))
    } else {
        format!("`{action}` counts as {resolution}; `runbook resume {}` goes on\n", state.run)
    };
    out(&text)?;
    Ok(Exit::Done)
}
