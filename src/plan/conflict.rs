//! Why two actions may not run at the same time.

use super::Resource;
use crate::model::ActionPath;

/// Two actions of which neither waits for the other, and that work on the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{earlier}` and `{later}` would run at the same time, and both work on {resource}")]
pub struct Conflict {
    /// The one written first.
    pub earlier: ActionPath,
    /// The other one.
    pub later: ActionPath,
    /// What they work on.
    pub resource: Resource,
}
