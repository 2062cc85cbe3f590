//! When a run must turn back so that it keeps within its limits: the latest time at which the way back still fits in.
//!
//! Promises: pure; by what undoing is expected to take, from the journal where that knows. A run of which nothing is in the world may go
//! on until its window ends. Not handled: what waits for people, and what is tried again.

use super::{Order, Plan};
use crate::journal::{Mode, RollbackTo, RunState};
use crate::model::{ActionPath, Limits, Millis, Overrun, Pace, StepAction};
use std::collections::BTreeMap;
use std::time::Duration;

/// The latest time to turn back, and the limit for whose sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnBack {
    /// When.
    pub by: Millis,
    /// What would not be kept within after that.
    pub limit: Overrun,
}

/// How long the way back to the start is expected to take, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WayBackTime {
    /// To its end.
    pub whole_s: u64,
    /// Until the site is up; the whole, where no undo brings it back.
    pub site_s: u64,
}

impl Plan {
    /// The latest time at which a run that goes forward must turn back; nothing where it has no limits, or none that count now: the
    /// downtime does as long as the site is seen to be down.
    #[must_use]
    pub fn turn_back(&self, state: &RunState, pace: Pace, now: Millis) -> Option<TurnBack> {
        let Limits { window, max_downtime_s } = state.limits.filter(|_| matches!(state.mode, Mode::Forward { .. }))?;
        let down = state.site.as_ref().filter(|site| !site.last.up);
        if window.is_none() && (max_downtime_s.is_none() || down.is_none()) {
            return None;
        }
        let back = self.way_back_time(state);
        let window = window.map(|window| TurnBack {
            by: window.ends.saturating_sub(real(pace, back.whole_s)),
            limit: Overrun::Window { ends: window.ends, back_s: back.whole_s },
        });
        let downtime = max_downtime_s.zip(down).map(|(most_s, site)| {
            let left = seconds(most_s).saturating_sub(site.down_ms(now)).saturating_sub(real(pace, back.site_s));
            let limit = Overrun::Downtime { since: site.last.since, most_s, back_s: back.site_s };
            TurnBack { by: now.saturating_add(left), limit }
        });
        window.into_iter().chain(downtime).min_by_key(|it| it.by)
    }

    /// How long the way back is expected to take from where a run stands.
    #[must_use]
    pub fn way_back_time(&self, state: &RunState) -> WayBackTime {
        let queue = self.undo_queue(state, &RollbackTo::Start);
        let leaves = |action: &StepAction| state.action(&action.path).stays(&action.reversibility()).is_some();
        let undo_s = |action: &StepAction| if leaves(action) { 0 } else { self.expected.of_undo(action).seconds };
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

/// How many milliseconds so many seconds really are at a pace.
fn real(pace: Pace, expected_s: u64) -> Millis {
    Millis::try_from(pace.wait(Duration::from_secs(expected_s)).as_millis()).unwrap_or(Millis::MAX)
}

fn seconds(s: u64) -> Millis {
    Millis::try_from(s.saturating_mul(1_000)).unwrap_or(Millis::MAX)
}
