//! The tree of values with their places.

use serde_json::Number;

/// Where something stands in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// First byte in the text.
    pub start: usize,
    /// First byte after it; the same as `start` when its length is not known.
    pub end: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it starts; for a list or a mapping its end is not known.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Nothing, or `null`.
    Null,
    /// `true` or `false`; YAML 1.1's `yes` and `on` are texts here.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text, quoted or not.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Named values in the order written, duplicates included.
    Map(Vec<Entry>),
}

/// One entry of a mapping.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// Its value.
    pub value: Node,
}

/// A key; numbers and the like are read as texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

impl Place {
    /// The start of a text.
    pub const START: Place = Place { start: 0, end: 0, line: 1, column: 1 };

    /// The place of the bytes `start..end` of `text`, counted from this place, which begins at or before `start`.
    #[must_use]
    pub fn onward(self, text: &str, start: usize, end: usize) -> Self {
        let between = text.get(self.start..start).unwrap_or_default();
        let (line, column) = match between.rsplit_once('\n') {
            Some((lines, last)) => (self.line + lines.matches('\n').count() + 1, last.chars().count() + 1),
            None => (self.line, self.column + between.chars().count()),
        };
        Self { start, end: end.max(start), line, column }
    }
}

impl Node {
    /// The entries of a mapping; nothing for other values.
    #[must_use]
    pub fn entries(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The items of a list; nothing for other values.
    #[must_use]
    pub fn items(&self) -> Option<&[Node]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text of a text; nothing for other values.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The first value under `key` of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries()?.iter().find(|e| e.key.text == key).map(|e| &e.value)
    }

    /// The places of every key and scalar in it, itself included: what a reader of its lines would see.
    #[must_use]
    pub fn places(&self) -> Vec<Place> {
        match &self.kind {
            Kind::List(items) => items.iter().flat_map(Node::places).collect(),
            Kind::Map(entries) => {
                entries.iter().flat_map(|e| std::iter::once(e.key.place).chain(e.value.places())).collect()
            }
            _ => vec![self.place],
        }
    }
}
