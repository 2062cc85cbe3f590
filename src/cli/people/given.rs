//! What an action gives that a person says is done: what was recorded, what the person says, and what one look tells. What
//! something still to come refers to must be known, or going on would end there.

use crate::cli::args::{Common, ResolveArgs};
use crate::cli::run::executor::block_on;
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, account};
use crate::display;
use crate::display::Typed;
use crate::engine::{Worker, look_once};
use crate::journal::RunState;
use crate::model::{ActionPath, Finding, Resolution, StepAction, Value, ValueType, Values};
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::rc::Rc;

/// What the action gives, beside what is recorded.
///
/// # Errors
/// When something that is still to come refers to what is not known.
pub(in crate::cli) fn outputs(
    plan: &Plan,
    state: &RunState,
    action: &StepAction,
    args: &ResolveArgs,
    common: &Common,
) -> Result<Values, CommandFailure> {
    let kind = action.outputs();
    let mut given = said(action, &kind, &args.outputs)?;
    let recorded = state.action(&action.path).traces().map(|traces| traces.outputs.clone()).unwrap_or_default();
    let unknown = |given: &Values| -> Vec<&(String, ValueType)> {
        kind.iter().filter(|(name, _)| !given.contains_key(name) && !recorded.contains_key(name)).collect()
    };
    if unknown(&given).is_empty() {
        return Ok(given);
    }
    let looked = look(plan, state, action, common);
    if let Ok(finding) = &looked {
        for (name, value_type) in unknown(&given.clone()) {
            let seen = finding.outputs.get(name).filter(|value| value_type.check(value).is_ok());
            given.extend(seen.map(|value| (name.clone(), value.clone())));
        }
    }
    let needed = needed(plan, state, &action.path);
    let missing: Vec<&(String, ValueType)> =
        unknown(&given).into_iter().filter(|(name, _)| needed.contains_key(name)).collect();
    if missing.is_empty() { Ok(given) } else { Err(refused(state, action, &missing, &needed, looked)) }
}

/// What the person says that it gives, each of the type that it has.
fn said(
    action: &StepAction,
    kind: &[(String, ValueType)],
    texts: &[(String, String)],
) -> Result<Values, CommandFailure> {
    let mut given = Values::new();
    for (name, text) in texts {
        let Some((_, value_type)) = kind.iter().find(|(known, _)| known == name) else {
            let failure = CommandFailure::usage(format!("`{}` gives no `{name}`", action.path));
            let names: Vec<&str> = kind.iter().map(|(name, _)| name.as_str()).collect();
            return Err(match names.is_empty() {
                true => failure.hint("it gives nothing: leave `--output` out"),
                false => failure.hint(format!("it gives: {}", names.join(", "))),
            });
        };
        let value = value_type.from_text(text).map_err(|wrong| {
            CommandFailure::usage(format!("`{name}` of `{}` is no such value", action.path)).cause(wrong.to_string())
        })?;
        if given.insert(name.clone(), value).is_some() {
            return Err(CommandFailure::usage(format!("`--output {name}=...` is given twice")));
        }
    }
    Ok(given)
}

fn look(plan: &Plan, state: &RunState, action: &StepAction, common: &Common) -> Result<Finding, CommandFailure> {
    let looking = Looking::new(common)?;
    let access = Rc::new(looking.access());
    block_on(async {
        account::same(plan, &access).await?;
        Ok(look_once(plan, state, action, &Worker::new(access)).await?)
    })?
}

/// The outputs of an action that something not done refers to, with what does.
fn needed(plan: &Plan, state: &RunState, of: &ActionPath) -> BTreeMap<String, Vec<ActionPath>> {
    let mut needed: BTreeMap<String, Vec<ActionPath>> = BTreeMap::new();
    for action in plan.runbook.actions().filter(|a| a.path != *of && !state.action(&a.path).is_done()) {
        for (_, output) in plan.runbook.outputs_used_by(action).into_iter().filter(|(giver, _)| *giver == of) {
            needed.entry(output.to_owned()).or_default().push(action.path.clone());
        }
    }
    needed
}

fn refused(
    state: &RunState,
    action: &StepAction,
    missing: &[&(String, ValueType)],
    needed: &BTreeMap<String, Vec<ActionPath>>,
    looked: Result<Finding, CommandFailure>,
) -> CommandFailure {
    let (run, path) = (&state.run, &action.path);
    let mut failure = CommandFailure::refused(format!(
        "nothing was changed: `{path}` cannot count as done while what it gives is not known"
    ));
    for (name, _) in missing {
        let users: Vec<String> = needed.get(name).into_iter().flatten().map(|user| format!("`{user}`")).collect();
        failure = failure.cause(format!("`{name}` is not known, and is used by {}", users.join(", ")));
    }
    failure = match looked {
        Ok(finding) => failure.cause(format!("looking did not tell: {}", finding.evidence)),
        Err(error) => error.as_causes().into_iter().fold(failure, CommandFailure::cause),
    };
    let say: Vec<String> =
        missing.iter().map(|(name, value_type)| format!(" --output {name}={}", hole(value_type))).collect();
    failure
        .hint(format!("say what it is: `{}`", Typed::of(run).resolve_with(path, Resolution::Done, &say.concat())))
        .hint("or type the same again when it can be looked at")
}

/// What stands for a value that the person is to put in.
fn hole(value_type: &ValueType) -> String {
    value_type.to_string().to_uppercase()
}

/// What it gives, in words: nothing, or `, and gives a = b`.
pub(in crate::cli) fn told(outputs: &Values) -> String {
    let one = |(name, value): (&String, &Value)| format!("{name} = {}", display::value_text(value));
    let all: Vec<String> = outputs.iter().map(one).collect();
    if all.is_empty() { String::new() } else { format!(", and gives {}", all.join(", ")) }
}
