//! `service.start`: starts a service that does not run, and waits until it is active. One that runs is left alone.

use super::preview::{command_of, fact_name};
use super::stray;
use super::systemd::{Unit, asking, no_such, systemctl};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Change, Facts, Failure, Finding, Found, ServiceStart, Text, tell};
use serde::{Deserialize, Serialize};

/// How the service was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    active: bool,
}

impl ServiceStart {
    fn told(&self, unit: &Unit) -> String {
        format!("`{}` on {} is {}", self.service, self.on.name, unit.state)
    }
}

impl Perform for ServiceStart {
    fn sentence(&self) -> Text {
        tell!("start `{}` on {} and wait until it is active", self.service, self.on.name)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("stop `{}` on {} again, if this run started it", self.service, self.on.name))
    }

    fn changes(&self) -> Vec<Change> {
        vec![command_of(&self.on, &asking("start", &self.service))]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let unit = Unit::look(cx, &self.on, &self.service).await?;
        if !unit.exists {
            return Err(no_such(&self.service, &self.on));
        }
        stray::must_be_none(cx, &self.on, &self.service, &unit).await?;
        let first: Option<Before> = cx.before_if_any()?;
        let ours = unit.is_active() && first.as_ref().is_some_and(|first| !first.active);
        let told = if unit.is_stopped() { "does not run" } else { "runs" };
        let before = first.unwrap_or(Before { active: !unit.is_stopped() });
        Ok(Finding {
            before: serde_json::to_value(before).unwrap_or_default(),
            facts: Facts::from([(fact_name(self.service.as_str(), &self.on), told.to_owned())]),
            ..Finding::new(if unit.is_active() { Found::Holds } else { Found::Absent }, ours, self.told(&unit))
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        systemctl(cx, &self.on, "start", &self.service).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let what = format!("`{}` is active on {}", self.service, self.on.name);
        let evidence = wait_until(cx, &what, async || {
            let unit = Unit::look(cx, &self.on, &self.service).await?;
            Ok(if unit.is_active() { Glance::Done(self.told(&unit)) } else { Glance::NotYet(self.told(&unit)) })
        })
        .await?;
        Ok(Verified::by(evidence))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: Before = cx.before()?;
        if before.active {
            return Ok(format!("`{}` ran before, and stays so", self.service));
        }
        if !Unit::look(cx, &self.on, &self.service).await?.is_stopped() {
            systemctl(cx, &self.on, "stop", &self.service).await?;
        }
        let what = format!("`{}` stops on {}", self.service, self.on.name);
        Ok(wait_until(cx, &what, async || {
            let unit = Unit::look(cx, &self.on, &self.service).await?;
            Ok(if unit.is_stopped() { Glance::Done(self.told(&unit)) } else { Glance::NotYet(self.told(&unit)) })
        })
        .await?)
    }
}
