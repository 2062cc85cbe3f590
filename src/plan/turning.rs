//! When a run must turn back so that it keeps within its limits: the latest time at which the way back still fits in, and whether an
//! effect may begin.
//!
//! Promises: pure; by what things are expected to take, from the journal where that knows. Not handled: what waits for people, and what
//! is tried again.

use super::{Done, Order, Plan, SiteStretch, site_stretches};
use crate::journal::{Mode, Rest, RollbackTo, RunState, SiteAsked};
use crate::model::{ActionPath, Limits, Millis, Overrun, Pace, StepAction, WindowSpan};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the way back to the start is expected to take, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WayBackTime {
    /// To its end.
    pub whole_s: u64,
    /// Until the site is up; the whole, where no undo brings it back.
    pub site_s: u64,
}

impl Plan {
    /// The latest time at which a run that goes forward must turn back so that the way back keeps within its limits; nothing where it has
    /// come to its end, has no limits, or none that count now: the downtime does as long as the site is seen to be down.
    #[must_use]
    pub fn turn_back_by(&self, state: &RunState, pace: Pace, now: Millis) -> Option<Millis> {
        let Counting { window, downtime } = counting(state)?;
        let back = self.way_back_time(state, None);
        let window = window.map(|span| span.ends.saturating_sub(real(pace, back.whole_s)));
        let downtime = downtime.map(|(most_s, site)| {
            let left = seconds(most_s).saturating_sub(site.down_ms(now)).saturating_sub(real(pace, back.site_s));
            now.saturating_add(left)
        });
        window.into_iter().chain(downtime).min()
    }

    /// The limit for whose sake an action must not begin now. Of a window: because the way back from behind it would not end in it any
    /// more. Of the downtime: because neither on the way back nor on the way forward the site would be up in time.
    #[must_use]
    pub fn overrun(&self, state: &RunState, pace: Pace, now: Millis, next: &StepAction) -> Option<Overrun> {
        let Counting { window, downtime } = counting(state)?;
        let next_s = self.expected.of_action(next).seconds;
        if let Some(span) = window {
            let back_s = self.way_back_time(state, Some(&next.path)).whole_s;
            if now.saturating_add(real(pace, next_s.saturating_add(back_s))) > span.ends {
                return Some(Overrun::Window { ends: span.ends, next_s, back_s });
            }
        }
        let (most_s, site) = downtime?;
        let left = seconds(most_s).saturating_sub(site.down_ms(now));
        let back_s = self.way_back_time(state, None).site_s;
        let forward_s = self.site_is_up_after_s(state);
        let fits = |expected_s: u64| real(pace, expected_s) < left;
        let is_late = !fits(back_s) && !forward_s.is_some_and(fits);
        is_late.then_some(Overrun::Downtime { since: site.last.since, most_s, back_s, forward_s })
    }

    /// How long it is expected to take on the way forward until the site is up, in seconds; nothing where it is not said to be down.
    fn site_is_up_after_s(&self, state: &RunState) -> Option<u64> {
        let done: Done<'_> = self
            .actions
            .iter()
            .map(|planned| &planned.action)
            .filter(|action| state.action(action).is_done())
            .collect();
        let begun = |stretch: &SiteStretch<'_>| !state.action(stretch.window.begins).is_pending();
        site_stretches(self, &done).into_iter().filter(begun).map(|stretch| stretch.end_s).max()
    }

    /// How long the way back is expected to take from where a run stands, or from behind one more effect.
    #[must_use]
    pub fn way_back_time(&self, state: &RunState, next: Option<&ActionPath>) -> WayBackTime {
        let begun = self.undo_queue(state, &RollbackTo::Start);
        let queue: Vec<ActionPath> =
            next.into_iter().filter(|next| !begun.contains(next)).chain(&begun).cloned().collect();
        let leaves = |action: &StepAction| state.action(&action.path).stays(&action.reversibility()).is_some();
        let undo_s = |action: &StepAction| {
            if Some(&action.path) != next && leaves(action) { 0 } else { self.expected.of_undo(action).seconds }
        };
        let ends = self.along_undos(&queue, |begin: u64, action| begin.saturating_add(undo_s(action)), |end| *end);
        let end = |action: &ActionPath| ends.get(action).map(|(_, end)| *end);
        let whole_s = ends.values().map(|(_, end)| *end).max().unwrap_or_default();
        let site_s = self.runbook.windows().iter().filter_map(|window| end(window.begins)).max();
        WayBackTime { whole_s, site_s: site_s.unwrap_or(whole_s) }
    }

    /// The same from the end of the whole plan, were all of it done.
    #[must_use]
    pub fn way_back_from_end_s(&self) -> u64 {
        let queue: Vec<ActionPath> = self.actions.iter().rev().map(|planned| planned.action.clone()).collect();
        let undo_s = |begin: u64, action: &StepAction| begin.saturating_add(self.expected.of_undo(action).seconds);
        self.along_undos(&queue, undo_s, |end| *end).into_values().map(|(_, end)| end).max().unwrap_or_default()
    }

    /// Begin and end of every undo of a queue, when each begins as soon as those it waits for have ended; in the order `article` one
    /// after the other. `after` is the moment at which an undo ends that begins at the one given, `length` orders moments.
    pub fn along_undos<'a, T: Clone + Default>(
        &self,
        queue: &'a [ActionPath],
        after: impl Fn(T, &StepAction) -> T,
        length: impl Fn(&T) -> u64,
    ) -> BTreeMap<&'a ActionPath, (T, T)> {
        let waits: BTreeMap<ActionPath, Vec<ActionPath>> = match self.order {
            Order::Article => {
                let pairs = queue.iter().skip(1).zip(queue);
                pairs.map(|(action, before)| (action.clone(), vec![before.clone()])).collect()
            }
            Order::Overlap | Order::LeastDowntime => self.undo_waits(queue).into_iter().collect(),
        };
        let mut spans: BTreeMap<&ActionPath, (T, T)> = BTreeMap::new();
        for action in queue {
            let before = waits.get(action).into_iter().flatten().filter_map(|before| spans.get(before));
            let begin = before.map(|(_, end)| end).max_by_key(|end| length(end)).cloned().unwrap_or_default();
            let end = self.definition(action).map_or_else(|| begin.clone(), |it| after(begin.clone(), it));
            spans.insert(action, (begin, end));
        }
        spans
    }
}

/// The limits that count now.
struct Counting<'s> {
    window: Option<WindowSpan>,
    /// For how long the site may be down, and that it is.
    downtime: Option<(u64, &'s SiteAsked)>,
}

fn counting(state: &RunState) -> Option<Counting<'_>> {
    let goes_on = matches!(state.mode, Mode::Forward { .. }) && !state.rest.as_ref().is_some_and(Rest::is_over);
    let Limits { window, max_downtime_s } = state.limits.filter(|_| goes_on)?;
    let downtime = max_downtime_s.zip(state.site.as_ref().filter(|site| !site.last.up));
    (window.is_some() || downtime.is_some()).then_some(Counting { window, downtime })
}

/// How many milliseconds so many seconds really are at a pace.
fn real(pace: Pace, expected_s: u64) -> Millis {
    Millis::try_from(pace.wait(Duration::from_secs(expected_s)).as_millis()).unwrap_or(Millis::MAX)
}

fn seconds(s: u64) -> Millis {
    Millis::try_from(s.saturating_mul(1_000)).unwrap_or(Millis::MAX)
}
