//! What is under way in this executor and known to nobody else: lost with the process, on purpose.

use crate::model::{ActionPath, Phase};
use std::collections::{BTreeMap, BTreeSet};

/// The volatile side of an executor.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flight {
    /// Calls being performed.
    pub running: BTreeMap<ActionPath, Phase>,
    /// Actions whose `started` (or `undo_started`) this executor recorded and whose effect it may now make. A `started`
    /// that is not here was found, and is in doubt.
    pub cleared: BTreeSet<ActionPath>,
    /// Actions found in progress by somebody else's doing: waited for, then adopted.
    pub joined: BTreeSet<ActionPath>,
    /// Actions observed by this executor without being able to tell.
    pub doubted: BTreeSet<ActionPath>,
    /// Whether the operator asked to stop.
    pub stop: Stopping,
}

/// How urgently the operator wants to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Stopping {
    /// Not at all.
    #[default]
    No,
    /// Finish what is running, begin nothing.
    Soon,
    /// Stop waiting too.
    Now,
}
