//! The names of gates: each once in a runbook, for a person answers a gate by its name.

use super::problem::Notes;
use crate::document::{Node, Place};
use crate::model::{ActionPath, Step, StepAction, is_id};
use std::collections::BTreeMap;

/// Tells actions that may ask at a gate of the same name. `items` are the document's steps.
pub(super) fn check(items: &[Node], steps: &[Step], notes: &mut Notes) {
    let mut seen: BTreeMap<String, &ActionPath> = BTreeMap::new();
    for action in steps.iter().flat_map(|s| &s.actions) {
        let taken = action.gates().into_iter().find_map(|gate| Some((seen.get(&gate).copied()?, gate)));
        match taken {
            Some((first, gate)) => {
                let at = |path| place_of(items, path).unwrap_or(Place::START);
                let line = at(first).line;
                let message = format!(
                    "`{}` may ask at a gate `{gate}`, and so may `{first}` (line {line}): `runbook approve` could not tell \
                     them apart",
                    action.path
                );
                notes.advise(at(&action.path), message, way_out(action, first));
            }
            None => seen.extend(action.gates().into_iter().map(|gate| (gate, &action.path))),
        }
    }
}

fn way_out(action: &StepAction, first: &ActionPath) -> String {
    let path = &action.path;
    if action.kind.learns_host_key() {
        return format!("pin the host's key once: later actions can use what `{first}` gives");
    }
    let name = format!("{}-{}", path.step(), path.name());
    if is_id(&name) {
        format!("give it another id, for example `{name}`")
    } else {
        "give it another id: the gate has its name".into()
    }
}

/// Where the id of an action stands.
pub(super) fn place_of(items: &[Node], path: &ActionPath) -> Option<Place> {
    let called = |node: &&Node, name: &str| node.get("id").and_then(Node::text) == Some(name);
    let step = items.iter().find(|item| called(item, path.step().as_str()))?;
    let action = step.get("actions")?.items()?.iter().find(|item| called(item, path.name()))?;
    action.get("id").map(|id| id.place)
}
