//! The downtime: each beginning has its end, and comes to it.

use super::gates::place_of;
use super::problem::Notes;
use super::words::{found, nearest};
use crate::document::{Node, Place};
use crate::model::{ActionPath, Downtime, Runbook, Step};
use std::collections::{BTreeSet, HashMap};

const WORDS: [&str; 2] = ["begins", "ends"];

/// Reads `downtime` of an action.
pub(super) fn read(node: &Node, what: &str, notes: &mut Notes) -> Option<Downtime> {
    match node.text() {
        Some("begins") => Some(Downtime::Begins),
        Some("ends") => Some(Downtime::Ends),
        other => {
            let message = format!("`downtime` of {what}: found {}, expected `begins` or `ends`", found(node));
            match other.and_then(|text| nearest(text, WORDS)) {
                Some(near) => notes.advise(node.place, message, format!("did you mean `{near}`?")),
                None => notes.add(node.place, message),
            }
            None
        }
    }
}

/// Tells a downtime that begins or ends twice, and one that is told in both ways. `items` are the document's steps.
pub(super) fn check(items: &[Node], steps: &[Step], notes: &mut Notes) {
    let at = |path: &ActionPath| place_of(items, path).unwrap_or(Place::START);
    let mut open: Option<&ActionPath> = None;
    let mut told = None;
    for action in steps.iter().flat_map(|step| &step.actions) {
        let path = &action.path;
        match (action.downtime, open) {
            (Some(Downtime::Begins), None) => open = Some(path),
            (Some(Downtime::Begins), Some(first)) => {
                notes.add(
                    at(path),
                    format!("`{path}` begins a downtime, and the one that `{first}` began has not ended"),
                );
            }
            (Some(Downtime::Ends), Some(_)) => open = None,
            (Some(Downtime::Ends), None) => {
                notes.add(at(path), format!("`{path}` ends a downtime, and none has begun before it"));
            }
            (None, _) => {}
        }
        told = told.or(action.downtime.map(|_| path));
    }
    let by_step = items.iter().find_map(|item| item.get("site_down"));
    if let (Some(path), Some(node)) = (told, by_step) {
        let message =
            format!("`site_down` beside the `downtime` of `{path}`: one of the two says when the site is down");
        notes.advise(node.place, message, "leave `site_down` out: it follows from the actions");
    }
}

/// Tells an action that ends a downtime without waiting for its beginning: nothing would keep it from being done before.
pub(super) fn ends_what_it_began(runbook: &Runbook, steps: Option<&Node>, notes: &mut Notes) {
    let needs = runbook.needs();
    let at: HashMap<&ActionPath, usize> = needs.iter().enumerate().map(|(n, (path, _))| (*path, n)).collect();
    for window in runbook.windows() {
        let Some(end) = window.ends else { continue };
        let (Some(&begins), Some(&ends)) = (at.get(window.begins), at.get(end)) else { continue };
        // What is needed is written earlier: what leads back to the beginning stands between the two.
        let (mut seen, mut open) = (BTreeSet::from([ends]), vec![ends]);
        while let Some(n) = open.pop() {
            let before = needs[n].1.iter().filter_map(|path| at.get(path).copied());
            open.extend(before.filter(|n| *n >= begins && seen.insert(*n)));
        }
        if begins == ends || !seen.contains(&begins) {
            let place = steps.and_then(Node::items).and_then(|items| place_of(items, end)).unwrap_or(Place::START);
            let message = format!("`{end}` ends the downtime that `{}` begins, and does not need it", window.begins);
            notes.advise(place, message, format!("let it need `{}`, directly or by what it needs", window.begins));
        }
    }
}
