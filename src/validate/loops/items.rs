//! What a loop goes through: texts, numbers, booleans, or named values of these, each with a name of its own.

use super::super::groups::{TargetGroups, values};
use super::super::known_inputs::KnownInputs;
use super::super::problem::Notes;
use super::super::words::{found, meant};
use crate::document::{Entry, Kind, Node};
use crate::model::is_round;
use std::collections::HashMap;

/// The most rounds: a step of more is no step that anybody reads.
const MOST: usize = 100;

/// Where lists may come from.
pub(super) type Lists<'a> = (&'a KnownInputs<'a>, &'a TargetGroups);

/// One of the list.
pub(super) struct Item {
    /// What its actions are called after: `restart@NAME`.
    pub(super) name: String,
    pub(super) value: Node,
    /// Where it is a target of a group, what is said of that: named values beside its name.
    pub(super) fields: Option<Node>,
}

/// Reads the list of a loop; nothing when something is wrong with it.
pub(super) fn read(list: &Node, lists: Lists<'_>, notes: &mut Notes) -> Option<Vec<Item>> {
    let before = notes.len();
    if let Some(members) = list.text().and_then(group_in).and_then(|name| lists.1.get(name)) {
        let item = |member: &Entry| {
            let value = Node { place: list.place, kind: Kind::Text(member.key.text.clone()) };
            Item { name: member.key.text.clone(), value, fields: Some(member.value.clone()) }
        };
        return Some(members.iter().map(item).collect());
    }
    let found_in = from_elsewhere(list, lists, notes);
    if notes.len() > before {
        return None;
    }
    let list = found_in.as_ref().unwrap_or(list);
    let Some(nodes) = list.items() else {
        let message = format!("`for_each`: found {}, expected a list", found(list));
        let help = "write it out, or refer to an input that is a list (`${{ inputs.NAME }}`) or to a group of targets";
        notes.advise(list.place, message, help);
        return None;
    };
    if nodes.is_empty() || nodes.len() > MOST {
        notes.add(list.place, format!("`for_each` has {} items, expected 1 to {MOST}", nodes.len()));
    }
    let mut names: HashMap<String, usize> = HashMap::new();
    let mut items = Vec::new();
    for (n, node) in nodes.iter().enumerate() {
        if let Some(wrong) = unfit(node) {
            let message = format!(
                "`for_each`: found {}, expected a text, a number or a boolean, or named values of these",
                found(wrong)
            );
            let help = "a reference works in the actions of the loop, not in its list";
            match wrong.text().is_some() {
                true => notes.advise(wrong.place, message, help),
                false => notes.add(wrong.place, message),
            }
            continue;
        }
        let name = name_of(node, n);
        if let Some(first) = names.insert(name.clone(), n) {
            notes.add(node.place, format!("`for_each` has two items called `{name}`, at {} and {}", first + 1, n + 1));
        }
        items.push(Item { name, value: node.clone(), fields: None });
    }
    (notes.len() == before).then_some(items)
}

/// The list that inputs give; nothing for one that is written out.
fn from_elsewhere(list: &Node, (inputs, groups): Lists<'_>, notes: &mut Notes) -> Option<Node> {
    let text = list.text()?;
    if let Some(name) = group_in(text) {
        let help = match groups.is_empty() {
            true => "a group is a target with `hosts: [...]` or `instances: [...]`".to_owned(),
            false => meant(name, groups.keys().map(String::as_str), "groups of targets"),
        };
        notes.advise(list.place, format!("`for_each`: there is no group of targets `{name}`"), help);
        return None;
    }
    if !text.contains("${{") {
        return None;
    }
    let items = values(list, inputs, "`for_each`", notes)?;
    Some(Node { place: list.place, kind: Kind::List(items) })
}

/// The group that a text refers to, when it is one reference to a group and nothing else.
fn group_in(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("${{")?.strip_suffix("}}")?.trim();
    inner.strip_prefix("targets.")
}

/// What of an item cannot be put in an action's place.
fn unfit(node: &Node) -> Option<&Node> {
    match &node.kind {
        Kind::Map(entries) if !entries.is_empty() => {
            entries.iter().map(|entry| &entry.value).find(|value| !is_plain(value))
        }
        _ if is_plain(node) => None,
        _ => Some(node),
    }
}

fn is_plain(node: &Node) -> bool {
    match &node.kind {
        Kind::Text(text) => !text.contains("${{"),
        Kind::Bool(_) | Kind::Number(_) => true,
        Kind::Null | Kind::List(_) | Kind::Map(_) => false,
    }
}

/// The text itself where it is short and plain enough, or an item's `id`; else its number in the list.
fn name_of(node: &Node, n: usize) -> String {
    let said = match &node.kind {
        Kind::Text(text) => Some(text.clone()),
        Kind::Number(number) => Some(number.to_string()),
        Kind::Bool(it) => Some(it.to_string()),
        Kind::Map(_) => node.get("id").and_then(Node::text).map(str::to_owned),
        Kind::Null | Kind::List(_) => None,
    };
    let plain = |text: &str| text.to_lowercase().replace(['.', '_', '/', ' '], "-").trim_matches('-').to_owned();
    said.map(|text| plain(&text)).filter(|text| is_round(text)).unwrap_or_else(|| (n + 1).to_string())
}
