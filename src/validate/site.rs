//! The site of a runbook: what is asked of it all the time, and how often.

use super::actions::Surroundings;
use super::checks::{ProbeGiven, parameters};
use super::duration;
use super::fields::Fields;
use super::problem::Notes;
use super::reader::Here;
use crate::document::Node;
use crate::model::SiteProbe;

const WHAT: &str = "`site`";

/// Reads it. What it asks is known from the beginning on, so it refers to inputs only.
pub(super) fn read(around: &Surroundings<'_>, node: Option<&Node>, notes: &mut Notes) -> Option<SiteProbe> {
    let node = node?;
    let fields = Fields::of(node, node.place, WHAT, &["http", "every"], notes)?;
    let every_ms = fields.get("every").map_or(Some(SiteProbe::EVERY_MS), |node| every(node, notes));
    fields.required("http", notes)?;
    let params = SiteProbe::KIND.params_of_guard().into_iter().filter(|param| param.name == "http").collect();
    let given = ProbeGiven { with: Some(&Node { place: node.place, kind: only_http(node) }), check: node.place };
    let with = parameters(around, (SiteProbe::KIND, params, Here::Head), given, WHAT, notes);
    Some(SiteProbe { with: with?, every_ms: every_ms? })
}

fn only_http(node: &Node) -> crate::document::Kind {
    let entries = node.entries().unwrap_or_default();
    crate::document::Kind::Map(entries.iter().filter(|entry| entry.key.text == "http").cloned().collect())
}

fn every(node: &Node, notes: &mut Notes) -> Option<u64> {
    let ms = duration::read(node, &format!("`every` of {WHAT}"), notes)?;
    if ms < SiteProbe::LEAST_MS {
        let message = format!("`every` of {WHAT} is shorter than {} ms", SiteProbe::LEAST_MS);
        notes.add(node.place, message);
        return None;
    }
    Some(ms)
}
