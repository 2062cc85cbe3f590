//! The steps of a piece with its inputs filled in, and the names of its own steps as they are in the whole runbook.

use super::super::problem::Notes;
use super::super::words::{as_formula, is_script, meant, plain};
use super::node::{changed, text};
use crate::document::{Entry, Kind, Node};
use crate::model::with_words;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// What is filled in.
pub(super) struct PieceFilling<'a> {
    /// The values of the piece's inputs.
    pub(super) values: &'a BTreeMap<String, Node>,
    /// The ids of the piece's steps.
    pub(super) own: &'a [&'a str],
    /// What stands before these in the whole runbook.
    pub(super) prefix: Option<&'a str>,
}

impl PieceFilling<'_> {
    /// A step of the piece, or an include in it.
    pub(super) fn step(&self, step: &Node, notes: &mut Notes) -> Node {
        let actions = step.get("actions").and_then(Node::items).unwrap_or_default();
        for when in [step].into_iter().chain(actions).filter_map(|node| node.get("when")) {
            self.all_declared(when, when.text().unwrap_or_default(), notes);
        }
        let filled = self.filled(step, notes);
        let notes = RefCell::new(notes);
        let words = |node: &Node, when: &str| text(&self.words(node, when, &mut notes.borrow_mut()), node.place);
        changed(filled, &|name, node| match (name, &node.kind) {
            ("id", Kind::Text(id)) => text(&self.named(id), node.place),
            ("needs", Kind::List(_)) => self.needs(node),
            ("on_failure", Kind::Map(_)) => changed(node, &|_, step| match step.text() {
                Some(id) => text(&self.of_this(id), step.place),
                None => step,
            }),
            ("when", Kind::Text(when)) => words(&node, when),
            ("actions", Kind::List(actions)) => {
                let of = |action: &Node| {
                    changed(action.clone(), &|name, node| match (name, &node.kind) {
                        ("needs", Kind::List(_)) => self.needs(node),
                        ("when", Kind::Text(when)) => words(&node, when),
                        _ => node,
                    })
                };
                Node { place: node.place, kind: Kind::List(actions.iter().map(of).collect()) }
            }
            _ => node,
        })
    }

    /// What a step of the piece is called in the whole runbook.
    fn named(&self, id: &str) -> String {
        self.prefix.map_or_else(|| id.to_owned(), |prefix| format!("{prefix}-{id}"))
    }

    /// The same of a text that may name a step of the piece.
    fn of_this(&self, id: &str) -> String {
        if self.own.contains(&id) { self.named(id) } else { id.to_owned() }
    }

    /// `step` or `step/action`.
    fn needs(&self, node: Node) -> Node {
        let Kind::List(items) = node.kind else { return node };
        let of = |item: Node| match item.text().map(|it| it.split_once('/').map_or((it, None), |(s, a)| (s, Some(a)))) {
            Some((step, None)) => text(&self.of_this(step), item.place),
            Some((step, Some(action))) => text(&format!("{}/{action}", self.of_this(step)), item.place),
            None => item,
        };
        Node { place: node.place, kind: Kind::List(items.into_iter().map(of).collect()) }
    }

    fn filled(&self, node: &Node, notes: &mut Notes) -> Node {
        let kind = match &node.kind {
            Kind::Text(text) if text.contains("${{") => return self.text(node, text, notes),
            Kind::List(items) => Kind::List(items.iter().map(|item| self.filled(item, notes)).collect()),
            Kind::Map(entries) => {
                let of = |entry: &Entry| {
                    let value = if is_script(entry) { entry.value.clone() } else { self.filled(&entry.value, notes) };
                    Entry { key: entry.key.clone(), value }
                };
                Kind::Map(entries.iter().map(of).collect())
            }
            other => other.clone(),
        };
        Node { place: node.place, kind }
    }

    fn text(&self, node: &Node, whole: &str, notes: &mut Notes) -> Node {
        let (mut out, mut rest) = (String::new(), whole);
        while let Some(at) = rest.find("${{") {
            let Some(end) = rest[at..].find("}}").map(|end| at + end + 2) else { break };
            let (before, formula) = (&rest[..at], &rest[at..end]);
            let inner = formula[3..formula.len() - 2].trim();
            out.push_str(before);
            self.all_declared(node, inner, notes);
            match self.input(inner) {
                // Alone, it keeps its type.
                Some(value) if out.is_empty() && end == rest.len() => return value.clone(),
                Some(Node { kind: Kind::List(_) | Kind::Map(_), .. }) => {
                    notes.add(node.place, format!("`{inner}` is no text, and cannot be a part of one"));
                }
                Some(value) => out.push_str(&plain(value)),
                None => out.push_str(&format!("${{{{ {} }}}}", self.words(node, inner, notes))),
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
        text(&out, node.place)
    }

    /// Tells an input that is not the piece's own: what the runbook has is given to it by `with`.
    fn all_declared(&self, node: &Node, formula: &str, notes: &mut Notes) {
        let mut unknown = None;
        let _ = with_words(formula, |word| {
            let name = word.strip_prefix("inputs.").and_then(|it| it.split('.').next());
            unknown = unknown.take().or(name.filter(|name| !self.values.contains_key(*name)).map(str::to_owned));
            None
        });
        if let Some(name) = unknown {
            let help = meant(&name, self.values.keys().map(String::as_str), "inputs of the piece");
            notes.advise(node.place, format!("the piece has no input `{name}`"), help);
        }
    }

    /// The value of an input that is named, or of a part of it.
    fn input(&self, name: &str) -> Option<&Node> {
        let mut keys = name.strip_prefix("inputs.")?.split('.');
        let whole = self.values.get(keys.next()?)?;
        keys.try_fold(whole, |value, key| value.get(key))
    }

    /// A formula, or a condition, with the words of the whole runbook. An input of the piece never stays: the runbook may have one of
    /// that name.
    fn words(&self, node: &Node, formula: &str, notes: &mut Notes) -> String {
        let mut misfit = None;
        let word = |word: &str| {
            let (value, part) = match (self.input(word), word.strip_prefix("inputs.")) {
                (Some(value), _) => (value, None),
                (None, Some(name)) => match name.split_once('.') {
                    Some((whole, part)) => (self.values.get(whole)?, Some(part)),
                    None => return None,
                },
                (None, None) => {
                    let mut parts = word.splitn(3, '.');
                    return match (parts.next(), parts.next(), parts.next()) {
                        (Some("steps"), Some(step), Some(rest)) => Some(format!("steps.{}.{rest}", self.of_this(step))),
                        _ => None,
                    };
                }
            };
            match as_formula(value) {
                Ok(written) => Some(part.map_or_else(|| written.clone(), |part| format!("{written}.{part}"))),
                Err(why) => {
                    misfit = Some((word.to_owned(), why));
                    None
                }
            }
        };
        let words = with_words(formula, word).unwrap_or_else(|_| formula.to_owned());
        if let Some((word, why)) = misfit {
            notes.add(node.place, format!("`{word}` of the piece, as it is given: {why}"));
        }
        words
    }
}
