//! What is said about the format is made from the vocabulary: the reference, the schema.

use runbook::document::{self, Kind, Node};
use runbook::model::{ActionKind, CheckKind, Refusal, Reversibility, ValueType};
use runbook::validate;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares a file with what it should be; `BLESS=1` writes it instead.
fn up_to_date(name: &str, expected: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path(name), expected).unwrap();
    }
    let found = fs::read_to_string(path(name)).unwrap_or_default();
    assert!(found == expected, "{name} is out of date: BLESS=1 cargo nextest run format");
}

fn types() -> String {
    let row = |name: &str| {
        let value_type = ValueType::try_from(name.to_owned()).unwrap();
        format!("| `{name}` | {} |\n", value_type.expected())
    };
    // A target is no type for an input; it is named in parameters only.
    let rows: String = ValueType::names().filter(|n| *n != "target").map(row).collect();
    format!("| type | a value is |\n|---|---|\n{rows}")
}

fn minutes(seconds: u64) -> String {
    match seconds {
        s if s >= 7200 && s.is_multiple_of(3600) => format!("{} h", s / 3600),
        s if s >= 120 => format!("{} min", s.div_ceil(60)),
        s => format!("{s} s"),
    }
}

fn actions() -> String {
    let mut text = String::new();
    for kind in ActionKind::ALL {
        let spec = kind.spec();
        text += &format!("### `{}`\n\n{}\n\n", spec.name, spec.about);
        text += "| parameter | type | |\n|---|---|---|\n";
        for param in &spec.params {
            let optional = if param.required { "" } else { "optional: " };
            text += &format!("| `{}` | `{}` | {optional}{} |\n", param.name, param.value_type, param.about);
        }
        if !spec.outputs.is_empty() {
            let outputs: Vec<String> = spec.outputs.iter().map(|(name, t)| format!("`{name}` (`{t}`)")).collect();
            text += &format!("\nGives {}.\n", outputs.join(", "));
        }
        let undo = match spec.reversibility {
            Reversibility::Reversible => "can be undone".to_owned(),
            Reversibility::WithLoss(what) => format!("can be undone, {what}"),
            Reversibility::NothingToUndo(why) => format!("nothing to undo: {why}"),
            Reversibility::Irreversible(why) => format!("cannot be undone: {why}"),
        };
        let (usual, deadline) = (minutes(spec.usual_s), minutes(spec.deadline_s));
        text += &format!("\nUndo: {undo}. Usually takes {usual}; counts as failed after {deadline}.\n\n");
    }
    text
}

fn checks() -> String {
    let mut text = String::new();
    for kind in CheckKind::ALL {
        let spec = kind.spec();
        text += &format!("### `{}`\n\n{}\n\n", spec.name, spec.about);
        if !spec.params.is_empty() {
            text += "| parameter | type | |\n|---|---|---|\n";
        }
        for param in &spec.params {
            let optional = if param.required { "" } else { "optional: " };
            text += &format!("| `{}` | `{}` | {optional}{} |\n", param.name, param.value_type, param.about);
        }
        text += "\n| row | what must be so | a refusal |\n|---|---|---|\n";
        for row in &spec.rows {
            let refusal = match row.refusal {
                Refusal::Never => "never: it only warns",
                Refusal::Acceptable => "may be accepted",
                Refusal::Final => "cannot be accepted",
            };
            text += &format!("| `{}` | {} | {refusal} |\n", row.name, row.about);
        }
        text += "\n";
    }
    text
}

fn between(text: &str, name: &str, inside: &str) -> String {
    let (begin, end) =
        (format!("<!-- {name}: begin (written by a test, see below) -->\n"), format!("<!-- {name}: end -->"));
    let (head, rest) = text.split_once(&begin).unwrap();
    let (_, tail) = rest.split_once(&end).unwrap();
    format!("{head}{begin}{inside}{end}{tail}")
}

#[test]
fn the_reference_is_up_to_date() {
    let text = fs::read_to_string(path("docs/runbook-format.md")).unwrap();
    let text = between(&between(&text, "types", &types()), "actions", &actions());
    let text = between(&text, "checks", &checks());
    up_to_date("docs/runbook-format.md", &text);
}

#[test]
fn the_schema_is_up_to_date() {
    up_to_date("docs/runbook.schema.json", &format!("{:#}\n", validate::schema()));
}

#[test]
fn the_schema_has_every_check_and_parameter_described() {
    let schema = validate::schema();
    let definitions = schema["$defs"].as_object().unwrap();
    assert_eq!(definitions["check"]["oneOf"].as_array().unwrap().len(), CheckKind::ALL.len());
    for kind in CheckKind::ALL {
        let with = &definitions[&format!("check-{kind}")]["properties"]["with"];
        assert_eq!(with["additionalProperties"], false);
        for param in kind.spec().params {
            assert_eq!(with["properties"][param.name]["description"], param.about, "{kind}: {}", param.name);
            let required = with["required"].as_array().unwrap().contains(&json!(param.name));
            assert_eq!(required, param.required, "{kind}: {}", param.name);
        }
    }
}

#[test]
fn the_schema_has_every_action_and_parameter_described() {
    let schema = validate::schema();
    let definitions = schema["$defs"].as_object().unwrap();
    let listed = definitions["action"]["oneOf"].as_array().unwrap();
    assert_eq!(listed.len(), ActionKind::ALL.len());
    for kind in ActionKind::ALL {
        let name = format!("action-{kind}");
        assert!(listed.contains(&json!({ "$ref": format!("#/$defs/{name}") })), "{kind}");
        let with = &definitions[&name]["properties"]["with"];
        assert_eq!(with["additionalProperties"], false);
        let params = with["properties"].as_object().unwrap();
        let spec = kind.spec();
        assert_eq!(params.len(), spec.params.len(), "{kind}");
        for param in spec.params {
            assert_eq!(params[param.name]["description"], param.about, "{kind}: {}", param.name);
            let required = with["required"].as_array().unwrap().contains(&json!(param.name));
            assert_eq!(required, param.required, "{kind}: {}", param.name);
        }
    }
    well_formed(&schema, &schema);
}

/// Every reference leads somewhere, every named property is described, every object of fixed fields is closed.
fn well_formed(schema: &Value, root: &Value) {
    if let Some(target) = schema.get("$ref") {
        assert!(root.pointer(target.as_str().unwrap().trim_start_matches('#')).is_some(), "{target}");
    }
    if let Some(Value::Object(properties)) = schema.get("properties") {
        assert!(schema.get("additionalProperties").is_some(), "{schema}");
        for (name, property) in properties {
            assert!(property.get("description").is_some() || property.get("$ref").is_some(), "{name}");
        }
    }
    match schema {
        Value::Object(map) => map.values().for_each(|inner| well_formed(inner, root)),
        Value::Array(items) => items.iter().for_each(|inner| well_formed(inner, root)),
        _ => {}
    }
}

fn data(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(it) => json!(it),
        Kind::Number(it) => json!(it),
        Kind::Text(it) => json!(it),
        Kind::List(items) => items.iter().map(data).collect(),
        Kind::Map(entries) => entries.iter().map(|e| (e.key.text.clone(), data(&e.value))).collect(),
    }
}

/// A small part of JSON Schema, as much as ours uses; patterns are left out.
fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
    let each = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
    let count = |keyword: &str, n: usize, least: bool| {
        schema
            .get(keyword)
            .and_then(Value::as_u64)
            .is_none_or(|limit| if least { n as u64 >= limit } else { n as u64 <= limit })
    };
    let type_fits = match schema.get("type").and_then(Value::as_str) {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some(other) => panic!("type {other}"),
    };
    let object_fits = value.as_object().is_none_or(|map| {
        let known = schema.get("properties").and_then(Value::as_object);
        let more = schema.get("additionalProperties");
        count("minProperties", map.len(), true)
            && count("maxProperties", map.len(), false)
            && each("required").is_none_or(|r| r.iter().all(|name| map.contains_key(name.as_str().unwrap())))
            && map.iter().all(|(key, inner)| match (known.and_then(|k| k.get(key)), more) {
                (Some(schema), _) => fits(inner, schema, root),
                (None, Some(Value::Bool(allowed))) => *allowed,
                (None, Some(schema)) => fits(inner, schema, root),
                (None, None) => true,
            })
    });
    type_fits
        && object_fits
        && schema.get("const").is_none_or(|c| c == value)
        && schema
            .get("$ref")
            .is_none_or(|r| fits(value, root.pointer(r.as_str().unwrap().trim_start_matches('#')).unwrap(), root))
        && schema.get("not").is_none_or(|not| !fits(value, not, root))
        && each("anyOf").is_none_or(|any| any.iter().any(|s| fits(value, s, root)))
        && each("oneOf").is_none_or(|one| one.iter().filter(|s| fits(value, s, root)).count() == 1)
        && value.as_array().is_none_or(|items| {
            count("minItems", items.len(), true)
                && schema.get("items").is_none_or(|s| items.iter().all(|item| fits(item, s, root)))
        })
}

fn fits_schema(text: &str) -> bool {
    let schema = validate::schema();
    fits(&data(&document::parse("t", text).unwrap().root), &schema, &schema)
}

#[test]
fn the_schema_accepts_what_is_shipped_and_refuses_flaws() {
    for name in ["release", "certificate-rolling", "postgres-move", "central-logs"] {
        assert!(fits_schema(&fs::read_to_string(path(&format!("runbooks/{name}.yaml"))).unwrap()), "{name}");
    }
    for name in ["single-to-ha", "restart-web-node"] {
        let text = fs::read_to_string(path(&format!("runbooks/{name}.yaml"))).unwrap();
        assert!(fits_schema(&text), "{name}");
        let on = if text.contains("{ on: ") { "{ on: " } else { "          on: " };
        for (from, to) in [
            ("\ntitle:", "\ntilte:"),
            ("do: http.expect", "do: http.expcet"),
            (on, &on.replace("on", "host")),
            ("    why:", "    because:"),
            ("status: 200", "status: [200]"),
            (" type: int", " typ: int"),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(!fits_schema(&text.replacen(from, to, 1)), "{name}: {to}");
        }
    }
}

#[test]
fn the_schema_refuses_a_step_that_a_rollback_could_not_name() {
    let text = fs::read_to_string(path("runbooks/restart-web-node.yaml")).unwrap();
    let named = |id: &str| text.replacen("- id: drain\n", &format!("- id: {id}\n"), 1);
    assert!(fits_schema(&named("started")) && !fits_schema(&named("start")));
    // Patterns are for editors; `fits` leaves them out.
    assert!(
        validate::schema()["$defs"]["step"]["properties"]["id"]["pattern"].as_str().unwrap().contains("step-[0-9]+")
    );
}
