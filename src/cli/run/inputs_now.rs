//! The inputs of a run as they are now, to be compared with those it was planned with, or planned anew with.
//!
//! Promise: what is recorded of where the inputs came from gives the same inputs when it is read again, as long as the file
//! is the same.

use crate::cli::args::ResumeArgs;
use crate::cli::{CommandFailure, library};
use crate::journal::{InputsFrom, RunState};
use crate::model::{Runbook, Value, Values};
use crate::plan::Plan;
use crate::{display, validate};
use std::path::Path;

/// Reads the inputs again, from where the run had them or from what is given; and where they come from now.
pub(in crate::cli) fn read(
    state: &RunState,
    plan: &Plan,
    runbook: &Runbook,
    args: &ResumeArgs,
) -> Result<(Values, Option<InputsFrom>), CommandFailure> {
    if let Some(file) = &args.inputs {
        let absolute = std::path::absolute(file).ok().map(|path| path.display().to_string());
        let from = InputsFrom { file: absolute, sets: args.sets.clone() };
        return Ok((library::inputs(runbook, Some(file), &args.sets)?, Some(from)));
    }
    let from = with_sets(state.opened.inputs_from.clone(), &args.sets);
    let inputs = match &from {
        Some(InputsFrom { file: Some(file), sets }) if Path::new(file).is_file() => {
            library::inputs(runbook, Some(Path::new(file)), sets)?
        }
        // The journal has the values: a file that is gone says nothing about them.
        _ => over(runbook, &plan.inputs, &args.sets)?,
    };
    Ok((inputs, from))
}

/// Where inputs come from when some are set anew.
fn with_sets(from: Option<InputsFrom>, sets: &[(String, String)]) -> Option<InputsFrom> {
    if sets.is_empty() {
        return from;
    }
    let mut from = from.unwrap_or_default();
    from.sets.retain(|(name, _)| !sets.iter().any(|(anew, _)| anew == name));
    from.sets.extend_from_slice(sets);
    Some(from)
}

/// Inputs that are known, with some set anew; those that the runbook does not have are left away.
pub(in crate::cli) fn over(
    runbook: &Runbook,
    known: &Values,
    sets: &[(String, String)],
) -> Result<Values, CommandFailure> {
    let declared: Values = known
        .iter()
        .filter(|(name, _)| runbook.inputs.iter().any(|input| input.name == **name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    // JSON is YAML: what the journal kept is judged as a file of inputs is.
    let text = serde_json::to_string(&declared).map_err(|e| CommandFailure::output(&e.into()))?;
    validate::parse_inputs(runbook, Some(("the inputs of the run", &text)), sets).map_err(|p| library::problems(&p))
}

/// The inputs that are others now, a line each.
pub(in crate::cli) fn differing(were: &Values, are: &Values) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = were.keys().chain(are.keys()).collect();
    let told = |value: Option<&Value>| value.map_or_else(|| "not given".to_owned(), Value::to_string);
    names
        .into_iter()
        .filter(|name| were.get(*name) != are.get(*name))
        .map(|name| format!("input `{name}` was {}, and is {}", told(were.get(name)), told(are.get(name))))
        .collect()
}

/// What was given of inputs, as it is typed: to be said with a command that is to have the same.
pub(in crate::cli) fn given(args: &ResumeArgs) -> String {
    let file = args.inputs.iter().flat_map(|file| ["--inputs".to_owned(), file.display().to_string()]);
    let sets = args.sets.iter().flat_map(|(name, text)| ["--set".to_owned(), format!("{name}={text}")]);
    display::shell_line(&file.chain(sets).collect::<Vec<_>>())
}
