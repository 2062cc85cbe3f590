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

    /// The place of the bytes `start..end` of `text`; both are moved to the text's end and to whole characters.
    #[must_use]
    pub fn of(text: &str, start: usize, end: usize) -> Self {
        let start = floor(text, start);
        let end = floor(text, end).max(start);
        let before = &text[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        Self { start, end, line, column }
    }
}

/// The last character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_stay_inside() {
        let text = "a: 1\nü: x\n";
        let x = text.find('x').unwrap();
        assert_eq!(Place::of(text, x, x + 1), Place { start: x, end: x + 1, line: 2, column: 4 });
        assert_eq!(Place::of(text, 6, 7).start, 5);
        assert_eq!(Place::of(text, 99, 999).line, 3);
        assert_eq!(Place::of("", 3, 1), Place::START);
    }
}
