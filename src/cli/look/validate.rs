//! `runbook validate`: everything that is wrong with a runbook, and with inputs for it.

use crate::cli::args::{Format, ValidateArgs};
use crate::cli::out::out;
use crate::cli::{CommandFailure, Exit, library};

pub(in crate::cli) fn validate(args: &ValidateArgs, format: Format) -> Result<Exit, CommandFailure> {
    let found = library::find(&args.runbook)?;
    let with_inputs = args.inputs.is_some() || !args.sets.is_empty();
    if with_inputs {
        library::inputs(&found.runbook, args.inputs.as_deref(), &args.sets)?;
    }
    let (steps, actions) = (found.runbook.steps.len(), found.runbook.actions().count());
    let text = if format.is_json() {
        format!(
            "{}\n",
            serde_json::json!({ "valid": true, "runbook": found.runbook.name, "steps": steps, "actions": actions })
        )
    } else {
        let inputs = if with_inputs { ", and the inputs fit" } else { "" };
        format!("`{}` is valid: {steps} steps, {actions} actions{inputs}\n", found.runbook.name)
    };
    out(&text)?;
    Ok(Exit::Done)
}
