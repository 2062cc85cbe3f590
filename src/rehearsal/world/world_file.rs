//! A file of a host: its text, or its text with mode and owner. A field that there is not is told by its name.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// One file: its text, or more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WorldFile {
    /// Its text; mode 0644, of root.
    Text(String),
    /// More of it.
    Whole(WholeFile),
}

/// A file with what a text alone does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholeFile {
    /// Its text.
    pub content: String,
    /// Its permissions as `chmod` takes them.
    #[serde(default)]
    pub mode: Option<String>,
    /// Its owner as `chown` takes it.
    #[serde(default)]
    pub owner: Option<String>,
}

impl WorldFile {
    /// Its text.
    #[must_use]
    pub fn content(&self) -> &str {
        match self {
            WorldFile::Text(content) | WorldFile::Whole(WholeFile { content, .. }) => content,
        }
    }

    /// Its permissions as `chmod` takes them.
    #[must_use]
    pub fn mode(&self) -> &str {
        match self {
            WorldFile::Whole(WholeFile { mode: Some(mode), .. }) => mode,
            _ => "0644",
        }
    }

    /// Its owner, where it is not root's.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        match self {
            WorldFile::Whole(WholeFile { owner, .. }) => owner.as_deref(),
            WorldFile::Text(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for WorldFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = WorldFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or `content` with `mode` and `owner`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<WorldFile, E> {
                Ok(WorldFile::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WorldFile, A::Error> {
                WholeFile::deserialize(MapAccessDeserializer::new(map)).map(WorldFile::Whole)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
