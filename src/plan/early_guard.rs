//! A guard that may be asked before what it uses is known.

use crate::model::ActionPath;

/// A guard uses what may not be known when an action begins that it holds for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "guard `{guard}` uses what `{giver}` gives, and `{early}`, which it holds for, may begin before that in this order"
)]
pub struct EarlyGuard {
    /// The guard.
    pub guard: String,
    /// What it uses an output of.
    pub giver: ActionPath,
    /// What does not wait for that.
    pub early: ActionPath,
}
