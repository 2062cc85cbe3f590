//! A plan in a file, to be signed by others and run later, exactly.
//!
//! The form is canonical: JSON with sorted keys, no white space between, one line break at the end. So a plan has one
//! SHA-256, which is that of the file, and a file in another form was touched by somebody. It holds the runbook's text too:
//! what runs later is the plan, and the text is what it was made from.
//!
//! Not handled: who may sign. A hash says that nothing was changed; that the right people said yes is for them to see to.

use super::{Plan, PlanError};
use crate::model::{Millis, StepId, Value};
use serde::{Deserialize, Serialize};

/// What the file says it is.
const FORMAT: &str = "runbook-plan";
/// The version of the file's form.
const VERSION: u64 = 1;

/// A plan with all that is needed to judge it and to run it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The version of the tool that made it.
    pub tool: String,
    /// When it was made.
    pub made_at: Millis,
    /// Who made it.
    pub made_by: String,
    /// The runbook's text.
    pub document: String,
    /// SHA-256 of that text, in hexadecimal.
    pub fingerprint: String,
    /// The file the text was read from, absolute; nothing for a runbook that comes with the tool.
    pub source: Option<String>,
    /// The step after which the run is to rest.
    pub until: Option<StepId>,
    /// The plan as it is stored ([`Plan::to_value`]), with what was previewed.
    pub plan: Value,
}

/// Why a file is no saved plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// It ends too early, or is no JSON at all.
    #[error("it is no whole JSON document: {0}")]
    Broken(String),
    /// It is JSON, but no plan.
    #[error("it is no saved plan: {0}")]
    Other(String),
    /// It has a form that this version does not know.
    #[error("its form is version {0}, and this `runbook` knows version {VERSION}")]
    Version(u64),
    /// It means a plan, but no `runbook` wrote these bytes.
    #[error("it is not in the form in which plans are saved: it was changed or reformatted after it was made")]
    Touched,
    /// The plan in it cannot be used.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl Saved {
    /// The file's text.
    ///
    /// # Errors
    /// Never for a plan that was made; the type is the serializer's.
    pub fn text(&self) -> Result<String, SavedError> {
        let mut value = serde_json::to_value(self).map_err(|e| SavedError::Other(e.to_string()))?;
        value["format"] = FORMAT.into();
        value["version"] = VERSION.into();
        let mut text = String::new();
        write(&value, &mut text);
        text.push('\n');
        Ok(text)
    }

    /// Reads a file's bytes; only what [`Saved::text`] wrote is accepted.
    ///
    /// # Errors
    /// When they are no saved plan, or were changed.
    pub fn read(bytes: &[u8]) -> Result<Self, SavedError> {
        let text = std::str::from_utf8(bytes).map_err(|e| SavedError::Broken(e.to_string()))?;
        let mut value: Value = serde_json::from_str(text).map_err(|e| SavedError::Broken(e.to_string()))?;
        if value.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(SavedError::Other(format!("`format` is not `{FORMAT}`")));
        }
        match value.get("version").and_then(Value::as_u64) {
            Some(VERSION) => {}
            other => return Err(SavedError::Version(other.unwrap_or(0))),
        }
        if let Some(fields) = value.as_object_mut() {
            fields.retain(|name, _| name != "format" && name != "version");
        }
        let saved: Self = serde_json::from_value(value).map_err(|e| SavedError::Other(e.to_string()))?;
        if saved.text()? == text { Ok(saved) } else { Err(SavedError::Touched) }
    }

    /// The plan.
    ///
    /// # Errors
    /// When its form is another.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        Plan::read(&self.plan)
    }
}

/// Writes a value in canonical form. Sorted here, for whether a map of `serde_json` is sorted depends on how it was built.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<(&String, &Value)> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (n, (name, value)) in sorted.into_iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sorted_and_nothing_is_between() {
        let value: Value = serde_json::from_str(r#"{ "b": [1, {"d": "é\n", "c": null}], "a": true }"#).unwrap();
        let mut text = String::new();
        write(&value, &mut text);
        assert_eq!(text, r#"{"a":true,"b":[1,{"c":null,"d":"é\n"}]}"#);
    }
}
