//! A request over HTTP as a runbook says it: method, headers, body, and which answer is a good one.

use super::command::{expression, text};
use super::decode::{field, known, only};
use super::{Decode, Foretold, HttpProbe, Param, Text, TextOrSecret, Url, Value, ValueType};
use serde::de::Error;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// A method of HTTP (RFC 9110, 9.3; PATCH: RFC 5789).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpMethod(&'static str);

/// Header fields of a request by name, texts or secrets. None by which a client says how it sends the body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestHeaders(pub BTreeMap<String, TextOrSecret>);

/// What a body is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum RequestBody {
    /// A text as it is, or a secret.
    Plain(TextOrSecret),
    /// JSON of these named values.
    Json(BTreeMap<String, Foretold>),
}

/// Which answer is a good one.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerExpectation {
    /// Statuses; 200 to 299 when none is said.
    pub status: Vec<RangeInclusive<u16>>,
    /// A regular expression that must be found in the body.
    pub body: Option<Text>,
    /// One that must not.
    pub not_body: Option<Text>,
    /// Values in a body of JSON, by pointers (RFC 6901).
    pub json: BTreeMap<String, Value>,
}

/// A request that takes another back.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestBack {
    /// Its method; DELETE when none is said.
    pub method: HttpMethod,
    /// Where it goes.
    pub url: Url,
    /// Its headers, beside those of the request that it takes back.
    pub headers: RequestHeaders,
    /// Its body.
    pub body: Option<RequestBody>,
    /// Which answer is a good one.
    pub expect: AnswerExpectation,
}

impl HttpMethod {
    /// All, as they are sent.
    pub const ALL: &'static [&'static str] = &["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
    /// What is meant when nothing is said.
    pub const POST: Self = Self("POST");
    const DELETE: Self = Self("DELETE");

    /// The one of this name, in whatever case.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|method| **method == name.to_ascii_uppercase()).copied().map(Self)
    }

    /// As it is sent.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether it asks for nothing to be done (RFC 9110, 9.2.1).
    #[must_use]
    pub fn is_safe(self) -> bool {
        ["GET", "HEAD", "OPTIONS"].contains(&self.0)
    }
}

impl RequestHeaders {
    /// Whether one of this name is given, however it is written.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.keys().any(|given| given.eq_ignore_ascii_case(name))
    }
}

/// Whether a text can be the name of a header (RFC 9110, 5.6.2: `token`).
#[must_use]
pub fn is_header_name(name: &str) -> bool {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    !name.is_empty() && name.chars().all(token)
}

impl AnswerExpectation {
    /// Whether this status is good.
    #[must_use]
    pub fn takes(&self, status: u16) -> bool {
        self.status.iter().any(|range| range.contains(&status))
    }

    /// Whether what the body says matters.
    #[must_use]
    pub fn reads_body(&self) -> bool {
        self.body.is_some() || self.not_body.is_some() || !self.json.is_empty()
    }

    /// "200-299 or 404".
    #[must_use]
    pub fn told(&self) -> String {
        let one = |range: &RangeInclusive<u16>| match range.start() == range.end() {
            true => range.start().to_string(),
            false => format!("{}-{}", range.start(), range.end()),
        };
        self.status.iter().map(one).collect::<Vec<_>>().join(" or ")
    }

    /// Its parts that speak of the body, as a probe judges one.
    #[must_use]
    pub fn of_body(&self, url: &Url) -> HttpProbe {
        HttpProbe {
            url: url.clone(),
            status: Vec::new(),
            header: BTreeMap::new(),
            body: self.body.clone(),
            not_body: self.not_body.clone(),
            json: self.json.clone(),
        }
    }
}

impl Default for AnswerExpectation {
    fn default() -> Self {
        Self { status: vec![200..=299], body: None, not_body: None, json: BTreeMap::new() }
    }
}

impl RequestBody {
    /// Of a request that says its body in one of two ways.
    ///
    /// # Errors
    /// When it says both.
    pub fn of(
        body: Option<&TextOrSecret>,
        json: Option<&BTreeMap<String, Foretold>>,
    ) -> Result<Option<Self>, &'static str> {
        match (body, json) {
            (Some(_), Some(_)) => Err("a request has either `body` or `json`, not both"),
            (Some(body), None) => Ok(Some(Self::Plain(body.clone()))),
            (None, Some(json)) => Ok(Some(Self::Json(json.clone()))),
            (None, None) => Ok(None),
        }
    }
}

impl Decode for HttpMethod {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        let given: String = known(given)?;
        Self::named(&given).ok_or_else(|| {
            serde_json::Error::custom(format!("`{given}` is no method: one of {}", Self::ALL.join(", ")))
        })
    }
}

impl Decode for RequestHeaders {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        let given = BTreeMap::<String, Foretold>::decode(given)?;
        let header = |(name, value): (String, Foretold)| {
            // RFC 9110, 6.4 and 7.6.1, RFC 9112, 6: what frames a message and its connection is the client's.
            let framing = ["connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade"];
            if !is_header_name(&name) || framing.contains(&name.to_ascii_lowercase().as_str()) {
                return Err(serde_json::Error::custom(format!("`{name}` is no header that can be given")));
            }
            let value = TextOrSecret::decode(&value)?;
            match &value {
                TextOrSecret::Text(text) if text.as_str().contains(|c: char| c.is_control() && c != '\t') => {
                    Err(serde_json::Error::custom(format!("header `{name}` has a control character in it")))
                }
                _ => Ok((name, value)),
            }
        };
        given.into_iter().map(header).collect::<Result<_, _>>().map(Self)
    }
}

/// `204`, `"200-299"` or `"2xx"`.
fn statuses(given: &Foretold) -> Result<RangeInclusive<u16>, serde_json::Error> {
    let wrong =
        || serde_json::Error::custom("`status` is a list of HTTP statuses and ranges, like `[200, 204, \"300-399\"]`");
    let value = given.clone().into_known().map_err(serde_json::Error::custom)?;
    let number = |text: &str| text.trim().parse::<u16>().ok();
    let range = match &value {
        Value::Number(number) => number.as_u64().and_then(|it| u16::try_from(it).ok()).map(|it| it..=it),
        Value::String(text) => match text.split_once('-') {
            Some((from, to)) => number(from).zip(number(to)).map(|(from, to)| from..=to),
            None if text.ends_with("xx") => number(&text[..text.len() - 2]).map(|n| n * 100..=n * 100 + 99),
            None => number(text).map(|it| it..=it),
        },
        _ => None,
    };
    let range = range.ok_or_else(wrong)?;
    let fits = (100..600).contains(range.start()) && (100..600).contains(range.end()) && !range.is_empty();
    if fits { Ok(range) } else { Err(wrong()) }
}

impl Decode for AnswerExpectation {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["status", "body", "not_body", "json"])?;
        let status = match given.get("status") {
            None => Self::default().status,
            Some(list) => list.items().iter().map(|item| statuses(item)).collect::<Result<Vec<_>, _>>()?,
        };
        if status.is_empty() {
            return Err(serde_json::Error::custom("`status` is a list of HTTP statuses, and not empty"));
        }
        let json: BTreeMap<String, Foretold> = field::<Option<_>>(given, "json")?.unwrap_or_default();
        if let Some(odd) = json.keys().find(|pointer| !pointer.is_empty() && !pointer.starts_with('/')) {
            let told = format!("`{odd}` is no JSON pointer: it begins with `/`, or is empty for the whole");
            return Err(serde_json::Error::custom(told));
        }
        let value = |(pointer, it): (String, Foretold)| {
            Ok::<_, serde_json::Error>((pointer, it.into_known().map_err(serde_json::Error::custom)?))
        };
        let it = Self {
            status,
            body: text(given, "body")?,
            not_body: text(given, "not_body")?,
            json: json.into_iter().map(value).collect::<Result<_, _>>()?,
        };
        for text in it.body.iter().chain(&it.not_body).filter_map(Text::known) {
            expression(text).map_err(serde_json::Error::custom)?;
        }
        Ok(it)
    }
}

impl Decode for RequestBack {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["method", "url", "headers", "body", "json", "expect"])?;
        let (body, json): (Option<TextOrSecret>, Option<BTreeMap<String, Foretold>>) =
            (field(given, "body")?, field(given, "json")?);
        Ok(Self {
            method: field::<Option<_>>(given, "method")?.unwrap_or(HttpMethod::DELETE),
            url: field(given, "url")?,
            headers: field::<Option<_>>(given, "headers")?.unwrap_or_default(),
            body: RequestBody::of(body.as_ref(), json.as_ref()).map_err(serde_json::Error::custom)?,
            expect: field::<Option<_>>(given, "expect")?.unwrap_or_default(),
        })
    }
}

impl Param for RequestHeaders {
    fn value_type() -> ValueType {
        ValueType::Headers
    }
}

impl Param for AnswerExpectation {
    fn value_type() -> ValueType {
        ValueType::Map
    }
}

impl Param for RequestBack {
    fn value_type() -> ValueType {
        ValueType::Map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn statuses_are_numbers_and_ranges() {
        let read = |status: Value| AnswerExpectation::decode(&json!({ "status": status }).into());
        let some = read(json!([204, "300-399", "4xx"])).unwrap();
        assert_eq!(some.told(), "204 or 300-399 or 400-499");
        assert!(some.takes(204) && some.takes(307) && some.takes(404) && !some.takes(200) && !some.takes(500));
        assert_eq!(AnswerExpectation::decode(&json!({}).into()).unwrap().told(), "200-299");
        for odd in
            [json!([]), json!([20]), json!(["300-200"]), json!(["9xx"]), json!(["x"]), json!([700]), json!([true])]
        {
            assert!(read(odd.clone()).is_err(), "{odd}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let headers = |given: Value| RequestHeaders::decode(&given.into());
        let good = headers(json!({ "Authorization": { "env": "TOKEN" }, "X-Count": 5 })).unwrap();
        assert!(good.has("authorization") && !good.has("accept"));
        for odd in [json!({ "a b": "x" }), json!({ "Content-Length": "5" }), json!({ "A": "x\ny" }), json!({ "": "x" })]
        {
            assert!(headers(odd.clone()).is_err(), "{odd}");
        }
        assert!(HttpMethod::decode(&json!("FETCH").into()).is_err());
        assert_eq!(HttpMethod::decode(&json!("get").into()).unwrap().as_str(), "GET");
        let back = RequestBack::decode(&json!({ "url": "https://a.example/1" }).into()).unwrap();
        assert_eq!((back.method.as_str(), back.body), ("DELETE", None));
        let both = json!({ "url": "https://a.example/1", "body": "x", "json": {} });
        assert!(RequestBack::decode(&both.into()).is_err());
    }
}
