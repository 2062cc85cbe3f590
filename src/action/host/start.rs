//! `service.start`: starts a service that does not run, and waits until it is active. One that runs is left alone. On request it starts
//! at boot from then on.

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
    /// What an earlier version did not ask about it did not change.
    #[serde(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

impl ServiceStart {
    fn enables(&self) -> bool {
        self.enable == Some(true)
    }

    fn is_so(&self, unit: &Unit) -> bool {
        unit.is_active() && (unit.enabled || !self.enables())
    }

    fn boot(&self, unit: &Unit) -> &'static str {
        match (self.enables(), unit.enabled) {
            (false, _) => "",
            (true, true) => ", starts at boot",
            (true, false) => ", does not start at boot",
        }
    }

    fn told(&self, unit: &Unit) -> String {
        format!("`{}` on {} is {}{}", self.service, self.on.name, unit.state, self.boot(unit))
    }
}

impl Perform for ServiceStart {
    fn sentence(&self) -> Text {
        let also = if self.enables() { "; it starts at boot from then on" } else { "" };
        tell!("start `{}` on {} and wait until it is active{}", self.service, self.on.name, also)
    }

    fn undo_sentence(&self) -> Option<Text> {
        let also = if self.enables() { ", and keep it from starting at boot, if it did not before" } else { "" };
        Some(tell!("stop `{}` on {} again, if this run started it{}", self.service, self.on.name, also))
    }

    fn changes(&self) -> Vec<Change> {
        let verbs = self.enables().then_some("enable").into_iter().chain(["start"]);
        verbs.map(|verb| command_of(&self.on, &asking(verb, &self.service))).collect()
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let unit = Unit::look(cx, &self.on, &self.service).await?;
        if !unit.exists {
            return Err(no_such(&self.service, &self.on));
        }
        stray::must_be_none(cx, &self.on, &self.service, &unit).await?;
        let first: Option<Before> = cx.before_if_any()?;
        let holds = self.is_so(&unit);
        let ours = holds && first.as_ref().is_some_and(|first| !first.active || (self.enables() && !first.enabled));
        let runs = if unit.is_stopped() { "does not run" } else { "runs" };
        let told = format!("{runs}{}", self.boot(&unit));
        let before = first.unwrap_or(Before { active: !unit.is_stopped(), enabled: unit.enabled });
        Ok(Finding {
            before: serde_json::to_value(before).unwrap_or_default(),
            facts: Facts::from([(fact_name(self.service.as_str(), &self.on), told)]),
            ..Finding::new(if holds { Found::Holds } else { Found::Absent }, ours, self.told(&unit))
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        if self.enables() {
            systemctl(cx, &self.on, "enable", &self.service).await?;
        }
        systemctl(cx, &self.on, "start", &self.service).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let what = format!("`{}` is active on {}", self.service, self.on.name);
        let evidence = wait_until(cx, &what, async || {
            let unit = Unit::look(cx, &self.on, &self.service).await?;
            Ok(if self.is_so(&unit) { Glance::Done(self.told(&unit)) } else { Glance::NotYet(self.told(&unit)) })
        })
        .await?;
        Ok(Verified::by(evidence))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: Before = cx.before()?;
        if self.enables() && !before.enabled && Unit::look(cx, &self.on, &self.service).await?.enabled {
            systemctl(cx, &self.on, "disable", &self.service).await?;
        }
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
