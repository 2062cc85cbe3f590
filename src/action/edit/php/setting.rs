//! What a key should hold, and what it was.

use super::literal::Literal;
use serde_json::Value;
use std::fmt;

/// What a key should hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Setting {
    /// This value and no other: a string, truth, number or null; a list or a map of them.
    Value(Value),
    /// A list that holds these strings, besides those it holds already.
    Append(Vec<String>),
}

impl Setting {
    /// The value where the key is not there yet.
    pub(super) fn alone(&self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Append(values) => {
                let is_first = |(at, value): &(usize, &String)| !values[..*at].contains(value);
                let once = values.iter().enumerate().filter(is_first);
                once.map(|(_, value)| Value::from(value.as_str())).collect()
            }
        }
    }

    pub(super) fn holds(&self, found: &Literal) -> bool {
        match (self, found) {
            (Self::Value(value), found) => found.is(value),
            (Self::Append(values), Literal::List(elements)) => {
                values.iter().all(|value| elements.iter().any(|(_, found)| found.is(&Value::from(value.as_str()))))
            }
            (Self::Append(_), _) => false,
        }
    }
}

/// What a key was before it was set.
#[derive(Clone, PartialEq, Eq)]
pub enum Previous {
    /// It was not there.
    Absent,
    /// Its value, as the bytes of the expression in the file (see [`super::read_raw`]).
    Was(Vec<u8>),
}

/// A value may be a secret: only its length is shown.
impl fmt::Debug for Previous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Was(raw) => write!(f, "Was(<{} bytes>)", raw.len()),
        }
    }
}
