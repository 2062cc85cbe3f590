//! What the tool under test says of its own effects when it is asked to look: whether they are there, and what its actions have given.

use crate::model::ActionPath;
use crate::rehearsal::scenario::VerdictRow;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Whether the effects of actions on which no later one has worked are there still, by what each saw of its own.
pub(in crate::rehearsal) fn stands(looked: &Value) -> VerdictRow {
    let all = looked.as_array().map(Vec::as_slice).unwrap_or_default();
    let all: Vec<&Value> = all.iter().filter(|it| it["taken_away"] != true).collect();
    let missing = all.iter().filter(|it| it["holds"] != true);
    let missing: Vec<String> = missing
        .map(|it| format!("{}: {}", it["action"].as_str().unwrap_or_default(), it["seen"].as_str().unwrap_or_default()))
        .collect();
    let seen = match (all.len(), missing.is_empty()) {
        (0, _) => "none can be asked: each is worked on by a later one, or leaves nothing to be seen".to_owned(),
        (number, true) => format!(
            "all {number} that can be asked: of the others a later one has worked on the same, or nothing is left to be seen"
        ),
        (_, false) => missing.join("; "),
    };
    VerdictRow::new("the effects of its actions are there by their own look", missing.is_empty(), seen)
}

/// What the actions that are done have given last, by a run's log; not those whose effect the run itself has taken away.
pub(in crate::rehearsal) fn outputs(log: &Value, done: Option<&BTreeSet<ActionPath>>, looked: &Value) -> Vec<Value> {
    let gone = |action: &str| {
        looked.as_array().into_iter().flatten().any(|it| it["taken_away"] == true && it["action"] == action)
    };
    let mut last = BTreeMap::new();
    for record in log.as_array().into_iter().flatten() {
        // What an undo has made anew is called otherwise from there on.
        for (old, new) in record.get("renamed").and_then(Value::as_object).into_iter().flatten() {
            last.values_mut().for_each(|outputs| renamed(outputs, old, new));
        }
        let (Some(action), Some(outputs)) = (record["action"].as_str(), record.get("outputs")) else { continue };
        if !gone(action) && done.is_none_or(|done| done.iter().any(|path| path.to_string() == action)) {
            last.insert(action.to_owned(), outputs.clone());
        }
    }
    last.into_values().collect()
}

fn renamed(outputs: &mut Value, old: &str, new: &Value) {
    for value in outputs.as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
        if *value == old {
            value.clone_from(new);
        }
    }
}
