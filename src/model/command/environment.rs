//! What a command is given besides its arguments: variables of its environment and what it reads, texts or secrets.

use super::Argument;
use crate::model::{Decode, Foretold, Param, SecretRef, Text, Value, ValueType};
use serde::de::Error;
use std::collections::BTreeMap;

/// A text, or where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextOrSecret {
    /// A text, which may be shown.
    Text(Text),
    /// A secret, fetched when the command is begun.
    Secret(SecretRef),
}

/// Environment variables by name. A name is one of POSIX (letters, digits and `_`, not beginning with a digit), and none that
/// shells keep for themselves: to give it a value would fail there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(pub BTreeMap<String, TextOrSecret>);

/// Variables that bash, as `sh`, does not let anybody set (bash(1), Shell Variables), or `dash` (`PPID`).
const OF_SHELLS: &[&str] = &["BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"];

impl Environment {
    /// What of it is secret, by the variable's name.
    pub fn secrets(&self) -> impl Iterator<Item = (&str, &SecretRef)> {
        self.0.iter().filter_map(|(name, it)| match it {
            TextOrSecret::Secret(secret) => Some((name.as_str(), secret)),
            TextOrSecret::Text(_) => None,
        })
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl Decode for TextOrSecret {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        match given {
            Foretold::Known(Value::Object(_)) => SecretRef::decode(given).map(Self::Secret),
            other => Argument::decode(other).map(|word| Self::Text(word.0)),
        }
    }
}

impl Param for TextOrSecret {
    fn value_type() -> ValueType {
        ValueType::TextOrSecret
    }
}

impl Decode for Environment {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        let given = BTreeMap::<String, Foretold>::decode(given)?;
        let variable = |(name, value): (String, Foretold)| {
            if !is_name(&name) {
                let told = format!("`{name}` is no name of an environment variable: letters, digits and `_`");
                return Err(serde_json::Error::custom(told));
            }
            if OF_SHELLS.contains(&name.as_str()) {
                return Err(serde_json::Error::custom(format!("`{name}` is a variable that shells set themselves")));
            }
            let value = TextOrSecret::decode(&value)?;
            match &value {
                TextOrSecret::Text(text) if text.as_str().contains('\0') => {
                    Err(serde_json::Error::custom(format!("`{name}` has a NUL character in it")))
                }
                _ => Ok((name, value)),
            }
        };
        given.into_iter().map(variable).collect::<Result<_, _>>().map(Self)
    }
}

impl Param for Environment {
    fn value_type() -> ValueType {
        ValueType::Environment
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn variables_are_texts_numbers_and_secrets() {
        let given = json!({ "PGHOST": "db", "PGPORT": 5432, "PGPASSWORD": { "env": "PW" } });
        let environment = Environment::decode(&given.into()).unwrap();
        assert_eq!(environment.0["PGPORT"], TextOrSecret::Text("5432".into()));
        assert_eq!(environment.secrets().map(|(name, _)| name).collect::<Vec<_>>(), ["PGPASSWORD"]);
    }

    #[test]
    fn what_no_shell_can_set_is_refused() {
        for name in ["1A", "", "A-B", "A B", "UID", "ä", "A=B"] {
            assert!(Environment::decode(&json!({ name: "x" }).into()).is_err(), "{name}");
        }
        assert!(Environment::decode(&json!({ "A": ["x"] }).into()).is_err());
        assert!(Environment::decode(&json!({ "A": "x\0y" }).into()).is_err());
    }
}
