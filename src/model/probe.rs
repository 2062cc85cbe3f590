//! What can be probed beside a command: a port, an answer over HTTP, a file.

use super::command::{expression, text};
use super::decode::{field, only};
use super::{Argument, Decode, Foretold, HostPath, Param, Text, Url, Value, ValueType};
use serde::de::Error;
use std::collections::BTreeMap;

/// A port that takes connections.
#[derive(Debug, Clone, PartialEq)]
pub struct PortProbe {
    /// Its host, as whoever connects knows it.
    pub host: Text,
    /// Its number.
    pub port: u16,
    /// Whether it is to take connections, or none.
    pub open: bool,
}

/// An answer over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpProbe {
    /// What is asked, by GET. No redirect is followed.
    pub url: Url,
    /// The statuses that are as wanted; 200 alone when none is said.
    pub status: Vec<u16>,
    /// Regular expressions for headers, by their names.
    pub header: BTreeMap<String, Text>,
    /// A regular expression that must be found in the body.
    pub body: Option<Text>,
    /// One that must not.
    pub not_body: Option<Text>,
    /// Values in a body of JSON, by pointers (RFC 6901).
    pub json: BTreeMap<String, Value>,
}

/// A file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileProbe {
    /// The file.
    pub path: HostPath,
    /// Whether it is to be there.
    pub exists: bool,
    /// A regular expression that must be found in it.
    pub contains: Option<Text>,
    /// One that must not.
    pub not_contains: Option<Text>,
}

/// Whether a regular expression is found in a text; `^` and `$` are a line's ends.
#[must_use]
pub fn is_found(expression_of: &Text, text: &str) -> bool {
    expression(expression_of.as_str()).is_ok_and(|regex| regex.is_match(text))
}

fn expressions<'a>(texts: impl IntoIterator<Item = &'a Text>) -> Result<(), serde_json::Error> {
    let known = texts.into_iter().filter_map(Text::known);
    known.map(expression).try_for_each(|read| read.map(drop).map_err(serde_json::Error::custom))
}

impl Decode for PortProbe {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["host", "port", "open"])?;
        Ok(Self {
            host: field::<Option<Text>>(given, "host")?.unwrap_or_else(|| "127.0.0.1".into()),
            port: field(given, "port")?,
            open: field::<Option<bool>>(given, "open")?.unwrap_or(true),
        })
    }
}

impl Decode for HttpProbe {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["url", "status", "header", "body", "not_body", "json"])?;
        let header: BTreeMap<String, Foretold> = field::<Option<_>>(given, "header")?.unwrap_or_default();
        let json: BTreeMap<String, Foretold> = field::<Option<_>>(given, "json")?.unwrap_or_default();
        let header = header.into_iter().map(|(name, it)| Ok((name, Argument::decode(&it)?.0)));
        if let Some(odd) = json.keys().find(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            let told = format!("`{odd}` is no JSON pointer: it begins with `/`, or is empty for the whole");
            return Err(serde_json::Error::custom(told));
        }
        let known = |(pointer, it): (String, Foretold)| {
            let value = it.into_known().map_err(serde_json::Error::custom)?;
            Ok((pointer, value))
        };
        let it = Self {
            url: field(given, "url")?,
            status: field::<Option<_>>(given, "status")?.unwrap_or_else(|| vec![200]),
            header: header.collect::<Result<_, serde_json::Error>>()?,
            body: text(given, "body")?,
            not_body: text(given, "not_body")?,
            json: json.into_iter().map(known).collect::<Result<_, serde_json::Error>>()?,
        };
        if it.status.is_empty() || it.status.iter().any(|status| !(100..600).contains(status)) {
            return Err(serde_json::Error::custom("`status` is a list of HTTP statuses, like `[200, 204]`"));
        }
        expressions(it.header.values().chain(&it.body).chain(&it.not_body))?;
        Ok(it)
    }
}

impl Decode for FileProbe {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["path", "exists", "contains", "not_contains"])?;
        let it = Self {
            path: field(given, "path")?,
            exists: field::<Option<bool>>(given, "exists")?.unwrap_or(true),
            contains: text(given, "contains")?,
            not_contains: text(given, "not_contains")?,
        };
        if !it.exists && (it.contains.is_some() || it.not_contains.is_some()) {
            return Err(serde_json::Error::custom("a file that is not to be there contains nothing"));
        }
        expressions(it.contains.iter().chain(&it.not_contains))?;
        Ok(it)
    }
}

macro_rules! named_values {
    ($($kind:ident),+) => {$(
        impl Param for $kind {
            fn value_type() -> ValueType {
                ValueType::Map
            }
        }
    )+};
}

named_values! { PortProbe, HttpProbe, FileProbe }

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn little_has_to_be_said() {
        let port = PortProbe::decode(&json!({ "port": 5432 }).into()).unwrap();
        assert_eq!((port.host.as_str(), port.port, port.open), ("127.0.0.1", 5432, true));
        let http = HttpProbe::decode(&json!({ "url": "http://a.example/", "json": { "/n": 1 } }).into()).unwrap();
        assert_eq!((http.status, http.json["/n"].clone()), (vec![200], json!(1)));
        assert!(FileProbe::decode(&json!({ "path": "/etc/app" }).into()).unwrap().exists);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for odd in [json!({}), json!({ "port": 70000 }), json!({ "port": 1, "prt": 2 })] {
            assert!(PortProbe::decode(&odd.clone().into()).is_err(), "{odd}");
        }
        let url = "http://a.example/";
        for odd in [
            json!({ "url": "ftp://a" }),
            json!({ "url": url, "status": [] }),
            json!({ "url": url, "status": [20] }),
            json!({ "url": url, "body": "(" }),
            json!({ "url": url, "header": { "a": "(" } }),
            json!({ "url": url, "json": { "n": 1 } }),
        ] {
            assert!(HttpProbe::decode(&odd.clone().into()).is_err(), "{odd}");
        }
        for odd in [json!({ "path": "etc" }), json!({ "path": "/a", "exists": false, "contains": "x" })] {
            assert!(FileProbe::decode(&odd.clone().into()).is_err(), "{odd}");
        }
    }
}
