//! In which order a plan's actions run.

use serde::{Deserialize, Serialize};

/// In which order actions run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// One at a time, as written.
    #[default]
    Article,
    /// What does not need each other runs at the same time.
    Overlap,
    /// The same; and what begins a downtime waits for all that can be done before it, and what can wait until after it waits.
    LeastDowntime,
}
