//! What can go wrong with a journal.

use super::{IllegalRecord, Unusable};
use crate::model::RunId;
use std::path::PathBuf;

/// Why the journal could not be read or written. When it cannot be written, nothing further is done to the world.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file or folder cannot be used.
    #[error("cannot use the journal `{path}`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Unusable,
    },
    /// SQLite failed.
    #[error("the journal cannot be read or written")]
    Sqlite(#[from] rusqlite::Error),
    /// A record cannot follow those before it: a defect, or a journal changed by hand.
    #[error("the journal refuses the record")]
    Illegal(#[from] IllegalRecord),
    /// What is stored is no record.
    #[error("record {seq} of run `{run}` cannot be understood")]
    Body {
        /// The run.
        run: String,
        /// The record's number.
        seq: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// Another executor has taken the run over.
    #[error("run `{run}` is executed by somebody else now (lease {theirs}, ours was {ours})")]
    Fenced {
        /// The run.
        run: RunId,
        /// Our fencing number.
        ours: u64,
        /// The number in the journal.
        theirs: u64,
    },
    /// Somebody else appended in the meantime: read on and decide again.
    #[error("run `{0}` has new records")]
    Moved(RunId),
    /// The file was removed or replaced while it was open.
    #[error("the journal `{path}` was removed or replaced while it was in use")]
    Gone {
        /// The file.
        path: PathBuf,
    },
    /// There is no such run.
    #[error("there is no run `{0}`")]
    NoRun(String),
}

impl JournalError {
    /// Whether the records of one run cannot be understood, while the journal itself can be read.
    #[must_use]
    pub fn is_of_one_run(&self) -> bool {
        matches!(self, Self::Body { .. } | Self::Illegal(_))
    }
}
