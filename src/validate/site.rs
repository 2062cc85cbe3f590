//! The site of a runbook: what is asked of it all the time, and how often.

use super::actions::Surroundings;
use super::checks::parameter;
use super::duration;
use super::fields::Fields;
use super::problem::Notes;
use super::reader::Here;
use crate::document::Node;
use crate::model::SiteProbe;
use std::collections::BTreeMap;

const WHAT: &str = "`site`";
/// The parameter of the probe that a site has.
const HTTP: &str = "http";

/// Reads it. What it asks is known from the beginning on, so it refers to inputs only.
pub(super) fn read(around: &Surroundings<'_>, node: Option<&Node>, notes: &mut Notes) -> Option<SiteProbe> {
    let node = node?;
    let fields = Fields::of(node, node.place, WHAT, &[HTTP, "every"], notes)?;
    let every_ms = fields.get("every").map_or(Some(SiteProbe::EVERY_MS), |node| every(node, notes));
    let http = fields.required(HTTP, notes)?;
    let params = SiteProbe::KIND.params_of_guard();
    let param = params.iter().find(|param| param.name == HTTP)?;
    let http = parameter(around, (SiteProbe::KIND, param, Here::Head), http, WHAT, notes);
    Some(SiteProbe { with: BTreeMap::from([(HTTP.to_owned(), http?)]), every_ms: every_ms? })
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
