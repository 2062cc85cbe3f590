//! Values that are known: are they of the type asked for?

use super::fields::twice;
use super::problem::Notes;
use super::words::found;
use crate::document::{Key, Kind, Node};
use crate::model::{ActionKind, Expr, HttpMethod, RunningInstance, Value, ValueType};

/// Checks a value that is known, and that nothing in it is given twice; a secret that stands there itself is hidden.
pub(super) fn check(node: &Node, value: &Value, wanted: &ValueType, what: &str, notes: &mut Notes) -> bool {
    let once = once(node, wanted, what, notes);
    of_type(node, value, wanted, what, notes) && once
}

/// Tells every name that is given twice, at whatever depth: nobody could say which of the two values is meant.
pub(super) fn once(node: &Node, wanted: &ValueType, what: &str, notes: &mut Notes) -> bool {
    let repeated = repeated(node, what);
    for Repeated { key, first, what: inside } in &repeated {
        match wanted.is_secret() {
            // What stands where a secret's reference belongs may be the secret, and so may its name.
            true => {
                notes.hide(node.places());
                twice("a name", what, key.place, first.place, notes);
            }
            false => twice(&format!("`{}`", key.text), inside, key.place, first.place, notes),
        }
    }
    repeated.is_empty()
}

/// A name that is given again in the same named values.
pub(super) struct Repeated<'d> {
    /// Where it is given again.
    pub(super) key: &'d Key,
    /// Where it is given first.
    first: &'d Key,
    /// In what, as a message says it.
    pub(super) what: String,
}

/// The names that are given twice in `node`, which is `what`.
pub(super) fn repeated<'d>(node: &'d Node, what: &str) -> Vec<Repeated<'d>> {
    match &node.kind {
        Kind::List(items) => items.iter().enumerate().flat_map(|(n, it)| repeated(it, &item(what, n))).collect(),
        Kind::Map(entries) => {
            let again = entries.iter().enumerate().filter_map(|(n, entry)| {
                let first = entries[..n].iter().find(|e| e.key.text == entry.key.text)?;
                Some(Repeated { key: &entry.key, first: &first.key, what: what.to_owned() })
            });
            let deeper = entries.iter().flat_map(|e| repeated(&e.value, &format!("`{}` in {what}", e.key.text)));
            again.chain(deeper).collect()
        }
        _ => Vec::new(),
    }
}

/// Checks the type alone.
pub(super) fn of_type(node: &Node, value: &Value, wanted: &ValueType, what: &str, notes: &mut Notes) -> bool {
    let Err(mismatch) = wanted.check(value) else { return true };
    if let (ValueType::List(inner), Some(items)) = (wanted, node.items()) {
        // Each item at its own place.
        for (n, item_node) in items.iter().enumerate() {
            of_type(item_node, &super::words::value(item_node), inner, &item(what, n), notes);
        }
        return false;
    }
    if *wanted == ValueType::Secret {
        notes.hide(node.places());
    }
    let shown = match (wanted, node.text()) {
        (ValueType::Secret, _) | (_, None) => mismatch.found,
        (ValueType::Int | ValueType::Bool, Some(_)) => format!("the text {}", found(node)),
        _ => found(node),
    };
    let message = format!("{what}: found {shown}, expected {}", mismatch.expected);
    match (&node.kind, wanted) {
        (Kind::Number(_) | Kind::Bool(_), wanted) if wanted.is_text() => {
            notes.advise(node.place, message, "put it in quotes to make it a text");
        }
        (Kind::Text(text), ValueType::Int | ValueType::Bool) if wanted.from_text(text).is_ok() => {
            notes.advise(node.place, message, "take the quotes away");
        }
        (Kind::Text(_), ValueType::List(_)) => notes.advise(node.place, message, "put it in `[ ]` to make it a list"),
        (_, ValueType::Secret) => notes.advise(
            node.place,
            message,
            "name where the secret is kept, never the secret itself; change a secret that was in a file",
        ),
        _ => notes.add(node.place, message),
    }
    false
}

/// An item of a list, as a message says it.
pub(super) fn item(what: &str, number: usize) -> String {
    format!("item {} of {what}", number + 1)
}

/// A list; a literal one when all its items are.
pub(super) fn list(items: Vec<Expr>) -> Expr {
    let literal = |e: &Expr| if let Expr::Literal(v) = e { Some(v.clone()) } else { None };
    match items.iter().map(literal).collect::<Option<_>>() {
        Some(values) => Expr::Literal(Value::Array(values)),
        None => Expr::List(items),
    }
}

/// Named values; literal ones when all are.
pub(super) fn map(items: std::collections::BTreeMap<String, Expr>) -> Expr {
    let literal = |(k, e): (&String, &Expr)| if let Expr::Literal(v) = e { Some((k.clone(), v.clone())) } else { None };
    match items.iter().map(literal).collect::<Option<_>>() {
        Some(values) => Expr::Literal(Value::Object(values)),
        None => Expr::Map(items),
    }
}

/// The parameters and fields that take one of a few texts, though their type is any text.
pub(super) fn choices(kind: ActionKind, parameter: &str) -> Option<&'static [&'static str]> {
    match (kind.learns_host_key(), parameter) {
        (true, "by") => Some(&["known-hosts", "console", "approve"]),
        (_, "method") => Some(HttpMethod::ALL),
        (_, "running") => Some(RunningInstance::ALL),
        _ => None,
    }
}
