//! Values as a plan shows them: inputs as given, secrets as references, outputs as `(known after step-6)`.

use crate::model::{Description, Expr, Piece, Reference, SecretRef, Value, ValueType, is_unknown};
use crate::plan::Plan;

/// A value on one line. The reference to a secret is told as one; lists and maps as in a sentence.
#[must_use]
pub fn value(value: &Value) -> String {
    if value.is_object()
        && let Ok(secret) = serde_json::from_value::<SecretRef>(value.clone())
    {
        return secret.to_string();
    }
    match value {
        Value::Null => "nothing".into(),
        Value::String(text) if text.is_empty() => "(an empty text)".into(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".into(),
        Value::Object(items) if items.is_empty() => "none".into(),
        Value::Array(items) => items.iter().map(self::value).collect::<Vec<_>>().join(", "),
        Value::Object(items) => {
            let pairs = items.iter().map(|(name, it)| format!("{name}: {}", self::value(it)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// An input's value. What stands in a secret's place and is no reference is never shown.
pub(in crate::display) fn input(value_type: &ValueType, value: &Value) -> String {
    let secret = *value_type == ValueType::Secret;
    match serde_json::from_value::<SecretRef>(value.clone()) {
        Ok(reference) if secret => format!("{reference} (a reference: the value is never stored)"),
        Err(_) if secret => "(not shown)".into(),
        _ => self::value(value),
    }
}

/// An expression with what is known put in.
fn expr(plan: &Plan, expr: &Expr) -> String {
    match expr {
        Expr::Literal(it) => value(it),
        Expr::Reference(it) => reference(plan, it),
        Expr::Text(pieces) => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Plain(text) => text.clone(),
                Piece::Reference(it) => reference(plan, it),
            })
            .collect(),
        Expr::List(items) => items.iter().map(|it| self::expr(plan, it)).collect::<Vec<_>>().join(", "),
        Expr::Map(items) => {
            let pairs = items.iter().map(|(name, it)| format!("{name}: {}", self::expr(plan, it)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// A parameter's value, and whether only the run will bring all of it. What looking has given already is known.
pub(in crate::display) fn parameter(
    plan: &Plan,
    told: Option<&Description>,
    name: &str,
    given: &Expr,
) -> (String, bool) {
    match told.and_then(|told| told.parameters.get(name)) {
        Some(it) if is_pending(given) => (value(it), is_unknown(it)),
        _ => (expr(plan, given), is_pending(given)),
    }
}

/// A key's value, or that there is none.
pub(in crate::display) fn some_key(value: Option<&str>) -> &str {
    value.unwrap_or("(not there)")
}

/// Whether an expression rests on what an action gives.
fn is_pending(expr: &Expr) -> bool {
    expr.references().iter().any(|it| matches!(it, Reference::Output { .. }))
}

fn reference(plan: &Plan, reference: &Reference) -> String {
    match reference {
        Reference::Input(name) => {
            let spec = plan.runbook.inputs.iter().find(|i| i.name == *name);
            match (plan.inputs.get(name), spec) {
                (Some(it), Some(spec)) => input(&spec.value_type, it),
                (Some(it), None) => value(it),
                (None, _) => format!("(input {name}, not given)"),
            }
        }
        Reference::Output { action, .. } => format!("(known after step-{})", plan.number(action.step())),
        Reference::RunId => "(the run's id)".into(),
    }
}
