//! Conditions: a step or an action with a `when` that does not hold is left out of the document, before anything else of it is judged.
//!
//! Promises: what is left is a runbook that means what it says; steps keep their numbers; whoever needs what is left out needs what that
//! would have waited for. Without values for the inputs nothing is left out: everything is judged.

mod condition;
mod guarded;

use super::known_inputs::KnownInputs;
use super::problem::Notes;
use super::words::found;
use crate::document::{Document, Entry, Key, Kind, Node};
use crate::model::LeftOut;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// A document without what is left out.
pub(super) struct Decided<'d> {
    pub(super) document: Cow<'d, Document>,
    /// The number of each step that is left, from 1.
    pub(super) numbers: Vec<usize>,
    pub(super) left_out: Vec<LeftOut>,
}

/// Leaves out what is not to be done; nothing when that is all. A condition that cannot be read is told, and taken to hold: what else is
/// wrong is to be told, too.
pub(super) fn chosen<'d>(document: &'d Document, inputs: &KnownInputs<'_>, notes: &mut Notes) -> Option<Decided<'d>> {
    let steps = document.root.get("steps").and_then(Node::items).unwrap_or_default();
    let mut out = Out::default();
    let mut says = false;
    for step in steps {
        let id = id_of(step).unwrap_or_default();
        let of_step = decided(step, inputs, notes);
        says |= of_step.is_some();
        let actions = step.get("actions").and_then(Node::items).unwrap_or_default();
        let of_actions: Vec<_> = actions.iter().map(|action| decided(action, inputs, notes)).collect();
        says |= of_actions.iter().any(Option::is_some);
        let all: Vec<(&str, String)> =
            actions.iter().zip(&of_actions).filter_map(|(action, why)| Some((id_of(action)?, why.clone()??))).collect();
        let why = match of_step.flatten() {
            Some(why) => Some(why),
            None if !actions.is_empty() && all.len() == actions.len() => {
                Some("none of its actions is to be done".to_owned())
            }
            None => None,
        };
        match why {
            Some(why) => {
                out.steps.insert(id.to_owned());
                out.told.push(LeftOut { step: id.to_owned(), action: None, why });
            }
            None => {
                for (action, why) in all {
                    out.actions.insert((id.to_owned(), action.to_owned()));
                    out.told.push(LeftOut { step: id.to_owned(), action: Some(action.to_owned()), why });
                }
            }
        }
    }
    if !says {
        let numbers = (1..=steps.len()).collect();
        return Some(Decided { document: Cow::Borrowed(document), numbers, left_out: Vec::new() });
    }
    if !steps.is_empty() && out.steps.len() == steps.len() {
        let place = document.root.get("steps").map_or(document.root.place, |steps| steps.place);
        notes.add(place, "with these inputs every step is left out by its `when`: nothing is to be done");
        return None;
    }
    let waits = Waits::of(steps, &out);
    let mut root = document.root.clone();
    let mut numbers = Vec::new();
    if let Kind::Map(entries) = &mut root.kind
        && let Some(list) = entries.iter_mut().find(|entry| entry.key.text == "steps")
    {
        let kept = |(n, step): (usize, &Node)| {
            (!out.steps.contains(id_of(step).unwrap_or_default())).then(|| {
                numbers.push(n + 1);
                waits.kept(step)
            })
        };
        list.value.kind = Kind::List(steps.iter().enumerate().filter_map(kept).collect());
    }
    if let Kind::Map(entries) = &mut root.kind
        && let Some(guards) = entries.iter_mut().find(|entry| entry.key.text == "guards")
    {
        let written: Vec<&str> = steps.iter().filter_map(id_of).collect();
        let left = written.iter().copied().filter(|id| !out.steps.contains(*id)).collect();
        guards.value = guarded::of_steps_left(&guards.value, &written, &left);
    }
    let document = document.with_root(root);
    Some(Decided { document: Cow::Owned(document), numbers, left_out: out.told })
}

/// What is left out.
#[derive(Default)]
struct Out {
    steps: BTreeSet<String>,
    actions: BTreeSet<(String, String)>,
    told: Vec<LeftOut>,
}

/// Why a step or an action is left out; nothing when it has no condition, `Some(None)` when that holds.
#[allow(clippy::option_option, reason = "no condition, one that holds, one that does not")]
fn decided(node: &Node, inputs: &KnownInputs<'_>, notes: &mut Notes) -> Option<Option<String>> {
    let when = node.get("when")?;
    let text = match &when.kind {
        Kind::Text(text) => text.clone(),
        Kind::Bool(it) => it.to_string(),
        _ => {
            let help = "a condition is like `inputs.tls`, or `inputs.env == \"prod\"`";
            notes.advise(when.place, format!("`when`: found {}, expected a condition", found(when)), help);
            return Some(None);
        }
    };
    let condition = match condition::parse(&text) {
        Ok(condition) => condition,
        Err(why) => {
            let help = "write it like `inputs.tls and inputs.env == \"prod\"`, or `inputs.size in [\"s\", \"m\"]`";
            notes.advise(when.place, format!("`when`: {why}"), help);
            return Some(None);
        }
    };
    if let Some((message, help)) = condition.misfit(inputs) {
        match help {
            Some(help) => notes.advise(when.place, format!("`when`: {message}"), help),
            None => notes.add(when.place, format!("`when`: {message}")),
        }
        return Some(None);
    }
    if !inputs.are_given() || condition.holds(inputs) {
        return Some(None);
    }
    let values = condition.inputs().into_iter();
    let values = values.filter_map(|name| Some(format!("`inputs.{name}` is `{}`", plain(&inputs.value(name)?))));
    let values: Vec<String> = values.collect();
    let because = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
    Some(Some(format!("`{}` does not hold{because}", text.trim())))
}

fn plain(value: &crate::model::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn id_of(node: &Node) -> Option<&str> {
    node.get("id").and_then(Node::text)
}

/// What waits for what, as it is written.
struct Waits<'d> {
    out: &'d Out,
    /// What each step needs: step ids.
    steps: BTreeMap<&'d str, Vec<&'d str>>,
    /// What each action that is left out needs.
    actions: BTreeMap<(&'d str, &'d str), Vec<String>>,
}

impl<'d> Waits<'d> {
    fn of(steps: &'d [Node], out: &'d Out) -> Self {
        let mut it = Self { out, steps: BTreeMap::new(), actions: BTreeMap::new() };
        let mut previous: Option<&str> = None;
        for step in steps {
            let Some(id) = id_of(step) else { continue };
            let needs = match step.get("needs").and_then(Node::items) {
                Some(needs) => needs.iter().filter_map(Node::text).collect(),
                None => previous.into_iter().collect(),
            };
            it.steps.insert(id, needs);
            let mut before: Option<&str> = None;
            for action in step.get("actions").and_then(Node::items).unwrap_or_default() {
                let Some(name) = id_of(action) else { continue };
                let needs = match (action.get("needs").and_then(Node::items), before) {
                    (Some(needs), _) => needs.iter().filter_map(Node::text).map(str::to_owned).collect(),
                    (None, Some(before)) => vec![format!("{id}/{before}")],
                    (None, None) => it.steps[id].iter().map(|need| (*need).to_owned()).collect(),
                };
                it.actions.insert((id, name), needs);
                before = Some(name);
            }
            previous = Some(id);
        }
        it
    }

    /// What is needed in the place of a step or an action.
    fn instead(&self, need: &str, into: &mut Vec<String>) {
        let is_out = match need.split_once('/') {
            None if self.out.steps.contains(need) => {
                self.steps.get(need).into_iter().flatten().for_each(|need| self.instead(need, into));
                true
            }
            Some((step, _)) if self.out.steps.contains(step) => {
                self.instead(step, into);
                true
            }
            Some((step, action)) if self.out.actions.contains(&(step.to_owned(), action.to_owned())) => {
                self.actions.get(&(step, action)).into_iter().flatten().for_each(|need| self.instead(need, into));
                true
            }
            _ => false,
        };
        if !is_out && !into.iter().any(|known| known == need) {
            into.push(need.to_owned());
        }
    }

    /// A step that is left, without conditions and without what is left out of it.
    fn kept(&self, step: &Node) -> Node {
        let mut step = self.without_condition(step);
        let id = id_of(&step).unwrap_or_default().to_owned();
        if let Kind::Map(entries) = &mut step.kind
            && let Some(list) = entries.iter_mut().find(|entry| entry.key.text == "actions")
            && let Kind::List(actions) = &mut list.value.kind
        {
            actions.retain(|action| {
                !self.out.actions.contains(&(id.clone(), id_of(action).unwrap_or_default().to_owned()))
            });
            for action in actions {
                *action = self.without_condition(action);
            }
        }
        step
    }

    fn without_condition(&self, node: &Node) -> Node {
        let Kind::Map(entries) = &node.kind else { return node.clone() };
        let kept = entries.iter().filter(|entry| entry.key.text != "when").map(|entry| match entry.key.text.as_str() {
            "needs" => self.needing(entry),
            _ => entry.clone(),
        });
        Node { place: node.place, kind: Kind::Map(kept.collect()) }
    }

    fn needing(&self, entry: &Entry) -> Entry {
        let Kind::List(needs) = &entry.value.kind else { return entry.clone() };
        let mut kept: Vec<Node> = Vec::new();
        for need in needs {
            let Some(text) = need.text() else {
                kept.push(need.clone());
                continue;
            };
            let mut instead = Vec::new();
            self.instead(text, &mut instead);
            let fresh = instead.into_iter().filter(|text| !kept.iter().any(|known| known.text() == Some(text)));
            let fresh: Vec<Node> = fresh.map(|text| Node { place: need.place, kind: Kind::Text(text) }).collect();
            kept.extend(fresh);
        }
        let key = Key { text: entry.key.text.clone(), place: entry.key.place };
        Entry { key, value: Node { place: entry.value.place, kind: Kind::List(kept) } }
    }
}
