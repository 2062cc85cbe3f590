//! What a person says that cannot be told by looking.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a person decides an action to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Its effect is there, or what is there is accepted in its place.
    Done,
    /// Its effect is not there: it may be run.
    NotDone,
    /// It is taken back.
    Undone,
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Resolution::Done => "done",
            Resolution::NotDone => "not-done",
            Resolution::Undone => "undone",
        })
    }
}
