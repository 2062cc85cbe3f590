//! Whether a URL answers as it is to.

use super::probed::Probed;
use crate::access::why_unanswered;
use crate::action::Lines;
use crate::model::{Failure, HttpProbe, Text, Value, is_found, tell};
use reqwest::header::HeaderMap;

/// How much of a body is looked at.
const MOST: usize = 1 << 20;

pub(super) fn wanted(http: &HttpProbe) -> Text {
    let status: Vec<String> = http.status.iter().map(u16::to_string).collect();
    let mut all = tell!("`{}` answers {}", http.url, status.join(" or "));
    for (name, expression) in &http.header {
        all.push(&tell!(", its header `{}` matches `{}`", *name, *expression));
    }
    if let Some(expression) = &http.body {
        all.push(&tell!(", its body matches `{}`", *expression));
    }
    if let Some(expression) = &http.not_body {
        all.push(&tell!(", its body does not match `{}`", *expression));
    }
    for (pointer, value) in &http.json {
        all.push(&tell!(", `{}` in it is `{}`", *pointer, value.to_string()));
    }
    all
}

/// What came of asking.
pub(in crate::action) struct HttpAnswer {
    /// The status; nothing where no whole answer came.
    pub(in crate::action) status: Option<u16>,
    /// Whether it is as it is to be.
    pub(in crate::action) holds: bool,
    /// What was seen.
    pub(in crate::action) told: String,
}

pub(super) async fn look(lines: &Lines<'_>, http: &HttpProbe) -> Result<Probed, Failure> {
    let HttpAnswer { holds, told, .. } = ask(lines, http, HeaderMap::new()).await?;
    Ok(Probed::new(holds, told))
}

/// Asks once, with these headers.
pub(in crate::action) async fn ask(
    lines: &Lines<'_>,
    http: &HttpProbe,
    headers: HeaderMap,
) -> Result<HttpAnswer, Failure> {
    let client = lines.access().http()?;
    let url = http.url.as_str();
    let none = |told: String| Ok(HttpAnswer { status: None, holds: false, told });
    let mut answer = match client.get(url).headers(headers).send().await {
        Ok(answer) => answer,
        Err(error) => return none(format!("`{url}` gives no answer: {}", why_unanswered(error))),
    };
    let status = answer.status().as_u16();
    let seen = |holds, told| Ok(HttpAnswer { status: Some(status), holds, told });
    let told = format!("`{url}` answers {status}");
    if !http.status.contains(&status) {
        return seen(false, told);
    }
    for (name, expression) in &http.header {
        match answer.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()) {
            None => return seen(false, format!("{told} without a header `{name}`")),
            Some(value) if !is_found(expression, &value) => {
                return seen(false, format!("{told} with `{name}: {value}`"));
            }
            Some(_) => {}
        }
    }
    if http.body.is_none() && http.not_body.is_none() && http.json.is_empty() {
        return seen(true, told);
    }
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(more)) => body.extend_from_slice(&more),
            Ok(None) => break,
            Err(error) => return none(format!("{told}, and its body breaks off: {}", why_unanswered(error))),
        }
        if body.len() > MOST {
            return seen(false, format!("{told}, and more than {MOST} bytes"));
        }
    }
    let body = String::from_utf8_lossy(&body);
    match missing(http, &body) {
        None => seen(true, format!("{told}, as it is to")),
        Some(why) => seen(false, format!("{told}, and {why}")),
    }
}

/// What of a body is not as it is to be.
pub(in crate::action) fn missing(http: &HttpProbe, body: &str) -> Option<String> {
    if let Some(expression) = http.body.as_ref().filter(|it| !is_found(it, body)) {
        return Some(format!("nothing in its body matches `{expression}`"));
    }
    if let Some(expression) = http.not_body.as_ref().filter(|it| is_found(it, body)) {
        return Some(format!("something in its body matches `{expression}`"));
    }
    if http.json.is_empty() {
        return None;
    }
    let Ok(json) = serde_json::from_str::<Value>(body) else { return Some("its body is no JSON".to_owned()) };
    let differs = |(pointer, wanted): (&String, &Value)| match json.pointer(pointer) {
        None => Some(format!("nothing is at `{pointer}`")),
        Some(value) if value != wanted => Some(format!("`{pointer}` is `{value}`")),
        Some(_) => None,
    };
    http.json.iter().find_map(differs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Decode;
    use serde_json::json;

    #[test]
    fn a_body_is_judged_by_expressions_and_by_values() {
        let probe = |more: Value| {
            let mut given = json!({ "url": "http://a.example/" });
            given.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            HttpProbe::decode(&given.into()).unwrap()
        };
        let body = r#"{"status": "ok", "n": [1, 2]}"#;
        assert_eq!(missing(&probe(json!({ "body": "ok", "json": { "/status": "ok", "/n/1": 2 } })), body), None);
        for (more, why) in [
            (json!({ "body": "^ok$" }), "matches `^ok$`"),
            (json!({ "not_body": "status" }), "matches `status`"),
            (json!({ "json": { "/status": "no" } }), "`/status` is `\"ok\"`"),
            (json!({ "json": { "/m": 1 } }), "nothing is at `/m`"),
        ] {
            assert!(missing(&probe(more), body).unwrap().contains(why), "{why}");
        }
        assert!(missing(&probe(json!({ "json": { "": 1 } })), "<html>").unwrap().contains("no JSON"));
    }
}
