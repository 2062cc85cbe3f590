//! TargetGroups of targets: one target that is written for several hosts, or instances, becomes as many of them, named by number.
//!
//! `web: { hosts: [a, b], user: admin }` is `web-1: { host: a, user: admin }` and `web-2: { host: b, user: admin }`; a list may be an
//! input. `${{ targets.web }}` in a `for_each` is the list of their names; `each.host` and the like are what is said of each.

use super::known_inputs::KnownInputs;
use super::problem::Notes;
use super::words::{found, meant};
use crate::document::{Document, Entry, Key, Kind, Node, Place};
use crate::model::{Expr, Reference, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The fields that make a group, and what each becomes of one of it.
const FIELDS: [(&str, &str); 2] = [("hosts", "host"), ("instances", "instance")];
/// What stands for an item that is not known yet.
const EXAMPLE: &str = "example";
/// The most of a group.
const MOST: usize = 100;

/// The groups of a document, with their targets.
pub(super) type TargetGroups = BTreeMap<String, Vec<Entry>>;

/// The document with each group as its targets. Where one cannot be read, that is told, and examples stand for it: the rest of the
/// document is judged all the same.
pub(super) fn written_out<'d>(
    document: &'d Document,
    inputs: &KnownInputs<'_>,
    notes: &mut Notes,
) -> (Cow<'d, Document>, TargetGroups) {
    let before = notes.told();
    let entries = document.root.get("targets").and_then(Node::entries).unwrap_or_default();
    let is_group = |entry: &Entry| FIELDS.iter().any(|(field, _)| entry.value.get(field).is_some());
    if !entries.iter().any(is_group) {
        return (Cow::Borrowed(document), TargetGroups::new());
    }
    let mut groups = TargetGroups::new();
    let mut targets: Vec<Entry> = Vec::new();
    for entry in entries {
        let Some((many, one)) = FIELDS.iter().copied().find(|(field, _)| entry.value.get(field).is_some()) else {
            targets.push(entry.clone());
            continue;
        };
        let Some(list) = entry.value.get(many) else { continue };
        let what = format!("`{many}` of target `{}`", entry.key.text);
        // Judged by an example, it has as many as the document names.
        let named = named_most(&document.root, &entry.key.text);
        let examples = |one: Node| vec![one; named.unwrap_or(1).clamp(1, MOST)];
        let example = || Node { place: list.place, kind: Kind::Text(EXAMPLE.to_owned()) };
        let values = match values(list, inputs, &what, notes) {
            None => examples(example()),
            Some(values) if values.is_empty() || values.len() > MOST => {
                notes.add(list.place, format!("{what} has {} items, expected 1 to {MOST}", values.len()));
                examples(example())
            }
            Some(values) => match values.as_slice() {
                [one] if is_example(list, one, inputs) => examples(one.clone()),
                _ => values,
            },
        };
        let mut members = Vec::new();
        for (n, value) in values.into_iter().enumerate() {
            let name = format!("{}-{}", entry.key.text, n + 1);
            members.push(member(entry, (many, one), &name, &value));
        }
        targets.extend(members.iter().cloned());
        groups.insert(entry.key.text.clone(), members);
    }
    notes.pass_over_told(before);
    let mut root = document.root.clone();
    if let Kind::Map(entries) = &mut root.kind
        && let Some(list) = entries.iter_mut().find(|entry| entry.key.text == "targets")
    {
        list.value.kind = Kind::Map(targets);
    }
    let document = document.with_root(root);
    (Cow::Owned(document), groups)
}

/// Whether it stands for what is not known yet.
fn is_example(list: &Node, one: &Node, inputs: &KnownInputs<'_>) -> bool {
    list.items().is_none() && !inputs.are_given() && one.text() == Some(EXAMPLE)
}

/// The highest number of a group by which a text of the document names one of it.
fn named_most(node: &Node, group: &str) -> Option<usize> {
    match &node.kind {
        Kind::Text(text) => text.strip_prefix(group)?.strip_prefix('-')?.parse().ok(),
        Kind::List(items) => items.iter().filter_map(|item| named_most(item, group)).max(),
        Kind::Map(entries) => entries.iter().filter_map(|entry| named_most(&entry.value, group)).max(),
        _ => None,
    }
}

fn member(group: &Entry, (many, one): (&str, &str), name: &str, value: &Node) -> Entry {
    let place = group.key.place;
    let mut fields: Vec<Entry> = group.value.entries().unwrap_or_default().to_vec();
    for field in &mut fields {
        if field.key.text == many {
            *field = Entry { key: Key { text: one.to_owned(), place: field.key.place }, value: value.clone() };
        }
    }
    let value = Node { place: group.value.place, kind: Kind::Map(fields) };
    Entry { key: Key { text: name.to_owned(), place }, value }
}

/// The items of a list that is written out, or that a formula of inputs gives.
pub(super) fn values(list: &Node, inputs: &KnownInputs<'_>, what: &str, notes: &mut Notes) -> Option<Vec<Node>> {
    if let Some(items) = list.items() {
        return Some(items.to_vec());
    }
    let formula = match list.text().filter(|text| text.contains("${{")).map(Expr::parse_text) {
        Some(Ok(formula @ (Expr::Reference(_) | Expr::Call(..)))) => formula,
        Some(Err(error)) => {
            notes.add(list.place, format!("{what}: {error}"));
            return None;
        }
        _ => {
            let message = format!("{what}: found {}, expected a list", found(list));
            let help = "write it out, or refer to an input that is a list: `${{ inputs.NAME }}`";
            notes.advise(list.place, message, help);
            return None;
        }
    };
    for reference in formula.references() {
        let Some(name) = reference.input() else {
            notes.advise(
                list.place,
                format!("{what}: `{reference}` is not known when the plan is made"),
                "only inputs can be gone through",
            );
            return None;
        };
        match inputs.type_of(name) {
            None => {
                let help = meant(name, inputs.names(), "inputs");
                notes.advise(list.place, format!("{what}: there is no input `{name}`"), help);
                return None;
            }
            Some(of) if of.is_secret() => {
                notes.add(list.place, format!("{what}: secrets are not gone through"));
                return None;
            }
            Some(_) => {}
        }
    }
    let written = formula.written();
    match inputs.formula(&formula) {
        Some(Value::Array(items)) => Some(items.iter().map(|item| node(item, list.place)).collect()),
        // Without values it is judged by an example.
        None if !inputs.are_given() => Some(vec![Node { place: list.place, kind: Kind::Text(EXAMPLE.into()) }]),
        Some(_) if matches!(formula, Expr::Reference(Reference::Input(_))) => {
            let name = written.trim_start_matches("inputs.");
            let of = inputs.type_of(name).map_or_else(String::new, ToString::to_string);
            let help = format!("declare it as `list(TYPE)`: `{name}: {{ type: list(string), about: ... }}`");
            notes.advise(list.place, format!("{what}: `{written}` is of type `{of}`, expected a list"), help);
            None
        }
        Some(_) => {
            notes.add(list.place, format!("{what}: `{written}` is no list"));
            None
        }
        None => {
            notes.add(list.place, format!("{what}: there is no `{written}`"));
            None
        }
    }
}

/// A value as a document would have it, at a place.
fn node(value: &Value, place: Place) -> Node {
    let kind = match value {
        Value::Null => Kind::Null,
        Value::Bool(it) => Kind::Bool(*it),
        Value::Number(number) => Kind::Number(number.clone()),
        Value::String(text) => Kind::Text(text.clone()),
        Value::Array(items) => Kind::List(items.iter().map(|item| node(item, place)).collect()),
        Value::Object(fields) => Kind::Map(
            fields
                .iter()
                .map(|(name, it)| Entry { key: Key { text: name.clone(), place }, value: node(it, place) })
                .collect(),
        ),
    };
    Node { place, kind }
}
