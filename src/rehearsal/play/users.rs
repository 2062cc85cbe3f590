//! Who uses the site while something is rehearsed: two visitors, and where the world says `users` a crowd.

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use crate::rehearsal::scenario::VerdictRow;
use crate::rehearsal::site::crowd::Crowd;
use crate::rehearsal::site::visitor::{Outage, Visitor};
use crate::rehearsal::world::file::SiteBefore;

/// The site's users; they end when dropped.
pub(super) struct SiteUsers<'a> {
    region: &'a Region,
    site: &'a SiteBefore,
    follows: Visitor,
    keeps: Visitor,
    crowd: Option<Crowd>,
}

/// What they have seen.
pub(super) struct UsersSeen {
    /// Who follows DNS each time.
    pub(super) follows: Outage,
    /// Who keeps an address for its TTL.
    pub(super) keeps: Outage,
    /// What the world asks of it.
    pub(super) rows: Vec<VerdictRow>,
}

impl<'a> SiteUsers<'a> {
    /// Lets them come, where the world has a site.
    pub(super) fn come(region: &'a Region) -> Result<Option<Self>, RehearsalError> {
        let Some(site) = &region.world().site else { return Ok(None) };
        let fill = |text: &str| region.names().fill(text);
        let url = fill(&site.url);
        let crowd = site.users.as_ref().map(|users| Crowd::come(region, &url, users.filled(&fill))).transpose()?;
        let follows = Visitor::start(region, url.clone())?;
        Ok(Some(Self { region, site, follows, keeps: Visitor::start_keeping(region, url)?, crowd }))
    }

    /// Lets them go.
    pub(super) async fn leave(self) -> UsersSeen {
        let (follows, told) = self.follows.end();
        let (keeps, told_keeping) = self.keeps.end();
        told.iter().for_each(|why| self.region.note(&format!("a visitor had no answer at {why}")));
        told_keeping.iter().for_each(|why| self.region.note(&format!("who keeps an address had no answer at {why}")));
        let mut rows = Vec::new();
        if self.site.never_down {
            let seen = format!(
                "{} answers, {} times none; with the name's address kept {} answers, {} times none",
                follows.answered, follows.times, keeps.answered, keeps.times
            );
            let up = |outage: &Outage| outage.times == 0 && outage.answered > 0;
            rows.push(VerdictRow::new("the site answered all the time", up(&follows) && up(&keeps), seen));
        }
        if let Some(crowd) = self.crowd {
            let (tally, users, took) = crowd.leave().await;
            tally.failures().iter().for_each(|what| self.region.note(&format!("of the crowd failed {what}")));
            rows.push(tally.row(&users, took));
        }
        UsersSeen { follows, keeps, rows }
    }
}
