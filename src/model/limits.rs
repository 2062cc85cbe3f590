//! What a run must keep within: a window and a downtime; and what is said when it would not.

use super::{Millis, WindowSpan};
use serde::{Deserialize, Serialize};

/// What a run must keep within; nothing where nobody has said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// The window in which it may change anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowSpan>,
    /// How long its site may be down, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_downtime_s: Option<u64>,
}

/// A limit that would not be kept, were the next effect begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "limit", rename_all = "snake_case")]
pub enum Overrun {
    /// The window ends.
    Window {
        /// When.
        ends: Millis,
        /// How long the next effect is expected to take, in seconds.
        next_s: u64,
        /// How long the way back to the start is expected to take after it, in seconds.
        back_s: u64,
    },
    /// The site is down for as long as it may be.
    Downtime {
        /// Since when it is, as it was seen.
        since: Millis,
        /// For how long it may be in all, in seconds.
        most_s: u64,
        /// How long the way back is expected to take until it is up, in seconds.
        back_s: u64,
        /// The same on the way forward, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        forward_s: Option<u64>,
    },
}

/// What becomes of a run that would not keep within its limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnOverrun {
    /// It rests, and a person decides.
    #[default]
    Pause,
    /// It goes back to the start.
    RollBack,
}

impl OnOverrun {
    /// Whether it is what is done when nothing is said.
    #[must_use]
    pub fn is_pause(&self) -> bool {
        *self == Self::Pause
    }
}
