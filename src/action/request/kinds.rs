//! `http.request`, forward: looked for, sent once, judged.

use super::parcel::headers_of;
use super::reply::{GoodReply, STATUS};
use super::{Draft, Parcel};
use crate::action::probe::{HttpAnswer, ask};
use crate::action::{Applied, Context, Glance, Perform, Stop, Veil, Verified, wait_until};
use crate::model::{
    Advice, Change, Failure, Finding, Foresight, Found, HttpMethod, HttpRequest, Recourse, RequestBody, Resolution,
    Tell, Text, TextOrSecret, Value, is_header_name, tell, told,
};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What is said of a request that a plan did not send.
const HELD: &str = "requests that only look are sent for a plan only where that is allowed (`--allow-commands`)";

impl HttpRequest {
    fn method(&self) -> Result<HttpMethod, Failure> {
        let named = |name: &str| {
            HttpMethod::named(name).ok_or_else(|| Failure::refused(format!("`{name}` is no method")).did_nothing())
        };
        self.method.as_ref().map_or(Ok(HttpMethod::POST), |name| named(name.as_str()))
    }

    /// The method as it is told.
    pub(super) fn method_told(&self) -> String {
        self.method.as_ref().map_or_else(|| HttpMethod::POST.as_str().to_owned(), |it| it.as_str().to_ascii_uppercase())
    }

    pub(super) fn only_looks(&self) -> bool {
        self.reads.is_some_and(|reads| *reads)
    }

    /// Whether it may be sent when nobody knows whether it was.
    pub(super) fn may_be_sent_again(&self) -> bool {
        self.only_looks() || self.repeatable == Some(true) || self.idempotency_key.is_some()
    }

    fn body(&self) -> Result<Option<RequestBody>, Failure> {
        RequestBody::of(self.body.as_ref(), self.json.as_ref()).map_err(Failure::refused)
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout.map(|it| Duration::from_millis(it.ms()))
    }

    /// The header for the key, with this value.
    pub(super) fn key(&self, value: String) -> Result<Option<(&str, String)>, Failure> {
        match self.idempotency_key.as_ref().map(Text::as_str) {
            Some(name) if !is_header_name(name) => {
                Err(Failure::refused(format!("`idempotency_key` is `{name}`, which is no name of a header")))
            }
            name => Ok(name.map(|name| (name, value))),
        }
    }

    async fn parcel(&self, cx: &Context<'_>) -> Result<Parcel, Failure> {
        let body = self.body()?;
        let wanted = Draft {
            method: self.method()?,
            url: &self.url,
            headers: self.headers.iter().collect(),
            body: body.as_ref(),
            key: self.key(cx.call().token())?,
            timeout: self.timeout(),
        };
        Parcel::of(cx, &wanted).await
    }

    fn named(&self) -> String {
        format!("`{} {}`", self.method_told(), self.url)
    }

    /// Whether it is done, as the check says, and what was seen; nothing without a check.
    ///
    /// # Errors
    /// When the check has no answer, or a server's error: neither yes nor no.
    pub(super) async fn is_done(&self, cx: &Context<'_>) -> Result<Option<(bool, String)>, Failure> {
        let Some(check) = &self.check else { return Ok(None) };
        let mut veil = Veil::default();
        let headers: Vec<_> = self.headers.iter().collect();
        let headers = headers_of(&headers, &mut veil).await?;
        let HttpAnswer { status, holds, told } = ask(&cx.lines(), check, headers).await?;
        let told = veil.over(&told);
        match status {
            Some(status) if holds || status < 500 => Ok(Some((holds, told))),
            _ => Err(Failure::transient(format!("the check of {} does not tell whether it is done", self.named()))
                .cause(told)),
        }
    }

    /// A look that is sent for a plan; what it says now is shown.
    async fn look_ahead(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let parcel = self.parcel(cx).await?;
        let reply = parcel.send(cx).await?;
        let told = format!("answered with {}: {}", reply.status, reply.begins(parcel.veil()));
        Ok(Finding::new(Found::Absent, false, told))
    }

    async fn wait_for_check(&self, cx: &Context<'_>) -> Result<Option<String>, Failure> {
        if self.check.is_none() {
            return Ok(None);
        }
        let what = format!("{} was answered, and its check says that it is done", self.named());
        wait_until(cx, &what, async || {
            Ok(match self.is_done(cx).await? {
                Some((false, told)) => Glance::NotYet(told),
                Some((true, told)) => Glance::Done(Some(told)),
                None => Glance::Done(None),
            })
        })
        .await
    }
}

impl Perform for HttpRequest {
    fn sentence(&self) -> Text {
        let verb = if self.only_looks() { "look by" } else { "send" };
        tell!("{} `{} {}`", verb, self.method_told(), self.url)
    }

    fn undo_sentence(&self) -> Option<Text> {
        let undo = self.undo.as_ref()?;
        Some(tell!("send `{} {}`", undo.method.as_str(), undo.url))
    }

    fn changes(&self) -> Vec<Change> {
        if self.only_looks() {
            return Vec::new();
        }
        let mut with = BTreeMap::new();
        let mut later = BTreeSet::new();
        let mut add = |name: String, value: &TextOrSecret| {
            match value {
                TextOrSecret::Secret(_) => with.insert(name, json!("(a secret)")),
                TextOrSecret::Text(text) => {
                    later.extend(text.is_output().then(|| name.clone()));
                    with.insert(name, json!(text.as_str()))
                }
            };
        };
        for (name, value) in self.headers.iter().flat_map(|headers| &headers.0) {
            add(format!("Header {name}"), value);
        }
        self.body.iter().for_each(|body| add("Body".to_owned(), body));
        if let Some(json) = &self.json {
            let shown = json.iter().map(|(name, it)| (name.clone(), it.shown())).collect::<serde_json::Map<_, _>>();
            with.insert("Body".to_owned(), Value::Object(shown));
        }
        if let Some(name) = &self.idempotency_key {
            with.insert(format!("Header {name}"), json!("(the same in every attempt)"));
        }
        let method = self.method_told();
        let operation = told("{} {}", &[&method as &dyn Tell, &self.url]).as_str().to_owned();
        vec![Change::Request { operation, with, later }]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        self.method()?;
        self.body()?;
        let begun = !cx.call().before.is_null();
        let before = if begun { cx.call().before.clone() } else { json!({ "sent": false }) };
        let held = cx.call().ahead == Some(Foresight::WithoutCommands);
        let finding = |found, ours, told: String| Ok(Finding::new(found, ours, told).with_before(before.clone()));
        if self.only_looks() && cx.call().ahead.is_some() {
            return if held {
                finding(Found::Absent, false, format!("not sent: {HELD}"))
            } else {
                self.look_ahead(cx).await
            };
        }
        if self.check.is_some() && held {
            return finding(Found::Absent, false, format!("its check was not asked: {HELD}"));
        }
        match self.is_done(cx).await? {
            Some((true, told)) => finding(Found::Holds, begun, format!("it is done, as its check says: {told}")),
            Some((false, told)) => finding(Found::Absent, false, format!("it is not done, as its check says: {told}")),
            None if !begun => finding(Found::Absent, false, format!("{} has not been sent", self.named())),
            None if self.only_looks() => finding(Found::Absent, false, "it only looks, and is sent again".into()),
            None if self.may_be_sent_again() => {
                finding(Found::Absent, false, "it may have arrived, and is sent again, as the runbook allows".into())
            }
            None => {
                let told = format!(
                    "{} may have arrived and been carried out: it has no check, and the runbook does not say that it may be sent again",
                    self.named()
                );
                finding(Found::Unknown, false, told)
            }
        }
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        // Whatever fails before it is sent leaves no doubt.
        let parcel = self.parcel(cx).await.map_err(Failure::did_nothing)?;
        let reply = parcel.send(cx).await?;
        let expect = self.expect.clone().unwrap_or_default();
        let good = GoodReply {
            url: &self.url,
            expect: &expect,
            retry_on: self.retry_on.as_deref(),
            outputs: self.outputs.as_deref(),
        };
        let judged = reply.judge(&parcel.told(), parcel.veil(), &good);
        Ok(judged.map_err(|mut failure| {
            if self.only_looks() {
                failure.did_nothing = true;
            }
            if failure.did_nothing || self.may_be_sent_again() || self.check.is_some() {
                return failure;
            }
            let done = Recourse::Resolve(cx.call().action.clone(), Resolution::Done);
            failure
                .advise(Advice::by_hand("find out whether it was carried out").then(done).which("goes on without it"))
        })?)
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let checked = self.wait_for_check(cx).await?;
        let by_check = checked.map(|told| format!("its check says that it is done: {told}"));
        let Some(status) = cx.call().outputs.get(STATUS) else {
            let declared = self.outputs.as_deref().is_some_and(|outputs| outputs.types().next().is_some());
            let told = by_check.unwrap_or_else(|| "nobody knows its answer".to_owned());
            if !declared {
                return Ok(Verified::by(told));
            }
            return Err(Failure::permanent(format!("{} is done, and its answer is lost", self.named()))
                .cause("what others need of it was in that answer")
                .advise(
                    Advice::by_hand("find out what it has given")
                        .then(Recourse::Resolve(cx.call().action.clone(), Resolution::Done)),
                )
                .into());
        };
        let answered = format!("{} was answered with {status}", self.named());
        Ok(Verified::by(by_check.map_or(answered.clone(), |told| format!("{answered}; {told}"))))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        self.take_back(cx).await
    }
}
