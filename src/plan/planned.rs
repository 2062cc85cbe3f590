//! An action as a plan has it.

use super::Previewed;
use crate::model::ActionPath;
use serde::{Deserialize, Serialize};

/// An action's place in the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAction {
    /// The action.
    pub action: ActionPath,
    /// The actions that must be done before it starts.
    pub needs: Vec<ActionPath>,
    /// What the order makes it wait for besides; `article` besides makes each wait for the one before it in the sequence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<ActionPath>,
    /// What was previewed of it; nothing when it could not be looked at, or was planned by a version that kept nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previewed: Option<Previewed>,
}
