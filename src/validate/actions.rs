//! One action: its kind, parameters, retry, deadline, and what is said about undoing it.

use super::fields::{Fields, is_elsewhere};
use super::literal::choices;
use super::problem::Notes;
use super::reader::{Here, Reader};
use super::scope::{Declared, kind_named};
use super::words::{found, inside, listed};
use super::{downtime, duration, needs, trial, ways};
use crate::document::{Document, Kind, Node, Place};
use crate::model::{
    ActionKind, ActionPath, Expr, LocalFile, ParamSpec, Property, RetryPolicy, Reversibility, Spec, StepAction,
    TargetSpec, ValueType, WayBack,
};
use std::collections::BTreeMap;

const FIELDS: &[&str] = &[
    "id",
    "do",
    "title",
    "when",
    "for_each",
    "at_once",
    "needs",
    "downtime",
    "with",
    "retry",
    "deadline",
    "usually",
    "irreversible",
];

/// The most attempts; a failure that outlives them needs a person.
const MOST_ATTEMPTS: i64 = 100;

/// What the reading of an action needs beside its node.
pub(super) struct Surroundings<'a> {
    pub(super) document: &'a Document,
    pub(super) scope: &'a Declared,
    pub(super) targets: &'a [TargetSpec],
}

/// Reads one action. `path` is nothing when its id or its step's is broken; then it is judged all the same.
pub(super) fn read(
    around: &Surroundings<'_>,
    node: &Node,
    path: Option<ActionPath>,
    position: (usize, usize),
    notes: &mut Notes,
) -> Option<StepAction> {
    let what = match &path {
        Some(path) => format!("action `{path}`"),
        None => format!("action {} of step {}", position.1 + 1, position.0 + 1),
    };
    let spec = node.get("do").and_then(Node::text).and_then(kind_named).map(ActionKind::spec);
    let is_parameter = |name: &str| {
        let kind = spec.as_ref().filter(|spec| spec.params.iter().any(|param| param.name == name))?;
        Some(format!("it is a parameter of `{}`: it stands under `with`", kind.name))
    };
    let fields = Fields::beside(node, node.place, &what, (FIELDS, &is_parameter), notes)?;
    let title = fields.line("title", notes);
    let retry = fields.get("retry").map_or_else(|| Some(RetryPolicy::default()), |n| retry(n, &what, notes));
    let deadline_s = fields.get("deadline").and_then(|n| deadline(n, &what, notes));
    let usual_s = fields.get("usually").and_then(|n| usually(n, &what, notes));
    let irreversible = fields.line("irreversible", notes);
    let needs = fields.get("needs").and_then(|_| fields.list("needs", notes));
    let needs = needs.map(|items| needs::of_action(around.scope, items, &what, position, notes));
    let downtime = fields.get("downtime").and_then(|n| downtime::read(n, &what, notes));
    let kind = kind(&fields, &what, notes)?;
    let action = Action { around, kind, spec: kind.spec(), what, position };
    action.reversibility(&fields, irreversible.is_some(), node.place, notes);
    if let (Some(usual_s), Some(node)) = (usual_s, fields.get("usually")) {
        action.in_time(usual_s, deadline_s, node.place, notes);
    }
    let with = action.parameters(fields.get("with"), node.place, notes);
    Some(StepAction {
        path: path?,
        kind,
        title,
        with: with?,
        needs,
        downtime,
        retry: retry?,
        deadline_s,
        usual_s,
        irreversible,
    })
}

fn kind(fields: &Fields<'_>, what: &str, notes: &mut Notes) -> Option<ActionKind> {
    let node = fields.required("do", notes)?;
    let Some(name) = node.text() else {
        notes.add(node.place, format!("`do` of {what}: found {}, expected the name of an action", found(node)));
        return None;
    };
    let kind = kind_named(name);
    if kind.is_none() {
        let names = ActionKind::ALL.iter().map(|k| k.as_str());
        let family = name.split('.').next().unwrap_or_default();
        let cousins: Vec<&str> = names.clone().filter(|n| n.split('.').next() == Some(family)).collect();
        let help = match super::words::nearest(name, names) {
            _ if called_elsewhere(name).is_some() => {
                format!("here that is `{}`", called_elsewhere(name).unwrap_or_default())
            }
            Some(near) => format!("did you mean `{near}`?"),
            None if cousins.is_empty() => "`runbook actions` lists the actions".into(),
            None => format!("there are {}", listed(cousins)),
        };
        notes.advise(node.place, format!("there is no action `{name}`"), help);
    }
    kind
}

/// What other tools of this kind call so.
fn called_elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "file.line" | "file.lineinfile" | "file.replace" | "lineinfile" | "replace" => "file.edit",
        "file.copy" | "file.put" | "copy" => "file.upload",
        "file.template" | "file.create" | "template" => "file.write",
        "file.symlink" => "file.link",
        "command" | "shell" | "script" | "exec" | "run" | "command.run" | "shell.run" | "host.run" => "ssh.run",
        "http.get" | "http.post" | "http.call" | "webhook" => "http.request",
        "wait" | "wait.port" | "wait.http" | "wait_for" => "wait.for",
        "pause" | "approve" | "gate" | "confirm" => "gate.approve",
        _ => return None,
    })
}

struct Action<'a> {
    around: &'a Surroundings<'a>,
    kind: ActionKind,
    spec: Spec,
    what: String,
    position: (usize, usize),
}

impl Action<'_> {
    fn parameters(&self, node: Option<&Node>, place: Place, notes: &mut Notes) -> Option<BTreeMap<String, Expr>> {
        let names: Vec<&str> = self.spec.params.iter().map(|p| p.name).collect();
        let what = format!("`with` of {} (`{}`)", self.what, self.kind);
        let before = notes.len();
        if self.spec.params.iter().any(|p| p.value_type == ValueType::Secret) {
            // A secret under a misspelt name is still a secret.
            let entries = node.and_then(Node::entries).unwrap_or_default();
            let others = entries.iter().filter(|e| !names.contains(&e.key.text.as_str()));
            notes.hide(others.flat_map(|e| e.value.places()));
        }
        let fields = match node {
            None => None,
            Some(node) => {
                let of_action = |name: &str| {
                    if FIELDS.contains(&name) {
                        return Some(format!("it is said of the action: put `{name}` beside `with`"));
                    }
                    let ours = |known: &[&'static str]| known.iter().copied().find(|ours| is_elsewhere(ours, name));
                    let field = ours(FIELDS).filter(|_| ours(&names).is_none())?;
                    Some(format!("here it is called `{field}`, and said of the action: put it beside `with`"))
                };
                Some(Fields::beside(node, node.place, &what, (&names, &of_action), notes)?)
            }
        };
        let mut with = BTreeMap::new();
        let mut missing = Vec::new();
        for param in &self.spec.params {
            let Some(value) = fields.as_ref().and_then(|f| f.get(param.name)) else {
                if param.required && fields.as_ref().is_none_or(|f| f.lacks(param.name)) {
                    missing.push(param);
                }
                continue;
            };
            let what = format!("`{}` of {}", param.name, self.what);
            if let Some(expr) = self.parameter(value, param, &what, notes) {
                with.insert(param.name.to_owned(), expr);
            }
        }
        for param in missing {
            let message = format!("{} (`{}`) has no `{}`", self.what, self.kind, param.name);
            let help = format!("{}: {}", inside(&param.about), param.value_type.expected());
            notes.advise(node.map_or(place, |n| n.place), message, help);
        }
        if notes.len() == before {
            let what = format!("{} (`{}`)", self.what, self.kind);
            ways::one(&self.spec.params, &with, &what, (node, node.map_or(place, |n| n.place)), notes);
        }
        (notes.len() == before).then_some(with)
    }

    fn parameter(&self, node: &Node, param: &ParamSpec, what: &str, notes: &mut Notes) -> Option<Expr> {
        let (name, wanted) = (param.name, &param.value_type);
        let Surroundings { document, scope, .. } = self.around;
        if !ways::is_fixed(param, node, what, notes) {
            return None;
        }
        let reader = Reader { text: &document.text, scope, here: Here::Action(self.position) };
        let expr = reader.read(node, wanted, what, notes)?;
        match (wanted, &expr) {
            (ValueType::File, Expr::Literal(path)) if !path.as_str().is_some_and(LocalFile::is_inside) => {
                let message =
                    format!("{what}: found {}, and a runbook names only files below its own folder", found(node));
                notes.advise(node.place, message, "make it an input of type `file`, for the operator to name");
            }
            (ValueType::Target, _) => self.target_in_time(node, notes),
            (ValueType::List(_), _) if wanted.is_target() => {
                node.items().unwrap_or_default().iter().for_each(|item| self.target_in_time(item, notes));
            }
            (_, Expr::Literal(value)) => {
                let choices = choices(self.kind, name).filter(|c| !value.as_str().is_some_and(|v| c.contains(&v)));
                if let Some(choices) = choices {
                    let message =
                        format!("{what}: found {}, expected one of {}", found(node), listed(choices.iter().copied()));
                    let given = value.as_str().unwrap_or_default();
                    match super::words::nearest(given, choices.iter().copied()) {
                        Some(near) => notes.advise(node.place, message, format!("did you mean `{near}`?")),
                        None => notes.add(node.place, message),
                    }
                } else if let Some(error) =
                    trial::action(self.kind, &BTreeMap::from([(name.to_owned(), value.clone())]))
                {
                    notes.add(node.place, format!("{what}: {error}"));
                }
            }
            (_, expr) => {
                let decodes = |value| trial::action(self.kind, &BTreeMap::from([(name.to_owned(), value)]));
                if let Some(error) = trial::whatever_comes(expr, decodes) {
                    notes.add(node.place, format!("{what}: {error}"));
                }
            }
        }
        Some(expr)
    }

    /// Tells when a target is used before what the fields used here refer to is known.
    fn target_in_time(&self, node: &Node, notes: &mut Notes) {
        let Some(target) = self.around.targets.iter().find(|t| Some(t.name.as_str()) == node.text()) else { return };
        for (field, expr) in target.used_by(self.kind) {
            for reference in expr.references() {
                let Some((action, _)) = reference.output() else { continue };
                if self.around.scope.action(action).is_some_and(|known| known.position >= self.position) {
                    notes.advise(
                        node.place,
                        format!(
                            "{} uses target `{}` before its `{field}` is known: that is an output of `{action}`",
                            self.what, target.name
                        ),
                        format!("use it only after `{action}`"),
                    );
                }
            }
        }
    }

    /// What usually takes longer than it may would fail as a rule.
    fn in_time(&self, usual_s: u64, deadline_s: Option<u64>, place: Place, notes: &mut Notes) {
        let most = deadline_s.unwrap_or(self.spec.deadline_s);
        if usual_s >= most {
            let message = format!("{} usually takes {usual_s} s, and counts as failed after {most} s", self.what);
            notes.advise(place, message, "give it a longer `deadline`, with time to spare");
        }
    }

    /// What cannot be undone must say why it is done all the same, and nothing else may say so.
    fn reversibility(&self, fields: &Fields<'_>, said: bool, place: Place, notes: &mut Notes) {
        let with = |name| fields.get("with").and_then(|with| with.get(name));
        let has_undo = with("undo").is_some();
        let reads = self.kind.properties().contains(&Property::MayOnlyRead)
            // What is no boolean is told as such.
            && with("reads").is_some_and(|node| node.kind != Kind::Bool(false));
        if let (true, Some(node)) = (reads, with("undo")) {
            let message = format!("{} only looks (`reads: true`), and has an `undo`", self.what);
            notes.advise(node.place, message, "take one of the two away");
        }
        let cannot = match (self.kind.way_back(), self.spec.reversibility) {
            _ if reads => None,
            (WayBack::Unknown, _) if !has_undo && self.spec.params.iter().any(|param| param.name == "url") => {
                Some("a request without `undo`")
            }
            (WayBack::Unknown, _) if !has_undo => Some("a command without `undo`"),
            (WayBack::Unknown, _) => None,
            (_, Reversibility::Irreversible(why)) => Some(why),
            _ => None,
        };
        match (cannot, fields.get("irreversible")) {
            // One that stands in the wrong place is told there.
            (Some(_), None) if with("irreversible").is_some() => {}
            (Some(why), None) => notes.advise(
                place,
                format!("{} cannot be undone ({why}) and does not say so", self.what),
                "add `irreversible: why it is right to do it all the same`, or a way back",
            ),
            (None, Some(node)) if said => notes.advise(
                node.place,
                format!("{} says `irreversible`, but a rollback can pass it", self.what),
                "take `irreversible` away",
            ),
            _ => {}
        }
    }
}

/// How long it usually takes, in seconds; less than one counts as one.
fn usually(node: &Node, what: &str, notes: &mut Notes) -> Option<u64> {
    duration::read(node, &format!("`usually` of {what}"), notes).map(|ms| ms.div_ceil(1_000))
}

fn retry(node: &Node, what: &str, notes: &mut Notes) -> Option<RetryPolicy> {
    let fields = Fields::of(node, node.place, &format!("`retry` of {what}"), &["attempts", "first", "most"], notes)?;
    let mut policy = RetryPolicy::default();
    if let Some(node) = fields.get("attempts") {
        let number = match &node.kind {
            crate::document::Kind::Number(n) => n.as_i64().filter(|n| (1..=MOST_ATTEMPTS).contains(n)),
            _ => None,
        };
        match number.and_then(|n| u32::try_from(n).ok()) {
            Some(attempts) => policy.attempts = attempts,
            None => notes.add(
                node.place,
                format!(
                    "`attempts` of {what}: found {}, expected a whole number from 1 to {MOST_ATTEMPTS}",
                    found(node)
                ),
            ),
        }
    }
    if let Some(first) = fields.get("first") {
        policy.first_ms = duration::read(first, &format!("`first` of {what}"), notes)?;
        policy.most_ms = policy.most_ms.max(policy.first_ms);
    }
    if let Some(most) = fields.get("most") {
        policy.most_ms = duration::read(most, &format!("`most` of {what}"), notes)?;
        if policy.most_ms < policy.first_ms {
            notes.add(most.place, format!("`most` of {what} is shorter than the first wait"));
        }
    }
    Some(policy)
}

fn deadline(node: &Node, what: &str, notes: &mut Notes) -> Option<u64> {
    let ms = duration::read(node, &format!("`deadline` of {what}"), notes)?;
    if ms < 1_000 {
        notes.add(node.place, format!("`deadline` of {what} is shorter than a second"));
    }
    Some(ms / 1_000)
}
