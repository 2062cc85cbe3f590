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
        self.there(&run, world).await?;
        let Some(ReturnTrip { to, kept }) = &self.scenario.rollback_to else { return Ok(()) };
        let kills = self.kills(true);
        let rollback = ["rollback", "--to", to, "--yes"];
        let mut rows = self.killed(&kills, &rollback).await?;
        let mut next: &[&str] = if kills.is_empty() { &rollback } else { &["resume"] };
        if self.scenario.kill_at_appends {
            rows.extend(self.killed_at_appends(&rollback, "rolled back").await?);
            next = &["status"];
        }
        rows.push(self.command(&[], next, 0).await?);
        if kept.is_empty() {
            rows.extend(before.rows(&Picture::take(self.region, world).await?));
        }
        self.part(&format!("the rollback to {to}"), rows);
        if !kept.is_empty() {
            let mut rows = vec![self.command(&[], &["resume"], 0).await?];
            rows.extend(holds(self.region, &world.after).await?);
            self.part("going forward again", rows);
        }
        Ok(())
    }

    /// Forward to the end, however often it is killed on the way and whatever fails at first.
    async fn there(&mut self, run: &[&str], world: &World) -> Result<(), RehearsalError> {
        let kills = self.kills(false);
        let mut rows = self.killed(&kills, run).await?;
        let mut next = if kills.is_empty() { run } else { &["resume"] };
        if self.scenario.kill_at_appends {
            rows.extend(self.killed_at_appends(run, "finished").await?);
            next = &["status"];
        }
        rows.push(self.command(&[], next, 0).await?);
        rows.extend(holds(self.region, &world.after).await?);
        self.part("the run", rows);
        Ok(())
    }
}
