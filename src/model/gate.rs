//! The names of gates: what a person types after `runbook approve RUN`.
//!
//! A name is made of the action's (or the host's) and nothing else, so it is known before the run. Names are unique in a
//! runbook: `validate` refuses two actions that would ask under the same one.

use super::{Expr, Property, Scope, StepAction, Value, Values};
use std::collections::BTreeMap;

/// The longest name of a gate that is made of an action's name.
const LONGEST: usize = 40;

/// The gate of `gate.approve`.
#[must_use]
pub fn approval_gate(action: &str) -> String {
    action.to_owned()
}

/// The gate at which a person registers a record elsewhere.
#[must_use]
pub fn dns_gate(action: &str) -> String {
    prefixed("dns", action)
}

/// The gate at which a person takes such a record back.
#[must_use]
pub fn dns_undo_gate(action: &str) -> String {
    prefixed("dns-undo", action)
}

/// The gate at which a person compares a host's key.
#[must_use]
pub fn host_key_gate(target: &str) -> String {
    format!("host-key-{target}")
}

/// An id: no dash at the end.
fn prefixed(prefix: &str, action: &str) -> String {
    let full = format!("{prefix}-{action}");
    full.get(..LONGEST).unwrap_or(&full).trim_end_matches('-').to_owned()
}

impl StepAction {
    /// The gates at which this action may ask. What an input decides counts as asked.
    #[must_use]
    pub fn gates(&self) -> Vec<String> {
        self.gates_as(&|_| None)
    }

    /// Whether this action may ask a person on the way forward of a run with these inputs. What only the run will bring
    /// counts as asked.
    #[must_use]
    pub fn may_ask(&self, inputs: &Values) -> bool {
        let outputs = BTreeMap::new();
        !self.gates_as(&|expr| expr.resolve(&Scope { run: None, inputs, outputs: &outputs }).ok()).is_empty()
    }

    fn gates_as(&self, known: &dyn Fn(&Expr) -> Option<Value>) -> Vec<String> {
        let name = self.path.name();
        let gates = |property: &Property| match property {
            Property::Asks => vec![approval_gate(name)],
            Property::AsksForRecord if self.may_be("zone", "external", known) => {
                vec![dns_gate(name), dns_undo_gate(name)]
            }
            Property::AsksAboutHostKey if self.may_be("by", "approve", known) => match self.with.get("on") {
                Some(Expr::Literal(target)) => target.as_str().map(host_key_gate).into_iter().collect(),
                _ => Vec::new(),
            },
            Property::AsksForRecord | Property::AsksAboutHostKey => Vec::new(),
            Property::NeedsAws
            | Property::MayNeedAws
            | Property::GivesTags
            | Property::LooksUp
            | Property::LearnsHostKey => Vec::new(),
            Property::Stops
            | Property::StartsInstance
            | Property::StartsService
            | Property::IsAnyDeed
            | Property::RunsByItself
            | Property::OnlyLooks
            | Property::CannotBeSeen
            | Property::MayOnlyRead
            | Property::Probes
            | Property::Removes
            | Property::Releases => Vec::new(),
        };
        self.kind.properties().iter().flat_map(gates).collect()
    }

    /// Whether a parameter is this text, or not known.
    fn may_be(&self, parameter: &str, text: &str, known: &dyn Fn(&Expr) -> Option<Value>) -> bool {
        match self.with.get(parameter) {
            Some(Expr::Literal(value)) => value == text,
            Some(expr) => known(expr).is_none_or(|value| value == text),
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::is_id;

    #[test]
    fn gates_are_ids() {
        assert_eq!(dns_gate("validation-record"), "dns-validation-record");
        assert!(is_id(&dns_undo_gate("a-very-long-name-of-an-action-that-goes-on")));
        assert!(is_id(&dns_undo_gate("abcdefghij-abcdefghij-abcdefghi-abcdefg")));
    }
}
