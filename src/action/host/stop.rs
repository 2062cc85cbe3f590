//! `service.stop`: stops a service, and on request keeps it from starting at boot.

use super::preview::{command_of, fact_name};
use super::stray;
use super::systemd::{Unit, asking, no_such, systemctl};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Change, Facts, Failure, Finding, Found, ServiceStop, Text, tell};
use serde::{Deserialize, Serialize};

/// How the service was found.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    exists: bool,
    active: bool,
    enabled: bool,
}

impl ServiceStop {
    fn disables(&self) -> bool {
        self.disable == Some(true)
    }

    fn is_so(&self, unit: &Unit) -> bool {
        unit.is_stopped() && !(self.disables() && unit.enabled)
    }

    /// What stopping it changes. A unit that failed is stopped already, so it counts as one that does not run.
    fn facts(&self, unit: &Unit) -> Facts {
        let runs = match (unit.exists, unit.is_stopped()) {
            (false, _) => "there is none",
            (true, true) => "does not run",
            (true, false) => "runs",
        };
        let boot = match (unit.exists && self.disables(), unit.enabled) {
            (false, _) => "",
            (true, true) => ", starts at boot",
            (true, false) => ", does not start at boot",
        };
        Facts::from([(fact_name(self.service.as_str(), &self.on), format!("{runs}{boot}"))])
    }

    fn told(&self, unit: &Unit) -> String {
        let boot = if unit.enabled { "starts at boot" } else { "does not start at boot" };
        format!("`{}` on {} is {} and {boot}", self.service, self.on.name, unit.state)
    }
}

impl Perform for ServiceStop {
    fn sentence(&self) -> Text {
        let also = if self.disables() { " and keep it from starting at boot" } else { "" };
        let where_there = if self.missing_ok == Some(true) { ", if it is there" } else { "" };
        tell!("stop `{}` on {}{}{}", self.service, self.on.name, also, where_there)
    }

    fn undo_sentence(&self) -> Option<Text> {
        let also = if self.disables() { " and let it start at boot again" } else { "" };
        Some(tell!("restart `{}` on {}{}, as it was found", self.service, self.on.name, also))
    }

    fn changes(&self) -> Vec<Change> {
        let verbs = ["stop"].into_iter().chain(self.disables().then_some("disable"));
        verbs.map(|verb| command_of(&self.on, &asking(verb, &self.service))).collect()
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let unit = Unit::look(cx, &self.on, &self.service).await?;
        if !unit.exists && self.missing_ok != Some(true) {
            return Err(no_such(&self.service, &self.on));
        }
        stray::must_be_none(cx, &self.on, &self.service, &unit).await?;
        let now = Before { exists: unit.exists, active: !unit.is_stopped(), enabled: unit.enabled };
        let first: Option<Before> = if cx.call().before.is_null() { None } else { Some(cx.before()?) };
        let holds = !unit.exists || self.is_so(&unit);
        let ours = holds && first.as_ref().is_some_and(|b| b.active || (self.disables() && b.enabled));
        let evidence =
            if unit.exists { self.told(&unit) } else { format!("no service `{}` on {}", self.service, self.on.name) };
        Ok(Finding {
            before: serde_json::to_value(first.unwrap_or(now)).unwrap_or_default(),
            facts: self.facts(&unit),
            ..Finding::new(if holds { Found::Holds } else { Found::Absent }, ours, evidence)
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        systemctl(cx, &self.on, "stop", &self.service).await?;
        if self.disables() {
            systemctl(cx, &self.on, "disable", &self.service).await?;
        }
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let what = format!("`{}` stops on {}", self.service, self.on.name);
        let evidence = wait_until(cx, &what, async || {
            let unit = Unit::look(cx, &self.on, &self.service).await?;
            let told = self.told(&unit);
            Ok(if !unit.exists || self.is_so(&unit) { Glance::Done(told) } else { Glance::NotYet(told) })
        })
        .await?;
        let unit = Unit::look(cx, &self.on, &self.service).await?;
        stray::must_be_none(cx, &self.on, &self.service, &unit).await?;
        Ok(Verified::by(evidence))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: Before = cx.before()?;
        if !before.exists {
            return Ok(format!("there was no service `{}` on {}", self.service, self.on.name));
        }
        if before.enabled && !Unit::look(cx, &self.on, &self.service).await?.enabled {
            systemctl(cx, &self.on, "enable", &self.service).await?;
        }
        if !before.active {
            return Ok(format!("`{}` did not run before", self.service));
        }
        let unit = Unit::look(cx, &self.on, &self.service).await?;
        stray::must_be_none(cx, &self.on, &self.service, &unit).await?;
        // After a boot it may run already, with the files as they were then.
        let verb = if self.service.as_str().ends_with(".timer") { "start" } else { "restart" };
        systemctl(cx, &self.on, verb, &self.service).await?;
        let what = format!("`{}` runs on {}", self.service, self.on.name);
        Ok(wait_until(cx, &what, async || {
            let unit = Unit::look(cx, &self.on, &self.service).await?;
            Ok(if unit.is_active() { Glance::Done(self.told(&unit)) } else { Glance::NotYet(self.told(&unit)) })
        })
        .await?)
    }
}
