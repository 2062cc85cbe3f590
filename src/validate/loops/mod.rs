//! Loops: a step or an action that is done for each of a list is written once and stands in the runbook as often as the list is
//! long.
//!
//! `for_each` is unrolled here, in the document, before anything else of it is judged: whoever reads the runbook afterwards
//! (validation, plan, run, journal) knows nothing of loops, and an action of one is named `restart@web-1`. So a runbook with a loop
//! means exactly what the same runbook written out means. Steps keep their number and their id.
//!
//! A list may be an input, or a group of targets: then it is what that is with the inputs that were given, or an example.
//!
//! Not handled: loops in loops.

mod each;
mod items;

use super::problem::Notes;
use super::words::found;
use crate::document::{Document, Entry, Key, Kind, Node, Place};
use crate::model::unrolled_id;
use each::{FIELDS, Round, id_of};
use items::{Item, Lists};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The document without loops. Where one cannot be read, that is told, and what it is about stands there once: the rest of the document
/// is judged all the same, but for what `each` would be.
pub(super) fn unrolled<'d>(document: &'d Document, lists: Lists<'_>, notes: &mut Notes) -> Cow<'d, Document> {
    let before = notes.told();
    let steps = document.root.get("steps").and_then(Node::items).unwrap_or_default();
    let mut loops = Loops::default();
    let mut said = Vec::new();
    for step in steps {
        let of_step = Loop::of(step, "step", lists, notes);
        let mut of_actions = Vec::new();
        for action in step.get("actions").and_then(Node::items).unwrap_or_default() {
            let it = Loop::of(action, "action", lists, notes);
            if let (Some(_), Some(node)) = (&of_step, action.get("for_each")) {
                notes.add(node.place, "a loop in a loop is not possible: its step is done for each of a list already");
            }
            marked(action, notes);
            of_actions.push(it);
        }
        loops.learn(step, of_step.as_ref(), &of_actions);
        said.push((of_step, of_actions));
    }
    if loops.names.is_empty() && notes.told() == before {
        return Cow::Borrowed(document);
    }
    let mut root = document.root.clone();
    if let Kind::Map(entries) = &mut root.kind
        && let Some(Node { kind: Kind::List(steps), .. }) =
            entries.iter_mut().find(|entry| entry.key.text == "steps").map(|entry| &mut entry.value)
    {
        let mut previous: Option<String> = None;
        for (step, said) in steps.iter_mut().zip(said) {
            loops.unroll(step, &said, previous.as_deref(), notes);
            previous = id_of(step).map(str::to_owned);
        }
    }
    // What is told of a loop comes once more where its actions are read.
    notes.pass_over_told(before);
    Cow::Owned(document.with_root(root))
}

/// The texts in a node that speak of an item.
fn of_items(node: &Node) -> Vec<Place> {
    match &node.kind {
        Kind::Text(text) if text.contains("${{") && text.contains("each") => vec![node.place],
        Kind::List(items) => items.iter().flat_map(of_items).collect(),
        Kind::Map(entries) => entries.iter().flat_map(|entry| of_items(&entry.value)).collect(),
        _ => Vec::new(),
    }
}

/// `@` in an action's id is what a loop writes.
fn marked(action: &Node, notes: &mut Notes) {
    if let Some(id) = action.get("id").filter(|id| id.text().is_some_and(|text| text.contains('@'))) {
        let help = "`for_each` makes such ids; give this action a plain one";
        notes.advise(id.place, format!("`{}` cannot be the id of an action", id.text().unwrap_or_default()), help);
    }
}

/// What is said of a loop.
struct Loop {
    items: Vec<Item>,
    /// How many may be at work at the same time.
    at_once: usize,
}

impl Loop {
    /// What a step or an action says; nothing when it is none, or when what it says is wrong.
    fn of(node: &Node, what: &str, lists: Lists<'_>, notes: &mut Notes) -> Option<Self> {
        let it = Self::read(node, what, lists, notes);
        if it.is_none() && node.get("for_each").is_some() {
            notes.pass_over(of_items(node));
        }
        it
    }

    fn read(node: &Node, what: &str, lists: Lists<'_>, notes: &mut Notes) -> Option<Self> {
        let at_once = node.get("at_once");
        let Some(list) = node.get("for_each") else {
            if let Some(at_once) = at_once {
                notes.add(at_once.place, format!("`at_once` is for a {what} with `for_each`"));
            }
            return None;
        };
        let items = items::read(list, lists, notes)?;
        let at_once = match at_once.map(|node| (node, &node.kind)) {
            None => Some(1),
            Some((_, Kind::Bool(true))) => Some(items.len()),
            Some((_, Kind::Number(number))) if number.as_u64().is_some_and(|n| n > 0) => {
                number.as_u64().and_then(|n| usize::try_from(n).ok())
            }
            Some((node, _)) => {
                let message =
                    format!("`at_once`: found {}, expected how many at the same time, or `true` for all", found(node));
                notes.add(node.place, message);
                None
            }
        };
        Some(Self { items, at_once: at_once? })
    }
}

/// What is said of a step, and of each of its actions.
type Said = (Option<Loop>, Vec<Option<Loop>>);

/// A step as it is written.
struct Written<'a> {
    /// Its id.
    step: &'a str,
    actions: &'a [Node],
    /// What its first action waits for when nothing is said of that.
    base: &'a [Node],
}

/// The actions that are in a loop, by step and id, with the names they get.
#[derive(Default)]
struct Loops {
    names: BTreeMap<(String, String), Vec<String>>,
}

impl Loops {
    fn learn(&mut self, step: &Node, of_step: Option<&Loop>, of_actions: &[Option<Loop>]) {
        let Some(id) = id_of(step) else { return };
        for (action, own) in actions_of(step).iter().zip(of_actions) {
            let (Some(name), Some(it)) = (id_of(action), of_step.or(own.as_ref())) else { continue };
            let names = it.items.iter().map(|item| unrolled_id(name, &item.name)).collect();
            self.names.insert((id.to_owned(), name.to_owned()), names);
        }
    }

    fn unroll(&self, step: &mut Node, (of_step, of_actions): &Said, previous: Option<&str>, notes: &mut Notes) {
        let base: Vec<Node> = match step.get("needs").and_then(Node::items) {
            Some(needs) => needs.to_vec(),
            None => previous.map(|before| text(before, step.place)).into_iter().collect(),
        };
        let written = Written { step: id_of(step).unwrap_or_default(), actions: actions_of(step), base: &base };
        let made = match of_step {
            Some(it) => self.whole(&written, it, notes),
            None => self.one_by_one(&written, of_actions, notes),
        };
        if let Kind::Map(entries) = &mut step.kind {
            entries.retain(|entry| !FIELDS.contains(&entry.key.text.as_str()));
            if let Some(list) =
                entries.iter_mut().find(|entry| entry.key.text == "actions" && entry.value.items().is_some())
            {
                list.value.kind = Kind::List(made);
            }
        }
    }

    /// A step that is done for each: all its actions for the first, then all for the next.
    fn whole(&self, written: &Written<'_>, it: &Loop, notes: &mut Notes) -> Vec<Node> {
        let Written { step, actions, base } = *written;
        let mut made: Vec<Vec<Node>> = Vec::new();
        for (n, item) in it.items.iter().enumerate() {
            let round = Round { step, actions, item };
            let mut of_round: Vec<Node> = actions.iter().map(|action| round.action(action, notes)).collect();
            if let Some(first) = of_round.first_mut() {
                let before = n.checked_sub(it.at_once).map(|earlier| &made[earlier]);
                self.waits(first, (n, it.at_once), before.map_or(&[], Vec::as_slice), (step, base));
            }
            for action in &mut of_round {
                self.expand_needs(action);
            }
            made.push(of_round);
        }
        made.into_iter().flatten().collect()
    }

    /// A step of which some actions are done for each.
    fn one_by_one(&self, written: &Written<'_>, of_actions: &[Option<Loop>], notes: &mut Notes) -> Vec<Node> {
        let Written { step, actions, base } = *written;
        let mut made: Vec<Node> = Vec::new();
        // The actions of the loop that ended just now, when the next action must wait for all of them.
        let mut all_of: Vec<Node> = Vec::new();
        let mut last: Vec<Node> = Vec::new();
        for (action, own) in actions.iter().zip(of_actions) {
            let mut of_this: Vec<Node> = Vec::new();
            match own {
                None => {
                    let mut action = action.clone();
                    if let Kind::Map(entries) = &mut action.kind {
                        entries.retain(|entry| !FIELDS.contains(&entry.key.text.as_str()));
                    }
                    if !all_of.is_empty() && action.get("needs").is_none() {
                        set(&mut action, "needs", paths(step, &all_of));
                    }
                    self.expand_needs(&mut action);
                    of_this.push(action);
                }
                Some(it) => {
                    let (none, after_last) = (made.is_empty(), paths(step, &last));
                    let base = if none { base } else { after_last.as_slice() };
                    for (n, item) in it.items.iter().enumerate() {
                        let round = Round { step, actions: std::slice::from_ref(action), item };
                        let mut one = round.action(action, notes);
                        let before = n.checked_sub(it.at_once).map(|earlier| of_this[earlier].clone());
                        if n == 0 && !all_of.is_empty() && one.get("needs").is_none() {
                            set(&mut one, "needs", paths(step, &all_of));
                        }
                        self.waits(&mut one, (n, it.at_once), before.as_slice(), (step, base));
                        self.expand_needs(&mut one);
                        of_this.push(one);
                    }
                }
            }
            all_of = if own.as_ref().is_some_and(|it| it.at_once > 1) { of_this.clone() } else { Vec::new() };
            last.clone_from(&of_this);
            made.extend(of_this);
        }
        made
    }

    /// What the first action of a round waits for: what it says itself, or what the loop's first one waits for, and the round that
    /// must have ended before it. One at a time, and nothing said, each waits for the one before it as always.
    fn waits(&self, first: &mut Node, (n, at_once): (usize, usize), before: &[Node], (step, base): (&str, &[Node])) {
        let said = first.get("needs").and_then(Node::items).map(<[Node]>::to_vec);
        if n == 0 || (at_once == 1 && said.is_none()) {
            return;
        }
        let mut needs = said.unwrap_or_else(|| if before.is_empty() { base.to_vec() } else { Vec::new() });
        needs.extend(paths(step, before));
        set(first, "needs", needs);
    }

    /// Whoever needs an action of a loop needs all of them.
    fn expand_needs(&self, action: &mut Node) {
        let Some(needs) = action.get("needs").and_then(Node::items) else { return };
        let expand = |need: &Node| {
            let path = need.text().and_then(|text| text.split_once('/'));
            let names =
                path.and_then(|(step, name)| Some((step, self.names.get(&(step.to_owned(), name.to_owned()))?)));
            match names {
                Some((step, names)) => names.iter().map(|name| text(&format!("{step}/{name}"), need.place)).collect(),
                None => vec![need.clone()],
            }
        };
        let needs = needs.iter().flat_map(expand).collect();
        set(action, "needs", needs);
    }
}

fn actions_of(step: &Node) -> &[Node] {
    step.get("actions").and_then(Node::items).unwrap_or_default()
}

fn text(text: &str, place: Place) -> Node {
    Node { place, kind: Kind::Text(text.to_owned()) }
}

/// The paths of actions of a step, as `needs` has them.
fn paths(step: &str, actions: &[Node]) -> Vec<Node> {
    let path = |action: &Node| Some(text(&format!("{step}/{}", id_of(action)?), action.place));
    actions.iter().filter_map(path).collect()
}

/// Writes a list into a mapping.
fn set(node: &mut Node, name: &str, list: Vec<Node>) {
    let place = node.place;
    let Kind::Map(entries) = &mut node.kind else { return };
    let value = Node { place, kind: Kind::List(list) };
    match entries.iter_mut().find(|entry| entry.key.text == name) {
        Some(entry) => entry.value.kind = value.kind,
        None => entries.push(Entry { key: Key { text: name.to_owned(), place }, value }),
    }
}
