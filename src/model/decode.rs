//! From values, as far as they are known, to the types of parameters.
//!
//! A text may hold parts that are not known yet, for an action is described before it can be carried out; everything else must
//! be known. Parameters that a JSON value tells are all known.

use super::{Foretold, Value};
use serde::de::{DeserializeOwned, Error as _};
use std::collections::BTreeMap;

/// A type that is read from a value as far as that is known.
pub trait Decode: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// When the value has another form, or is not known and of no type that can be told before it is.
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error>;

    /// What stands for it where nothing is given.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads what must be known.
pub(super) fn known<T: DeserializeOwned>(given: &Foretold) -> Result<T, serde_json::Error> {
    serde_json::from_value(given.clone().into_known().map_err(serde_json::Error::custom)?)
}

macro_rules! decode_known {
    ($($type:ty),+ $(,)?) => {$(
        impl Decode for $type {
            fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
                known(given)
            }
        }
    )+};
}

decode_known! { i64, u16, u32, bool, String, super::SecretRef }

impl Decode for super::Text {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        match given {
            Foretold::Text(text) => Ok(text.clone()),
            given => known(given),
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        match given {
            Foretold::Known(Value::Null) => Ok(None),
            given => T::decode(given).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        match given {
            Foretold::List(_) | Foretold::Known(Value::Array(_)) => {
                given.items().iter().map(|item| T::decode(item)).collect()
            }
            // What is no list is told as serde tells it.
            other => known::<Vec<Value>>(other).map(|_| Vec::new()),
        }
    }
}

impl Decode for BTreeMap<String, Foretold> {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        match given {
            Foretold::Map(fields) => Ok(fields.clone()),
            other => Ok(known::<super::Values>(other)?.into_iter().map(|(name, it)| (name, it.into())).collect()),
        }
    }
}

/// Refuses what is not named values, and any of another name than these.
pub(super) fn only(given: &Foretold, names: &'static [&'static str]) -> Result<(), serde_json::Error> {
    let fields = BTreeMap::<String, Foretold>::decode(given)?;
    let other = fields.keys().find(|name| !names.contains(&name.as_str()));
    other.map_or(Ok(()), |other| Err(serde_json::Error::unknown_field(other, names)))
}

/// The named value of this name.
pub(super) fn field<T: Decode>(given: &Foretold, name: &'static str) -> Result<T, serde_json::Error> {
    match given.get(name) {
        Some(given) => T::decode(&given),
        None => T::absent().ok_or_else(|| serde_json::Error::missing_field(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fqdn, Reference, Text, Values};
    use serde_json::json;

    const WORDS: &str = "(known after step-6)";

    fn later() -> Foretold {
        Reference::parse("steps.a.b.c").unwrap().unknown(WORDS.into())
    }

    #[test]
    fn texts_are_told_before_they_are_known_and_nothing_else_is() {
        assert_eq!(Fqdn::decode(&later()).unwrap().to_string(), WORDS);
        let some = Option::<Vec<Text>>::decode(&Foretold::List(vec![json!("a").into(), later()])).unwrap().unwrap();
        assert_eq!(some.iter().map(Text::known).collect::<Vec<_>>(), [Some("a"), None]);
        assert!(u16::decode(&later()).unwrap_err().to_string().contains("steps.a.b.c"));
        assert!(Vec::<Text>::decode(&later()).is_err() && Vec::<Text>::decode(&json!("a").into()).is_err());
    }

    #[test]
    fn words_for_an_unknown_value_are_no_unknown_value() {
        assert!(Fqdn::decode(&json!(WORDS).into()).is_err());
        assert_eq!(Text::decode(&json!(WORDS).into()).unwrap().known(), Some(WORDS));
    }

    #[test]
    fn each_field_is_known_by_its_name() {
        let given: Foretold = Values::from([("a".into(), json!(1)), ("b".into(), json!(null))])
            .into_iter()
            .map(|(name, it)| (name, it.into()))
            .collect();
        assert_eq!(field::<u16>(&given, "a").unwrap(), 1);
        assert_eq!(field::<Option<u16>>(&given, "b").unwrap(), None);
        assert_eq!(field::<Option<u16>>(&given, "c").unwrap(), None);
        assert_eq!(field::<u16>(&given, "c").unwrap_err().to_string(), "missing field `c`");
        only(&given, &["a", "b", "c"]).unwrap();
        assert_eq!(only(&given, &["a"]).unwrap_err().to_string(), "unknown field `b`, expected `a`");
        assert!(only(&json!("a").into(), &["a"]).is_err() && only(&later(), &["a"]).is_err());
    }
}
