//! When everything in a plan begins and ends, and for how long it is without its site, if all take as long as expected.
//!
//! Promises: pure; what is done takes no time. Not handled: what waits for people longer than usual, and what is tried again.

use super::{Plan, Sequence};
use crate::model::{ActionPath, StepAction, Window};
use std::collections::BTreeSet;

/// The actions that a run has done already.
pub type Done<'a> = BTreeSet<&'a ActionPath>;

/// Begin and end of every action, in the plan's sequence, when each begins as soon as all it waits for have ended. `after` is the
/// moment at which an action ends that begins at the one given, `length` orders moments.
pub fn along_needs<T: Clone + Default>(
    plan: &Plan,
    after: impl Fn(T, &StepAction) -> T,
    length: impl Fn(&T) -> u64,
) -> Vec<(T, T)> {
    let sequence = Sequence::of(plan);
    let mut all: Vec<(T, T)> = Vec::new();
    for (place, planned) in plan.actions.iter().enumerate() {
        let ends = sequence.waits_for(place).filter_map(|other| all.get(other)).map(|(_, end)| end);
        let begin = ends.max_by_key(|end| length(end)).cloned().unwrap_or_default();
        let end = match plan.definition(&planned.action) {
            Some(action) => after(begin.clone(), action),
            None => begin.clone(),
        };
        all.push((begin, end));
    }
    all
}

/// Begin and end of every action in seconds, in the plan's sequence, if all take as long as usual. What is done takes no time.
#[must_use]
pub fn slots(plan: &Plan, done: &Done<'_>) -> Vec<(u64, u64)> {
    let rest = |action: &StepAction| match done.contains(&action.path) {
        true => 0,
        false => plan.expected.of_action(action).seconds,
    };
    along_needs(plan, |begin: u64, action| begin.saturating_add(rest(action)), |end| *end)
}

/// A time without the site that is not over, in seconds from the beginning of what is left of the plan.
#[derive(Debug, Clone, Copy)]
pub struct SiteStretch<'a> {
    /// Between which actions.
    pub window: Window<'a>,
    /// When it begins.
    pub begin_s: u64,
    /// When it ends.
    pub end_s: u64,
}

/// The times without the site: from the beginning of the action that takes it down to the end of the one that brings it back.
#[must_use]
pub fn site_stretches<'a>(plan: &'a Plan, done: &Done<'_>) -> Vec<SiteStretch<'a>> {
    let (sequence, slots) = (Sequence::of(plan), slots(plan, done));
    let slot = |action: &ActionPath| sequence.place(action).and_then(|place| slots.get(place).copied());
    let last = slots.iter().map(|(_, end)| *end).max().unwrap_or_default();
    let stretch = |window: Window<'a>| {
        let (begin, _) = slot(window.begins).filter(|_| !done.contains(window.begins)).unwrap_or_default();
        let end = match window.ends {
            Some(end) if done.contains(end) => return None,
            Some(end) => slot(end)?.1,
            None => last,
        };
        Some(SiteStretch { window, begin_s: begin, end_s: end })
    };
    plan.runbook.windows().into_iter().filter_map(stretch).collect()
}

/// How long the site is expected to be down, in seconds, in all the times that are not over.
#[must_use]
pub fn expected_downtime_s(plan: &Plan, done: &Done<'_>) -> u64 {
    site_stretches(plan, done).into_iter().map(|it| it.end_s.saturating_sub(it.begin_s)).sum()
}
