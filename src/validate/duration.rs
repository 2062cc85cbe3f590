//! Durations of a document.

use super::problem::Notes;
use super::words::found;
use crate::document::{Kind, Node};
use crate::model::TimeSpan;

/// Reads a duration of a document, in milliseconds, and tells when it is none.
pub(super) fn read(node: &Node, what: &str, notes: &mut Notes) -> Option<u64> {
    let read = node.text().and_then(TimeSpan::parse).map(TimeSpan::ms);
    if read.is_none() {
        let message = format!("{what}: found {}, expected {}", found(node), TimeSpan::EXPECTED);
        match &node.kind {
            Kind::Number(n) => notes.advise(node.place, message, format!("give the unit, e.g. `{n}s`")),
            _ => notes.add(node.place, message),
        }
    }
    read
}
