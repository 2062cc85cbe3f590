//! When each action begins and ends if all take as long as usual, and how late it could begin without delaying the end.

use super::super::usual::{self, Done};
use crate::model::{ActionPath, StepAction};
use crate::plan::Plan;
use std::collections::BTreeMap;

/// A stretch of the plan's time, in seconds from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) struct Slot {
    pub(in super::super) begin_s: u64,
    pub(in super::super) end_s: u64,
    /// How much later it could end without delaying the end of the plan; 0 is the critical path.
    pub(in super::super) slack_s: u64,
    /// How long it may take before it counts as failed.
    pub(in super::super) longest_s: u64,
}

impl Slot {
    /// From its beginning to its end, in seconds.
    pub(in super::super) fn usual_s(self) -> u64 {
        self.end_s.saturating_sub(self.begin_s)
    }
}

/// How long an action may take before it counts as failed, in seconds.
pub(super) fn limit(action: &StepAction) -> u64 {
    action.deadline_s.unwrap_or(action.kind.spec().deadline_s)
}

/// The slot of every action, along the plan's own needs. What is done has none of the time.
pub(super) fn of(plan: &Plan, done: &Done<'_>) -> BTreeMap<ActionPath, Slot> {
    let rest = |action: &StepAction| usual::of_rest(plan, action, done).seconds;
    let spans = usual::along_needs(plan, |begin: u64, action| begin.saturating_add(rest(action)), |end| *end);
    let mut slots: BTreeMap<ActionPath, Slot> = BTreeMap::new();
    for (path, (begin_s, end_s)) in spans {
        let Some(action) = plan.definition(path) else { continue };
        slots.insert(path.clone(), Slot { begin_s, end_s, slack_s: 0, longest_s: limit(action) });
    }
    let end = slots.values().map(|s| s.end_s).max().unwrap_or(0);
    // Backwards: an action must be done by the time the first that needs it has to begin.
    let mut latest: BTreeMap<&ActionPath, u64> = BTreeMap::new();
    for planned in plan.actions.iter().rev() {
        let due = latest.get(&planned.action).copied().unwrap_or(end);
        let Some(slot) = slots.get_mut(&planned.action) else { continue };
        slot.slack_s = due.saturating_sub(slot.end_s);
        let begin_by = due.saturating_sub(slot.usual_s());
        for need in &planned.needs {
            latest.entry(need).and_modify(|at| *at = (*at).min(begin_by)).or_insert(begin_by);
        }
    }
    slots
}
