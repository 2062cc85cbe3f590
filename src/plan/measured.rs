//! How long actions took in the runs of a journal.
//!
//! Promises: a pure function of records. Measured is what an executor saw from the start of an attempt to its verified end,
//! or from the start of an undo to its end; of all such times of one kind of action, in runs in the same account and
//! region, the median counts, and where ten or more were measured, what one in ten took, or longer. Left out, for they are not the action's own time: what was interrupted and resumed, what
//! waited for a person, what failed, and kinds that are another deed each time.
//!
//! Not handled: what makes one action slower than another of its kind (a larger volume, a larger database).

use super::Plan;
use super::expected::{Expected, Measured};
use crate::journal::{History, Record, RecordKind, Way};
use crate::model::{ActionKind, ActionPath, Millis};
use std::collections::{BTreeMap, BTreeSet};

impl Expected {
    /// What these runs, each with all its records, tell of a plan's account and region.
    #[must_use]
    pub fn of_runs<'a>(plan: &Plan, runs: impl IntoIterator<Item = &'a [Record]>) -> Self {
        let (mut forward, mut undo) = (BTreeMap::new(), BTreeMap::new());
        for records in runs {
            // A run whose plan cannot be read tells nothing of kinds.
            let Some(theirs) = records.first().and_then(plan_of) else { continue };
            // A new plan of a run is for the same account and region.
            if (&theirs.account, &theirs.region) == (&plan.account, &plan.region) {
                of_run(records, &mut forward, &mut undo);
            }
        }
        let measured =
            |times: BTreeMap<ActionKind, Times>| times.into_iter().map(|(kind, it)| (kind, it.measured())).collect();
        Self { forward: measured(forward), undo: measured(undo) }
    }
}

/// Times of one kind of action, and the runs they come from.
#[derive(Debug, Default)]
struct Times {
    ms: Vec<Millis>,
    runs: usize,
}

fn plan_of(record: &Record) -> Option<Plan> {
    match &record.kind {
        RecordKind::RunOpened { plan, .. } | RecordKind::Replanned { plan, .. } => Plan::read(plan).ok(),
        _ => None,
    }
}

fn of_run(records: &[Record], forward: &mut BTreeMap<ActionKind, Times>, undo: &mut BTreeMap<ActionKind, Times>) {
    // What is planned anew has not begun: what has begun keeps its kind.
    let plans = records.iter().filter_map(plan_of);
    let kinds: BTreeMap<ActionPath, ActionKind> =
        plans.flat_map(|plan| plan.runbook.actions().map(|a| (a.path.clone(), a.kind)).collect::<Vec<_>>()).collect();
    let alike = kinds.iter().filter(|(_, kind)| !kind.is_any_deed());
    let history = History::of(records);
    let mut seen = BTreeSet::new();
    for (action, kind) in alike {
        for work in history.works(action) {
            let Some(ms) = work.undisturbed() else { continue };
            let (times, way) = match work.way {
                Way::Forward => (&mut *forward, "forward"),
                Way::Back => (&mut *undo, "back"),
            };
            let of_kind = times.entry(*kind).or_default();
            of_kind.ms.push(ms);
            of_kind.runs += usize::from(seen.insert((way, *kind)));
        }
    }
}

/// How many times must have been measured before one in ten of them means anything.
const ENOUGH: usize = 10;

impl Times {
    /// The median (the upper one of two), and the time that one in ten took, or longer; in seconds, rounded.
    fn measured(mut self) -> Measured {
        self.ms.sort_unstable();
        let seconds = |at: usize| {
            let ms = self.ms.get(at).copied().unwrap_or(0);
            u64::try_from(ms.saturating_add(500) / 1_000).unwrap_or(0)
        };
        let count = self.ms.len();
        let slow_s = (count >= ENOUGH).then(|| seconds(count - count.div_ceil(ENOUGH)));
        Measured { median_s: seconds(count / 2), slow_s, runs: self.runs }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_counts_and_one_in_ten_where_there_are_ten() {
        let of = |ms: Vec<Millis>| Times { ms, runs: 3 }.measured();
        let told = |it: Measured| (it.median_s, it.slow_s);
        assert_eq!(told(of(vec![9_000, 1_000, 2_400])), (2, None));
        assert_eq!(told(of((1..=9).map(|s| s * 1_000).collect())), (5, None));
        assert_eq!(told(of((1..=10).rev().map(|s| s * 1_000).collect())), (6, Some(10)));
        assert_eq!(told(of((1..=20).map(|s| s * 1_000).collect())), (11, Some(19)));
        assert_eq!(told(of((1..=21).map(|s| s * 1_000).collect())), (11, Some(19)));
    }
}
