//! What stands for the id of a run that does not exist yet, in names that are made of it.
//!
//! Looking before a run needs names (``is there an image `nextcloud-…` already?``) that hold the id; a plan must not show one
//! that was made up. So the id is a word that nothing else has, and what is shown has `(the run's id)` in its place.

use crate::model::{Description, Failure, Finding, RunId};
use serde::{Serialize, de::DeserializeOwned};

/// As long as an id, for names have a longest length.
const STAND_IN: &str = "run-id-not-known-yet";

const SHOWN: &str = "(the run's id)";

/// The id to look with.
pub(in crate::cli) fn planned_run_id() -> RunId {
    STAND_IN.parse().expect("letters and dashes after an `r` form an id")
}

/// A text as it is shown.
fn text(text: &str) -> String {
    text.replace(STAND_IN, SHOWN)
}

/// A value as it is shown: the same, for what stands in is a text in a text and so is what is shown.
fn value<T: Serialize + DeserializeOwned + Clone>(it: &T) -> T {
    let shown = serde_json::to_string(it).ok().filter(|json| json.contains(STAND_IN));
    shown.and_then(|json| serde_json::from_str(&text(&json)).ok()).unwrap_or_else(|| it.clone())
}

/// What was found, as it is shown.
pub(in crate::cli) fn finding(it: &Finding) -> Finding {
    value(it)
}

/// What refuses, as it is shown.
pub(in crate::cli) fn failure(it: &Failure) -> Failure {
    value(it)
}

/// What an action does, as it is shown.
pub(in crate::cli) fn description(it: &Description) -> Description {
    let (parameters, changes) = (value(&it.parameters), value(&it.changes));
    Description { parameters, does: text(&it.does), undo: it.undo.as_deref().map(text), changes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_is_made_up() {
        let id = planned_run_id();
        let told = Description {
            parameters: crate::model::Value::Null,
            does: format!("make an image `nc-{id}`"),
            undo: Some(format!("deregister `nc-{id}`")),
            changes: vec![crate::model::Change::Command { on: "web-1".into(), argv: vec![format!("/f.{id}\"")] }],
        };
        let shown = description(&told);
        assert_eq!(shown.does, "make an image `nc-(the run's id)`");
        assert!(!format!("{shown:?}").contains(id.as_str()));
        assert_eq!(failure(&Failure::refused(id.as_str())).message, SHOWN);
        assert_eq!(failure(&Failure::refused("run-id")).message, "run-id");
    }
}
