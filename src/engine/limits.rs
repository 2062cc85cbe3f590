//! The limits of a run at a moment: whether an action may begin, so that the run would still keep within them.
//!
//! Promises: what has begun is never cut off for it. What only waits is held up too, for waiting is what takes time. Not handled: the
//! way back, which has no limit.

use super::moment::Moment;
use crate::journal::{RollbackTo, RunState};
use crate::model::{ActionPath, Millis, OnOverrun, Overrun, Pace};
use crate::plan::Plan;

impl Moment<'_> {
    /// Where it goes back to by itself for a limit's sake: to the start, where its runbook says so and all that was done can be undone.
    pub(super) fn turns_back_late(&self) -> Option<RollbackTo> {
        let Self { plan, state, .. } = *self;
        let to = RollbackTo::Start;
        let fits = plan.place(state, &to).is_ok_and(|keeps| plan.beyond_recall(state, &keeps).is_empty());
        (plan.runbook.on_overrun == OnOverrun::RollBack && fits).then_some(to)
    }
}

/// The limit for whose sake an action must not begin now.
pub(super) fn overrun(
    (plan, state): (&Plan, &RunState),
    (pace, now): (Pace, Millis),
    action: &ActionPath,
) -> Option<Overrun> {
    state.limits?;
    plan.overrun(state, pace, now, plan.definition(action)?)
}
