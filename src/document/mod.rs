//! What an author wrote, each value and each key with its place in the file.
//!
//! This layer reads YAML and judges nothing: a document that parses may still be nonsense. Duplicate keys stay visible,
//! a quoted text stays a text. It promises never to panic, to bound memory and depth whatever the input (aliases that
//! multiply are refused), and never to quote the document in an error: an inputs file may hold a secret that somebody
//! pasted by mistake.
//!
//! The pieces that a runbook includes stand behind it in the same text ([`whole`]), so that one text is all of it.
//!
//! Not handled: several documents in one file, merge keys (`<<`) of a runbook, tags; where pieces are kept.

mod lines;
mod node;
mod pieces;
mod read;

pub use lines::LineIndex;
pub use node::{Entry, Key, Kind, Node, Place};
pub use pieces::{PieceFile, whole};
pub use read::{parse, parse_data};

use std::sync::Arc;

/// A parsed file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What the operator calls it: a path, or the name of a runbook that is shipped.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Its value.
    pub root: Node,
    /// What it includes, or may include.
    pub pieces: Arc<[PieceFile]>,
}

impl Document {
    /// The same with another value.
    #[must_use]
    pub fn with_root(&self, root: Node) -> Self {
        Self { name: self.name.clone(), text: self.text.clone(), root, pieces: Arc::clone(&self.pieces) }
    }

    /// The piece in which a place is, and where it is in that; nothing for one of the document itself.
    #[must_use]
    pub fn piece_at(&self, place: Place) -> Option<(&PieceFile, Place)> {
        let piece = self.pieces.iter().rev().find(|piece| piece.start.start <= place.start)?;
        Some((piece, Place { line: place.line + 1 - piece.start.line, ..place }))
    }
}

/// A file that is no YAML document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot be read as YAML: {message}")]
pub struct Unreadable {
    /// The file's name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Where reading stopped, when that is known.
    pub place: Option<Place>,
    /// What is wrong there; never quotes the text.
    pub message: String,
}
