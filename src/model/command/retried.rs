//! After which ends a command is run again.

use super::declared::expression;
use crate::model::decode::known;
use crate::model::{Decode, Foretold, Param, ValueType};
use serde::Deserialize;
use serde::de::Error;

/// An end of a command after which it is run again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retried {
    /// This exit status.
    Status(u16),
    /// A bad end after it has said what this regular expression matches.
    Said(String),
}

impl Retried {
    /// Whether it is this end: a status, and the last that the command said.
    #[must_use]
    pub fn is(&self, status: i32, said: &str) -> bool {
        match self {
            Self::Status(retried) => i32::from(*retried) == status,
            Self::Said(text) => expression(text).is_ok_and(|regex| regex.is_match(said)),
        }
    }
}

impl Decode for Retried {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "expected an exit status, 1 to 255, or a regular expression")]
        enum Written {
            Status(u16),
            Said(String),
        }
        match known(given)? {
            Written::Status(status @ 1..=255) => Ok(Self::Status(status)),
            Written::Status(status) => {
                Err(serde_json::Error::custom(format!("found {status}, expected an exit status, 1 to 255")))
            }
            Written::Said(text) => {
                expression(&text).map_err(serde_json::Error::custom)?;
                Ok(Self::Said(text))
            }
        }
    }
}

impl Param for Retried {
    fn value_type() -> ValueType {
        ValueType::Any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_status_or_what_was_said() {
        let read: Vec<Retried> = Decode::decode(&json!([75, "(?i)connection refused"]).into()).unwrap();
        let is = |status, said| read.iter().any(|it| it.is(status, said));
        assert!(is(75, "") && is(1, "x\npsql: Connection refused\n") && !is(1, "no such table"));
        for odd in [json!([0]), json!([300]), json!(["("]), json!([true]), json!([-1])] {
            assert!(Vec::<Retried>::decode(&odd.clone().into()).is_err(), "{odd}");
        }
    }
}
