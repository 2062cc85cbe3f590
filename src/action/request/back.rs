//! `http.request`, back: its `undo`, sent once.
//!
//! An attempt that certainly did nothing does not count (`ActionCall::attempt`). After one that may have arrived the request is not sent
//! again by itself, unless the runbook allows it or its check says that the deed is still there.

use super::reply::{GoodReply, STATUS};
use super::{Draft, Parcel};
use crate::action::{Context, Stop};
use crate::model::{Advice, Failure, FailureKind, HttpRequest, Recourse, RequestBack, RequestHeaders, Resolution};

impl HttpRequest {
    pub(super) async fn take_back(&self, cx: &Context<'_>) -> Result<String, Stop> {
        if self.only_looks() {
            return Ok("it only looks".into());
        }
        let by_hand = || {
            Advice::by_hand("take it back by hand")
                .then(Recourse::Resolve(cx.call().action.clone(), Resolution::Undone))
        };
        let Some(undo) = &self.undo else {
            let told = format!("`{} {}` cannot be undone", self.method_told(), self.url);
            return Err(Failure::permanent(told).cause("the runbook gives it no `undo`").advise(by_hand()).into());
        };
        let named = format!("`{} {}`", undo.method.as_str(), undo.url);
        let sent_before = cx.call().attempt > 1 && !self.may_be_sent_again();
        let was_answered = cx.call().outputs.contains_key(STATUS);
        if sent_before || !was_answered {
            match self.is_done(cx).await? {
                Some((false, told)) => return Ok(format!("it is not there, as its check says: {told}")),
                Some((true, _)) => {}
                None if sent_before => {
                    return Err(Failure::permanent(format!("{named} may have been sent already, and is not sent again"))
                        .cause("an earlier attempt got no answer, or the executor ended in it; it has no check, and is not `repeatable`")
                        .advise(
                            Advice::by_hand("see whether it has been carried out, and carry it out by hand if not")
                                .then(Recourse::Resolve(cx.call().action.clone(), Resolution::Undone)),
                        )
                        .into());
                }
                None => {}
            }
        }
        let parcel = self.parcel_back(cx, undo).await.map_err(Failure::did_nothing)?;
        let reply = parcel.send(cx).await.map_err(|lost| match lost.kind {
            // Not tried again by itself: a second one could take back something else.
            FailureKind::Lost if !self.may_be_sent_again() && self.check.is_none() => {
                Failure { kind: FailureKind::Permanent, ..lost }.advise(by_hand())
            }
            _ => lost,
        })?;
        let good =
            GoodReply { url: &undo.url, expect: &undo.expect, retry_on: self.retry_on.as_deref(), outputs: None };
        let judged = reply.judge(&parcel.told(), parcel.veil(), &good);
        judged.map_err(|failure| failure.advise(by_hand()))?;
        Ok(format!("{named} was answered with {}", reply.status))
    }

    async fn parcel_back(&self, cx: &Context<'_>, undo: &RequestBack) -> Result<Parcel, Failure> {
        // What is said of the body is the request's own.
        let mut shared = self.headers.clone().unwrap_or_default();
        shared.0.retain(|name, _| !name.eq_ignore_ascii_case("content-type"));
        let shared: RequestHeaders = shared;
        let wanted = Draft {
            method: undo.method,
            url: &undo.url,
            headers: vec![&shared, &undo.headers],
            body: undo.body.as_ref(),
            key: self.key(format!("{}u", cx.call().token()))?,
            timeout: self.timeout(),
        };
        Parcel::of(cx, &wanted).await
    }
}
