//! Where a rollback ends.

use crate::model::StepId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where a rollback ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RollbackTo {
    /// Everything is undone.
    Start,
    /// This step and those before it stay done.
    Step(StepId),
}

impl fmt::Display for RollbackTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RollbackTo::Start => f.write_str("start"),
            RollbackTo::Step(step) => step.fmt(f),
        }
    }
}
