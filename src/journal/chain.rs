//! The hash chain: each record's hash is made of the one before it.

use crate::model::{Millis, RunId, sha256};

/// The hash of a record that follows one with hash `prev`, hexadecimal.
pub(super) fn chain_hash(prev: &str, run: &RunId, seq: u64, at: Millis, body: &str) -> String {
    sha256(format!("{prev}\n{run}\n{seq}\n{at}\n{body}"))
}
