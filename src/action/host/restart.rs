//! `service.restart`: restarts a service and waits until it is active.
//!
//! Whether an interrupted restart has happened is told by the main process: another one than before is a restart. Undo leaves what ran
//! as it is, and stops what was stopped.

use super::preview::command_of;
use super::stray;
use super::systemd::{Unit, asking, no_such, systemctl};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Change, Failure, Finding, Found, ServiceRestart, Text, tell};
use serde_json::json;

impl Perform for ServiceRestart {
    fn sentence(&self) -> Text {
        tell!("restart `{}` on {} and wait until it is active", self.service, self.on.name)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    fn changes(&self) -> Vec<Change> {
        vec![command_of(&self.on, &asking("restart", &self.service))]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let unit = Unit::look(cx, &self.on, &self.service).await?;
        if !unit.exists {
            return Err(no_such(&self.service, &self.on));
        }
        stray::must_be_none(cx, &self.on, &self.service, &unit).await?;
        let earlier = cx.call().before.get("pid").and_then(serde_json::Value::as_u64);
        let again = unit.is_active() && unit.pid != 0 && earlier.is_some_and(|pid| pid != u64::from(unit.pid));
        let now = json!({ "pid": unit.pid, "stopped": unit.is_stopped() });
        Ok(Finding {
            before: if cx.call().before.is_null() { now } else { cx.call().before.clone() },
            ..Finding::new(
                if again { Found::Holds } else { Found::Absent },
                again,
                format!("`{}` on {} is {}, main process {}", self.service, self.on.name, unit.state, unit.pid),
            )
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        systemctl(cx, &self.on, "restart", &self.service).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let what = format!("`{}` is active on {}", self.service, self.on.name);
        let evidence = wait_until(cx, &what, async || {
            let unit = Unit::look(cx, &self.on, &self.service).await?;
            let told = format!("`{}` on {} is {}", self.service, self.on.name, unit.state);
            Ok(if unit.is_active() { Glance::Done(told) } else { Glance::NotYet(told) })
        })
        .await?;
        Ok(Verified::by(evidence))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        // An earlier version did not note it.
        if cx.call().before.get("stopped").and_then(serde_json::Value::as_bool) != Some(true) {
            return Ok("nothing to undo: it ran before".into());
        }
        if !Unit::look(cx, &self.on, &self.service).await?.is_stopped() {
            systemctl(cx, &self.on, "stop", &self.service).await?;
        }
        let what = format!("`{}` is stopped on {}, as it was found", self.service, self.on.name);
        Ok(wait_until(cx, &what, async || {
            let unit = Unit::look(cx, &self.on, &self.service).await?;
            let told = format!("`{}` on {} is {}, as it was found", self.service, self.on.name, unit.state);
            Ok(if unit.is_stopped() { Glance::Done(told) } else { Glance::NotYet(told) })
        })
        .await?)
    }
}
