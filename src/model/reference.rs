//! What an expression may refer to: `inputs.NAME`, `steps.STEP.ACTION.OUTPUT`, `run.id`.

use super::ActionPath;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an expression may refer to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// `inputs.NAME`
    Input(String),
    /// `steps.STEP.ACTION.OUTPUT`
    Output {
        /// The action that gives it.
        action: ActionPath,
        /// The output's name.
        output: String,
    },
    /// `run.id`
    RunId,
}

/// A text between `${{` and `}}` that is no reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// `${{` without `}}`.
    #[error("`${{{{` is not closed by `}}}}`")]
    Unclosed,
    /// None of the known forms.
    #[error("`{0}` is not a reference; use `inputs.NAME`, `steps.STEP.ACTION.OUTPUT` or `run.id`")]
    Form(String),
}

/// A reference whose value is not known (yet).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of `{0}` is not known")]
pub struct Unresolved(pub Reference);

impl Reference {
    /// Reads the text between `${{` and `}}`.
    ///
    /// # Errors
    /// When it has none of the known forms.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let wrong = || ReferenceError::Form(text.trim().to_owned());
        let parts: Vec<&str> = text.trim().split('.').collect();
        match parts.as_slice() {
            ["run", "id"] => Ok(Reference::RunId),
            ["inputs", name] if is_name(name) => Ok(Reference::Input((*name).to_owned())),
            ["steps", step, action, output] if is_name(output) => {
                let action = format!("{step}/{action}").parse().map_err(|_| wrong())?;
                Ok(Reference::Output { action, output: (*output).to_owned() })
            }
            _ => Err(wrong()),
        }
    }
}

/// Whether a text is an input's or output's name: letters, digits, `_`, starting with a lower-case letter.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reference::Input(name) => write!(f, "inputs.{name}"),
            Reference::Output { action, output } => write!(f, "steps.{}.{}.{output}", action.step(), action.name()),
            Reference::RunId => f.write_str("run.id"),
        }
    }
}
