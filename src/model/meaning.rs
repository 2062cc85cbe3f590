//! What an action of a runbook means with given inputs: everything that its effect or its undo could depend on.
//!
//! Two runbooks mean the same by an action when an operator could not tell the deeds apart. Titles, reasons, deadlines and
//! retries are no part of it.

use super::{ActionPath, Expr, Reference, Runbook, Value, Values};
use serde_json::json;
use std::collections::BTreeMap;

impl Runbook {
    /// What an action means; nothing when there is no such action. To be compared, not to be read.
    #[must_use]
    pub fn meaning(&self, action: &ActionPath, inputs: &Values) -> Option<Value> {
        let action = self.actions().find(|a| a.path == *action)?;
        let targets = self.targets_of(action);
        let own = action.with.values();
        let through = targets.iter().flat_map(|target| target.used_by(action.kind)).map(|(_, expr)| expr);
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
}
