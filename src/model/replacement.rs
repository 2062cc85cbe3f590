//! One replacement in a file.

use super::{Param, ValueType};
use serde::{Deserialize, Serialize};

/// What is replaced in a file, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// A text, taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Instead of it a regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// What comes in its place. Default: nothing.
    #[serde(default)]
    pub with: String,
    /// How often it must be there. Default: once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl Param for Replacement {
    fn value_type() -> ValueType {
        ValueType::Map
    }
}
