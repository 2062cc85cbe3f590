//! Values of a document, changed.

use crate::document::{Entry, Kind, Node, Place};

/// A mapping with other values.
pub(super) fn changed(node: Node, change: &dyn Fn(&str, Node) -> Node) -> Node {
    match node.kind {
        Kind::Map(entries) => {
            let of = |entry: Entry| Entry { value: change(&entry.key.text, entry.value), key: entry.key };
            Node { place: node.place, kind: Kind::Map(entries.into_iter().map(of).collect()) }
        }
        kind => Node { place: node.place, kind },
    }
}

/// A text at a place.
pub(super) fn text(text: &str, place: Place) -> Node {
    Node { place, kind: Kind::Text(text.to_owned()) }
}
