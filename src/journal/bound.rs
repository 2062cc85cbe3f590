//! Where a run rests when it goes on and nothing else is said.

use super::{Mode, Rest, RunState};
use crate::model::{Runbook, StepId};

impl RunState {
    /// The step after which the run rests when it goes on and nothing else is said: the one that the last executor was told,
    /// until it has come there or has been rolled back; else the one it was given, until all up to that is done.
    #[must_use]
    pub fn bound(&self, runbook: &Runbook) -> Option<&StepId> {
        let told = match (&self.mode, &self.rest) {
            (Mode::Forward { .. }, Some(Rest::UntilReached { .. })) | (Mode::Rollback { .. }, _) => None,
            (Mode::Forward { until }, _) => until.as_ref(),
        };
        told.or_else(|| self.given.as_ref().filter(|step| !self.is_past(runbook, step)))
    }

    /// Whether everything up to the end of a step is done.
    fn is_past(&self, runbook: &Runbook, step: &StepId) -> bool {
        let Some(last) = runbook.steps.iter().position(|it| it.id == *step) else { return false };
        runbook.steps.iter().take(last + 1).flat_map(|it| &it.actions).all(|it| self.action(&it.path).is_done())
    }
}
