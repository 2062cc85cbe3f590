//! Expressions: literal values and texts with references, `${{ inputs.x }}`, `${{ steps.STEP.ACTION.OUTPUT }}`,
//! `${{ run.id }}`, parts of these by key, and a few functions of them.
//!
//! A formula that stands alone keeps its value's type; inside a longer text it must be a text, a number or a bool.
//! [`Expr::foretell`] is the one place where values are put in: for a call, which needs all of them, and for a description made
//! before all are known.
//! Not handled: conditions, which stand elsewhere and are decided when the plan is made; arithmetic.

use super::function::Function;
use super::reference::{Reference, Unresolved};
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
    /// A function's value.
    Call(Function, Vec<Expr>),
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
    /// A function whose value is put here.
    Formula(Expr),
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
    /// Its formulas, in order: what stands between `${{` and `}}` of a text.
    #[must_use]
    pub fn formulas(&self) -> Vec<Expr> {
        let formula = |piece: &Piece| match piece {
            Piece::Plain(_) => None,
            Piece::Reference(reference) => Some(Expr::Reference(reference.clone())),
            Piece::Formula(made) => Some(made.clone()),
        };
        match self {
            Expr::Text(pieces) => pieces.iter().filter_map(formula).collect(),
            Expr::Reference(_) | Expr::Call(..) => vec![self.clone()],
            Expr::Literal(_) | Expr::List(_) | Expr::Map(_) => Vec::new(),
        }
    }

    /// Every reference in it, in order.
    #[must_use]
    pub fn references(&self) -> Vec<&Reference> {
        match self {
            Expr::Literal(_) => Vec::new(),
            Expr::Reference(reference) => vec![reference],
            Expr::Text(pieces) => pieces
                .iter()
                .flat_map(|p| match p {
                    Piece::Reference(reference) => vec![reference],
                    Piece::Formula(made) => made.references(),
                    Piece::Plain(_) => Vec::new(),
                })
                .collect(),
            Expr::Call(_, items) | Expr::List(items) => items.iter().flat_map(Expr::references).collect(),
            Expr::Map(items) => items.values().flat_map(Expr::references).collect(),
        }
    }

    /// Its value in this scope; what `unknown` says of a reference stands where its value is not known.
    #[must_use]
    pub fn foretell(&self, scope: &Scope<'_>, unknown: &dyn Fn(&Reference) -> Foretold) -> Foretold {
        match self {
            Expr::Literal(value) => Foretold::Known(value.clone()),
            Expr::Reference(reference) => scope.value(reference).map_or_else(|| unknown(reference), Foretold::Known),
            Expr::Call(function, arguments) => called(*function, arguments, scope, unknown),
            Expr::Text(pieces) => {
                let mut text = Text::default();
                for piece in pieces {
                    let value = match piece {
                        Piece::Plain(plain) => {
                            text.push_str(plain);
                            continue;
                        }
                        Piece::Reference(it) => scope.value(it).map_or_else(|| unknown(it), Foretold::Known),
                        Piece::Formula(made) => made.foretell(scope, unknown),
                    };
                    match value {
                        Foretold::Known(Value::String(value)) => text.push_str(&value),
                        Foretold::Known(other) => text.push_str(&other.to_string()),
                        later => later.texts().into_iter().for_each(|part| text.push(part)),
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

    /// The same as a formula is written.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Expr::Reference(reference) => reference.to_string(),
            Expr::Call(function, arguments) => {
                format!("{function}({})", arguments.iter().map(Expr::written).collect::<Vec<_>>().join(", "))
            }
            Expr::Literal(value) => value.to_string(),
            Expr::List(items) => format!("[{}]", items.iter().map(Expr::written).collect::<Vec<_>>().join(", ")),
            Expr::Map(entries) => {
                let entry = |(name, it): (&String, &Expr)| format!("{}: {}", Value::from(name.as_str()), it.written());
                format!("{{{} }}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
            Expr::Text(_) => String::new(),
        }
    }
}

/// A function's value. What it is not known of, it is not known of; what cannot be one (`join` of a number) is not known either.
fn called(
    function: Function,
    arguments: &[Expr],
    scope: &Scope<'_>,
    unknown: &dyn Fn(&Reference) -> Foretold,
) -> Foretold {
    if let (Function::Default, [Expr::Reference(part), otherwise]) = (function, arguments) {
        let is_missing = scope.value(part).is_none() && scope.value(part.whole()).is_some();
        return if is_missing { otherwise } else { &arguments[0] }.foretell(scope, unknown);
    }
    // Of the two only the one that is taken need be known.
    if let (Function::If, [condition, then, otherwise]) = (function, arguments)
        && let Foretold::Known(Value::Bool(is_so)) = condition.foretell(scope, unknown)
    {
        return if is_so { then } else { otherwise }.foretell(scope, unknown);
    }
    let given: Vec<Foretold> = arguments.iter().map(|it| it.foretell(scope, unknown)).collect();
    let values: Option<Vec<Value>> =
        given.iter().map(|it| if it.is_known() { Some(it.shown()) } else { None }).collect();
    if let Some(value) = values.as_deref().and_then(|values| function.of(values)) {
        return Foretold::Known(value);
    }
    let gap = given.iter().flat_map(Foretold::texts).find(|text| text.known().is_none()).cloned();
    let stands_for =
        gap.map(Foretold::from).or_else(|| Some(unknown(arguments.iter().flat_map(Expr::references).next()?)));
    match stands_for {
        Some(later) if function == Function::Split => Foretold::List(vec![later]),
        later => later.unwrap_or(Foretold::Known(Value::Null)),
    }
}

impl Scope<'_> {
    fn value(&self, reference: &Reference) -> Option<Value> {
        match reference {
            Reference::RunId => self.run.map(Value::from),
            Reference::Input(name) => self.inputs.get(name).cloned(),
            Reference::Output { action, output } => self.outputs.get(action).and_then(|o| o.get(output)).cloned(),
            Reference::Part { of, .. } => reference.within(&self.value(of)?).cloned(),
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
    fn parts_and_functions_have_values() {
        assert_eq!(value("${{ steps.a.b.id[0] }}").unwrap(), json!("x"));
        assert_eq!(value("${{ default(steps.a.b.id[1], inputs.port) }}").unwrap(), json!(22));
        assert_eq!(
            value("https://${{ lower(\"WWW\") }}.${{ inputs.fqdn }}/").unwrap(),
            json!("https://www.a.example/")
        );
        assert_eq!(value("${{ split(join(steps.a.b.id, ','), ',') }}").unwrap(), json!(["x"]));
        let told = |text: &str| value(text).unwrap_err().to_string();
        assert_eq!(told("${{ steps.a.b.id[1] }}"), "the value of `steps.a.b.id[1]` is not known");
        assert_eq!(told("${{ join(inputs.port, ',') }}"), "the value of `inputs.port` is not known");
        assert_eq!(told("${{ default(steps.x.y.z.part, 1) }}"), "the value of `steps.x.y.z.part` is not known");
    }
}
