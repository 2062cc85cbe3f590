//! `gate.approve`: waits for a person's approval; the gate has the action's name.

use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Failure, Finding, Found, GateApprove, Text, approval_gate, tell};

impl Perform for GateApprove {
    fn sentence(&self) -> Text {
        tell!("wait for a person's approval: {}", self.prompt)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (found, evidence) =
            if is_approved(cx) { (Found::Holds, "approved") } else { (Found::Absent, "not approved yet") };
        let evidence = evidence.to_owned();
        Ok(Finding::new(found, false, evidence))
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        if is_approved(cx) { Ok(Applied::new()) } else { Err(self.waiting(cx)) }
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        if is_approved(cx) { Ok(Verified::by("approved")) } else { Err(self.waiting(cx)) }
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: an approval stays given".into())
    }
}

impl GateApprove {
    fn waiting(&self, cx: &Context<'_>) -> Stop {
        Stop::Waiting { gate: approval_gate(cx.call().action.name()), prompt: self.prompt.to_string() }
    }
}

fn is_approved(cx: &Context<'_>) -> bool {
    cx.call().approved.contains(&approval_gate(cx.call().action.name()))
}
