//! The saved plan a run was opened from, and who signed it.

use crate::model::Millis;
use serde::{Deserialize, Serialize};

/// A saved plan, as the run it opened remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFile {
    /// SHA-256 of the file, in hexadecimal: what `sha256sum` says of it.
    pub sha256: String,
    /// Who made it.
    pub made_by: String,
    /// When.
    pub made_at: Millis,
    /// Who signed it, in the order in which they did.
    pub signatures: Vec<Signature>,
}

/// A person's yes to a plan: a name, no cryptographic proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// Who, by the name the operating system gave.
    pub by: String,
    /// When.
    pub at: Millis,
    /// SHA-256 of what was signed, in hexadecimal.
    pub sha256: String,
}

/// What the inputs of a run were read from, so that a later change of it is noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputsFrom {
    /// The file, absolute; nothing when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What `--set` gave, name and text; a secret is given as its reference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<(String, String)>,
}
