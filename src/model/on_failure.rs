//! What becomes of a run when an action of a step has failed for good.

use super::StepId;
use serde::{Deserialize, Serialize};

/// What the document says is to be done. What is in doubt always waits for a person, whatever is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// The run rests, and a person decides.
    #[default]
    Pause,
    /// The run goes on without the rest of the step. Only of a step that nothing needs.
    Continue,
    /// The run goes back.
    RollBack {
        /// The step that stays done; nothing for all the way.
        to: Option<StepId>,
    },
}

impl OnFailure {
    /// Whether it is what is done when nothing is said.
    #[must_use]
    pub fn is_pause(&self) -> bool {
        *self == Self::Pause
    }

    /// What is done then, as a clause; nothing for what is always so.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        Some(match self {
            OnFailure::Pause => return None,
            OnFailure::Continue => "the run goes on without it, and ends with failures".to_owned(),
            OnFailure::RollBack { to: None } => "everything is taken back, without asking".to_owned(),
            OnFailure::RollBack { to: Some(step) } => {
                format!("everything after step `{step}` is taken back, without asking")
            }
        })
    }
}
