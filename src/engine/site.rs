//! What the site's answers say of it: up or down, and since when.
//!
//! Promises: one question without a good answer is no downtime; answers may come in any order, for a question does not wait for the one
//! before; each executor records what it sees first, and then what changes.

use crate::journal::RecordKind;
use crate::model::{Millis, Pace, Sighting, SiteProbe, SiteSeen};
use crate::plan::Site;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What an executor knows of its site from the answers so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteAnswers {
    /// What it has recorded of it; nothing as long as nobody has asked.
    recorded: Option<bool>,
    /// When the last question with a good answer was asked.
    good: Option<Millis>,
    /// How many questions since then have none.
    bad: u32,
    /// When the first of these was asked.
    bad_since: Millis,
    /// When the last question that was answered, well or not, was asked.
    last: Millis,
    /// Since when the run would rest, if it were not to be seen that the site is up again.
    would_rest: Option<Millis>,
}

impl SiteAnswers {
    /// Takes what came of the question asked then; what is to be recorded.
    pub(super) fn take(&mut self, asked: Millis, sighting: Sighting, now: Millis) -> Option<RecordKind> {
        self.last = self.last.max(asked);
        let (up, since) = if sighting.holds {
            self.good = self.good.max(Some(asked));
            self.bad = 0;
            (true, now)
        } else if self.good.is_some_and(|good| asked < good) {
            return None;
        } else {
            self.bad_since = if self.bad == 0 { asked } else { self.bad_since.min(asked) };
            self.bad = self.bad.saturating_add(1);
            if self.bad < SiteProbe::TIMES {
                return None;
            }
            (false, self.bad_since)
        };
        if self.recorded == Some(up) {
            return None;
        }
        self.recorded = Some(up);
        Some(RecordKind::SiteSeen { site: SiteSeen { up, since, seen: sighting.seen } })
    }

    /// Whether a run that could rest now waits for one more answer: the plan has the site up again, and it was last seen down. When it is
    /// to be asked again at the latest.
    pub(super) fn is_awaited(&mut self, planned: Site, now: Millis, pace: Pace) -> Option<Millis> {
        if self.recorded != Some(false) || planned != Site::Up {
            self.would_rest = None;
            return None;
        }
        let since = *self.would_rest.get_or_insert(now);
        let patience = pace.wait(Duration::from_secs(2)) + Duration::from_secs(SiteProbe::PATIENCE_S);
        let until = since.saturating_add(i64::try_from(patience.as_millis()).unwrap_or(i64::MAX));
        (self.last <= since && now < until).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Sighting {
        Sighting { holds: true, seen: "200".into(), advice: Vec::new() }
    }

    /// Answers as (asked, good, came); what is recorded of them.
    fn told(answers: &[(Millis, bool, Millis)]) -> Vec<(bool, Millis)> {
        let mut site = SiteAnswers::default();
        let take = |(asked, holds, now): &(Millis, bool, Millis)| {
            let sighting = if *holds { good() } else { Sighting::bad("none") };
            match site.take(*asked, sighting, *now) {
                Some(RecordKind::SiteSeen { site }) => Some((site.up, site.since)),
                _ => None,
            }
        };
        answers.iter().filter_map(take).collect()
    }

    #[test]
    fn two_bad_answers_are_a_downtime_and_one_good_ends_it() {
        let up = (true, 1);
        assert_eq!(told(&[(0, true, 1), (10, true, 11)]), [up], "what is seen first, and then what changes");
        assert_eq!(told(&[(0, true, 1), (10, false, 11), (20, true, 21)]), [up], "one lost packet is none");
        let down = [(0, true, 1), (10, false, 11), (20, false, 21), (30, false, 31), (40, true, 42)];
        assert_eq!(told(&down), [up, (false, 10), (true, 42)]);
        assert_eq!(told(&[(0, false, 1), (10, false, 11)]), [(false, 0)]);
    }

    #[test]
    fn answers_count_in_the_order_of_their_questions() {
        // Two questions time out long after a later one was answered well.
        assert_eq!(told(&[(0, true, 1), (30, true, 31), (10, false, 5_010), (20, false, 5_020)]), [(true, 1)]);
        // The later one of two gives up first.
        assert_eq!(told(&[(0, true, 1), (20, false, 25), (10, false, 5_010)]), [(true, 1), (false, 10)]);
    }

    #[test]
    fn a_run_that_could_rest_waits_for_one_more_answer() {
        let mut site = SiteAnswers::default();
        assert_eq!(site.is_awaited(Site::Up, 0, Pace::USUAL), None, "nobody asks");
        for asked in [0, 10] {
            site.take(asked, Sighting::bad("none"), asked + 1);
        }
        assert_eq!(site.is_awaited(Site::Down, 20, Pace::USUAL), None, "as planned");
        assert_eq!(site.is_awaited(Site::Up, 20, Pace::USUAL), Some(7_020));
        site.take(15, Sighting::bad("none"), 30);
        assert!(site.is_awaited(Site::Up, 31, Pace::USUAL).is_some(), "that was asked before");
        site.take(40, Sighting::bad("none"), 41);
        assert_eq!(site.is_awaited(Site::Up, 42, Pace::USUAL), None, "it is down indeed");
        let mut silent = SiteAnswers { recorded: Some(false), ..SiteAnswers::default() };
        assert!(silent.is_awaited(Site::Up, 20, Pace::USUAL).is_some());
        assert_eq!(silent.is_awaited(Site::Up, 7_020, Pace::USUAL), None, "not for ever");
    }
}
