//! What a display gets: a fact that is in the journal, or a note that may be lost. There is no third way to announce a
//! change, so nothing can be shown that was not recorded.

mod channel;

pub use channel::{BEHIND, Listener, Teller, channel};

use crate::journal::Record;
use crate::model::{ActionPath, Millis};
use serde::Serialize;

/// One event.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A record was appended.
    Recorded(Box<Record>),
    /// A running action says what it waits for.
    Progress {
        /// The action.
        action: ActionPath,
        /// What it waits for.
        note: String,
        /// When.
        at: Millis,
    },
    /// An action is at work on a phase that leaves no record of its own when it begins (observe, verify).
    Working {
        /// The action.
        action: ActionPath,
        /// The phase.
        phase: crate::model::Phase,
        /// When.
        at: Millis,
    },
    /// The operator asked to stop: once, or twice.
    Stopping {
        /// Whether waiting is cut short too.
        at_once: bool,
    },
}
