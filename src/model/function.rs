//! The functions of formulas: few, total and without effect.
//!
//! Not handled: arithmetic, comparisons. What needs them needs a command, whose output is a value.

use super::Value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A function of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Function {
    /// `default(inputs.ports.web, 80)`: a part, or what is taken where it is not there.
    Default,
    /// `join(inputs.nodes, ",")`: a list as one text.
    Join,
    /// `split(inputs.nodes, ",")`: a text as a list; spaces round an item do not count, empty items neither.
    Split,
    /// `lower(inputs.name)`: a text in lower case.
    Lower,
    /// `format("{}:{}", inputs.host, 22)`: a text with values in the place of each `{}`.
    Format,
    /// `if(inputs.tls, 6380, 6379)`: the second where the first is `true`, the third where it is `false`.
    If,
}

/// How many arguments a function takes.
const COUNTS: [(Function, &str, std::ops::RangeInclusive<usize>); 6] = [
    (Function::Default, "default", 2..=2),
    (Function::Join, "join", 2..=2),
    (Function::Split, "split", 2..=2),
    (Function::Lower, "lower", 1..=1),
    (Function::Format, "format", 2..=20),
    (Function::If, "if", 3..=3),
];

impl Function {
    /// The function of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        COUNTS.iter().find(|(_, known, _)| *known == name).map(|(it, ..)| *it)
    }

    /// The names of all.
    pub fn names() -> impl Iterator<Item = &'static str> {
        COUNTS.iter().map(|(_, name, _)| *name)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        COUNTS.iter().find(|(it, ..)| *it == self).map_or("", |(_, name, _)| name)
    }

    /// Whether it takes so many arguments.
    #[must_use]
    pub fn takes(self, count: usize) -> bool {
        COUNTS.iter().any(|(it, _, counts)| *it == self && counts.contains(&count))
    }

    /// Its value; nothing where an argument is not such as it takes. `default` is not asked: what is not there is no value.
    #[must_use]
    pub(super) fn of(self, arguments: &[Value]) -> Option<Value> {
        match (self, arguments) {
            (Function::Join, [Value::Array(items), Value::String(between)]) => {
                Some(items.iter().map(plain).collect::<Option<Vec<_>>>()?.join(between).into())
            }
            (Function::Split, [Value::String(text), Value::String(between)]) if !between.is_empty() => {
                Some(text.split(between.as_str()).map(str::trim).filter(|item| !item.is_empty()).collect())
            }
            (Function::Lower, [Value::String(text)]) => Some(text.to_lowercase().into()),
            (Function::Format, [Value::String(pattern), values @ ..]) => {
                let pieces: Vec<&str> = pattern.split("{}").collect();
                let values = values.iter().map(plain).collect::<Option<Vec<_>>>()?;
                let fits = pieces.len() == values.len() + 1;
                let mut values = values.into_iter();
                let filled = pieces.into_iter().flat_map(|piece| [piece.to_owned(), values.next().unwrap_or_default()]);
                fits.then(|| filled.collect::<String>().into())
            }
            (Function::If, [Value::Bool(is_so), then, otherwise]) => {
                Some(if *is_so { then } else { otherwise }.clone())
            }
            _ => None,
        }
    }
}

/// A value as a part of a text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn functions_give_what_their_names_say() {
        let of = |name: &str, arguments: &[Value]| Function::named(name).unwrap().of(arguments);
        assert_eq!(of("join", &[json!(["a", 1, true]), json!(", ")]), Some(json!("a, 1, true")));
        assert_eq!(of("split", &[json!("a, b,,c"), json!(",")]), Some(json!(["a", "b", "c"])));
        assert_eq!(of("lower", &[json!("Web-1")]), Some(json!("web-1")));
        assert_eq!(of("format", &[json!("{}:{}/"), json!("h"), json!(22)]), Some(json!("h:22/")));
        assert_eq!(of("if", &[json!(true), json!(6380), json!(6379)]), Some(json!(6380)));
        assert_eq!(of("if", &[json!(false), json!("a"), json!("b")]), Some(json!("b")));
        // Not such as they take.
        assert_eq!(of("if", &[json!("true"), json!("a"), json!("b")]), None);
        assert_eq!(of("format", &[json!("{}"), json!("h"), json!(22)]), None);
        assert_eq!(of("join", &[json!([["a"]]), json!(",")]), None);
        assert_eq!(of("split", &[json!("abc"), json!("")]), None);
        assert_eq!(of("lower", &[json!(1)]), None);
        for name in Function::names() {
            assert_eq!(Function::named(name).unwrap().as_str(), name);
        }
    }
}
