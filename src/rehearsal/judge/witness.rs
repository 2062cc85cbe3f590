//! Somebody who saw the world before a run, and can say later whether it is as it must be after a step of the flagship.
//!
//! The verdict comes from the world: the account, the hosts' files, DNS, the site. No journal is read.

use super::rows;
use crate::model::ActionPath;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::judge::expected::ExpectedWorld;
use crate::rehearsal::judge::facts::{Start, WorldFacts};
use crate::rehearsal::region::Region;
use crate::rehearsal::scenario::VerdictRow;

/// What was seen before the run.
#[derive(Debug)]
pub struct Witness {
    start: Start,
}

impl Witness {
    /// Looks at the world as it is now: the before-state of `single-to-ha`.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub async fn of(region: &Region) -> Result<Self, RehearsalError> {
        Ok(Self { start: Start::look(region).await? })
    }

    /// What must be so when exactly these actions are done (none: as at the start), each with whether it is.
    ///
    /// # Errors
    /// When the world cannot be looked at.
    pub async fn rows(&self, region: &Region, done: &[ActionPath]) -> Result<Vec<VerdictRow>, RehearsalError> {
        let facts = WorldFacts::look(region).await?;
        let expected = ExpectedWorld::when(done.iter().map(ToString::to_string));
        rows::rows(region, &facts, &self.start, &expected).await
    }
}
