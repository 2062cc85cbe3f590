//! Somebody who saw the world before a run, and can say later whether it is as it was.
//!
//! The verdict comes from the world: the account, the hosts, what the world file says must hold. No journal is read.

use super::account::AccountPicture;
use super::holds::{LookedAt, holds};
use super::hosts::HostsPicture;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use crate::rehearsal::scenario::VerdictRow;
use crate::rehearsal::world::file::World;
use std::collections::BTreeSet;

/// What was seen before the run.
#[derive(Debug, Clone)]
pub struct Witness {
    pub(in crate::rehearsal) account: AccountPicture,
    pub(in crate::rehearsal) hosts: HostsPicture,
}

impl Witness {
    /// Looks at the world as it is now.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub async fn of(region: &Region) -> Result<Self, RehearsalError> {
        Ok(Self { account: AccountPicture::take(region).await?, hosts: HostsPicture::take(region).await? })
    }

    /// What must be so when everything was undone, each with whether it is.
    ///
    /// # Errors
    /// When the world cannot be looked at.
    pub async fn rows(&self, region: &Region) -> Result<Vec<VerdictRow>, RehearsalError> {
        let (world, nothing) = (region.world(), BTreeSet::new());
        let moment = LookedAt { done: Some(&nothing), fault: None };
        let wanted = world.after.iter().filter(|it| !it.until.is_empty()).chain(&world.always);
        let mut rows = holds(region, wanted, moment).await?;
        rows.extend(self.hosts.rows(&HostsPicture::take(region).await?));
        rows.push(self.account.as_it_was(&AccountPicture::take(region).await?));
        Ok(rows)
    }

    /// What must be so when everything is done, each with whether it is.
    ///
    /// # Errors
    /// When the world cannot be looked at.
    pub async fn rows_at_the_end(region: &Region) -> Result<Vec<VerdictRow>, RehearsalError> {
        let World { after, always, .. } = region.world();
        holds(region, after.iter().chain(always), LookedAt::default()).await
    }
}
