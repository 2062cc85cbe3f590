//! What can be made to go wrong in a world: AWS refuses calls, and what then must hold and is typed.

use super::holds::Holds;
use serde::{Deserialize, Serialize};

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultBefore {
    /// What it is, for people.
    pub about: String,
    /// The answers that AWS gives.
    pub answers: Vec<RefusalBefore>,
    /// Where the run rests under it; nothing where it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests: Option<RestBefore>,
}

/// Calls that AWS refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalBefore {
    /// The service: `ec2`.
    pub service: String,
    /// The operation: `StartInstances`.
    pub action: String,
    /// The code of the error.
    pub code: String,
    /// Its text.
    pub message: String,
    /// How many calls are refused.
    pub times: u32,
    /// Only calls with a parameter that contains this.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    pub containing: Option<String>,
    /// Only calls that name an instance which has this type now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
}

/// A run that rests under a fault, and how it goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestBefore {
    /// What must hold while it rests.
    pub holds: Vec<Holds>,
    /// What the operator types then; without it the fault is over. The run is resumed in either case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub typed: Vec<String>,
}
