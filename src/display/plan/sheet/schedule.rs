//! When each action begins and ends if all take as long as usual, and how late it could begin without delaying the end.

use crate::display::plan::usual::{self, Done};
use crate::model::{ActionPath, StepAction};
use crate::plan::{Plan, Sequence};
use std::collections::BTreeMap;

/// A stretch of the plan's time, in seconds from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::display) struct Slot {
    pub(in crate::display) begin_s: u64,
    pub(in crate::display) end_s: u64,
    /// How much later it could end without delaying the end of the plan; 0 is the critical path.
    pub(in crate::display) slack_s: u64,
    /// How long it may take before it counts as failed.
    pub(in crate::display) longest_s: u64,
}

/// How long an action may take before it counts as failed, in seconds.
pub(in crate::display) fn limit(action: &StepAction) -> u64 {
    action.deadline_s.unwrap_or(action.kind.spec().deadline_s)
}

/// The slot of every action, along what it waits for. What is done has none of the time.
pub(in crate::display) fn of(plan: &Plan, done: &Done<'_>) -> BTreeMap<ActionPath, Slot> {
    let spans = usual::slots(plan, done);
    let end = spans.iter().map(|(_, end)| *end).max().unwrap_or(0);
    let sequence = Sequence::of(plan);
    // Backwards: an action must be done by the time the first that waits for it has to begin.
    let mut latest = vec![end; spans.len()];
    let mut slots = BTreeMap::new();
    for (place, (planned, (begin_s, end_s))) in plan.actions.iter().zip(spans).enumerate().rev() {
        let due = latest.get(place).copied().unwrap_or(end);
        let begin_by = due.saturating_sub(end_s.saturating_sub(begin_s));
        for other in sequence.waits_for(place) {
            if let Some(by) = latest.get_mut(other) {
                *by = begin_by.min(*by);
            }
        }
        let Some(action) = plan.definition(&planned.action) else { continue };
        let slot = Slot { begin_s, end_s, slack_s: due.saturating_sub(end_s), longest_s: limit(action) };
        slots.insert(planned.action.clone(), slot);
    }
    slots
}
