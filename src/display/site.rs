//! Whether the site is down, as far as the plan can tell.
//!
//! A step says whether the site is down once it is done. While a step that takes it down is half done it cannot be told
//! (nginx may or may not have been stopped yet); while one that brings it back is half done, it counts as down.

use crate::journal::RunState;
use crate::model::StepId;
use crate::plan::Plan;
use serde::Serialize;

/// What the plan says of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// It serves.
    Up,
    /// It does not serve.
    Down,
    /// A step that takes it down is half done.
    MayBeDown,
}

impl Site {
    /// The site as a run's state has it.
    #[must_use]
    pub fn now(plan: &Plan, state: &RunState) -> Self {
        let steps = &plan.runbook.steps;
        let done = |n: usize| steps.get(n).is_some_and(|s| s.actions.iter().all(|a| state.action(&a.path).is_done()));
        let settled = (0..steps.len()).take_while(|n| done(*n)).count();
        let before = settled.checked_sub(1).and_then(|n| steps.get(n)).is_some_and(|s| s.site_down);
        let touched = |s: &&crate::model::Step| s.actions.iter().any(|a| !state.action(&a.path).is_pending());
        let half_takes_down = steps.iter().skip(settled).filter(touched).any(|s| s.site_down);
        match (before, half_takes_down) {
            (true, _) => Site::Down,
            (false, true) => Site::MayBeDown,
            (false, false) => Site::Up,
        }
    }

    /// The site when exactly the steps up to this one are done; before the first it serves.
    #[must_use]
    pub fn after(plan: &Plan, step: Option<&StepId>) -> Self {
        let step = step.and_then(|id| plan.runbook.step(id.as_str()));
        if step.is_some_and(|s| s.site_down) { Site::Down } else { Site::Up }
    }

    pub(super) fn sentence(self) -> &'static str {
        match self {
            Site::Up => "the site is up",
            Site::Down => "the site is down",
            Site::MayBeDown => "the site may be down: a step that takes it down is half done",
        }
    }
}
