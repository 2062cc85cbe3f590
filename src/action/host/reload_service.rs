//! `service.reload`: has a service that runs read its configuration again.
//!
//! Whether an interrupted reload has happened cannot be told, and a second one does no harm: it is made again.

use super::preview::command_of;
use super::stray;
use super::systemd::{Unit, asking, no_such, systemctl};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Change, Failure, Finding, Found, ServiceReload, Text, tell};

impl Perform for ServiceReload {
    fn sentence(&self) -> Text {
        tell!("reload `{}` on {}", self.service, self.on.name)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    fn changes(&self) -> Vec<Change> {
        vec![command_of(&self.on, &asking("reload", &self.service))]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let unit = Unit::look(cx, &self.on, &self.service).await?;
        if !unit.exists {
            return Err(no_such(&self.service, &self.on));
        }
        stray::must_be_none(cx, &self.on, &self.service, &unit).await?;
        if !unit.can_reload {
            return Err(Failure::refused(format!("`{}` on {} cannot be reloaded", self.service, self.on))
                .cause("its unit has no `ExecReload`")
                .advise("use `service.restart`, which ends its connections"));
        }
        let told = format!("`{}` on {} is {}", self.service, self.on.name, unit.state);
        Ok(Finding::new(Found::Absent, false, told))
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        systemctl(cx, &self.on, "reload", &self.service).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let what = format!("`{}` is active on {} after it was reloaded", self.service, self.on.name);
        let evidence = wait_until(cx, &what, async || {
            let unit = Unit::look(cx, &self.on, &self.service).await?;
            let told = format!("`{}` on {} is {}", self.service, self.on.name, unit.state);
            Ok(if unit.state == "active" { Glance::Done(told) } else { Glance::NotYet(told) })
        })
        .await?;
        Ok(Verified::by(evidence))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: a reload leaves nothing behind".into())
    }
}
