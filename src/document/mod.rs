//! What an author wrote, each value and each key with its place in the file.
//!
//! This layer reads YAML and judges nothing: a document that parses may still be nonsense. Duplicate keys stay visible,
//! a quoted text stays a text. It promises never to panic, to bound memory and depth whatever the input (aliases that
//! multiply are refused), and never to quote the document in an error: an inputs file may hold a secret that somebody
//! pasted by mistake.
//!
//! Not handled: several documents in one file, merge keys (`<<`), tags, includes.

mod lines;
mod node;
mod read;

pub use lines::LineIndex;
pub use node::{Entry, Key, Kind, Node, Place};
pub use read::parse;

/// A parsed file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What the operator calls it: a path, or the name of a runbook that is shipped.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Its value.
    pub root: Node,
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
