//! Parameters of which one must be given, and of which two exclude each other: ways to say a command, or what is probed.

use super::problem::Notes;
use super::words::meant;
use crate::document::{Kind, Node, Place};
use crate::model::{Expr, FileTemplate, ParamSpec, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Parameters that are ways to say one thing.
const WAYS: &[&str] = &["argv", "shell", "port", "http", "file", "target_health"];

/// The parameters as they are written, and where they are, or whose they would be.
pub(super) type Written<'a> = (Option<&'a Node>, Place);

/// Tells a text that is said in none or two ways, and what a template uses without being given it, or is given without using it.
fn templates(with: &BTreeMap<String, Expr>, what: &str, (node, place): Written<'_>, notes: &mut Notes) {
    let at = |names: &[&str]| {
        let inner = names.iter().try_fold(node?, |node, name| node.get(name));
        inner.map(|it| it.place)
    };
    let Some(template) = with.get("template") else {
        match (with.contains_key("content"), with.contains_key("values")) {
            (false, _) => {
                notes.advise(place, format!("{what} has no text"), "give it `content`, or a `template` with `values`");
            }
            (true, true) => notes.advise(
                at(&["values"]).unwrap_or(place),
                format!("{what} has `values` and no `template`"),
                "take them away, or make a template of `content`",
            ),
            (true, false) => {}
        }
        return;
    };
    if with.contains_key("content") {
        notes.advise(place, format!("{what} has both `content` and `template`"), "take one of the two away");
    }
    let Expr::Literal(Value::String(text)) = template else { return };
    let Ok(template) = FileTemplate::parse(text) else { return };
    let names = template.names();
    let given: BTreeSet<&str> = match with.get("values") {
        None => BTreeSet::new(),
        Some(Expr::Map(values)) => values.keys().map(String::as_str).collect(),
        Some(Expr::Literal(Value::Object(values))) => values.keys().map(String::as_str).collect(),
        // What a whole reference brings is seen when it is known.
        Some(_) => return,
    };
    for name in names.iter().filter(|name| !given.contains(name.as_str())) {
        let help = meant(name, given.iter().copied(), "values");
        let place = at(&["template"]).unwrap_or(place);
        notes.advise(place, format!("the template of {what} uses `{name}`, which `values` does not have"), help);
    }
    for name in given.iter().filter(|name| !names.contains(**name)) {
        let help = meant(name, names.iter().map(String::as_str), "names that the template uses");
        let place = at(&["values", name]).unwrap_or(place);
        notes.advise(place, format!("`values` of {what} has `{name}`, which the template does not use"), help);
    }
}

/// Tells when what is to be said in one way is said in none or in several. `what` is e.g. "action `a/b` (`ssh.run`)".
pub(super) fn one(
    params: &[ParamSpec],
    with: &BTreeMap<String, Expr>,
    what: &str,
    written: Written<'_>,
    notes: &mut Notes,
) {
    let place = written.1;
    let ways: Vec<&str> = WAYS.iter().copied().filter(|way| params.iter().any(|it| it.name == *way)).collect();
    let has = |name: &str| params.iter().any(|it| it.name == name);
    if has("from") && has("secret") {
        let given = ["from", "secret"].into_iter().filter(|name| with.contains_key(*name)).count();
        if given != 1 {
            notes.advise(
                place,
                format!("{what} needs one of `from` and `secret`"),
                "a file here, or a secret as its content",
            );
        }
    }
    if has("template") {
        templates(with, what, written, notes);
    }
    // `argv` tells the kinds that run commands or probe.
    if !ways.contains(&"argv") {
        return;
    }
    let given: Vec<&str> = ways.iter().copied().filter(|way| with.contains_key(*way)).collect();
    match given.as_slice() {
        [_] => {}
        [] if ways.len() > 2 => notes.advise(
            place,
            format!("{what} says nothing that is to be so"),
            "give it one of `port`, `http`, `file`, `target_health`, and a command: `argv` or `shell`",
        ),
        [] => notes.advise(
            place,
            format!("{what} has no command"),
            "give it `argv: [program, argument]`, or `shell: ...` for pipes, conditions and several lines",
        ),
        [first, second, ..] => {
            notes.advise(place, format!("{what} has both `{first}` and `{second}`"), "take one of the two away");
        }
    }
    let says = |name: &str| matches!(with.get(name), Some(Expr::Literal(Value::Bool(true))));
    if says("sudo") && with.contains_key("user") {
        let help = "`user` alone is enough: it takes root's rights to become somebody";
        notes.advise(place, format!("{what} has both `sudo` and `user`"), help);
    }
    let here = params.iter().any(|it| it.name == "on" && !it.required) && !with.contains_key("on");
    if let Some(other) = ["sudo", "user"].into_iter().find(|name| here && with.contains_key(*name)) {
        notes.advise(place, format!("{what} has `{other}`, and no host"), "give it the host as `on`");
    }
}

/// Whether a parameter that must be written out is; tells when it is not.
pub(super) fn is_fixed(param: &ParamSpec, node: &Node, what: &str, notes: &mut Notes) -> bool {
    if !param.fixed || !has_reference(node) {
        return true;
    }
    let help = match param.name {
        "shell" => "give the value by `env: { NAME: ... }`, and write \"$NAME\" where it is to stand",
        _ => "what a runbook is must be seen before it has inputs: write it out",
    };
    notes.advise(node.place, format!("{what}: references are not possible here"), help);
    false
}

/// Whether a value has a reference in it, at whatever depth.
fn has_reference(node: &Node) -> bool {
    match &node.kind {
        Kind::List(items) => items.iter().any(has_reference),
        Kind::Map(entries) => entries.iter().any(|entry| has_reference(&entry.value)),
        _ => node.text().is_some_and(|text| text.contains("${{")),
    }
}
