//! What an expression may refer to: `inputs.NAME`, `steps.STEP.ACTION.OUTPUT`, `run.id`, and parts of these by key.

use super::{ActionPath, Value};
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
    /// A part of one of these: `inputs.ports.web`, `inputs.nodes[0]`.
    Part {
        /// That of which it is a part, which is none itself.
        of: Box<Reference>,
        /// The way to it.
        keys: Vec<PartKey>,
    },
}

/// A step on the way to a part of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PartKey {
    /// Of a list, counted from 0.
    Number(usize),
    /// Of named values.
    Name(String),
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
    /// A formula that cannot be read, and why.
    #[error("`{0}` cannot be read: {1}")]
    Formula(String, String),
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
            ["inputs", _, keys @ ..] | ["steps", _, _, _, keys @ ..] if !keys.is_empty() => {
                let whole = Self::parse(&parts[..parts.len() - keys.len()].join("."))?;
                whole.part(named(keys).ok_or_else(wrong)?).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }

    /// A part of what this one stands for; nothing for the run's id, which has none.
    #[must_use]
    pub fn part(self, mut more: Vec<PartKey>) -> Option<Self> {
        match self {
            Reference::RunId => None,
            whole if more.is_empty() => Some(whole),
            Reference::Part { of, mut keys } => {
                keys.append(&mut more);
                Some(Reference::Part { of, keys })
            }
            whole => Some(Reference::Part { of: Box::new(whole), keys: more }),
        }
    }

    /// That of which it is a part, or itself.
    #[must_use]
    pub fn whole(&self) -> &Reference {
        match self {
            Reference::Part { of, .. } => of.whole(),
            whole => whole,
        }
    }

    /// Its value where this is the value of the whole; nothing where it has no such part, or that is `null`.
    #[must_use]
    pub fn within<'v>(&self, whole: &'v Value) -> Option<&'v Value> {
        let step = |value: &'v Value, key: &PartKey| match key {
            PartKey::Number(at) => value.as_array()?.get(*at),
            PartKey::Name(name) => value.as_object()?.get(name),
        };
        match self {
            Reference::Part { keys, .. } => keys.iter().try_fold(whole, step).filter(|it| !it.is_null()),
            _ => Some(whole),
        }
    }

    /// The input that it, or what it is a part of, stands for.
    #[must_use]
    pub fn input(&self) -> Option<&str> {
        match self.whole() {
            Reference::Input(name) => Some(name),
            _ => None,
        }
    }

    /// The output that it, or what it is a part of, stands for: of which action, and its name.
    #[must_use]
    pub fn output(&self) -> Option<(&ActionPath, &str)> {
        match self.whole() {
            Reference::Output { action, output } => Some((action, output)),
            _ => None,
        }
    }
}

/// Keys that are names, as they stand after a dot.
fn named(keys: &[&str]) -> Option<Vec<PartKey>> {
    let fits = |key: &str| !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    keys.iter().map(|key| fits(key).then(|| PartKey::Name((*key).to_owned()))).collect()
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
            Reference::Part { of, keys } => {
                write!(f, "{of}")?;
                keys.iter().try_for_each(|key| match key {
                    PartKey::Number(at) => write!(f, "[{at}]"),
                    PartKey::Name(name) if named(&[name]).is_some() => write!(f, ".{name}"),
                    PartKey::Name(name) => write!(f, "[{name:?}]"),
                })
            }
        }
    }
}
