//! The vocabulary as an author reads it: which actions and checks there are, and each with all that it takes and gives.
//!
//! Promise: made of the vocabulary's rows alone, so that it cannot say anything else than validation does.

use crate::display::table::{columns, hanging, wrapped};
use crate::display::time::duration;
use crate::model::{ActionKind, CheckKind, ParamSpec, Refusal, Reversibility, Value, ValueType};
use serde_json::json;

/// Every action and check with what it does, a line each.
#[must_use]
pub fn kinds_text() -> String {
    let row = |name: &str, about: &str| vec![name.to_owned(), first_sentence(about).to_owned()];
    let actions: Vec<_> = ActionKind::ALL.iter().map(|kind| row(kind.as_str(), &kind.spec().about)).collect();
    let checks: Vec<_> = CheckKind::ALL.iter().map(|kind| row(kind.as_str(), &kind.spec().about)).collect();
    format!(
        "actions, for `do` in a step\n{}\nchecks, for `do` under `preflight`\n{}\n`runbook actions NAME` tells what one takes and \
         gives\n",
        columns(2, &actions),
        columns(2, &checks)
    )
}

/// The same for programs, whole: `actions` (each: `name`, `about`, `with`, `gives`, `undo`, `usual_s`, `deadline_s`) and `checks`
/// (each: `name`, `about`, `with`, `rows`).
#[must_use]
pub fn kinds_json() -> Value {
    json!({
        "actions": ActionKind::ALL.iter().map(|kind| action_json(*kind)).collect::<Vec<_>>(),
        "checks": CheckKind::ALL.iter().map(|kind| check_json(*kind)).collect::<Vec<_>>(),
    })
}

/// One action or check with all that it takes and gives, and how it stands in a runbook; nothing when there is none of that name.
#[must_use]
pub fn kind_text(name: &str) -> Option<String> {
    action_named(name).map(action_text).or_else(|| check_named(name).map(check_text))
}

/// The same for programs, as [`kinds_json`] has it.
#[must_use]
pub fn kind_json(name: &str) -> Option<Value> {
    action_named(name).map(action_json).or_else(|| check_named(name).map(check_json))
}

fn action_named(name: &str) -> Option<ActionKind> {
    ActionKind::ALL.iter().copied().find(|kind| kind.as_str() == name)
}

fn check_named(name: &str) -> Option<CheckKind> {
    CheckKind::ALL.iter().copied().find(|kind| kind.as_str() == name)
}

fn action_text(kind: ActionKind) -> String {
    let spec = kind.spec();
    let gives: Vec<_> = spec.outputs.iter().map(|(name, of)| vec![(*name).to_owned(), of.to_string()]).collect();
    let times = format!(
        "usually {}; a failure after {}, unless its `deadline` says otherwise",
        duration(millis(spec.usual_s)),
        duration(millis(spec.deadline_s))
    );
    [
        head(spec.name, &spec.about),
        takes(&spec.params),
        if gives.is_empty() { String::new() } else { format!("\ngives\n{}", columns(2, &gives)) },
        format!("\n{}{}", hanging("undo: ", 4, &undo(spec.reversibility)), hanging("time: ", 4, &times)),
        format!("\nin a step\n      - id: {}\n{}", id(spec.name), use_of(spec.name, &spec.params)),
    ]
    .concat()
}

fn check_text(kind: CheckKind) -> String {
    let spec = kind.spec();
    let rows = spec.rows.iter().map(|row| vec![row.name.to_owned(), format!("{}{}", row.about, refusal(row.refusal))]);
    [
        head(spec.name, &spec.about),
        takes(&spec.params),
        format!("\nrows, whose ids begin with the check's own\n{}", columns(2, &rows.collect::<Vec<_>>())),
        format!("\nunder `preflight`\n      - id: {}\n{}", id(spec.name), use_of(spec.name, &spec.params)),
    ]
    .concat()
}

fn head(name: &str, about: &str) -> String {
    format!("{name}\n{}", wrapped("  ", about))
}

fn takes(params: &[ParamSpec]) -> String {
    if params.is_empty() {
        return String::new();
    }
    let row = |param: &ParamSpec| {
        let needed = if param.required { "" } else { ", optional" };
        vec![param.name.to_owned(), format!("{}{needed}", param.value_type), param.about.clone()]
    };
    format!("\nwith\n{}", columns(2, &params.iter().map(row).collect::<Vec<_>>()))
}

fn undo(reversibility: Reversibility) -> String {
    match reversibility {
        Reversibility::Reversible => "brings back what was there".to_owned(),
        Reversibility::WithLoss(lost) => format!("brings it back, but: {lost}"),
        Reversibility::NothingToUndo(why) => format!("none is needed: {why}"),
        Reversibility::Irreversible(why) => format!("there is none: {why}"),
    }
}

fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Never => " (only warns)",
        Refusal::Acceptable => " (refuses; a person may accept it)",
        Refusal::Final => " (refuses)",
    }
}

/// What must be given, with the types' names where values go.
fn use_of(name: &str, params: &[ParamSpec]) -> String {
    // A command is said in one of several ways, none of which is required.
    let is_usual = |param: &ParamSpec| ["argv", "undo"].contains(&param.name);
    let given = params.iter().filter(|param| param.required || is_usual(param));
    let lines: String = given.map(|param| format!("          {}: {}\n", param.name, example(param))).collect();
    let with = if lines.is_empty() { String::new() } else { format!("        with:\n{lines}") };
    format!("        do: {name}\n{with}")
}

/// What stands in an example for a parameter: where values have names, these.
fn example(param: &ParamSpec) -> String {
    match (&param.value_type, param.name) {
        (ValueType::List(of), "replace") if **of == ValueType::Map => "[{ text: OLD, with: NEW }]".to_owned(),
        (of, _) => placeholder(of),
    }
}

fn placeholder(of: &ValueType) -> String {
    match of {
        ValueType::List(of) => format!("[{}]", placeholder(of)),
        ValueType::Map => "{}".to_owned(),
        of => of.to_string().to_uppercase(),
    }
}

/// `file.rename` as an id.
fn id(name: &str) -> String {
    name.replace('.', "-")
}

fn millis(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)
}

/// Without what comes after its full stop; `e.g.` is none.
fn first_sentence(about: &str) -> &str {
    let ends = about.match_indices(". ").map(|(at, _)| at);
    let end = ends.into_iter().find(|at| !about[..*at].ends_with("e.g"));
    end.map_or(about, |at| &about[..at]).trim_end_matches('.')
}

fn action_json(kind: ActionKind) -> Value {
    let spec = kind.spec();
    let (how, note) = match spec.reversibility {
        Reversibility::Reversible => ("reversible", None),
        Reversibility::WithLoss(note) => ("with_loss", Some(note)),
        Reversibility::NothingToUndo(note) => ("nothing_to_undo", Some(note)),
        Reversibility::Irreversible(note) => ("irreversible", Some(note)),
    };
    json!({
        "name": spec.name,
        "about": spec.about,
        "with": spec.params.iter().map(param_json).collect::<Vec<_>>(),
        "gives": spec.outputs.iter().map(|(name, of)| json!({ "name": name, "type": of })).collect::<Vec<_>>(),
        "undo": { "how": how, "note": note },
        "usual_s": spec.usual_s,
        "deadline_s": spec.deadline_s,
    })
}

fn check_json(kind: CheckKind) -> Value {
    let spec = kind.spec();
    let rows = spec.rows.iter().map(|row| {
        let refusal = match row.refusal {
            Refusal::Never => "never",
            Refusal::Acceptable => "acceptable",
            Refusal::Final => "final",
        };
        json!({ "name": row.name, "about": row.about, "refusal": refusal })
    });
    json!({
        "name": spec.name,
        "about": spec.about,
        "with": spec.params.iter().map(param_json).collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
    })
}

fn param_json(param: &ParamSpec) -> Value {
    json!({ "name": param.name, "type": param.value_type, "required": param.required, "about": param.about })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_first_sentences() {
        assert_eq!(
            first_sentence("Renames a file, e.g. to hide it. Undo renames it back."),
            "Renames a file, e.g. to hide it"
        );
        assert_eq!(first_sentence("Waits."), "Waits");
    }
}
