//! Ids in requests with what the operator calls them.

use super::Plan;
use crate::model::{Change, Value};

impl Plan {
    /// Changes with the name beside each id of a request that has one: `i-0ab (web-1)`.
    #[must_use]
    pub fn named(&self, changes: &[Change]) -> Vec<Change> {
        changes.iter().map(|change| self.with_names(change)).collect()
    }

    fn with_names(&self, change: &Change) -> Change {
        match change {
            Change::Request { operation, with, later } => {
                let with = with.iter().map(|(parameter, value)| (parameter.clone(), self.named_value(value)));
                Change::Request { operation: operation.clone(), with: with.collect(), later: later.clone() }
            }
            other => other.clone(),
        }
    }

    fn named_value(&self, value: &Value) -> Value {
        match value {
            Value::String(id) => {
                self.names.get(id).map_or_else(|| value.clone(), |name| format!("{id} ({name})").into())
            }
            Value::Array(items) => items.iter().map(|it| self.named_value(it)).collect(),
            Value::Object(fields) => fields.iter().map(|(name, it)| (name.clone(), self.named_value(it))).collect(),
            other => other.clone(),
        }
    }
}
