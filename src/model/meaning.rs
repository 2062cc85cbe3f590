//! What an action of a runbook means with given inputs: everything that its effect or its undo could depend on.
//!
//! Two runbooks mean the same by an action when an operator could not tell the deeds apart. Titles, reasons, deadlines and
//! retries are no part of it.

use super::{ActionPath, Expr, Reference, Runbook, StepAction, TargetSpec, Value, Values};
use serde_json::json;
use std::collections::BTreeMap;

impl Runbook {
    /// What an action means; nothing when there is no such action. To be compared, not to be read.
    #[must_use]
    pub fn meaning(&self, action: &ActionPath, inputs: &Values) -> Option<Value> {
        let action = self.actions().find(|a| a.path == *action)?;
        let targets: Vec<&TargetSpec> = self.targets_of(action);
        let own = action.with.values();
        let through = targets.iter().flat_map(|target| target.fields.values());
        let used: BTreeMap<&str, &Value> = own
            .chain(through)
            .flat_map(Expr::references)
            .filter_map(|reference| match reference {
                Reference::Input(name) => inputs.get(name).map(|value| (name.as_str(), value)),
                Reference::Output { .. } | Reference::RunId => None,
            })
            .collect();
        Some(json!({
            "kind": action.kind,
            "with": action.with,
            "irreversible": action.irreversible,
            "targets": targets,
            "inputs": used,
        }))
    }

    /// The targets an action names.
    fn targets_of(&self, action: &StepAction) -> Vec<&TargetSpec> {
        let names: Vec<&str> = action.with.values().flat_map(texts).collect();
        self.targets.iter().filter(|target| names.contains(&target.name.as_str())).collect()
    }
}

fn texts(expr: &Expr) -> Vec<&str> {
    match expr {
        Expr::Literal(Value::String(text)) => vec![text.as_str()],
        Expr::Literal(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Expr::List(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
