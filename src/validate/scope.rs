//! What a reference may point at: the runbook's inputs, targets and actions, collected before anything is judged.
//!
//! Only what is well formed is here. What is broken is told where it is read, and a reference to it is then not told too:
//! one mistake, one problem.

use super::words::value;
use crate::document::{Document, Entry, Node};
use crate::model::{ActionKind, ActionPath, LeftOut, Value, ValueType, is_action_id};
use std::collections::{BTreeMap, HashMap};

/// An action as others see it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) path: ActionPath,
    /// Nothing when the document names no kind, or an unknown one.
    pub(super) kind: Option<ActionKind>,
    /// Number of the step and of the action in it, from 0.
    pub(super) position: (usize, usize),
    /// The outputs that it declares beside its kind's, as they are written.
    pub(super) outputs: Value,
}

/// All names of a runbook.
#[derive(Debug, Default)]
pub(super) struct Declared {
    /// Type of each input; nothing when its declaration is broken.
    pub(super) inputs: BTreeMap<String, Option<ValueType>>,
    /// Ids of the steps in order.
    pub(super) steps: Vec<String>,
    /// The actions in order.
    pub(super) actions: Vec<Known>,
    /// Names of the targets.
    pub(super) targets: Vec<String>,
    /// What is left out of the document, by step or `step/action`, and why.
    left_out: BTreeMap<String, String>,
    /// Where the first step, action and target of a name stand among them.
    steps_at: HashMap<String, usize>,
    actions_at: HashMap<ActionPath, usize>,
    targets_at: HashMap<String, usize>,
}

impl Declared {
    /// Collects the names of a document.
    pub(super) fn of(document: &Document, left_out: &[LeftOut]) -> Self {
        let root = &document.root;
        let entries = |name| root.get(name).and_then(Node::entries).unwrap_or_default();
        let value_type =
            |entry: &Entry| entry.value.get("type").and_then(Node::text).and_then(|t| t.to_owned().try_into().ok());
        let mut it = Declared {
            inputs: entries("inputs").iter().map(|e| (e.key.text.clone(), value_type(e))).collect(),
            targets: entries("targets").iter().map(|e| e.key.text.clone()).collect(),
            left_out: left_out.iter().map(|it| (it.name(), it.why.clone())).collect(),
            ..Declared::default()
        };
        let id_of = |node: &Node| node.get("id").and_then(Node::text).filter(|t| is_action_id(t)).map(str::to_owned);
        for (s, step) in root.get("steps").and_then(Node::items).unwrap_or_default().iter().enumerate() {
            let Some(step_id) = id_of(step) else { continue };
            it.steps.push(step_id.clone());
            for (a, action) in step.get("actions").and_then(Node::items).unwrap_or_default().iter().enumerate() {
                let path = id_of(action).and_then(|id| ActionPath::try_from(format!("{step_id}/{id}")).ok());
                let kind = action.get("do").and_then(Node::text).and_then(kind_named);
                let outputs = action.get("with").and_then(|with| with.get("outputs")).map(value).unwrap_or_default();
                it.actions.extend(path.map(|path| Known { path, kind, position: (s, a), outputs }));
            }
        }
        it.steps_at = first_of(it.steps.iter().cloned());
        it.actions_at = first_of(it.actions.iter().map(|known| known.path.clone()));
        it.targets_at = first_of(it.targets.iter().cloned());
        it
    }

    /// The action of this path; of duplicates the first.
    pub(super) fn action(&self, path: &ActionPath) -> Option<&Known> {
        self.actions.get(*self.actions_at.get(path)?)
    }

    /// Why a step, or an action, is left out; nothing when it is not.
    pub(super) fn left_out(&self, path: &ActionPath) -> Option<&str> {
        let of = |name: &str| self.left_out.get(name).map(String::as_str);
        of(path.step().as_str()).or_else(|| of(&path.to_string()))
    }

    /// Where a step stands among the steps, from 0; of duplicates the first.
    pub(super) fn step(&self, id: &str) -> Option<usize> {
        self.steps_at.get(id).copied()
    }

    /// Whether there is a target of this name.
    pub(super) fn has_target(&self, name: &str) -> bool {
        self.targets_at.contains_key(name)
    }
}

/// Where each name stands first.
fn first_of<N: std::hash::Hash + Eq>(names: impl Iterator<Item = N>) -> HashMap<N, usize> {
    let mut first = HashMap::new();
    names.enumerate().for_each(|(at, name)| _ = first.entry(name).or_insert(at));
    first
}

/// The kind of this name.
pub(super) fn kind_named(name: &str) -> Option<ActionKind> {
    ActionKind::ALL.iter().copied().find(|k| k.as_str() == name)
}
