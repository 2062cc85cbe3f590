//! Targets: the hosts, by name.

use super::fields::{Fields, twice};
use super::problem::Notes;
use super::reader::{Here, Reader};
use super::scope::Declared;
use super::trial;
use super::words::found;
use crate::document::{Document, Entry, Node};
use crate::model::{Expr, TargetSpec, ValueType, is_id};
use std::collections::{BTreeMap, HashMap};

/// Reads all targets of a runbook.
pub(super) fn read(document: &Document, node: Option<&Node>, scope: &Declared, notes: &mut Notes) -> Vec<TargetSpec> {
    let Some(node) = node else { return Vec::new() };
    let Some(entries) = node.entries() else {
        notes.add(node.place, format!("`targets`: found {}, expected targets by name", found(node)));
        return Vec::new();
    };
    let mut targets: Vec<TargetSpec> = Vec::new();
    let mut seen = HashMap::new();
    for entry in entries {
        let name = &entry.key.text;
        if let Some(first) = seen.get(name) {
            twice(&format!("target `{name}`"), "the runbook", entry.key.place, *first, notes);
            continue;
        }
        seen.insert(name, entry.key.place);
        if !is_id(name) {
            super::steps::no_id(name, "a target's name", entry.key.place, notes);
        }
        targets.extend(one(document, entry, scope, notes));
    }
    targets
}

fn one(document: &Document, entry: &Entry, scope: &Declared, notes: &mut Notes) -> Option<TargetSpec> {
    let (name, node, place) = (&entry.key.text, &entry.value, entry.key.place);
    let what = format!("target `{name}`");
    let known: Vec<&str> = TargetSpec::FIELDS.iter().map(|(field, _)| *field).collect();
    let fields = Fields::of(node, place, &what, &known, notes)?;
    match (fields.get("instance"), fields.get("host")) {
        (Some(_), Some(host)) => notes.add(host.place, format!("{what} has both `instance` and `host`, expected one")),
        (None, None) if fields.lacks("instance") && fields.lacks("host") => notes.advise(
            place,
            format!("{what} has neither `instance` nor `host`"),
            "`instance` is an EC2 instance whose address is looked up; `host` is a name your ssh configuration knows",
        ),
        _ => {}
    }
    let reader = Reader { text: &document.text, scope, here: Here::Target };
    let mut read = BTreeMap::new();
    for (field, value_type) in TargetSpec::FIELDS {
        let Some(node) = fields.get(field) else { continue };
        let wanted = ValueType::try_from((*value_type).to_owned()).unwrap_or(ValueType::Any);
        let what = format!("`{field}` of {what}");
        let Some(expr) = reader.read(node, &wanted, &what, notes) else { continue };
        if let Expr::Literal(value) = &expr
            && let Some(error) = trial::target(&BTreeMap::from([((*field).to_owned(), value.clone())]))
        {
            notes.add(node.place, format!("{what}: {error}"));
        }
        read.insert((*field).to_owned(), expr);
    }
    Some(TargetSpec { name: name.to_owned(), fields: read })
}
