//! Pieces: files that a runbook includes, behind it in one text, each after a line with its name.

use super::{Entry, Key, Kind, Node, Place};
use std::fmt::Write;

/// What stands before a piece's name, on a line of its own.
const MARK: &str = "--- # piece: ";

/// A piece.
#[derive(Debug, Clone, PartialEq)]
pub struct PieceFile {
    /// Its path, from the runbook's folder.
    pub name: String,
    /// Where it begins in the whole text.
    pub start: Place,
    /// Its value, with its places in the whole text.
    pub root: Node,
}

/// One text of a runbook and its pieces, by name.
#[must_use]
pub fn whole(runbook: &str, pieces: &[(String, String)]) -> String {
    let mut text = runbook.to_owned();
    for (name, piece) in pieces {
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let _ = write!(text, "{MARK}{name}\n{piece}");
    }
    text
}

/// A part of a whole text.
pub(super) struct TextPart<'t> {
    /// The piece's name; nothing for the runbook itself.
    pub(super) name: Option<&'t str>,
    pub(super) text: &'t str,
    pub(super) start: Place,
}

/// The parts of a whole text: the runbook itself, and its pieces.
pub(super) fn parts(text: &str) -> Vec<TextPart<'_>> {
    let mut parts = vec![TextPart { name: None, text, start: Place::START }];
    let (mut at, mut line) = (0, 1);
    for whole_line in text.split_inclusive('\n') {
        let (from, to) = (at, at + whole_line.len());
        (at, line) = (to, line + 1);
        let Some(name) = whole_line.trim_end().strip_prefix(MARK) else { continue };
        if let Some(before) = parts.last_mut() {
            before.text = text.get(before.start.start..from).unwrap_or_default();
        }
        let start = Place { start: to, end: to, line, column: 1 };
        parts.push(TextPart { name: Some(name), text: text.get(to..).unwrap_or_default(), start });
    }
    parts
}

/// A value of a part, with its places in the whole text.
pub(super) fn moved(node: Node, start: Place) -> Node {
    let to = |place: Place| Place {
        start: place.start + start.start,
        end: place.end + start.start,
        line: place.line + start.line - 1,
        column: place.column,
    };
    let kind = match node.kind {
        Kind::List(items) => Kind::List(items.into_iter().map(|item| moved(item, start)).collect()),
        Kind::Map(entries) => Kind::Map(
            entries
                .into_iter()
                .map(|entry| Entry {
                    key: Key { place: to(entry.key.place), text: entry.key.text },
                    value: moved(entry.value, start),
                })
                .collect(),
        ),
        plain => plain,
    };
    Node { place: to(node.place), kind }
}

#[cfg(test)]
mod tests {
    use crate::document::parse;

    #[test]
    fn a_whole_text_is_the_runbook_and_its_pieces() {
        let text =
            super::whole("a: 1", &[("x/one.yaml".into(), "b:\n  c: 2\n".into()), ("two.yaml".into(), "d: 3".into())]);
        assert_eq!(text, "a: 1\n--- # piece: x/one.yaml\nb:\n  c: 2\n--- # piece: two.yaml\nd: 3");
        let document = parse("main.yaml", &text).unwrap();
        assert_eq!(document.root.entries().unwrap().len(), 1);
        let names: Vec<&str> = document.pieces.iter().map(|piece| piece.name.as_str()).collect();
        assert_eq!(names, ["x/one.yaml", "two.yaml"]);
        let two = document.pieces[0].root.get("b").unwrap().get("c").unwrap().place;
        assert_eq!(&text[two.start..two.end], "2");
        let (piece, place) = document.piece_at(two).unwrap();
        assert_eq!((piece.name.as_str(), place.line, place.column), ("x/one.yaml", 2, 6));
        assert!(document.piece_at(document.root.place).is_none());
        let broken = parse("main.yaml", &text.replace("c: 2", "c: [")).unwrap_err();
        assert_eq!(broken.name, "x/one.yaml");
    }
}
