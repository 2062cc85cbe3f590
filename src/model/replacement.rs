//! One replacement in a file.

use super::command::expression;
use super::decode::{field, only};
use super::{Decode, Foretold, Param, Text, ValueType};
use serde::de::Error;
use serde::{Deserialize, Serialize};

/// What is replaced in a file, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replacement {
    /// A text, taken as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Instead of it a regular expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<Text>,
    /// What comes in its place. Default: nothing.
    #[serde(default)]
    pub with: Text,
    /// How often it must be there. Default: once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

impl Decode for Replacement {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["text", "regex", "with", "times"])?;
        let regex: Option<Text> = field(given, "regex")?;
        if let Some(known) = regex.as_ref().and_then(Text::known) {
            expression(known).map_err(serde_json::Error::custom)?;
        }
        Ok(Self {
            text: field(given, "text")?,
            regex,
            with: field::<Option<Text>>(given, "with")?.unwrap_or_default(),
            times: field(given, "times")?,
        })
    }
}

impl Param for Replacement {
    fn value_type() -> ValueType {
        ValueType::Map
    }
}
