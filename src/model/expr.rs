//! Expressions: literal values and texts with references, `${{ inputs.x }}`, `${{ steps.STEP.ACTION.OUTPUT }}`,
//! `${{ run.id }}`.
//!
//! A reference that stands alone keeps its value's type; inside a longer text it must be a text, a number or a bool.
//! [`Expr::foretell`] is the one place where values are put in: for a call, which needs all of them, and for a description made
//! before all are known.
//! Not handled: functions, conditions, defaults. A runbook that needs them needs another action.

use super::reference::{Reference, ReferenceError, Unresolved};
use super::{ActionPath, Foretold, Text, Value, Values};
use serde::{Deserialize, Serialize};

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

/// The values references stand for at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The run's id; nothing while there is no run.
    pub run: Option<&'a str>,
    /// The inputs.
    pub inputs: &'a Values,
    /// Outputs of the actions that have run, by action.
    pub outputs: &'a std::collections::BTreeMap<ActionPath, Values>,
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

    /// Its value in this scope; what `unknown` says of a reference stands where its value is not known.
    #[must_use]
    pub fn foretell(&self, scope: &Scope<'_>, unknown: &dyn Fn(&Reference) -> Foretold) -> Foretold {
        match self {
            Expr::Literal(value) => Foretold::Known(value.clone()),
            Expr::Reference(reference) => scope.value(reference).map_or_else(|| unknown(reference), Foretold::Known),
            Expr::Text(pieces) => {
                let mut text = Text::default();
                for piece in pieces {
                    match piece {
                        Piece::Plain(plain) => text.push_str(plain),
                        Piece::Reference(it) => match scope.value(it).map_or_else(|| unknown(it), Foretold::Known) {
                            Foretold::Known(Value::String(value)) => text.push_str(&value),
                            Foretold::Known(other) => text.push_str(&other.to_string()),
                            later => later.texts().into_iter().for_each(|part| text.push(part)),
                        },
                    }
                }
                Foretold::from(text)
            }
            Expr::List(items) => Foretold::List(items.iter().map(|it| it.foretell(scope, unknown)).collect()),
            Expr::Map(items) => {
                Foretold::Map(items.iter().map(|(name, it)| (name.clone(), it.foretell(scope, unknown))).collect())
            }
        }
    }

    /// Its value in this scope, all of which must be known.
    ///
    /// # Errors
    /// The first reference whose value is not known.
    pub fn resolve(&self, scope: &Scope<'_>) -> Result<Value, Unresolved> {
        self.foretell(scope, &|reference| Text::unknown(reference.clone(), reference.to_string()).into()).into_known()
    }
}

impl Scope<'_> {
    fn value(&self, reference: &Reference) -> Option<Value> {
        match reference {
            Reference::RunId => self.run.map(Value::from),
            Reference::Input(name) => self.inputs.get(name).cloned(),
            Reference::Output { action, output } => self.outputs.get(action).and_then(|o| o.get(output)).cloned(),
        }
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
        Expr::parse_text(text).unwrap().resolve(&Scope { run: Some("r1"), inputs: &inputs, outputs: &outputs })
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
