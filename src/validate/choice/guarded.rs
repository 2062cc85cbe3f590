//! Guards where steps are left out: one begins with the next step that is left, and ends with the last one.
//!
//! A guard all of whose steps are left out is left out with them.

use crate::document::{Entry, Kind, Node};
use std::collections::BTreeSet;

/// The guards of a document of which these steps, by id, are left.
pub(super) fn of_steps_left(guards: &Node, written: &[&str], left: &BTreeSet<&str>) -> Node {
    let Kind::List(items) = &guards.kind else { return guards.clone() };
    let kept = items.iter().filter_map(|guard| {
        let at = |field: &str| written.iter().position(|id| Some(*id) == guard.get(field).and_then(Node::text));
        let is_left = |place: &usize| left.contains(written[*place]);
        let end = written.len().checked_sub(1)?;
        let (first, last) = (at("from").unwrap_or(0), at("until").unwrap_or(end));
        // What names no step, or them in the wrong order, is told where it is read.
        if first > last {
            return Some(guard.clone());
        }
        let mut inside = (first..=last).filter(is_left);
        let first = inside.next()?;
        let last = inside.next_back().unwrap_or(first);
        Some(named(guard, written[first], written[last], written))
    });
    Node { place: guards.place, kind: Kind::List(kept.collect()) }
}

/// The same guard, with these steps in the place of steps that it names.
fn named(guard: &Node, first: &str, last: &str, written: &[&str]) -> Node {
    let Kind::Map(entries) = &guard.kind else { return guard.clone() };
    let of = |entry: &Entry| {
        let step = match entry.key.text.as_str() {
            "from" => first,
            "until" => last,
            _ => return entry.clone(),
        };
        let names_a_step = entry.value.text().is_some_and(|id| written.contains(&id));
        let value = Node { place: entry.value.place, kind: Kind::Text(step.to_owned()) };
        Entry { key: entry.key.clone(), value: if names_a_step { value } else { entry.value.clone() } }
    };
    Node { place: guard.place, kind: Kind::Map(entries.iter().map(of).collect()) }
}
