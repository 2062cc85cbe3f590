//! Commands of the runbook's author that looking would run: they are listed, and run only where somebody allows it.
//!
//! A runbook from somebody else is harmless until it was read. What is run for a plan already: commands that only look
//! (`reads: true`), the `check` of others, and what a default of the runbook names as where a secret is kept: a program, which would be
//! run, or a variable of the operator's, whose value would go where the runbook says. What the operator's own inputs name is the operator's.

use crate::action::describe;
use crate::cli::CommandFailure;
use crate::cli::args::RunArgs;
use crate::display;
use crate::engine::{preview_check, preview_guard, preview_parameters};
use crate::model::{
    Argument, CommandLine, Decode, Foretold, HttpProbe, Property, SecretRef, StepAction, Text, ValueType, quoted,
};
use crate::plan::Plan;
use std::collections::BTreeMap;
use std::io::IsTerminal;

/// Decides whether looking may run the runbook's own commands, and keeps that in the plan.
///
/// # Errors
/// When a secret's default is a program, and running it was not allowed: nothing can be planned without it.
pub(in crate::cli) fn allow(plan: &mut Plan, args: &RunArgs) -> Result<(), CommandFailure> {
    let (secrets, commands) = (of_defaults(plan), of_actions(plan));
    if secrets.is_empty() && commands.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = secrets.iter().chain(&commands).map(|line| format!("  {line}\n")).collect();
    plan.commands_allowed = args.allow_commands || args.yes || asked(&list)?;
    if plan.commands_allowed {
        return Ok(());
    }
    let how = "read the runbook; then say `--allow-commands`, and they are run";
    let how_of_secrets = "read the runbook; then say `--allow-commands`, and they are taken from there";
    if !secrets.is_empty() {
        let failure = CommandFailure::refused(
            "nothing was changed: the runbook itself says where its secrets are to be taken from",
        );
        return Err(secrets.into_iter().fold(failure, CommandFailure::cause).hint(how_of_secrets));
    }
    let list = list.concat();
    display::to_stderr(&format!(
        "note: looking would run commands of this runbook, and was not allowed to:\n{list}try: {how}\n"
    ));
    Ok(())
}

/// What would be run of a plan's actions, checks and guards, a line each.
pub(in crate::cli) fn of_actions(plan: &Plan) -> Vec<String> {
    let of_checks =
        plan.runbook.preflight.iter().filter_map(|it| of_probe(&format!("check {}", it.id), &preview_check(plan, it)));
    // Those that hold later are asked only in the run.
    let from_the_start = plan.guards_from_the_start().into_iter();
    let of_guards = from_the_start.filter_map(|it| of_probe(&format!("guard {}", it.id), &preview_guard(plan, it)));
    plan.definitions().flat_map(|action| of_action(plan, action)).chain(of_checks).chain(of_guards).collect()
}

fn of_action(plan: &Plan, action: &StepAction) -> Vec<String> {
    let properties = action.kind.properties();
    let (probes, is_command) = (properties.contains(&Property::Probes), properties.contains(&Property::MayOnlyRead));
    let runs = |name: &str| action.with.contains_key(name);
    let looks = action.only_reads() || (probes && (runs("argv") || runs("shell")));
    if !(looks || is_command && runs("check")) {
        return Vec::new();
    }
    let parameters = preview_parameters(plan, None, &BTreeMap::new(), action);
    let mut lines = Vec::new();
    if looks && let Ok(described) = describe(action.kind, &parameters) {
        let script = parameters.get("shell").and_then(|it| Text::decode(&it).ok());
        lines.push(format!("{}: {}{}", action.path, described.does, whole(script.as_ref())));
    }
    if let Some(check) = parameters.get("check") {
        if let Ok(check) = CommandLine::decode(&check) {
            let script = if let CommandLine::Shell(script) = &check { Some(script) } else { None };
            lines.push(format!("{}, its check: `{}{}", action.path, Text::as_str(&check.told()), whole(script)));
        } else if let Ok(check) = HttpProbe::decode(&check) {
            lines.push(format!("{}, its check: `GET {}`", action.path, check.url));
        }
    }
    lines
}

fn of_probe(what: &str, parameters: &Foretold) -> Option<String> {
    let argv = parameters.get("argv").and_then(|it| Vec::<Argument>::decode(&it).ok());
    let shell = parameters.get("shell").and_then(|it| Text::decode(&it).ok());
    let line = CommandLine::of(argv.as_deref(), shell.as_ref()).ok()?;
    let place = parameters.get("on").map_or_else(|| "this machine".to_owned(), |on| on.shown()["name"].to_string());
    let told = Text::as_str(&line.told()).to_owned();
    Some(format!("{what}: `{told} on {}{}", place.trim_matches('"'), whole(shell.as_ref())))
}

/// The lines of a script of several, behind the line that names it: what is read is what runs.
fn whole(script: Option<&Text>) -> String {
    let script = script.filter(|script| script.as_str().trim().contains('\n'));
    script.map_or_else(String::new, |script| format!("\n{}", display::script_lines(4, script.as_str()).trim_end()))
}

/// Where the runbook's own defaults have secrets taken from, where the operator named no other place.
fn of_defaults(plan: &Plan) -> Vec<String> {
    let unused = plan.runbook.unused_inputs();
    let secret = plan.runbook.inputs.iter().filter(|input| input.value_type == ValueType::Secret);
    let used = secret.filter(|input| !unused.contains(&input.name.as_str()));
    let own = used.filter(|input| input.default.is_some() && plan.inputs.get(&input.name) == input.default.as_ref());
    let place = own.filter_map(|input| {
        Some(match serde_json::from_value(input.default.clone()?).ok()? {
            SecretRef::Command(argv) => {
                let typed: Vec<String> = argv.iter().map(|word| quoted(word)).collect();
                format!("input `{}`: what `{}` prints, on this machine", input.name, typed.join(" "))
            }
            SecretRef::Env(name) => format!("input `{}`: your environment variable `{name}`", input.name),
        })
    });
    place.collect()
}

/// Asks the person at the terminal whether these may run; nobody there is a no.
pub(in crate::cli) fn asked(list: &[String]) -> Result<bool, CommandFailure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(false);
    }
    let list = list.concat();
    display::to_stderr(&format!(
        "These commands of its author would be run now:\n{list}Type `yes` to allow that, anything else to go on without: "
    ));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|error| CommandFailure::output(&error))?;
    Ok(answer.trim() == "yes")
}
