//! Where actions run side by side: when each begins and ends if all take as long as usual, and what it waits for at last.

use crate::display::plan::usual::{self, Done, Without};
use crate::model::ActionPath;
use crate::plan::{Look, Order, Plan, Sequence};

/// When an action is at work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::display) struct WorkOrder<'a> {
    pub(in crate::display) action: &'a ActionPath,
    pub(in crate::display) begin_s: u64,
    pub(in crate::display) end_s: u64,
    pub(in crate::display) without: Without,
    /// Of all it waits for, what ends last; nothing when it begins at once.
    pub(in crate::display) after: Option<&'a ActionPath>,
}

impl WorkOrder<'_> {
    /// `0:01:40 to 0:02:15`.
    pub(in crate::display) fn span(&self) -> String {
        format!("{} to {}", clock(self.begin_s), clock(self.end_s))
    }

    /// The site meanwhile.
    pub(in crate::display) fn site(&self) -> &'static str {
        match self.without {
            Without::Nothing => "site up",
            Without::Part => "site down in part",
            Without::All => "site down",
        }
    }
}

/// The cells of a row, without the one that tells of the site where the runbook takes none down.
pub(in crate::display) fn with_site<T>(takes_a_site_down: bool, at: usize, mut cells: Vec<T>) -> Vec<T> {
    if !takes_a_site_down {
        cells.remove(at);
    }
    cells
}

/// What is left of a plan, in the order in which it begins; nothing for a plan that does one action after the other.
pub(in crate::display) fn order_of_work<'a>(plan: &'a Plan, preflight: &[(ActionPath, Look)]) -> Vec<WorkOrder<'a>> {
    if plan.order == Order::Article {
        return Vec::new();
    }
    let done = usual::done(preflight);
    let mut all = works(plan, &done);
    all.retain(|work| !done.contains(work.action));
    all.sort_by_key(|work| (work.begin_s, work.end_s));
    all
}

fn works<'a>(plan: &'a Plan, done: &Done<'_>) -> Vec<WorkOrder<'a>> {
    let (sequence, slots) = (Sequence::of(plan), usual::slots(plan, done));
    let down = usual::stretches(plan, done);
    let work = |(place, (planned, (begin_s, end_s))): (usize, (&'a crate::plan::PlannedAction, &(u64, u64)))| {
        let last = sequence.waits_for(place).max_by_key(|other| slots.get(*other).map(|(_, end)| *end));
        let after = last.and_then(|other| plan.actions.get(other)).map(|other| &other.action);
        let without = usual::without(&down, *begin_s, *end_s);
        let after = after.filter(|other| !done.contains(other));
        WorkOrder { action: &planned.action, begin_s: *begin_s, end_s: *end_s, without, after }
    };
    plan.actions.iter().zip(&slots).enumerate().map(work).collect()
}

fn clock(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
