//! Values that are known: are they of the type asked for?

use super::problem::Notes;
use super::words::found;
use crate::document::{Kind, Node};
use crate::model::{ActionKind, Expr, Value, ValueType};

/// Checks a value that is known; a secret that stands there itself is hidden.
pub(super) fn check(node: &Node, value: &Value, wanted: &ValueType, what: &str, notes: &mut Notes) -> bool {
    let Err(mismatch) = wanted.check(value) else { return true };
    if let (ValueType::List(inner), Some(items)) = (wanted, node.items()) {
        // Each item at its own place.
        for (n, item_node) in items.iter().enumerate() {
            check(item_node, &super::words::value(item_node), inner, &item(what, n), notes);
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
    match (kind, parameter) {
        (ActionKind::SshPinHostKey, "by") => Some(&["known-hosts", "console", "approve"]),
        _ => None,
    }
}
