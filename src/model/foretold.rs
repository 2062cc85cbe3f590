//! Values as far as they are known beforehand.
//!
//! Promise: only [`Foretold::from`] of a text with a gap makes an unknown part, and only a reference without a value gives
//! such a text. No JSON value is one, whatever is in it.

use super::{Reference, Text, Unresolved, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A value as far as it is known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foretold {
    /// All of it.
    Known(Value),
    /// A text some of which is not known.
    Text(Text),
    /// A list.
    List(Vec<Foretold>),
    /// Named values.
    Map(BTreeMap<String, Foretold>),
}

impl Foretold {
    /// Whether all of it is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.texts().iter().all(|text| text.known().is_some())
    }

    /// Whether an action of the run will bring a part of it.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.texts().iter().any(|text| text.waits())
    }

    /// Whether something of it is not known, and that is in none but these of its named values.
    #[must_use]
    pub fn lacks_only(&self, names: &[&str]) -> bool {
        match self {
            Foretold::Map(fields) => {
                let mut unknown =
                    fields.iter().filter(|(_, it)| !it.is_known()).map(|(name, _)| name.as_str()).peekable();
                unknown.peek().is_some() && unknown.all(|name| names.contains(&name))
            }
            _ => false,
        }
    }

    /// The texts in it of which something may not be known, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<&Text> {
        match self {
            Foretold::Known(_) => Vec::new(),
            Foretold::Text(text) => vec![text],
            Foretold::List(items) => items.iter().flat_map(Foretold::texts).collect(),
            Foretold::Map(fields) => fields.values().flat_map(Foretold::texts).collect(),
        }
    }

    /// The value.
    ///
    /// # Errors
    /// The first reference that keeps it from being known.
    pub fn into_known(self) -> Result<Value, Unresolved> {
        match self {
            Foretold::Known(value) => Ok(value),
            Foretold::Text(text) => match text.gaps() {
                [] => Ok(Value::String(text.into())),
                [gap, ..] => Err(Unresolved(gap.reference.clone())),
            },
            Foretold::List(items) => items.into_iter().map(Foretold::into_known).collect(),
            Foretold::Map(fields) => fields
                .into_iter()
                .map(|(name, it)| Ok((name, it.into_known()?)))
                .collect::<Result<_, _>>()
                .map(Value::Object),
        }
    }

    /// The value as it is shown: words stand for what is not known.
    #[must_use]
    pub fn shown(&self) -> Value {
        match self {
            Foretold::Known(value) => value.clone(),
            Foretold::Text(text) => text.as_str().into(),
            Foretold::List(items) => items.iter().map(Foretold::shown).collect(),
            Foretold::Map(fields) => {
                Value::Object(fields.iter().map(|(name, it)| (name.clone(), it.shown())).collect())
            }
        }
    }

    /// A named value in it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'_, Foretold>> {
        match self {
            Foretold::Known(value) => value.get(name).map(|it| Cow::Owned(Foretold::Known(it.clone()))),
            Foretold::Map(fields) => fields.get(name).map(Cow::Borrowed),
            Foretold::Text(_) | Foretold::List(_) => None,
        }
    }

    /// The items of a list; none of anything else.
    #[must_use]
    pub fn items(&self) -> Vec<Cow<'_, Foretold>> {
        match self {
            Foretold::Known(Value::Array(items)) => {
                items.iter().map(|it| Cow::Owned(Foretold::Known(it.clone()))).collect()
            }
            Foretold::List(items) => items.iter().map(Cow::Borrowed).collect(),
            _ => Vec::new(),
        }
    }

    /// The text at a place in it, when it is one and known.
    #[must_use]
    pub fn known_text(&self, place: &[&str]) -> Option<&str> {
        match (self, place) {
            (Foretold::Known(value), place) => place.iter().try_fold(value, |it, name| it.get(name))?.as_str(),
            (Foretold::Text(text), []) => text.known(),
            (Foretold::Map(fields), [name, inside @ ..]) => fields.get(*name)?.known_text(inside),
            _ => None,
        }
    }
}

impl From<Value> for Foretold {
    fn from(value: Value) -> Self {
        Foretold::Known(value)
    }
}

impl From<Text> for Foretold {
    fn from(text: Text) -> Self {
        if text.known().is_some() { Foretold::Known(Value::String(text.into())) } else { Foretold::Text(text) }
    }
}

impl FromIterator<(String, Foretold)> for Foretold {
    fn from_iter<T: IntoIterator<Item = (String, Foretold)>>(fields: T) -> Self {
        Foretold::Map(fields.into_iter().collect())
    }
}

impl Reference {
    /// What stands for its value while that is not known: `words` are shown.
    #[must_use]
    pub fn unknown(&self, words: String) -> Foretold {
        Foretold::Text(Text::unknown(self.clone(), words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn later() -> Foretold {
        Reference::parse("steps.a.b.c").unwrap().unknown("(known after step-6)".into())
    }

    #[test]
    fn one_unknown_part_makes_all_of_it_unknown() {
        let whole: Foretold = json!({"a": ["(known after step-6)"]}).into();
        assert!(whole.is_known() && !whole.waits());
        let part: Foretold = [("a".to_owned(), Foretold::List(vec![json!("x").into(), later()]))].into_iter().collect();
        assert!(!part.is_known() && part.waits());
        assert!(part.lacks_only(&["a", "b"]) && !part.lacks_only(&["b"]) && !whole.lacks_only(&["a"]));
        assert_eq!(part.shown(), json!({"a": ["x", "(known after step-6)"]}));
        assert_eq!(part.into_known().unwrap_err().to_string(), "the value of `steps.a.b.c` is not known");
        let list = Foretold::List(vec![json!("x").into()]);
        assert_eq!((list.is_known(), list.into_known().unwrap()), (true, json!(["x"])));
    }

    #[test]
    fn only_what_is_known_is_read_from_it() {
        let target: Foretold =
            [("on".to_owned(), [("instance".to_owned(), later())].into_iter().collect())].into_iter().collect();
        assert_eq!(target.known_text(&["on", "instance"]), None);
        let target: Foretold = json!({"on": {"instance": "(known after step-6)"}}).into();
        assert_eq!(target.known_text(&["on", "instance"]), Some("(known after step-6)"));
        assert!(target.get("on").unwrap().get("instance").is_some() && target.get("off").is_none());
    }
}
