//! `http.expect`: asks a URL as a user would, and waits until the answer is the one expected.

use super::web::normal;
use crate::access::why_unanswered;
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, undo_of_look, wait_until};
use crate::model::{Failure, Finding, Found, HttpExpect, Text, tell};

impl HttpExpect {
    fn expected(&self) -> Text {
        match &self.location {
            Some(to) => tell!("`{}` answers {} to `{}`", self.url, self.status, to),
            None => tell!("`{}` answers {}", self.url, self.status),
        }
    }

    /// Asks once: whether the answer is the one expected, and what it was.
    async fn ask(&self, cx: &Context<'_>) -> Result<(bool, String), Failure> {
        let client = cx.access().http()?;
        let answer = match client.get(self.url.as_str()).send().await {
            Ok(answer) => answer,
            Err(e) => return Ok((false, format!("`{}` gives no answer: {}", self.url, why_unanswered(e)))),
        };
        let status = answer.status().as_u16();
        let header = answer.headers().get("location").and_then(|v| v.to_str().ok());
        // A relative redirect is one from the URL that was asked.
        let location = header.and_then(|to| answer.url().join(to).ok());
        let told = match &location {
            Some(to) => format!("`{}` answers {status} to `{to}`", self.url),
            None => format!("`{}` answers {status}", self.url),
        };
        let there = match &self.location {
            Some(expected) => location == Some(normal(expected.as_str())?),
            None => true,
        };
        Ok((status == self.status && there, told))
    }

    async fn wait(&self, cx: &Context<'_>) -> Result<String, Failure> {
        wait_until(cx, self.expected().as_str(), async || {
            let (as_expected, told) = self.ask(cx).await?;
            Ok(if as_expected { Glance::Done(told) } else { Glance::NotYet(told) })
        })
        .await
    }
}

impl Perform for HttpExpect {
    fn sentence(&self) -> Text {
        tell!("expect that {}", self.expected())
    }

    fn undo_sentence(&self) -> Option<Text> {
        (self.also_after_undo == Some(true)).then(|| tell!("expect again that {}", self.expected()))
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (as_expected, evidence) = self.ask(cx).await?;
        let found = if as_expected { Found::Holds } else { Found::Absent };
        Ok(Finding::new(found, false, evidence))
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        Ok(Verified::by(self.wait(cx).await?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        undo_of_look(self.also_after_undo, self.wait(cx)).await
    }
}
