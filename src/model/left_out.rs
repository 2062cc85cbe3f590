//! What a runbook's conditions leave out of it.

use serde::{Deserialize, Serialize};

/// A step or an action that is not to be done with these inputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The step's id.
    pub step: String,
    /// The action's; nothing when the whole step is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Why, one line.
    pub why: String,
}

impl LeftOut {
    /// What it is: `step`, or `step/action`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.action {
            Some(action) => format!("{}/{action}", self.step),
            None => self.step.clone(),
        }
    }
}
