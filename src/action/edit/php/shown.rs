//! Values of a config as they may be shown to whoever reads a plan.
//!
//! What it promises: only the keys that are asked for are read, as values and not as bytes of the file: a comment between
//! them is not shown. What a key's name calls a secret is masked, at any depth.

use super::config::Config;
use super::literal::{ArrayKey, Literal};
use crate::action::edit::{EditRefusal, Reason};
use crate::model::Value;
use std::collections::BTreeMap;

/// What stands in a secret's place.
const MASK: &str = "(masked)";

/// What gives a secret away in a key's name, like Nextcloud's `passwordsalt`, `dbpassword`, `proxyuserpwd`, `secret`.
const NAMES: &[&str] = &["pass", "pwd", "secret", "salt", "token", "key", "credential", "dsn"];

/// The values of these keys in PHP's own writing, each on one line; nothing for a key that is not there.
///
/// # Errors
///
/// Every place of the file that makes it uncertain what the keys hold.
pub fn shown(bytes: &[u8], keys: &[String]) -> Result<BTreeMap<String, Option<String>>, EditRefusal> {
    let config = Config::read(bytes).map_err(EditRefusal::new)?;
    let value = |key: &String| {
        let entry = config.entry(key)?;
        let told = entry.map(|entry| match config.literal(entry) {
            _ if names_secret(key) => MASK.to_owned(),
            Some(literal) => text(&literal),
            None => "(computed)".to_owned(),
        });
        Ok((key.clone(), told))
    };
    keys.iter().map(value).collect::<Result<_, Reason>>().map_err(EditRefusal::from)
}

/// A value that is to be set, as it may be shown: in JSON's writing, what its key or a key inside calls a secret masked.
pub fn shown_value(key: &str, value: &Value) -> String {
    fn masked(value: &Value) -> Value {
        match value {
            Value::Object(fields) => fields
                .iter()
                .map(|(key, value)| (key.clone(), if names_secret(key) { Value::from(MASK) } else { masked(value) }))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            Value::Array(items) => items.iter().map(masked).collect(),
            plain => plain.clone(),
        }
    }
    if names_secret(key) { MASK.to_owned() } else { masked(value).to_string() }
}

/// Whether what a key holds is not shown.
pub fn names_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    NAMES.iter().any(|name| key.contains(name))
}

fn text(literal: &Literal) -> String {
    match literal {
        Literal::Text(bytes) => quoted(bytes),
        Literal::Escaped => "(a text with escapes)".to_owned(),
        Literal::Number(digits) => String::from_utf8_lossy(digits).into_owned(),
        Literal::Truth(truth) => truth.to_string(),
        Literal::Null => "null".to_owned(),
        Literal::List(elements) => {
            let all: Vec<String> = elements.iter().enumerate().map(|(at, it)| element(at, it)).collect();
            format!("[{}]", all.join(", "))
        }
    }
}

/// An element; the number of a list's own is left out.
fn element(at: usize, (key, value): &(Option<Literal>, Literal)) -> String {
    match key {
        Some(Literal::Text(key)) if names_secret(&String::from_utf8_lossy(key)) => format!("{} => {MASK}", quoted(key)),
        Some(key) if i64::try_from(at).map_or(true, |at| key.as_key() != ArrayKey::Number(at)) => {
            format!("{} => {}", text(key), text(value))
        }
        _ => text(value),
    }
}

/// In single quotes, on one line; what is not UTF-8 is shown as U+FFFD.
fn quoted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{}'", text.replace(|c: char| c.is_control(), " "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    #[test]
    fn only_what_was_asked_for_and_no_secret_is_shown() {
        let file = br#"<?php // hunter2
$CONFIG = [ /* hunter2 */ 'dbpassword' => 'hunter2', 'list' => [0 => 'a', /* hunter2 */ 1 => "b", 5 => -1],
  'redis' => ['host' => "it's", 'password' => 'hunter2', 'nested' => ['secret' => ['hunter2']]], // hunter2
  'escaped' => "hunter2\n", 'computed' => 'hunter2' . f(), 'other' => 'hunter2', 'yes' => TRUE, 'no' => NULL ];"#;
        let keys = ["dbpassword", "list", "redis", "escaped", "computed", "yes", "no", "absent"].map(str::to_owned);
        let all = shown(file, &keys).unwrap();
        let told: Vec<Option<&str>> = keys.iter().map(|key| all[key].as_deref()).collect();
        let expected = [
            Some("(masked)"),
            Some("['a', 'b', 5 => -1]"),
            Some(r"['host' => 'it\'s', 'password' => (masked), 'nested' => ['secret' => (masked)]]"),
            Some("(a text with escapes)"),
            Some("(computed)"),
            Some("true"),
            Some("null"),
            None,
        ];
        assert_eq!(told, expected);
        assert!(!format!("{all:?}").contains("hunter2"));
    }

    #[test]
    fn no_secret_that_is_to_be_set_is_shown() {
        let redis = serde_json::json!({"host": "h", "password": "hunter2", "more": [{"secret": "hunter2"}]});
        assert_eq!(shown_value("dbpassword", &"hunter2".into()), "(masked)");
        assert_eq!(shown_value("overwriteprotocol", &"https".into()), r#""https""#);
        let told = shown_value("redis", &redis);
        assert!(told.contains(r#""host":"h""#) && !told.contains("hunter2"), "{told}");
    }
}
