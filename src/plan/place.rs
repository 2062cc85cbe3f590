//! Places to which a run goes forward or back: what stays done there.
//!
//! A place is named by a step and means the plan's sequence up to the end of that step. One can go back only to a place that was
//! reached: all that stays must be done.

use super::{Plan, Sequence, Site};
use crate::journal::{RollbackTo, RunState, Traces};
use crate::model::{ActionPath, OnFailure, StepId};
use std::collections::BTreeSet;

/// There is no such place to go back to: something that would stay is not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not all that would stay is done: {}", list(.missing))]
pub struct NoPlace {
    /// What is not done of what would stay.
    pub missing: Vec<ActionPath>,
    /// The nearest place there is.
    pub nearest: RollbackTo,
}

impl Plan {
    /// The actions that are done when a run has come to the end of a step, in sequence.
    #[must_use]
    pub fn up_to<'a>(&'a self, sequence: &Sequence, step: &StepId) -> Vec<&'a ActionPath> {
        let end = sequence.end(step).map_or(0, |end| end + 1);
        self.actions.iter().take(end).map(|planned| &planned.action).collect()
    }

    /// The actions that stay at a place, whether they are done or not. At a step that the plan does not have all stays: nothing may
    /// be undone for a name that means nothing.
    #[must_use]
    pub fn kept(&self, to: &RollbackTo) -> BTreeSet<ActionPath> {
        match to {
            RollbackTo::Start => BTreeSet::new(),
            RollbackTo::Step(step) => {
                let end = Sequence::of(self).end(step).unwrap_or(usize::MAX);
                let stays = self.actions.iter().enumerate().filter(|(place, _)| *place <= end);
                stays.map(|(_, planned)| planned.action.clone()).collect()
            }
        }
    }

    /// The same of a run that went on without some of it, which does not stay.
    #[must_use]
    pub fn keeping(&self, state: &RunState, to: &RollbackTo) -> BTreeSet<ActionPath> {
        let is_there = |it: &ActionPath| state.action(it).is_done() || *self.on_failure(it) != OnFailure::Continue;
        self.kept(to).into_iter().filter(is_there).collect()
    }

    /// What stays when a run goes back to a place.
    ///
    /// # Errors
    /// When it was not reached.
    pub fn place(&self, state: &RunState, to: &RollbackTo) -> Result<BTreeSet<ActionPath>, NoPlace> {
        let kept = self.keeping(state, to);
        let is_done = |action: &ActionPath| state.action(action).is_done();
        let missing: Vec<ActionPath> =
            self.actions.iter().map(|p| &p.action).filter(|it| kept.contains(*it) && !is_done(it)).cloned().collect();
        if missing.is_empty() { Ok(kept) } else { Err(NoPlace { missing, nearest: self.reached(state) }) }
    }

    /// What a run has done, would not stay, and cannot be undone, each with why.
    #[must_use]
    pub fn beyond_recall(&self, state: &RunState, keeps: &BTreeSet<ActionPath>) -> Vec<(&ActionPath, &str)> {
        let is_ours = |action: &ActionPath| state.action(action).traces().is_some_and(Traces::is_started);
        let gone = self.definitions().filter(|it| !keeps.contains(&it.path) && is_ours(&it.path));
        gone.filter_map(|it| Some((&it.path, it.cannot_be_undone()?))).collect()
    }

    /// The first place, in sequence, that a run has reached and that keeps all that cannot be undone.
    #[must_use]
    pub fn last_recall(&self, state: &RunState) -> Option<RollbackTo> {
        let sequence = Sequence::of(self);
        let beyond = self.beyond_recall(state, &BTreeSet::new());
        let last = beyond.iter().filter_map(|(action, _)| sequence.place(action)).max();
        let keeps_all = |end: usize| last.is_none_or(|last| last <= end);
        let first = sequence.steps().into_iter().find(|step| sequence.end(step).is_some_and(keeps_all))?;
        let is_reached = sequence.end(first).is_some_and(|end| end < self.done_in_a_row(state));
        is_reached.then(|| RollbackTo::Step(first.clone()))
    }

    /// The site when exactly what stays at a place is done.
    #[must_use]
    pub fn site_at(&self, to: &RollbackTo) -> Site {
        let kept = self.kept(to);
        Site::when(self, |action| kept.contains(action))
    }

    /// The furthest place that a run has reached: all up to it is done.
    #[must_use]
    pub fn reached(&self, state: &RunState) -> RollbackTo {
        let sequence = Sequence::of(self);
        let done = self.done_in_a_row(state);
        let reached = |step: &&StepId| sequence.end(step).is_some_and(|end| end < done);
        sequence
            .steps()
            .into_iter()
            .rev()
            .find(reached)
            .map_or(RollbackTo::Start, |step| RollbackTo::Step(step.clone()))
    }

    /// How many actions are done from the beginning of the sequence on, without one that is not.
    fn done_in_a_row(&self, state: &RunState) -> usize {
        self.actions.iter().take_while(|planned| state.action(&planned.action).is_done()).count()
    }
}

fn list(actions: &[ActionPath]) -> String {
    actions.iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(", ")
}
