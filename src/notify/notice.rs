//! What a receiver is told.

use super::Occasion;
use crate::model::RunId;
use serde::Serialize;

/// What a receiver is told: as JSON on a command's standard input, or as the body of a POST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The occasion.
    pub event: Occasion,
    /// One line for people. Chat services show this field of a body.
    pub text: String,
    /// The run.
    pub run: RunId,
    /// Its runbook.
    pub runbook: String,
    /// The number of the record: with the run's id the same for the same notice, however often it arrives.
    pub record: u64,
    /// When it was recorded, RFC 3339, UTC.
    pub at: String,
    /// The machine on which the run is executed.
    pub host: String,
    /// Who executes it.
    pub by: String,
}

impl Notice {
    /// As it is sent.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| self.text.clone())
    }
}
