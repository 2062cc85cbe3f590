//! What a loop goes through: texts, numbers, booleans, or named values of these, each with a name of its own.

use super::super::problem::Notes;
use super::super::words::found;
use crate::document::{Kind, Node};
use crate::model::is_round;
use std::collections::HashMap;

/// The most rounds: a step of more is no step that anybody reads.
const MOST: usize = 100;

/// One of the list.
pub(super) struct Item {
    /// What its actions are called after: `restart@NAME`.
    pub(super) name: String,
    pub(super) value: Node,
}

/// Reads the list of a loop; nothing when something is wrong with it.
pub(super) fn read(list: &Node, notes: &mut Notes) -> Option<Vec<Item>> {
    let before = notes.len();
    let Some(nodes) = list.items() else {
        let message = format!("`for_each`: found {}, expected a list", found(list));
        match list.text().is_some_and(|text| text.contains("${{")) {
            true => notes.advise(
                list.place,
                message,
                "write the list itself: one that is known only with the inputs is not possible",
            ),
            false => notes.add(list.place, message),
        }
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
        items.push(Item { name, value: node.clone() });
    }
    (notes.len() == before).then_some(items)
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
