//! The JSON Schema of runbooks, for editors: completion, descriptions, and most mistakes marked while they are typed.
//!
//! It is made of the vocabulary, so it cannot forget an action or a parameter. It says less than [`super::runbook()`]: what a
//! reference points at, its type and the order among steps only validation knows.

use crate::model::{ActionKind, CheckKind, ParamSpec, Reversibility, SiteProbe, TargetSpec, ValueType, WayBack};
use schemars::{Schema, json_schema};
use serde_json::{Map, Value, json};

/// What ids look like; as [`crate::model::is_id`] has it, but for the length.
const ID: &str = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$";
/// What a step's id looks like; as [`crate::model::names_otherwise`] has it, `start` apart.
const STEP_ID: &str = "^(?!step-[0-9]+$)[a-z][a-z0-9]*(-[a-z0-9]+)*$";
/// What an action needs: a step, or an action of one.
const NEEDED: &str = "^[a-z][a-z0-9]*(-[a-z0-9]+)*(/[a-z][a-z0-9]*(-[a-z0-9]+)*)?$";
/// One line, without control characters; a block's own line break may end it.
const LINE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*\n?$";
const DURATION: &str = "^([0-9]+(ms|s|m|h|d))+$";
const REFERENCE: &str = r"^\$\{\{.*\}\}$";

/// The schema of a runbook, draft 2020-12.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = Map::new();
    for name in ValueType::names() {
        if let Ok(value_type) = ValueType::try_from(name.to_owned()) {
            definitions.insert(type_name(&value_type), of_type(&value_type).to_value());
        }
    }
    definitions.insert(
        "action".into(),
        json!({ "oneOf": ActionKind::ALL.iter().map(|k| reference(&action_name(*k))).collect::<Vec<_>>() }),
    );
    for kind in ActionKind::ALL {
        definitions.insert(action_name(*kind), action(*kind).to_value());
    }
    definitions.insert(
        "check".into(),
        json!({ "oneOf": CheckKind::ALL.iter().map(|k| reference(&check_name(*k))).collect::<Vec<_>>() }),
    );
    for kind in CheckKind::ALL {
        definitions.insert(check_name(*kind), check(*kind).to_value());
    }
    definitions.insert(
        "guard".into(),
        json!({ "oneOf": CheckKind::probes().map(|k| reference(&guard_name(k))).collect::<Vec<_>>() }),
    );
    for kind in CheckKind::probes() {
        definitions.insert(guard_name(kind), guard(kind).to_value());
    }
    definitions.insert("step".into(), step().to_value());
    definitions.insert("include".into(), include().to_value());
    definitions.insert("target".into(), target().to_value());
    definitions.insert("input".into(), input().to_value());
    json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "runbook",
        "description": "A cutover: inputs, targets and steps made of actions",
        "type": "object",
        "additionalProperties": false,
        "required": ["runbook", "title", "about", "steps"],
        "properties": {
            "runbook": { "type": "string", "pattern": ID, "maxLength": 40, "description": "the runbook's name" },
            "title": line("what it does, in one line"),
            "about": prose("what it does, for an operator who never saw it"),
            "region": described(reference("type-region"), "the AWS region; needed when an action or a target is in AWS"),
            "tags": described(reference("type-tags"), "tags for every resource that is created, texts by name"),
            "inputs": {
                "type": "object",
                "description": "what the operator must or may give",
                "propertyNames": { "pattern": "^[a-z][a-z0-9_]*$" },
                "additionalProperties": reference("input"),
            },
            "targets": {
                "type": "object",
                "description": "the hosts that actions work on, by name",
                "propertyNames": { "pattern": ID, "maxLength": 40 },
                "additionalProperties": reference("target"),
            },
            "site": {
                "type": "object",
                "description": "how the site's users reach it: asked all the time while a run is under way, so that a downtime is measured",
                "additionalProperties": false,
                "required": ["http"],
                "properties": {
                    "http": http_of_a_probe(),
                    "every": duration("between two questions; without it 1s"),
                },
            },
            "preflight": {
                "type": "array",
                "description": "what is checked before a run begins, by reading only",
                "items": reference("check"),
            },
            "guards": {
                "type": "array",
                "description": "what must hold between steps: a guard that is broken keeps the run from its next effect",
                "items": reference("guard"),
            },
            "on_overrun": {
                "description": "what becomes of a run that would not keep within its window or downtime; without it a person decides",
                "enum": ["pause", "rollback"],
            },
            "steps": { "type": "array", "minItems": 1, "description": "the steps, in order", "items": { "anyOf": [reference("step"), reference("include")] } },
        },
        "$defs": definitions,
    })
    .to_value()
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn described(mut schema: Value, about: &str) -> Value {
    schema["description"] = json!(about);
    schema
}

fn line(about: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "pattern": LINE, "description": about })
}

fn prose(about: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "description": about })
}

fn duration(about: &str) -> Value {
    json!({ "type": "string", "pattern": DURATION, "description": format!("{about}, e.g. `30s`, `10m`, `2h`") })
}

fn type_name(value_type: &ValueType) -> String {
    format!("type-{value_type}")
}

fn action_name(kind: ActionKind) -> String {
    format!("action-{kind}")
}

/// A value of a type as a document may write it: literally, or as a reference.
fn of_type(value_type: &ValueType) -> Schema {
    let about = value_type.expected();
    let or_reference = |literal: Value| {
        json_schema!({
            "description": about,
            "anyOf": [literal, { "type": "string", "pattern": REFERENCE, "description": "a reference" }],
        })
    };
    match value_type {
        ValueType::Int => or_reference(json!({ "type": "integer" })),
        ValueType::Bool => or_reference(json!({ "type": "boolean" })),
        ValueType::Map => or_reference(json!({ "type": "object" })),
        ValueType::Tags => or_reference(json!({ "type": "object", "additionalProperties": { "type": "string" } })),
        ValueType::Secret => or_reference(json!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": false,
            "properties": {
                "env": { "type": "string", "description": "the environment variable it is in" },
                "command": {
                    "type": "array",
                    "items": { "type": "string" },
                    "minItems": 1,
                    "description": "the program that prints it, and its arguments",
                },
            },
        })),
        ValueType::Duration => or_reference(json!({ "type": "string", "pattern": DURATION })),
        ValueType::Word => json_schema!({ "description": about, "type": ["string", "integer", "boolean"] }),
        ValueType::Command => json_schema!({
            "description": about,
            "anyOf": [
                { "type": "string", "minLength": 1 },
                { "type": "array", "minItems": 1, "items": reference(&type_name(&ValueType::Word)) },
            ],
        }),
        ValueType::TextOrSecret => json_schema!({
            "description": about,
            "anyOf": [
                { "type": ["string", "integer", "boolean"] },
                reference(&type_name(&ValueType::Secret)),
            ],
        }),
        ValueType::Environment => or_reference(json!({
            "type": "object",
            "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" },
            "additionalProperties": reference(&type_name(&ValueType::TextOrSecret)),
        })),
        ValueType::Headers => or_reference(json!({
            "type": "object",
            "propertyNames": { "pattern": "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$" },
            "additionalProperties": reference(&type_name(&ValueType::TextOrSecret)),
        })),
        ValueType::Any => json_schema!({ "description": about }),
        ValueType::List(item) => or_reference(json!({ "type": "array", "items": typed(item) })),
        _ => json_schema!({ "type": "string", "description": about }),
    }
}

/// A reference to the definition of a type; a list is written out.
fn typed(value_type: &ValueType) -> Value {
    match value_type {
        ValueType::List(_) => of_type(value_type).to_value(),
        plain => reference(&type_name(plain)),
    }
}

fn action(kind: ActionKind) -> Schema {
    let spec = kind.spec();
    let mut more = json!({
        "id": id("the action's name within its step"),
        "title": line("what it does, in one line; without it the action's own sentence is shown"),
        "when": when(),
        "for_each": for_each(),
        "at_once": at_once(),
        "needs": {
            "type": "array",
            "items": { "type": "string", "pattern": NEEDED },
            "description": "what must be done before it: actions (`step/action`) and steps; without it the action before it in \
                            the step, and for the first what the step needs",
        },
        "downtime": { "enum": ["begins", "ends"], "description": "whether the site goes down by it, or is up once it is done" },
        "retry": retry(),
        "deadline": duration(&format!("how long it may take with all its waiting; without it {} s", spec.deadline_s)),
        "usually": duration(&format!("how long it usually takes, for the prediction; without it {} s or what was measured", spec.usual_s)),
    });
    if kind.way_back() == WayBack::Unknown || matches!(spec.reversibility, Reversibility::Irreversible(_)) {
        more["irreversible"] = line("why it is right to do it although it cannot be undone");
    }
    of_kind(spec.name, &spec.about, &spec.params, more)
}

fn check_name(kind: CheckKind) -> String {
    format!("check-{kind}")
}

fn check(kind: CheckKind) -> Schema {
    let spec = kind.spec();
    let more = json!({
        "id": id("the check's id, the beginning of its rows' ids"),
        "title": line("what it checks, in one line"),
    });
    of_kind(spec.name, &spec.about, &spec.params, more)
}

fn guard_name(kind: CheckKind) -> String {
    format!("guard-{kind}")
}

fn guard(kind: CheckKind) -> Schema {
    let step = |about: &str| json!({ "type": "string", "pattern": ID, "description": about });
    let more = json!({
        "id": id("the guard's id; no check has the same"),
        "title": line("what must hold, in one line"),
        "from": step("the first step it holds for; without it from the beginning"),
        "until": step("the last step it holds for; without it to the end"),
        "every": duration("a look is not older than this when an effect begins; without it 10s"),
        "times": {
            "type": "integer",
            "minimum": 1,
            "maximum": 20,
            "description": "so many bad looks in a row are a break; without it 3",
        },
    });
    of_kind(kind.as_str(), &kind.spec().about, &kind.params_of_guard(), more)
}

/// What can be asked over HTTP, as a probe has it.
fn http_of_a_probe() -> Value {
    let params = SiteProbe::KIND.params_of_guard();
    let http = params.iter().find(|param| param.name == "http");
    http.map_or(json!({}), |param| described(typed(&param.value_type), &param.about))
}

fn id(about: &str) -> Value {
    json!({ "type": "string", "pattern": ID, "maxLength": 40, "description": about })
}

/// An action or a check: its kind, its parameters, and more properties.
fn of_kind(name: &str, about: &str, params: &[ParamSpec], more: Value) -> Schema {
    let given: Map<String, Value> =
        params.iter().map(|p| (p.name.to_owned(), described(typed(&p.value_type), &p.about))).collect();
    let needed: Vec<&str> = params.iter().filter(|p| p.required).map(|p| p.name).collect();
    let mut required = vec!["id", "do"];
    required.extend((!needed.is_empty()).then_some("with"));
    let mut properties = more;
    properties["do"] = json!({ "const": name, "description": about });
    properties["with"] = json!({
        "type": "object",
        "description": "the parameters",
        "additionalProperties": false,
        "required": needed,
        "properties": given,
    });
    json_schema!({
        "title": name,
        "description": about,
        "type": "object",
        "additionalProperties": false,
        "required": required,
        "properties": properties,
    })
}

fn for_each() -> Value {
    let plain = json!({ "type": ["string", "number", "boolean"] });
    json!({
        "anyOf": [
            {
                "type": "array",
                "minItems": 1,
                "maxItems": 100,
                "items": { "anyOf": [plain, { "type": "object", "minProperties": 1, "additionalProperties": plain }] },
            },
            { "type": "string", "pattern": REFERENCE, "description": "an input that is a list, or a group of targets" },
        ],
        "description": "what it is done for, one after the other: `${{ each }}` is the item, `${{ each.NAME }}` one of its values",
    })
}

fn when() -> Value {
    json!({
        "type": ["string", "boolean"],
        "description": "a condition on inputs, like `inputs.tls` or `inputs.env == \"prod\"`: without it, it is always done",
    })
}

fn at_once() -> Value {
    json!({
        "anyOf": [{ "type": "integer", "minimum": 1 }, { "const": true }],
        "description": "for how many of them at the same time, or `true` for all; without it one",
    })
}

fn retry() -> Value {
    json!({
        "type": "object",
        "description": "how often it is tried",
        "additionalProperties": false,
        "properties": {
            "attempts": { "type": "integer", "minimum": 1, "maximum": 100, "description": "attempts in all; without it 4" },
            "first": duration("the wait after the first failure; without it 2s"),
            "most": duration("the longest wait; without it 60s"),
        },
    })
}

fn include() -> Schema {
    json_schema!({
        "description": "the steps of another file, in its place",
        "type": "object",
        "additionalProperties": false,
        "required": ["include"],
        "properties": {
            "include": { "type": "string", "minLength": 1, "description": "the file, from the folder of the one that includes it" },
            "id": { "type": "string", "pattern": ID, "description": "what its steps are called after: `ID-STEP`" },
            "with": { "type": "object", "additionalProperties": true, "description": "values for its inputs, by name" },
            "when": when(),
            "needs": {
                "type": "array",
                "items": { "type": "string", "pattern": ID },
                "description": "what must be done before its first step; without it the step before",
            },
        },
    })
}

fn step() -> Schema {
    json_schema!({
        "description": "what an operator reviews, names and rolls back to",
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "title", "why", "actions"],
        "properties": {
            "id": {
                "type": "string",
                "pattern": STEP_ID,
                "not": { "const": "start" },
                "maxLength": 40,
                "description": "the step's id; neither `start` nor `step-` and a number: a rollback knows these already",
            },
            "title": line("what it does, in one line"),
            "why": prose("why it is done"),
            "when": when(),
            "for_each": for_each(),
            "at_once": at_once(),
            "on_failure": {
                "description": "what becomes of the run when an action of it has failed for good; without it a person decides",
                "anyOf": [
                    { "enum": ["pause", "continue", "rollback"] },
                    {
                        "type": "object",
                        "required": ["rollback_to"],
                        "properties": {
                            "rollback_to": { "type": "string", "pattern": ID, "description": "the step that stays done" },
                        },
                        "additionalProperties": false,
                    },
                ],
            },
            "site_down": { "type": "boolean", "description": "whether the site is down once this step is done; better said by the actions, with `downtime`" },
            "needs": {
                "type": "array",
                "items": { "type": "string", "pattern": ID },
                "description": "the steps that must be done before its first action; without it the step before",
            },
            "actions": { "type": "array", "minItems": 1, "items": reference("action"), "description": "its actions, in order" },
        },
    })
}

fn target() -> Schema {
    let mut fields: Map<String, Value> = TargetSpec::FIELDS
        .iter()
        .map(|(name, value_type)| ((*name).to_owned(), reference(&format!("type-{value_type}"))))
        .collect();
    for (many, of) in [("hosts", "hosts"), ("instances", "instances")] {
        let list = json!({
            "description": format!("{of} of a group: one target for each, named by number"),
            "anyOf": [
                { "type": "array", "minItems": 1, "maxItems": 100, "items": { "type": "string" } },
                { "type": "string", "pattern": REFERENCE, "description": "an input that is a list" },
            ],
        });
        fields.insert(many.to_owned(), list);
    }
    json_schema!({
        "description": "a host: an EC2 instance, or a name the ssh configuration knows; or a group of them",
        "type": "object",
        "additionalProperties": false,
        "properties": fields,
        "oneOf": [
            { "required": ["instance"] },
            { "required": ["host"] },
            { "required": ["hosts"] },
            { "required": ["instances"] },
        ],
    })
}

fn input() -> Schema {
    let is_for_inputs = |name: &&str| ValueType::try_from((*name).to_owned()).is_ok_and(|it| it.is_for_inputs());
    let names = ValueType::names().filter(is_for_inputs).collect::<Vec<_>>().join("|");
    json_schema!({
        "description": "what the operator must give, or may when it has a default",
        "type": "object",
        "additionalProperties": false,
        "required": ["type", "about"],
        "properties": {
            "type": {
                "type": "string",
                "pattern": format!(r"^(list\()*({names})\)*$"),
                "description": "its type; a list is `list(TYPE)`",
            },
            "about": line("what it is for"),
            "default": { "description": "used when none is given; without it the input is required" },
        },
    })
}
