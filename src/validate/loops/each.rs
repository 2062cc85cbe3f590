//! One round of a loop: `${{ each }}` is the item, `${{ each.NAME }}` one of its values; the loop's own actions are those of the
//! same round.

use super::super::problem::Notes;
use super::super::words::{as_formula, is_script, meant, plain};
use super::items::Item;
use crate::document::{Entry, Kind, Node};
use crate::model::{unrolled_id, with_words};

/// What makes a loop of a step or an action.
pub(super) const FIELDS: [&str; 2] = ["for_each", "at_once"];

/// The id of a step or an action, as it is written.
pub(super) fn id_of(node: &Node) -> Option<&str> {
    node.get("id").and_then(Node::text)
}

/// A round.
pub(super) struct Round<'a> {
    /// The step's id.
    pub(super) step: &'a str,
    /// The actions of the loop.
    pub(super) actions: &'a [Node],
    pub(super) item: &'a Item,
}

impl Round<'_> {
    /// An action of this round.
    pub(super) fn action(&self, action: &Node, notes: &mut Notes) -> Node {
        let mut made = self.filled(action, notes);
        if let Kind::Map(entries) = &mut made.kind {
            entries.retain(|entry| !FIELDS.contains(&entry.key.text.as_str()));
            for entry in entries {
                match (entry.key.text.as_str(), &mut entry.value.kind) {
                    ("id", Kind::Text(id)) => *id = unrolled_id(id, &self.item.name),
                    ("needs", Kind::List(needs)) => needs.iter_mut().for_each(|need| self.of_this_round(need)),
                    _ => {}
                }
            }
        }
        made
    }

    fn is_of_the_loop(&self, step: &str, name: &str) -> bool {
        step == self.step && self.actions.iter().any(|action| id_of(action) == Some(name))
    }

    fn of_this_round(&self, need: &mut Node) {
        let Kind::Text(text) = &mut need.kind else { return };
        if let Some((step, name)) = text.split_once('/')
            && self.is_of_the_loop(step, name)
        {
            *text = format!("{step}/{}", unrolled_id(name, &self.item.name));
        }
    }

    fn filled(&self, node: &Node, notes: &mut Notes) -> Node {
        let kind = match &node.kind {
            Kind::Text(text) if text.contains("${{") => self.text(node, text, notes),
            Kind::List(items) => Kind::List(items.iter().map(|item| self.filled(item, notes)).collect()),
            Kind::Map(entries) => {
                let filled = |entry: &Entry| {
                    let value = if is_script(entry) { entry.value.clone() } else { self.filled(&entry.value, notes) };
                    Entry { key: entry.key.clone(), value }
                };
                Kind::Map(entries.iter().map(filled).collect())
            }
            other => other.clone(),
        };
        Node { place: node.place, kind }
    }

    fn text(&self, node: &Node, text: &str, notes: &mut Notes) -> Kind {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("${{") {
            let Some(end) = rest[at..].find("}}").map(|end| at + end + 2) else { break };
            let (before, reference) = (&rest[..at], &rest[at..end]);
            let inner = reference[3..reference.len() - 2].trim();
            out.push_str(before);
            match self.value(node, inner, notes) {
                // Alone, it keeps its type.
                Some(value) if out.is_empty() && end == rest.len() => return value.kind.clone(),
                Some(value) => out.push_str(&plain(value)),
                None => out.push_str(&self.formula(node, reference, inner, notes)),
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
        Kind::Text(out)
    }

    /// A formula of this round: what `each` stands for in it is written out. What cannot be read is told where it is used.
    fn formula(&self, node: &Node, whole: &str, inner: &str, notes: &mut Notes) -> String {
        let mut is_other = false;
        let word = |word: &str| {
            let other = match self.value(node, word, notes) {
                Some(value) => match as_formula(value) {
                    Ok(written) => Some(written),
                    Err(why) => {
                        notes.add(node.place, format!("`{word}` of the loop's item `{}`: {why}", self.item.name));
                        None
                    }
                },
                None => self.reference(word),
            };
            is_other |= other.is_some();
            other
        };
        match with_words(inner, word) {
            Ok(filled) if is_other => format!("${{{{ {filled} }}}}"),
            _ => whole.to_owned(),
        }
    }

    /// What `each` and `each.NAME` stand for.
    fn value(&self, node: &Node, inner: &str, notes: &mut Notes) -> Option<&Node> {
        let name = match inner.split_once('.') {
            None if inner == "each" => None,
            Some(("each", name)) => Some(name),
            _ => return None,
        };
        let item = match (name, &self.item.fields) {
            (Some(_), Some(fields)) => fields,
            _ => &self.item.value,
        };
        let found = match (name, item.entries()) {
            (None, None) => return Some(item),
            (Some(name), Some(_)) => item.get(name),
            _ => None,
        };
        if found.is_none() {
            let names = item.entries().unwrap_or_default().iter().map(|entry| entry.key.text.as_str());
            let message = format!("`{inner}` is not known: the loop's item `{}` is not like that", self.item.name);
            let help = match (name, item.entries()) {
                (Some(_), None) => "it is one value: `${{ each }}`".to_owned(),
                (None, _) => "it has named values: `${{ each.NAME }}`".to_owned(),
                (Some(name), Some(_)) => meant(name, names, "named values"),
            };
            notes.advise(node.place, message, help);
        }
        found
    }

    /// An output of an action of the loop is that of the same round.
    fn reference(&self, inner: &str) -> Option<String> {
        let parts: Vec<&str> = inner.split('.').collect();
        match parts.as_slice() {
            ["steps", step, name, output @ ..] if self.is_of_the_loop(step, name) => {
                Some(format!("steps.{step}.{}.{}", unrolled_id(name, &self.item.name), output.join(".")))
            }
            _ => None,
        }
    }
}
