//! Expressions: literal values and texts with references, `${{ inputs.x }}`, `${{ steps.STEP.ACTION.OUTPUT }}`,
//! `${{ run.id }}`.
//!
//! A reference that stands alone keeps its value's type; inside a longer text it must be a text, a number or a bool.
//! Not handled: functions, conditions, defaults. A runbook that needs them needs another action.

use super::{ActionPath, Value, Values};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A value that may refer to others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// A value as it stands.
    Literal(Value),
    /// One reference, whose type is kept.
    Reference(Reference),
    /// A text with references in it.
    Text(Vec<Piece>),
    /// A list of expressions.
    List(Vec<Expr>),
    /// Named expressions.
    Map(std::collections::BTreeMap<String, Expr>),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Plain text.
    Plain(String),
    /// A reference whose value is put here.
    Reference(Reference),
}

/// What an expression may refer to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// The values references stand for at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The run's id.
    pub run: &'a str,
    /// The inputs.
    pub inputs: &'a Values,
    /// Outputs of the actions that have run, by action.
    pub outputs: &'a std::collections::BTreeMap<ActionPath, Values>,
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

    fn value(&self, scope: &Scope<'_>) -> Result<Value, Unresolved> {
        let found = match self {
            Reference::RunId => Some(Value::from(scope.run)),
            Reference::Input(name) => scope.inputs.get(name).cloned(),
            Reference::Output { action, output } => scope.outputs.get(action).and_then(|o| o.get(output)).cloned(),
        };
        found.ok_or_else(|| Unresolved(self.clone()))
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

impl Expr {
    /// Reads a text, with its references.
    ///
    /// # Errors
    /// The first reference that is malformed.
    pub fn parse_text(text: &str) -> Result<Self, ReferenceError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find("${{") {
            if at > 0 {
                pieces.push(Piece::Plain(rest[..at].to_owned()));
            }
            let (inside, after) = rest[at + 3..].split_once("}}").ok_or(ReferenceError::Unclosed)?;
            pieces.push(Piece::Reference(Reference::parse(inside)?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Plain(rest.to_owned()));
        }
        Ok(match (pieces.len(), pieces.pop()) {
            (_, None) => Expr::Literal(Value::from("")),
            (1, Some(Piece::Plain(text))) => Expr::Literal(Value::from(text)),
            (1, Some(Piece::Reference(reference))) => Expr::Reference(reference),
            (_, Some(last)) => {
                pieces.push(last);
                Expr::Text(pieces)
            }
        })
    }

    /// Every reference in it, in order.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        match self {
            Expr::Literal(_) => Vec::new(),
            Expr::Reference(reference) => vec![reference],
            Expr::Text(pieces) => pieces
                .iter()
                .filter_map(|p| match p {
                    Piece::Reference(reference) => Some(reference),
                    Piece::Plain(_) => None,
                })
                .collect(),
            Expr::List(items) => items.iter().flat_map(Expr::references).collect(),
            Expr::Map(items) => items.values().flat_map(Expr::references).collect(),
        }
    }

    /// Its value in this scope.
    ///
    /// # Errors
    /// The first reference whose value is not known.
    pub fn resolve(&self, scope: &Scope<'_>) -> Result<Value, Unresolved> {
        self.fill(&|reference| reference.value(scope))
    }

    /// Its value in this scope, with `stand_in` for what is not known: for describing it beforehand.
    #[must_use]
    pub fn preview(&self, scope: &Scope<'_>, stand_in: &dyn Fn(&Reference) -> Value) -> Value {
        let known = |reference: &Reference| Ok(reference.value(scope).unwrap_or_else(|_| stand_in(reference)));
        self.fill(&known).unwrap_or(Value::Null)
    }

    fn fill(&self, value_of: &dyn Fn(&Reference) -> Result<Value, Unresolved>) -> Result<Value, Unresolved> {
        Ok(match self {
            Expr::Literal(value) => value.clone(),
            Expr::Reference(reference) => value_of(reference)?,
            Expr::Text(pieces) => {
                let mut text = String::new();
                for piece in pieces {
                    match piece {
                        Piece::Plain(plain) => text.push_str(plain),
                        Piece::Reference(reference) => match value_of(reference)? {
                            Value::String(value) => text.push_str(&value),
                            other => text.push_str(&other.to_string()),
                        },
                    }
                }
                Value::String(text)
            }
            Expr::List(items) => Value::Array(items.iter().map(|e| e.fill(value_of)).collect::<Result<_, _>>()?),
            Expr::Map(items) => Value::Object(
                items.iter().map(|(k, e)| Ok((k.clone(), e.fill(value_of)?))).collect::<Result<_, Unresolved>>()?,
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    fn value(text: &str) -> Result<Value, Unresolved> {
        let inputs = Values::from([("fqdn".into(), json!("a.example")), ("port".into(), json!(22))]);
        let outputs = BTreeMap::from([("a/b".parse().unwrap(), Values::from([("id".into(), json!(["x"]))]))]);
        Expr::parse_text(text).unwrap().resolve(&Scope { run: "r1", inputs: &inputs, outputs: &outputs })
    }

    #[test]
    fn references_keep_their_type_when_alone() {
        assert_eq!(value("${{ inputs.port }}").unwrap(), json!(22));
        assert_eq!(value("${{steps.a.b.id}}").unwrap(), json!(["x"]));
        assert_eq!(value("https://${{ inputs.fqdn }}:${{ inputs.port }}/").unwrap(), json!("https://a.example:22/"));
        assert_eq!(value("nc-${{ run.id }}").unwrap(), json!("nc-r1"));
        assert_eq!(value("").unwrap(), json!(""));
        assert!(value("${{ inputs.nothing }}").is_err());
    }

    #[test]
    fn malformed_references_are_told() {
        assert_eq!(Expr::parse_text("a ${{ x"), Err(ReferenceError::Unclosed));
        assert!(matches!(Expr::parse_text("${{ input.x }}"), Err(ReferenceError::Form(_))));
        assert!(matches!(Expr::parse_text("${{ steps.a.b }}"), Err(ReferenceError::Form(_))));
    }
}
