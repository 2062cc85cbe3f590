//! The whole runbook.

use super::actions::Surroundings;
use super::choice::{self, Decided};
use super::fields::{Fields, twice};
use super::known_inputs::KnownInputs;
use super::literal::check;
use super::problem::{Notes, Problems, Where};
use super::reader::{Here, Reader};
use super::scope::Declared;
use super::trial;
use super::words::{found, meant, value};
use super::{checks, downtime, groups, guards, include, loops, on_failure, site, steps, targets};
use crate::document::{Document, Entry, Kind, Node};
use crate::model::{
    Guard, InputSpec, LeftOut, LocalFile, OnOverrun, PreflightCheck, Reference, Runbook, Step, TargetSpec, ValueType,
    Values, is_id,
};
use std::collections::{BTreeSet, HashMap};

const FIELDS: &[&str] = &[
    "runbook",
    "title",
    "about",
    "region",
    "tags",
    "inputs",
    "targets",
    "site",
    "preflight",
    "guards",
    "on_overrun",
    "steps",
];
const INPUT_FIELDS: &[&str] = &["type", "about", "default"];

/// Validates a document.
///
/// # Errors
/// All problems found.
pub fn runbook(document: &Document, given: Option<&Values>) -> Result<Runbook, Problems> {
    let mut notes = Notes::default();
    let runbook = decided(document, given, &mut notes);
    notes.finish(Some(document), runbook)
}

/// The runbook that a document is with these inputs.
fn decided(document: &Document, given: Option<&Values>, notes: &mut Notes) -> Option<Runbook> {
    if let (Some(piece), None) = (document.root.get("piece"), document.root.get("runbook")) {
        let help = "validate a runbook that includes it: `- include: FILE` among its steps";
        notes.advise(piece.place, "this is a piece, and no runbook of its own", help);
        return None;
    }
    let whole = include::included(document, notes)?;
    let document = whole.as_ref();
    let inputs = KnownInputs::of(document, given);
    let Decided { document: chosen, numbers, left_out } = choice::chosen(document, &inputs, notes)?;
    let (grouped, groups) = groups::written_out(&chosen, &inputs, notes);
    let unrolled = loops::unrolled(&grouped, (&inputs, &groups), notes);
    let read = read(&unrolled, (&numbers, left_out), notes)?;
    match given {
        None if notes.len() == 0 => try_defaults(document, &read, notes),
        // Where they decide nothing, they were tried when they were read.
        Some(values) if notes.len() == 0 && !inputs.asked().is_empty() => try_given(document, &read, values, notes),
        _ => {}
    }
    Some(Runbook { decided_by: inputs.asked(), ..read })
}

/// Tries what inputs are when nothing is given where the runbook uses it.
fn try_defaults(document: &Document, runbook: &Runbook, notes: &mut Notes) {
    let defaults: Values =
        runbook.inputs.iter().filter_map(|spec| Some((spec.name.clone(), spec.default.clone()?))).collect();
    for name in defaults.keys() {
        let Some(misfit) = trial::misfit(runbook, &defaults, name, trial::Rounds::Examples) else { continue };
        let node = document.root.get("inputs").and_then(|inputs| inputs.get(name)?.get("default"));
        let place = node.map_or(document.root.place, |node| node.place);
        notes.add(place, format!("`default` of input `{name}`: {misfit}"));
    }
}

/// Tries what inputs are where the runbook uses it that they decide: of loops, the rounds that there are.
fn try_given(document: &Document, runbook: &Runbook, values: &Values, notes: &mut Notes) {
    for spec in runbook.inputs.iter().filter(|spec| spec.value_type != ValueType::Secret) {
        let Some(misfit) = trial::misfit(runbook, values, &spec.name, trial::Rounds::Given) else { continue };
        let entries = document.root.get("inputs").and_then(Node::entries).unwrap_or_default();
        let place =
            entries.iter().find(|entry| entry.key.text == spec.name).map_or(document.root.place, |it| it.key.place);
        notes.add(place, format!("input `{}`, as it is given: {misfit}", spec.name));
    }
}

fn read(document: &Document, (numbers, left_out): (&[usize], Vec<LeftOut>), notes: &mut Notes) -> Option<Runbook> {
    let root = &document.root;
    if root.kind == Kind::Null {
        let help = "a runbook starts with `runbook: NAME`, `title:` and `about:`, and has `steps:`".to_owned();
        notes.push(Where::Document, "the document is empty".into(), Some(help));
        return None;
    }
    let scope = Declared::of(document, &left_out);
    let fields = Fields::of(root, root.place, "the runbook", FIELDS, notes)?;
    let name = fields.required_line("runbook", notes);
    if let (Some(name), Some(node)) = (&name, fields.get("runbook"))
        && !is_id(name)
    {
        steps::no_id(name, "the name of a runbook", node.place, notes);
    }
    let title = fields.required_line("title", notes);
    let about = fields.required_prose("about", notes);
    let head = Reader { text: &document.text, scope: &scope, here: Here::Head };
    let mut in_head = |name: &str, value_type| {
        fields.get(name).and_then(|node| head.read(node, &value_type, &format!("`{name}`"), notes))
    };
    let region = in_head("region", ValueType::Region);
    let tags = in_head("tags", ValueType::Tags);
    let inputs = fields.get("inputs").map(|node| inputs(node, notes)).unwrap_or_default();
    let targets = targets::read(document, fields.get("targets"), &scope, notes);
    let around = Surroundings { document, scope: &scope, targets: &targets };
    let preflight = checks::read(&around, fields.get("preflight"), notes);
    let site = site::read(&around, fields.get("site"), notes);
    let guards = guards::read(&around, fields.get("guards"), notes);
    let on_overrun = fields.get("on_overrun").map_or(Some(OnOverrun::Pause), |node| on_overrun(node, notes));
    let steps = fields.required("steps", notes).map(|node| steps::read(&around, node, numbers, notes));
    let steps = steps?;
    if fields.get("region").is_none()
        && let Some(why) = needs_region(&steps, &targets, (&preflight, &guards))
    {
        notes.advise(
            root.place,
            format!("the runbook has no `region`, and {why}"),
            "add e.g. `region: ${{ inputs.region }}`",
        );
    }
    let (name, title, about) = (name?, title?, about?);
    let runbook = Runbook {
        name,
        title,
        about,
        region,
        tags,
        inputs,
        targets,
        site,
        preflight,
        guards,
        on_overrun: on_overrun?,
        steps,
        left_out,
        decided_by: BTreeSet::new(),
    };
    downtime::ends_what_it_began(&runbook, fields.get("steps"), notes);
    let runbook = runbook.with_downtime_by_step();
    guards::check(fields.get("guards").and_then(Node::items).unwrap_or_default(), &runbook, notes);
    on_failure::check(fields.get("steps").and_then(Node::items).unwrap_or_default(), &runbook, notes);
    Some(runbook)
}

fn on_overrun(node: &Node, notes: &mut Notes) -> Option<OnOverrun> {
    match node.text() {
        Some("pause") => Some(OnOverrun::Pause),
        Some("rollback") => Some(OnOverrun::RollBack),
        _ => {
            let message = format!("`on_overrun`: found {}, expected what is to be done", found(node));
            notes.advise(node.place, message, "`pause` (as without it), or `rollback` (everything)");
            None
        }
    }
}

fn inputs(node: &Node, notes: &mut Notes) -> Vec<InputSpec> {
    let Some(entries) = node.entries() else {
        notes.add(node.place, format!("`inputs`: found {}, expected inputs by name", found(node)));
        return Vec::new();
    };
    let mut inputs: Vec<InputSpec> = Vec::new();
    let mut seen = HashMap::new();
    for entry in entries {
        let name = &entry.key.text;
        if let Some(first) = seen.get(name) {
            twice(&format!("input `{name}`"), "the runbook", entry.key.place, *first, notes);
            continue;
        }
        seen.insert(name, entry.key.place);
        if Reference::parse(&format!("inputs.{name}")).is_err() {
            let message =
                format!("`{name}` cannot be the name of an input: expected lower-case letters, digits and `_`");
            let near = name.to_lowercase().replace(['-', ' ', '.'], "_");
            notes.advise(entry.key.place, message, format!("for example `{near}`"));
        } else {
            inputs.extend(input(entry, notes));
        }
    }
    inputs
}

fn input(entry: &Entry, notes: &mut Notes) -> Option<InputSpec> {
    let name = &entry.key.text;
    let what = format!("input `{name}`");
    let fields = Fields::of(&entry.value, entry.key.place, &what, INPUT_FIELDS, notes)?;
    let about = fields.required_line("about", notes);
    let type_node = fields.required("type", notes)?;
    let Some(value_type) = type_node.text().and_then(|t| ValueType::try_from(t.to_owned()).ok()) else {
        let given = type_node.text().unwrap_or_default();
        let help = meant(given.trim_start_matches("list("), ValueType::names(), "types");
        let message = format!("`type` of {what}: found {}, expected a type", found(type_node));
        let stop = if help.ends_with('?') { "" } else { "." };
        notes.advise(type_node.place, message, format!("{help}{stop} A list is written `list(TYPE)`"));
        return None;
    };
    if value_type == ValueType::Secret {
        let others = entry.value.entries().unwrap_or_default().iter();
        notes.hide(others.filter(|e| !["type", "about"].contains(&e.key.text.as_str())).flat_map(|e| e.value.places()));
    }
    if !value_type.is_target() && !value_type.is_for_inputs() {
        let message =
            format!("`type` of {what}: an input cannot be of type `{value_type}`, which is a way to write commands");
        notes.advise(type_node.place, message, "use `string`, `list(string)`, `map` or `secret`");
    }
    if value_type.is_target() {
        notes.advise(
            type_node.place,
            format!("`type` of {what}: an input cannot be a target"),
            "declare the target under `targets`, with the instance or host as an input",
        );
    }
    let default = match fields.get("default") {
        None => None,
        Some(node) if node.text().is_some_and(|t| t.contains("${{")) => {
            notes.add(node.place, format!("`default` of {what}: references cannot be used here"));
            None
        }
        Some(node) => {
            let default = value(node);
            if value_type == ValueType::File && !default.as_str().is_some_and(LocalFile::is_inside) {
                let message = format!(
                    "`default` of {what}: found {}, and a runbook names only files below its own folder",
                    found(node)
                );
                notes.advise(node.place, message, "take it out: the operator names the file");
                return None;
            }
            check(node, &default, &value_type, &format!("`default` of {what}"), notes).then_some(default)
        }
    };
    Some(InputSpec { name: name.clone(), value_type, about: about?, default })
}

/// What in a runbook needs AWS, if anything does.
fn needs_region(
    steps: &[Step],
    targets: &[TargetSpec],
    (preflight, guards): (&[PreflightCheck], &[Guard]),
) -> Option<String> {
    if let Some(action) = steps.iter().flat_map(|s| &s.actions).find(|a| a.needs_aws()) {
        return Some(format!("`{}` (`{}`) works in AWS", action.path, action.kind));
    }
    if let Some(check) = preflight.iter().find(|c| c.needs_aws()) {
        return Some(format!("check `{}` (`{}`) asks AWS", check.id, check.kind));
    }
    if let Some(guard) = guards.iter().find(|g| g.needs_aws()) {
        return Some(format!("guard `{}` (`{}`) asks AWS", guard.id, guard.kind));
    }
    let target = targets.iter().find(|t| t.fields.contains_key("instance"))?;
    Some(format!("target `{}` is an instance in AWS", target.name))
}
