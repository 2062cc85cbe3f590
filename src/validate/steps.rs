//! Steps and the order among them.

use super::actions::{self, Surroundings};
use super::fields::{Fields, twice};
use super::problem::Notes;
use super::words::{found, meant};
use super::{downtime, gates, needs, on_failure};
use crate::document::{Node, Place};
use crate::model::{ActionPath, Step, StepAction, StepId, is_action_id, is_id, names_otherwise};
use std::collections::{BTreeMap, HashMap};

const FIELDS: &[&str] =
    &["id", "title", "why", "when", "for_each", "at_once", "site_down", "needs", "on_failure", "actions"];

/// Reads all steps, of these numbers. Steps that are broken are left out, and their problems told.
pub(super) fn read(around: &Surroundings<'_>, node: &Node, numbers: &[usize], notes: &mut Notes) -> Vec<Step> {
    let Some(items) = node.items() else {
        notes.add(node.place, format!("`steps`: found {}, expected a list of steps", found(node)));
        return Vec::new();
    };
    if items.is_empty() {
        notes.add(node.place, "`steps` is empty; a runbook needs at least one step");
    }
    let before = notes.len();
    let mut steps: Vec<Step> = Vec::new();
    let mut ids = HashMap::new();
    let mut needs_at = BTreeMap::new();
    for (n, item) in items.iter().enumerate() {
        let id = id(item, "step", &mut ids, notes).and_then(|(text, place)| {
            if let Some(other) = names_otherwise(&text) {
                notes.advise(
                    place,
                    format!("a step cannot have the id `{text}`: that names {other}"),
                    "take another word, for example `begin`",
                );
            }
            StepId::try_from(text).ok()
        });
        let Some(mut step) = one(around, items, n, id, notes) else { continue };
        step.number = numbers.get(n).copied().unwrap_or(n + 1);
        needs_at.insert(step.id.clone(), item.get("needs").map_or(item.place, |n| n.place));
        steps.push(step);
    }
    // A cycle among steps of which some are broken would be told of a half-read document.
    if notes.len() == before {
        needs::check(&steps, &needs_at, notes);
    }
    gates::check(items, &steps, notes);
    downtime::check(items, &steps, notes);
    steps
}

/// Reads the step at `number`, from 0, of all `items`.
fn one(
    around: &Surroundings<'_>,
    items: &[Node],
    number: usize,
    id: Option<StepId>,
    notes: &mut Notes,
) -> Option<Step> {
    let node = items.get(number)?;
    let what = &id.as_ref().map_or_else(|| format!("step {}", number + 1), |id| format!("step `{id}`"));
    let previous = number.checked_sub(1).and_then(|p| items.get(p)).and_then(|i| i.get("id")).and_then(Node::text);
    let fields = Fields::of(node, node.place, what, FIELDS, notes)?;
    let title = fields.required_line("title", notes);
    let why = fields.required_prose("why", notes);
    let site_down = fields.flag("site_down", notes).unwrap_or(false);
    let needs = match fields.get("needs") {
        Some(_) => fields.list("needs", notes).map(|items| needs_of(around, items, what, notes)),
        None => Some(previous.and_then(|p| StepId::try_from(p.to_owned()).ok()).into_iter().collect()),
    };
    let earlier: Vec<&str> = items[..number].iter().filter_map(|item| item.get("id")?.text()).collect();
    let on_failure = fields.get("on_failure").and_then(|node| on_failure::read(node, what, &earlier, notes));
    let mut actions: Vec<StepAction> = Vec::new();
    if let Some(list) = fields.required("actions", notes).and_then(|_| fields.list("actions", notes)) {
        if list.is_empty() {
            notes.add(fields.get("actions").map_or(node.place, |n| n.place), format!("{what} has no actions"));
        }
        let mut ids = HashMap::new();
        for (n, item) in list.iter().enumerate() {
            let name = self::id(item, "action", &mut ids, notes);
            let path = name.zip(id.as_ref()).and_then(|((name, _), step)| ActionPath::new(step, &name).ok());
            actions.extend(actions::read(around, item, path, (number, n), notes));
        }
    }
    let on_failure = on_failure.unwrap_or_default();
    Some(Step { id: id?, number: number + 1, title: title?, why: why?, site_down, needs: needs?, on_failure, actions })
}

fn needs_of(around: &Surroundings<'_>, items: &[Node], what: &str, notes: &mut Notes) -> Vec<StepId> {
    let mut needs: Vec<StepId> = Vec::new();
    for item in items {
        let Some(name) = item.text() else {
            notes.add(item.place, format!("`needs` of {what}: found {}, expected the id of a step", found(item)));
            continue;
        };
        if around.scope.step(name).is_none() {
            let message = format!("`needs` of {what}: there is no step `{name}`");
            notes.advise(item.place, message, meant(name, around.scope.steps.iter().map(String::as_str), "steps"));
        } else if let Ok(id) = StepId::try_from(name.to_owned())
            && !needs.contains(&id)
        {
            needs.push(id);
        }
    }
    needs
}

/// The id of a step, an action or a check: there, well formed, and used once.
pub(super) fn id(
    node: &Node,
    what: &str,
    seen: &mut HashMap<String, Place>,
    notes: &mut Notes,
) -> Option<(String, Place)> {
    node.entries()?;
    let Some(id) = node.get("id") else {
        notes.add(node.place, format!("this {what} has no `id`"));
        return None;
    };
    let Some(text) = id.text() else {
        notes.add(id.place, format!("`id` of this {what}: found {}, expected a text", found(id)));
        return None;
    };
    // A loop's rounds have ids of their own, which no author can write.
    let fits = if what == "action" { is_action_id(text) } else { is_id(text) };
    if !fits {
        let article = if what == "action" { "an" } else { "a" };
        no_id(text, &format!("the id of {article} {what}"), id.place, notes);
        return None;
    }
    if let Some(first) = seen.get(text) {
        let scope = if what == "action" { "this step" } else { "the runbook" };
        twice(&format!("the id `{text}`"), scope, id.place, *first, notes);
        return None;
    }
    seen.insert(text.to_owned(), id.place);
    Some((text.to_owned(), id.place))
}

/// Tells a text that is no id, and one that is near to it.
pub(super) fn no_id(text: &str, what: &str, place: Place, notes: &mut Notes) {
    let message = format!(
        "`{text}` cannot be {what}: expected at most 40 lower-case letters, digits and single dashes, starting with a letter"
    );
    let mut near = String::new();
    for c in text.to_lowercase().chars() {
        match c {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => near.push(c),
            _ if !near.ends_with('-') => near.push('-'),
            _ => {}
        }
    }
    let near = near.trim_matches('-').to_owned();
    if is_id(&near) {
        notes.advise(place, message, format!("for example `{near}`"));
    } else {
        notes.add(place, message);
    }
}
