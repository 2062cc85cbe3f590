//! `runbook resolve`: a person decides what cannot be told by looking. Only while nobody executes the run.

use crate::cli::args::{Common, Format, ResolutionArg, ResolveArgs, run_and};
use crate::cli::out::out;
use crate::cli::people::append::append;
use crate::cli::people::given;
use crate::cli::run::executor::lease;
use crate::cli::{CommandFailure, Exit, open, operator};
use crate::display::Typed;
use crate::journal::RecordKind;
use crate::model::{ActionPath, Resolution, Values};

pub(in crate::cli) fn resolve(args: &ResolveArgs, common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let mut journal = open::journal(common)?;
    let (run, named) = run_and(&args.names);
    let state = open::going(&journal, run)?;
    let plan = open::plan(&state)?;
    let action: ActionPath = named.parse().map_err(|e| CommandFailure::usage(format!("{e}")))?;
    let Some(definition) = plan.definition(&action) else {
        return Err(CommandFailure::usage(format!("run `{}` has no action `{action}`", state.run))
            .hint(format!("`{}` lists them", Typed::of(&state.run).status())));
    };
    let lease = lease(&mut journal, &state)?;
    let state = journal.state(&state.run)?;
    let resolution = match args.resolution {
        ResolutionArg::Done => Resolution::Done,
        ResolutionArg::NotDone => Resolution::NotDone,
        ResolutionArg::Undone => Resolution::Undone,
    };
    let current = state.action(&action);
    let (by, reason) = (operator::name(), args.reason.clone());
    let mut kind = RecordKind::Resolved { action: action.clone(), resolution, by, reason, outputs: Values::new() };
    if current.next(&kind, state.seq + 1).is_none() {
        return Err(CommandFailure::refused(format!(
            "`{action}` is {}: it cannot be resolved as {resolution}",
            current.word()
        )));
    }
    if let RecordKind::Resolved { outputs, resolution: Resolution::Done, .. } = &mut kind {
        *outputs = given::outputs(&plan, &state, definition, args, common)?;
    } else if !args.outputs.is_empty() {
        return Err(CommandFailure::usage(format!("`--output` is not for `--as {resolution}`"))
            .hint("only what is done gives something"));
    }
    let gives = match &kind {
        RecordKind::Resolved { outputs, .. } => outputs.clone(),
        _ => Values::new(),
    };
    let state = append(&mut journal, Some(&lease), state, &kind, |_| Ok(()))?;
    let text = if format.is_json() {
        let told = serde_json::json!({
            "run": state.run, "action": action, "resolution": resolution, "outputs": gives
        });
        format!("{told}\n")
    } else {
        let resume = Typed::of(&state.run).resume();
        format!("`{action}` counts as {resolution}{}; `{resume}` goes on\n", given::told(&gives))
    };
    out(&text)?;
    Ok(Exit::Done)
}
