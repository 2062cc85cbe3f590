//! Guards: ids, probes and their parameters, between which steps they hold, and that all they refer to is known by then.
//!
//! Promises: a guard's steps are there, the last not written before the first; what gives it something is done, by needs alone, before
//! any action of its first step can begin.
//!
//! Not handled: what an order lets begin before the first step and still counts among what the guard holds for. The plan says so.

use super::actions::Surroundings;
use super::checks::{ProbeGiven, parameters};
use super::fields::Fields;
use super::problem::Notes;
use super::reader::Here;
use super::scope::kind_named;
use super::words::{found, listed, meant, nearest};
use super::{duration, steps};
use crate::document::{Kind, Node, Place};
use crate::model::{ActionPath, CheckKind, Guard, Property, Runbook, StepId};
use std::collections::{BTreeSet, HashMap};

const FIELDS: &[&str] = &["id", "do", "title", "from", "until", "with", "every", "times"];
/// The shortest time between two looks: less would be a load, and no guard.
const LEAST_MS: u64 = 1_000;
/// The most bad looks in a row.
const MOST_TIMES: i64 = 20;

/// Reads all guards. Those that are broken are left out, and their problems told.
pub(super) fn read(around: &Surroundings<'_>, node: Option<&Node>, notes: &mut Notes) -> Vec<Guard> {
    let Some(node) = node else { return Vec::new() };
    let Some(items) = node.items() else {
        notes.add(node.place, format!("`guards`: found {}, expected a list of guards", found(node)));
        return Vec::new();
    };
    // What a guard says before a run stands among the rows of the checks.
    let checks = around.document.root.get("preflight").and_then(Node::items).unwrap_or_default();
    let ids = checks.iter().filter_map(|check| check.get("id"));
    let mut ids: HashMap<String, Place> = ids.filter_map(|id| Some((id.text()?.to_owned(), id.place))).collect();
    let mut guards = Vec::new();
    for (n, item) in items.iter().enumerate() {
        let id = steps::id(item, "guard", &mut ids, notes).map(|(id, _)| id);
        guards.extend(one(around, item, n, id, notes));
    }
    guards
}

fn one(around: &Surroundings<'_>, node: &Node, number: usize, id: Option<String>, notes: &mut Notes) -> Option<Guard> {
    let what = id.as_ref().map_or_else(|| format!("guard {}", number + 1), |id| format!("guard `{id}`"));
    let fields = Fields::of(node, node.place, &what, FIELDS, notes)?;
    let title = fields.line("title", notes);
    let [from, until] = ["from", "until"].map(|field| step(around, fields.get(field), field, &what, notes));
    if let (Some(Some(first)), Some(Some(last)), Some(node)) = (&from, &until, fields.get("until"))
        && around.scope.step(last.as_str()) < around.scope.step(first.as_str())
    {
        let message = format!("`until` of {what}: step `{last}` is written before `{first}`, from which it holds");
        notes.advise(node.place, message, "`from` is the first step it holds for, `until` the last");
    }
    let every_ms = fields.get("every").map_or(Some(Guard::EVERY_MS), |node| every(node, &what, notes));
    let times = fields.get("times").map_or(Some(Guard::TIMES), |node| times(node, &what, notes));
    let kind = kind(&fields, &what, notes)?;
    let given = ProbeGiven { with: fields.get("with"), check: node.place };
    let with = parameters(around, (kind, kind.params_of_guard(), Here::Guard), given, &what, notes);
    Some(Guard { id: id?, kind, title, from: from?, until: until?, with: with?, every_ms: every_ms?, times: times? })
}

fn kind(fields: &Fields<'_>, what: &str, notes: &mut Notes) -> Option<CheckKind> {
    let node = fields.required("do", notes)?;
    let Some(name) = node.text() else {
        notes.add(node.place, format!("`do` of {what}: found {}, expected the name of a probe", found(node)));
        return None;
    };
    if let Some(kind) = CheckKind::probes().find(|kind| kind.as_str() == name) {
        return Some(kind);
    }
    let all = format!("a guard asks by one of {}", listed(CheckKind::probes().map(CheckKind::as_str)));
    let is_check = CheckKind::ALL.iter().any(|kind| kind.as_str() == name);
    let action = kind_named(name);
    let (message, help) = if action.is_some_and(|kind| kind.properties().contains(&Property::Probes)) {
        let help = format!("what it looks at a guard asks by `{}`", CheckKind::ProbeHolds);
        (format!("{what}: `{name}` is an action, which waits"), help)
    } else if action.is_some() {
        (format!("{what}: `{name}` is an action, and no probe"), all)
    } else if is_check {
        (format!("{what}: `{name}` asks what is so before a run, and is no probe"), all)
    } else {
        let near = nearest(name, CheckKind::probes().map(CheckKind::as_str));
        (format!("there is no probe `{name}`"), near.map_or(all, |near| format!("did you mean `{near}`?")))
    };
    notes.advise(node.place, message, help);
    None
}

/// The step that a field names; nothing where what it says is none.
#[allow(clippy::option_option, reason = "not said, said, and said wrongly")]
fn step(
    around: &Surroundings<'_>,
    node: Option<&Node>,
    field: &str,
    what: &str,
    notes: &mut Notes,
) -> Option<Option<StepId>> {
    let Some(node) = node else { return Some(None) };
    let Some(name) = node.text() else {
        notes.add(node.place, format!("`{field}` of {what}: found {}, expected the id of a step", found(node)));
        return None;
    };
    if around.scope.step(name).is_none() {
        let help = meant(name, around.scope.steps.iter().map(String::as_str), "steps");
        notes.advise(node.place, format!("`{field}` of {what}: there is no step `{name}`"), help);
        return None;
    }
    StepId::try_from(name.to_owned()).ok().map(Some)
}

fn every(node: &Node, what: &str, notes: &mut Notes) -> Option<u64> {
    let ms = duration::read(node, &format!("`every` of {what}"), notes)?;
    if ms < LEAST_MS {
        notes.add(node.place, format!("`every` of {what} is shorter than a second"));
        return None;
    }
    Some(ms)
}

fn times(node: &Node, what: &str, notes: &mut Notes) -> Option<u32> {
    let number = match &node.kind {
        Kind::Number(n) => n.as_i64().filter(|n| (1..=MOST_TIMES).contains(n)),
        _ => None,
    };
    if number.is_none() {
        let message =
            format!("`times` of {what}: found {}, expected a whole number from 1 to {MOST_TIMES}", found(node));
        notes.add(node.place, message);
    }
    number.and_then(|n| u32::try_from(n).ok())
}

/// Tells what a guard uses and may be asked before it is known. `items` are the document's guards.
pub(super) fn check(items: &[Node], runbook: &Runbook, notes: &mut Notes) {
    let using = runbook.guards.iter().filter(|guard| !runbook.giving_guard(guard).is_empty());
    let using: Vec<&Guard> = using.collect();
    if using.is_empty() {
        return;
    }
    let needs: HashMap<&ActionPath, BTreeSet<ActionPath>> = runbook.needs().into_iter().collect();
    for guard in using {
        let called = |item: &&Node| item.get("id").and_then(Node::text) == Some(guard.id.as_str());
        let Some(place) = items.iter().find(called).map(|item| item.get("with").unwrap_or(item).place) else {
            continue;
        };
        for giver in runbook.giving_guard(guard) {
            let message = format!("guard `{}` uses what `{giver}` gives", guard.id);
            let Some(first) = guard.from.as_ref().and_then(|from| runbook.step(from.as_str())) else {
                let message = format!("{message}, and holds from the beginning, when nothing has run");
                notes.advise(place, message, "say from which step on it holds: `from: STEP`");
                continue;
            };
            let early = first.actions.iter().map(|action| &action.path).find(|path| !stands_on(&needs, path, giver));
            if let Some(early) = early {
                let message = format!("{message}, which is not known when `{early}` begins: that does not need it");
                let help = format!("let step `{}` need step `{}`, or begin with a later one", first.id, giver.step());
                notes.advise(place, message, help);
            }
        }
    }
}

/// Whether an action needs another, however far.
fn stands_on(needs: &HashMap<&ActionPath, BTreeSet<ActionPath>>, action: &ActionPath, on: &ActionPath) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![action]);
    while let Some(path) = open.pop() {
        for need in needs.get(path).into_iter().flatten() {
            if need == on {
                return true;
            }
            if seen.insert(need) {
                open.push(need);
            }
        }
    }
    false
}
