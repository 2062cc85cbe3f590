//! The limits of a run at a moment: whether something new may begin, so that the way back would still keep within them.
//!
//! Promises: what has begun is never cut off for it; what changes nothing goes on. Not handled: the way back, which has no limit.

use super::moment::Moment;
use crate::journal::{RollbackTo, RunState};
use crate::model::{ActionPath, Millis, OnOverrun, Overrun, Pace};
use crate::plan::Plan;

impl Moment<'_> {
    /// The limit with which the way back would not come to its end any more.
    pub(super) fn overrun(&self) -> Option<Overrun> {
        overrun(self.plan, self.state, self.pace, self.now)
    }

    /// Where it goes back to by itself for that: to the start, where its runbook says so and all that was done can be undone.
    pub(super) fn turns_back_late(&self) -> Option<RollbackTo> {
        let Self { plan, state, .. } = *self;
        let to = RollbackTo::Start;
        let fits = plan.place(state, &to).is_ok_and(|keeps| plan.beyond_recall(state, &keeps).is_empty());
        (plan.runbook.on_overrun == OnOverrun::RollBack && fits).then_some(to)
    }
}

/// The limit with which the way back would not come to its end any more.
pub(super) fn overrun(plan: &Plan, state: &RunState, pace: Pace, now: Millis) -> Option<Overrun> {
    let turn_back = plan.turn_back(state, pace, now)?;
    (turn_back.by <= now).then_some(turn_back.limit)
}

/// Whether an action goes on however late it is.
pub(super) fn changes_nothing(plan: &Plan, action: &ActionPath) -> bool {
    plan.definition(action).is_some_and(|definition| definition.changes_nothing())
}
