//! One piece where it is included: its inputs have values, its steps names that are theirs in the whole runbook.

use super::super::fields::Fields;
use super::super::literal::check;
use super::super::problem::Notes;
use super::super::words::{found, meant, value};
use super::filled::PieceFilling;
use super::node::changed;
use crate::document::{Entry, Key, Kind, Node};
use crate::model::{ValueType, is_id};
use std::collections::BTreeMap;

const INCLUDE_FIELDS: &[&str] = &["include", "id", "with", "when", "needs"];
const PIECE_FIELDS: &[&str] = &["piece", "about", "inputs", "steps"];
const INPUT_FIELDS: &[&str] = &["type", "about", "default"];

/// A piece, included.
pub(super) struct Included<'d> {
    /// What its steps are called after.
    pub(super) id: Option<&'d str>,
    when: Option<&'d Node>,
    needs: Option<&'d Node>,
    steps: &'d [Node],
    values: BTreeMap<String, Node>,
}

impl<'d> Included<'d> {
    /// Reads an include of a piece; nothing when something is wrong with it.
    pub(super) fn of(step: &'d Node, piece: &'d Node, notes: &mut Notes) -> Option<Self> {
        let before = notes.len();
        let fields = Fields::of(step, step.place, "this `include`", INCLUDE_FIELDS, notes)?;
        let id = fields.get("id");
        if let Some(node) = id.filter(|node| !node.text().is_some_and(is_id)) {
            notes.add(node.place, format!("`id` of this `include`: found {}, expected an id", found(node)));
        }
        let piece = Fields::of(piece, piece.place, "the piece", PIECE_FIELDS, notes)?;
        _ = piece.required_line("piece", notes);
        let steps = piece.required("steps", notes).and_then(Node::items).unwrap_or_default();
        let values = values(&fields, &piece, step, notes);
        let (when, needs) = (fields.get("when"), fields.get("needs"));
        (notes.len() == before).then_some(Self { id: id.and_then(Node::text), when, needs, steps, values })
    }

    /// Its steps as they stand in the runbook.
    pub(super) fn steps(&self, notes: &mut Notes) -> Vec<Node> {
        let own: Vec<&str> = self.steps.iter().filter_map(|step| step.get("id")?.text()).collect();
        let filling = PieceFilling { values: &self.values, own: &own, prefix: self.id };
        let mut made: Vec<Node> = self.steps.iter().map(|step| filling.step(step, notes)).collect();
        if let (Some(needs), Some(first)) = (self.needs, made.first_mut())
            && first.get("needs").is_none()
        {
            add(first, "needs", needs.clone());
        }
        match self.when {
            None => made,
            Some(when) => made.into_iter().map(|step| with_condition(step, when)).collect(),
        }
    }
}

/// The values of a piece's inputs, by name.
fn values(fields: &Fields<'_>, piece: &Fields<'_>, include: &Node, notes: &mut Notes) -> BTreeMap<String, Node> {
    let none = |node: Option<&Node>| node.is_none_or(|node| node.kind == Kind::Null);
    let declared = piece.get("inputs").filter(|node| !none(Some(node)));
    let given = fields.get("with").filter(|node| !none(Some(node)));
    for (node, what) in [(declared, "`inputs` of the piece"), (given, "`with` of this `include`")] {
        if let Some(node) = node.filter(|node| node.entries().is_none()) {
            notes.add(node.place, format!("{what}: found {}, expected values by name", found(node)));
        }
    }
    let declared = declared.and_then(Node::entries).unwrap_or_default();
    let given = given.and_then(Node::entries).unwrap_or_default();
    let names = || declared.iter().map(|entry| entry.key.text.as_str());
    for entry in given.iter().filter(|entry| !names().any(|name| name == entry.key.text)) {
        let help = meant(&entry.key.text, names(), "inputs of the piece");
        notes.advise(entry.key.place, format!("the piece has no input `{}`", entry.key.text), help);
    }
    let mut values = BTreeMap::new();
    for Entry { key, value: spec } in declared {
        let what = format!("input `{}` of the piece", key.text);
        let Some(fields) = Fields::of(spec, key.place, &what, INPUT_FIELDS, notes) else { continue };
        _ = fields.required_line("about", notes);
        let Some(named) = fields.required("type", notes) else { continue };
        let Some(value_type) = named.text().and_then(|text| ValueType::try_from(text.to_owned()).ok()) else {
            let message = format!("`type` of {what}: found {}, expected a type", found(named));
            notes.advise(named.place, message, meant(named.text().unwrap_or_default(), ValueType::names(), "types"));
            continue;
        };
        let node = given.iter().find(|entry| entry.key.text == key.text).map(|entry| &entry.value);
        let Some(node) = node.or_else(|| fields.get("default")) else {
            let about = fields.get("about").and_then(Node::text).unwrap_or_default();
            notes.add(include.place, format!("`with` of this `include` has no `{}`: {about}", key.text));
            continue;
        };
        // What refers to something is judged where the piece uses it; a target is named.
        let is_known = !refers(node) && !value_type.is_target();
        if !is_known || check(node, &value(node), &value_type, &what, notes) {
            values.insert(key.text.clone(), node.clone());
        }
    }
    values
}

/// Whether a value has references in it.
fn refers(node: &Node) -> bool {
    match &node.kind {
        Kind::Text(text) => text.contains("${{"),
        Kind::List(items) => items.iter().any(refers),
        Kind::Map(entries) => entries.iter().any(|entry| refers(&entry.value)),
        _ => false,
    }
}

/// A step that is done only where both its own condition and this one hold.
fn with_condition(step: Node, when: &Node) -> Node {
    let plain = |node: &Node| {
        let text = match &node.kind {
            Kind::Bool(it) => it.to_string(),
            _ => node.text().unwrap_or_default().trim().to_owned(),
        };
        text.strip_prefix("${{").and_then(|it| it.strip_suffix("}}")).map_or(text.clone(), |it| it.trim().to_owned())
    };
    match step.get("when").map(plain) {
        None => {
            let mut step = step;
            add(&mut step, "when", when.clone());
            step
        }
        Some(own) => {
            let both = Node { place: when.place, kind: Kind::Text(format!("({}) and ({own})", plain(when))) };
            changed(step, &|name, node| if name == "when" { both.clone() } else { node })
        }
    }
}

fn add(node: &mut Node, name: &str, value: Node) {
    if let Kind::Map(entries) = &mut node.kind {
        entries.push(Entry { key: Key { text: name.to_owned(), place: value.place }, value });
    }
}
