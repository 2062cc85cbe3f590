//! Values as a plan shows them: inputs as given, secrets as references, outputs as `(known after step-6)`.

use crate::model::{Description, Expr, Foretold, Reference, SecretRef, Text, Value, ValueType, tell};
use crate::plan::Plan;
use std::collections::BTreeMap;

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

/// The same of a value as far as it is known.
fn foretold(it: &Foretold) -> Text {
    match it {
        Foretold::Known(known) => value(known).into(),
        Foretold::Text(text) => text.clone(),
        it if it.is_known() => value(&it.shown()).into(),
        Foretold::List(items) => Text::joined(items.iter().map(foretold), ", "),
        Foretold::Map(fields) => {
            let pairs = fields.iter().map(|(name, it)| tell!("{}: {}", name, foretold(it)));
            tell!("{ {} }", Text::joined(pairs, ", "))
        }
    }
}

/// A parameter's value. What looking has given already is known.
pub(in crate::display) fn parameter(plan: &Plan, told: Option<&Description>, name: &str, given: &Expr) -> Text {
    if let Expr::Reference(Reference::Input(input)) = given
        && let Some(spec) = plan.runbook.inputs.iter().find(|spec| spec.name == *input && spec.value_type.is_secret())
        && let Some(value) = plan.inputs.get(input)
    {
        return self::input(&spec.value_type, value).into();
    }
    match told.and_then(|told| told.parameters.get(name)) {
        Some(it) if is_pending(given) => foretold(&it),
        // A target is told by its name.
        _ => foretold(&plan.foretell(given, None, &BTreeMap::new())),
    }
}

/// A key's value, or that there is none.
pub(in crate::display) fn some_key(value: Option<&str>) -> &str {
    value.unwrap_or("(not there)")
}

/// Whether an expression rests on what an action gives.
fn is_pending(expr: &Expr) -> bool {
    expr.references().iter().any(|it| it.output().is_some())
}
