//! Playing a runbook of one's own on its world: forward with kills, what must hold, back, whether all is as it was, forward again.

use super::Play;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::scenario::ReturnTrip;
use crate::rehearsal::world::{INPUTS, Picture, World, holds};

impl Play<'_> {
    pub(super) async fn own_runbook(&mut self, world: &World, order: &str) -> Result<(), RehearsalError> {
        let before = Picture::take(self.region, world).await?;
        let runbook = self.scenario.runbook.as_str();
        let run = ["run", runbook, "--inputs", INPUTS, "--order", order, "--yes"];
        let mut rows = self.there(&run).await?;
        rows.extend(holds(self.region, world.after.iter().chain(&world.always)).await?);
        self.part("the run", rows);
        let Some(ReturnTrip { to, kept }) = &self.scenario.rollback_to else { return Ok(()) };
        let mut rows = self.back(to).await?;
        rows.extend(holds(self.region, &world.always).await?);
        if kept.is_empty() {
            rows.extend(before.rows(&Picture::take(self.region, world).await?));
        }
        self.part(&format!("the rollback to {to}"), rows);
        if !kept.is_empty() {
            let mut rows = vec![self.command(&[], &["resume"], 0).await?];
            rows.extend(holds(self.region, world.after.iter().chain(&world.always)).await?);
            self.part("going forward again", rows);
        }
        Ok(())
    }
}
