//! The world is another one than the plan was made on: the three-way view.
//!
//! What was planned, what was so when it was planned, what is so now. A preview's [`super::Facts`] are compared, and nothing
//! else; like them it holds no secret.

use super::{ActionPath, Change};
use serde::{Deserialize, Serialize};

/// How the world has changed under one action of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drift {
    /// The action.
    pub action: ActionPath,
    /// What it was planned to do, one sentence.
    pub planned: String,
    /// The facts that are others now; never empty.
    pub facts: Vec<FactDrift>,
    /// What it would have changed, as planned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes_planned: Vec<Change>,
    /// What it would change now; empty when that is the same, or is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes_now: Vec<Change>,
}

/// One fact then and now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactDrift {
    /// What it is a fact of, e.g. ``type of `i-0ab` ``.
    pub what: String,
    /// What was so when the plan was made.
    pub was: String,
    /// What is so now; nothing when it was not seen any more.
    pub is: Option<String>,
}
