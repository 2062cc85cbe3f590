//! The outputs that a runbook declares for a command: which part of what it printed, and of which type.

use crate::model::decode::{field, known, only};
use crate::model::{Decode, Foretold, Param, Value, ValueType, Values};
use regex_lite::{Regex, RegexBuilder};
use serde::de::Error;
use std::collections::BTreeMap;

/// The declared outputs of a command, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeclaredOutputs(pub BTreeMap<String, Extract>);

/// One output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extract {
    /// Where it is.
    pub part: OutputPart,
    /// What it is.
    pub value_type: ValueType,
}

/// A part of what a command printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputPart {
    /// All of it, without white space around.
    All,
    /// In JSON, the value at this pointer (RFC 6901); the empty one is the whole.
    Json(String),
    /// What the first group of this expression matches, or all of it when it has none. `^` and `$` are a line's ends.
    Regex(String),
    /// The line of this number: from 1, or from -1 for the last.
    Line(i64),
}

/// Why a command did not give an output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("output `{name}`: {why}")]
pub struct NotThere {
    /// The output.
    pub name: String,
    /// Why.
    pub why: String,
}

/// A regular expression in which `^` and `$` are a line's ends.
pub(in crate::model) fn expression(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .multi_line(true)
        .build()
        .map_err(|error| format!("`{text}` is no regular expression: {error}"))
}

impl DeclaredOutputs {
    /// The names and their types.
    pub fn types(&self) -> impl Iterator<Item = (&str, &ValueType)> {
        self.0.iter().map(|(name, extract)| (name.as_str(), &extract.value_type))
    }

    /// What the command gave.
    ///
    /// # Errors
    /// The first output that is not there, or of another type.
    pub fn read(&self, printed: &str) -> Result<Values, NotThere> {
        let read = |(name, extract): (&String, &Extract)| match extract.read(printed) {
            Ok(value) => Ok((name.clone(), value)),
            Err(why) => Err(NotThere { name: name.clone(), why }),
        };
        self.0.iter().map(read).collect()
    }
}

impl Extract {
    fn read(&self, printed: &str) -> Result<Value, String> {
        let text = match &self.part {
            OutputPart::Json(pointer) => return self.at(printed, pointer),
            OutputPart::All => printed.trim(),
            OutputPart::Line(number) => line(printed, *number)?,
            OutputPart::Regex(text) => {
                let found = expression(text)?;
                let found = found.captures(printed).ok_or_else(|| format!("nothing printed matches `{text}`"))?;
                found.get(1).or_else(|| found.get(0)).map_or("", |part| part.as_str())
            }
        };
        self.value_type.from_text(text).map_err(|mismatch| mismatch.to_string())
    }

    fn at(&self, printed: &str, pointer: &str) -> Result<Value, String> {
        let json: Value =
            serde_json::from_str(printed).map_err(|error| format!("what it printed is no JSON: {error}"))?;
        let value = json.pointer(pointer).ok_or_else(|| format!("nothing is at `{pointer}`"))?;
        // Some programs write numbers as texts.
        let value = match (&self.value_type, value) {
            (wanted, Value::String(text)) if !wanted.is_text() => {
                wanted.from_text(text).unwrap_or_else(|_| value.clone())
            }
            (wanted, Value::Number(number)) if wanted.is_text() => Value::String(number.to_string()),
            _ => value.clone(),
        };
        self.value_type.check(&value).map(|()| value).map_err(|mismatch| mismatch.to_string())
    }
}

fn line(printed: &str, number: i64) -> Result<&str, String> {
    let lines: Vec<&str> = printed.trim_end().lines().collect();
    let at = usize::try_from(number.unsigned_abs()).unwrap_or(usize::MAX);
    let index = if number > 0 { at.checked_sub(1) } else { lines.len().checked_sub(at) };
    let found = index.and_then(|index| lines.get(index));
    found.map(|line| line.trim()).ok_or_else(|| format!("it printed {} lines, and has no line {number}", lines.len()))
}

/// Names of outputs that every command has.
const TAKEN: &[&str] = &["stdout", "status"];

impl Decode for DeclaredOutputs {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        let given = BTreeMap::<String, Foretold>::decode(given)?;
        let output = |(name, given): (String, Foretold)| {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
                let told = format!("`{name}` is no name of an output: lower-case letters, digits and `_`");
                return Err(serde_json::Error::custom(told));
            }
            if TAKEN.contains(&name.as_str()) {
                return Err(serde_json::Error::custom(format!("every command gives `{name}`: choose another name")));
            }
            Extract::decode(&given).map(|extract| (name, extract))
        };
        given.into_iter().map(output).collect::<Result<_, _>>().map(Self)
    }
}

impl Decode for Extract {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["json", "regex", "line", "type"])?;
        let (json, regex, line): (Option<String>, Option<String>, Option<i64>) =
            (field(given, "json")?, field(given, "regex")?, field(given, "line")?);
        let part = match (json, regex, line) {
            (None, None, None) => OutputPart::All,
            (Some(pointer), None, None) if pointer.is_empty() || pointer.starts_with('/') => OutputPart::Json(pointer),
            (Some(pointer), None, None) => {
                let told = format!("`{pointer}` is no JSON pointer: it begins with `/`, or is empty for the whole");
                return Err(serde_json::Error::custom(told));
            }
            (None, Some(regex), None) => {
                expression(&regex).map_err(serde_json::Error::custom)?;
                OutputPart::Regex(regex)
            }
            (None, None, Some(0)) => {
                return Err(serde_json::Error::custom("lines count from 1, or from -1 for the last"));
            }
            (None, None, Some(line)) => OutputPart::Line(line),
            _ => return Err(serde_json::Error::custom("an output has one of `json`, `regex` and `line`")),
        };
        let value_type = match given.get("type") {
            Some(given) => known(&given)?,
            None => ValueType::String,
        };
        if value_type.is_secret() || value_type.is_target() {
            return Err(serde_json::Error::custom(format!("an output cannot be of type `{value_type}`")));
        }
        Ok(Self { part, value_type })
    }
}

impl Param for DeclaredOutputs {
    fn value_type() -> ValueType {
        ValueType::Map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn declared(given: Value) -> DeclaredOutputs {
        DeclaredOutputs::decode(&given.into()).unwrap()
    }

    #[test]
    fn each_part_is_found_and_typed() {
        let given =
            declared(json!({ "rows": { "json": "/0/count", "type": "int" }, "all": { "json": "", "type": "any" } }));
        let values = given.read(r#"[{"count": 4711}]"#).unwrap();
        assert_eq!((&values["rows"], &values["all"]), (&json!(4711), &json!([{ "count": 4711 }])));
        let given = declared(json!({
            "version": { "regex": "^version ([0-9.]+)$" },
            "last": { "line": -1, "type": "int" },
            "first": { "line": 1 },
        }));
        let values = given.read("one\nversion 3.1\n 7 \n\n").unwrap();
        assert_eq!(
            values,
            Values::from(
                [("first".into(), json!("one")), ("last".into(), json!(7)), ("version".into(), json!("3.1")),]
            )
        );
        let all = declared(json!({ "count": { "type": "int" } }));
        assert_eq!(all.read(" 12\n").unwrap()["count"], json!(12));
        // As `psql -At` in JSON, and as a shell's `echo` of a number.
        let text = declared(json!({ "n": { "json": "/n", "type": "int" }, "s": { "json": "/m", "type": "string" } }));
        assert_eq!(
            text.read(r#"{"n": "5", "m": 6}"#).unwrap(),
            Values::from([("n".into(), json!(5)), ("s".into(), json!("6"))])
        );
    }

    #[test]
    fn what_is_not_there_is_told_by_its_name() {
        for (given, printed, why) in [
            (json!({ "a": { "json": "/x" } }), "{}", "nothing is at `/x`"),
            (json!({ "a": { "json": "/x" } }), "no", "no JSON"),
            (json!({ "a": { "regex": "x(.)" } }), "y", "matches `x(.)`"),
            (json!({ "a": { "line": 3 } }), "1\n2\n", "2 lines"),
            (json!({ "a": { "line": -3 } }), "1\n2\n", "2 lines"),
            (json!({ "a": { "type": "int" } }), "many", "a whole number"),
            (json!({ "a": { "json": "/x", "type": "int" } }), r#"{"x": "many"}"#, "a whole number"),
        ] {
            let told = declared(given).read(printed).unwrap_err().to_string();
            assert!(told.starts_with("output `a`: ") && told.contains(why), "{told}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for odd in [
            json!({ "A": {} }),
            json!({ "stdout": {} }),
            json!({ "a": { "json": "x" } }),
            json!({ "a": { "json": "/x", "line": 1 } }),
            json!({ "a": { "line": 0 } }),
            json!({ "a": { "regex": "(" } }),
            json!({ "a": { "type": "number" } }),
            json!({ "a": { "type": "secret" } }),
            json!({ "a": { "jason": "/x" } }),
        ] {
            assert!(DeclaredOutputs::decode(&odd.clone().into()).is_err(), "{odd}");
        }
    }
}
