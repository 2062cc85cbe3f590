//! A request made ready: with its secrets, its key and its length of time. Sent once.

use super::Reply;
use crate::access::{HttpOptions, http_client, was_never_sent, why_unanswered};
use crate::action::{Context, Veil};
use crate::model::{Failure, FailureKind, HttpMethod, RequestBody, RequestHeaders, Url};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use std::time::Duration;

/// How long an answer is waited for where nothing is said.
const USUAL: Duration = Duration::from_secs(30);
/// How many redirects are followed of a look.
const REDIRECTS: usize = 5;
/// How much of an answer is read.
const MOST: usize = 1 << 20;

/// What a request is made of.
pub(super) struct Draft<'a> {
    pub(super) method: HttpMethod,
    pub(super) url: &'a Url,
    /// Headers; the later ones weigh more.
    pub(super) headers: Vec<&'a RequestHeaders>,
    pub(super) body: Option<&'a RequestBody>,
    /// The header and the value by which the server knows it again.
    pub(super) key: Option<(&'a str, String)>,
    pub(super) timeout: Option<Duration>,
}

/// A request ready to be sent.
pub(super) struct Parcel {
    method: HttpMethod,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
    limit: Duration,
    veil: Veil,
}

/// Headers with their secrets.
pub(super) async fn headers_of(all: &[&RequestHeaders], veil: &mut Veil) -> Result<HeaderMap, Failure> {
    let mut map = HeaderMap::new();
    for (name, value) in all.iter().flat_map(|headers| &headers.0) {
        let value = veil.reveal(value, &format!("header `{name}` of the request")).await?;
        let (name, value) = header(name, &value)?;
        map.insert(name, value);
    }
    Ok(map)
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let refused = || Failure::refused(format!("header `{name}` of the request cannot have its value")).did_nothing();
    let known = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| refused().advise("see that it is one line without control characters"))?;
    value.set_sensitive(true);
    Ok((known, value))
}

impl Parcel {
    /// Makes it ready: fetches its secrets.
    ///
    /// # Errors
    /// When a secret cannot be had, or can be no header.
    pub(super) async fn of(cx: &Context<'_>, wanted: &Draft<'_>) -> Result<Self, Failure> {
        let mut veil = Veil::default();
        let mut headers = headers_of(&wanted.headers, &mut veil).await?;
        let body = match wanted.body {
            None => None,
            Some(RequestBody::Plain(body)) => Some(veil.reveal(body, "the body of the request").await?),
            Some(RequestBody::Json(values)) => {
                let value =
                    values.iter().map(|(name, it)| (name.clone(), it.shown())).collect::<serde_json::Map<_, _>>();
                if !headers.contains_key(CONTENT_TYPE) {
                    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                }
                Some(serde_json::Value::Object(value).to_string())
            }
        };
        if let Some((name, value)) = &wanted.key {
            let (name, value) = header(name, value)?;
            headers.insert(name, value);
        }
        let limit = wanted.timeout.unwrap_or(USUAL).min(cx.time_left().max(Duration::from_secs(1)));
        Ok(Self { method: wanted.method, url: wanted.url.clone(), headers, body, limit, veil })
    }

    /// What keeps its secrets out of what is shown.
    pub(super) fn veil(&self) -> &Veil {
        &self.veil
    }

    /// "POST https://a.example/hook".
    pub(super) fn told(&self) -> String {
        format!("{} {}", self.method.as_str(), self.url)
    }

    /// Sends it, once.
    ///
    /// # Errors
    /// When it was certainly not sent, which is said; when there is no answer: then it may have arrived.
    pub(super) async fn send(&self, cx: &Context<'_>) -> Result<Reply, Failure> {
        let follows = ["GET", "HEAD"].contains(&self.method.as_str());
        let options = HttpOptions {
            redirects: if follows { REDIRECTS } else { 0 },
            limit: Some(self.limit),
            ..HttpOptions::default()
        };
        let client = http_client(cx.access().settings(), &options)?;
        let method = reqwest::Method::from_bytes(self.method.as_str().as_bytes())
            .map_err(|error| Failure::permanent("no such method").cause(error.to_string()).did_nothing())?;
        let mut asked = client.request(method, self.url.as_str()).headers(self.headers.clone());
        if let Some(body) = &self.body {
            asked = asked.body(body.clone());
        }
        let mut answer = match asked.send().await {
            Ok(answer) => answer,
            Err(error) if was_never_sent(&error) => {
                let failure = Failure::transient(format!("`{}` was not sent", self.told()));
                return Err(failure.cause(self.veil.over(&why_unanswered(error))).did_nothing());
            }
            Err(error) => {
                let failure = Failure::new(FailureKind::Lost, format!("`{}` got no answer", self.told()));
                return Err(failure
                    .cause(self.veil.over(&why_unanswered(error)))
                    .cause("it may have arrived, and have been carried out"));
            }
        };
        let status = answer.status().as_u16();
        let mut body = Vec::new();
        let cut = loop {
            match answer.chunk().await {
                Ok(Some(more)) if body.len() < MOST => body.extend_from_slice(&more),
                Ok(Some(_)) => break Some((FailureKind::Permanent, format!("it is longer than {MOST} bytes"))),
                Ok(None) => break None,
                Err(error) => break Some((FailureKind::Lost, format!("it breaks off: {}", why_unanswered(error)))),
            }
        };
        Ok(Reply { status, body: String::from_utf8_lossy(&body).into_owned(), cut })
    }
}
