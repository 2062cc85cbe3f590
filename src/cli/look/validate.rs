//! `runbook validate`: everything that is wrong with a runbook, and with inputs for it.

use crate::cli::args::{Format, ValidateArgs};
use crate::cli::out::out;
use crate::cli::{CommandFailure, Exit, library};
use crate::display;
use crate::model::Runbook;

pub(in crate::cli) fn validate(args: &ValidateArgs, format: Format) -> Result<Exit, CommandFailure> {
    let found = library::find(&args.runbook)?;
    let with_inputs = args.inputs.is_some() || !args.sets.is_empty();
    let decided = match with_inputs {
        true => Some(found.with(&library::inputs(&found.runbook, args.inputs.as_deref(), &args.sets)?)?),
        false => None,
    };
    let runbook = decided.as_ref().unwrap_or(&found.runbook);
    let (steps, actions) = (runbook.steps.len(), runbook.actions().count());
    let warnings = warnings(&found.runbook);
    let text = if format.is_json() {
        let told = serde_json::json!({
            "valid": true, "runbook": found.runbook.name, "steps": steps, "actions": actions, "warnings": warnings
        });
        format!("{told}\n")
    } else {
        let inputs = if with_inputs { ", and the inputs fit" } else { "" };
        let warned: String = warnings.iter().map(|warning| format!("warning: {warning}\n")).collect();
        let (steps, actions) = (display::count(steps, "step"), display::count(actions, "action"));
        format!("`{}` is valid: {steps}, {actions}{inputs}\n{warned}", found.runbook.name)
    };
    out(&text)?;
    Ok(Exit::Done)
}

/// What is no mistake and hardly meant.
fn warnings(runbook: &Runbook) -> Vec<String> {
    let inputs = runbook.unused_inputs().into_iter().map(|name| format!("nothing uses the input `{name}`"));
    let targets = runbook.unused_targets().into_iter().map(|name| format!("nothing is done on the target `{name}`"));
    inputs.chain(targets).collect()
}
