//! The values of a run's inputs: from a file, from `--set`, from defaults.

use super::fields::twice;
use super::literal::{check, repeated};
use super::problem::{Notes, Problems, Where};
use super::trial;
use super::words::{found, inside, meant, nearest, value};
use crate::document::{Document, Kind, Node, Place};
use crate::model::{InputSpec, Runbook, Value, ValueType, Values};
use std::collections::BTreeMap;

/// Validates what an operator gave: `file` is a mapping of inputs by name, `sets` are `--set NAME=VALUE` and win over it.
/// The answer has a value for every input of the runbook.
///
/// # Errors
/// All problems found, every missing input among them.
pub fn inputs(runbook: &Runbook, file: Option<&Document>, sets: &[(String, String)]) -> Result<Values, Problems> {
    let how = if file.is_some() { "in this file" } else { "in an inputs file" };
    all(runbook, file, sets, &|name| format!("give it {how} or by `--set {name}=...`"))
}

/// The same of a document in which the inputs stand under a name, and which alone gives them.
///
/// # Errors
/// All problems found, every missing input among them.
pub fn inputs_under(name: &str, runbook: &Runbook, file: &Document) -> Result<Values, Problems> {
    let root = file.root.get(name).cloned().unwrap_or(Node { place: Place::START, kind: Kind::Null });
    all(runbook, Some(&file.with_root(root)), &[], &|_| format!("give it under `{name}`"))
}

fn all(
    runbook: &Runbook,
    file: Option<&Document>,
    sets: &[(String, String)],
    how: &dyn Fn(&str) -> String,
) -> Result<Values, Problems> {
    let mut notes = Notes::default();
    let mut given = Given { runbook, values: Values::new(), places: BTreeMap::new() };
    if let Some(file) = file {
        given.read_file(file, &mut notes);
        if notes.len() > 0 && file.root.entries().is_none() {
            return notes.finish(Some(file), None);
        }
    }
    given.read_sets(sets, &mut notes);
    given.complete(how, &mut notes);
    if notes.len() == 0 {
        given.try_out(&mut notes);
    }
    let values = given.values;
    notes.finish(file, Some(values))
}

struct Given<'a> {
    runbook: &'a Runbook,
    values: Values,
    /// Where each input was given, those with a wrong value included.
    places: BTreeMap<String, Where>,
}

impl<'a> Given<'a> {
    fn spec(&self, name: &str) -> Option<&'a InputSpec> {
        self.runbook.inputs.iter().find(|i| i.name == name)
    }

    /// Which input was probably meant.
    fn meant(&self, name: &str) -> String {
        let all = self.runbook.inputs.iter().map(|i| i.name.as_str());
        let open = all.clone().filter(|n| !self.places.contains_key(*n));
        match (nearest(name, open.clone()), nearest(name, all)) {
            (None, Some(given)) => format!("did you mean `{given}`? It is given already"),
            _ if open.clone().next().is_none() && !self.places.is_empty() => {
                "the runbook has no such input, and all that it has are given".to_owned()
            }
            _ => meant(name, open, "inputs that can be given"),
        }
    }

    fn read_file(&mut self, file: &Document, notes: &mut Notes) {
        let entries = match &file.root.kind {
            Kind::Null => return,
            Kind::Map(entries) => entries,
            _ => {
                // What stands here instead may be a secret.
                notes.hide(file.root.places());
                notes.push(Where::Document, "expected inputs by name, `name: value`".into(), None);
                return;
            }
        };
        for entry in entries {
            let name = &entry.key.text;
            if let Some(Where::At(first)) = self.places.get(name) {
                let first = *first;
                if self.spec(name).is_none_or(|s| s.value_type == ValueType::Secret) {
                    notes.hide(entry.value.places());
                }
                twice(&format!("input `{name}`"), "this file", entry.key.place, first, notes);
                continue;
            }
            if self.spec(name).is_some() {
                self.places.insert(name.clone(), Where::At(entry.key.place));
            }
        }
        for (n, entry) in entries.iter().enumerate() {
            let (name, node) = (&entry.key.text, &entry.value);
            if entries[..n].iter().any(|e| e.key.text == *name) {
                continue;
            }
            let Some(spec) = self.spec(name) else {
                // A secret under a misspelt name is still a secret.
                notes.hide(node.places());
                notes.advise(entry.key.place, format!("unknown input `{name}`"), self.meant(name));
                continue;
            };
            let what = format!("input `{name}`");
            if spec.value_type != ValueType::Secret && node.text().is_some_and(|t| t.contains("${{")) {
                notes.add(node.place, format!("{what}: found {}, and references cannot be used here", found(node)));
                continue;
            }
            let value = value(node);
            if check(node, &value, &spec.value_type, &what, notes) {
                self.values.insert(name.clone(), value);
            }
        }
    }

    fn read_sets(&mut self, sets: &[(String, String)], notes: &mut Notes) {
        for (n, (name, text)) in sets.iter().enumerate() {
            let place = Where::Named(format!("--set {name}"));
            let Some(spec) = self.spec(name) else {
                notes.push(place, format!("unknown input `{name}`"), Some(self.meant(name)));
                continue;
            };
            if sets[..n].iter().any(|(other, _)| other == name) {
                notes.push(place, format!("input `{name}` is set twice"), None);
                continue;
            }
            self.places.insert(name.clone(), place.clone());
            match spec.value_type.from_text(text) {
                Ok(value) => {
                    if let Some(key) = given_twice(&value, text) {
                        // What stands where a secret's reference belongs is never shown.
                        let key = if spec.value_type.is_secret() { "a name".into() } else { format!("`{key}`") };
                        notes.push(place, format!("input `{name}`: {key} is given twice in it"), None);
                    }
                    self.values.insert(name.clone(), value);
                }
                Err(mismatch) => {
                    let help = match spec.value_type {
                        ValueType::Secret => {
                            Some("e.g. `{\"env\": \"NAME\"}`; a command line is seen by others".to_owned())
                        }
                        _ => None,
                    };
                    notes.push(place, format!("input `{name}`: {mismatch}"), help);
                }
            }
        }
    }

    /// Fills in defaults and tells all that is missing.
    fn complete(&mut self, how: &dyn Fn(&str) -> String, notes: &mut Notes) {
        for spec in self.runbook.inputs.iter().filter(|i| !self.places.contains_key(&i.name)) {
            match &spec.default {
                Some(default) => _ = self.values.insert(spec.name.clone(), default.clone()),
                None => {
                    notes.push(
                        Where::Document,
                        format!("input `{}` is missing: {}", spec.name, inside(&spec.about)),
                        Some(format!("{}: {}", how(&spec.name), spec.value_type.expected())),
                    );
                }
            }
        }
    }

    /// Tries every value where the runbook uses it.
    fn try_out(&self, notes: &mut Notes) {
        for spec in self.runbook.inputs.iter().filter(|i| i.value_type != ValueType::Secret) {
            if let Some(misfit) = trial::misfit(self.runbook, &self.values, &spec.name, trial::Rounds::Examples) {
                let place = self.places.get(&spec.name).cloned().unwrap_or(Where::Document);
                let found = self.values.get(&spec.name).map_or_else(String::new, Value::to_string);
                notes.push(
                    place,
                    format!("input `{}`: found `{}`; {misfit}", spec.name, found.trim_matches('"')),
                    None,
                );
            }
        }
        let tags = self.runbook.tags.as_ref();
        if let Some((tags, value)) = tags.and_then(|tags| Some((tags, trial::known(tags, &self.values)?)))
            && let Err(mismatch) = ValueType::Tags.check(&value)
        {
            let given =
                tags.references().into_iter().find_map(|reference| self.places.get(reference.input()?).cloned());
            notes.push(given.unwrap_or(Where::Document), format!("the run's tags: {mismatch}"), None);
        }
    }
}

/// A name that a `--set` gives twice in its JSON, of which `value` has kept one only.
fn given_twice(value: &Value, text: &str) -> Option<String> {
    if !(value.is_object() || value.is_array()) {
        return None;
    }
    let document = crate::document::parse("--set", text).ok()?;
    repeated(&document.root, "it").first().map(|again| again.key.text.clone())
}
