//! Whether the site is down, as far as the plan can tell.
//!
//! It is down from the action that begins a downtime until the one that ends it is done, in whatever order they come. While the first is
//! half done it cannot be told (nginx may or may not have been stopped yet); while the second is, it counts as down.

use super::{Plan, Sequence};
use crate::journal::{ActionState, RunState};
use crate::model::{ActionPath, StepId, Window};
use serde::Serialize;
use std::collections::HashMap;

/// What the plan says of the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// It serves.
    Up,
    /// What takes it down is half done.
    MayBeDown,
    /// It does not serve.
    Down,
}

impl Site {
    /// The site as a run's state has it.
    #[must_use]
    pub fn now(plan: &Plan, state: &RunState) -> Self {
        Self::by(plan, |action| state.action(action))
    }

    /// The site when actions stand so.
    pub(super) fn by<'s>(plan: &Plan, state: impl Fn(&ActionPath) -> &'s ActionState) -> Self {
        Self::told(plan, |action| match state(action) {
            ActionState::Pending { .. } | ActionState::Failed { traces: None, .. } => Deed::Not,
            ActionState::Done { .. } | ActionState::Applied { .. } => Deed::Done,
            _ => Deed::Half,
        })
    }

    /// The site when exactly these actions are done.
    pub fn when(plan: &Plan, is_done: impl Fn(&ActionPath) -> bool) -> Self {
        Self::told(plan, |action| if is_done(action) { Deed::Done } else { Deed::Not })
    }

    fn told(plan: &Plan, deed: impl Fn(&ActionPath) -> Deed) -> Self {
        let of_window = |window: Window<'_>| {
            let over = window.ends.is_some_and(|end| deed(end) == Deed::Done);
            match deed(window.begins) {
                Deed::Not => Site::Up,
                _ if over => Site::Up,
                Deed::Half => Site::MayBeDown,
                Deed::Done => Site::Down,
            }
        };
        plan.runbook.windows().into_iter().map(of_window).max().unwrap_or(Site::Up)
    }
}

/// The site as it is told after each step.
#[derive(Debug, Clone)]
pub struct Sites {
    ends: HashMap<StepId, usize>,
    /// Where each downtime begins in the sequence, and where it ends.
    windows: Vec<(usize, Option<usize>)>,
}

impl Plan {
    /// The site after each step.
    #[must_use]
    pub fn sites(&self) -> Sites {
        let sequence = Sequence::of(self);
        let places =
            |window: Window<'_>| Some((sequence.place(window.begins)?, window.ends.map(|end| sequence.place(end))));
        let windows = self.runbook.windows().into_iter().filter_map(places);
        // What ends in no place never ends.
        let windows = windows.map(|(begins, ends)| (begins, ends.flatten())).collect();
        let ends = sequence.steps().into_iter().filter_map(|step| Some((step.clone(), sequence.end(step)?)));
        Sites { ends: ends.collect(), windows }
    }
}

impl Sites {
    /// The site once a step is done, and all before it in the sequence.
    #[must_use]
    pub fn after(&self, step: &StepId) -> Site {
        let end = self.ends.get(step).copied().unwrap_or(usize::MAX);
        let is_down = |(begins, ends): &(usize, Option<usize>)| *begins <= end && ends.is_none_or(|it| it > end);
        if self.windows.iter().any(is_down) { Site::Down } else { Site::Up }
    }

    /// The same of a runbook that takes the site down at some time; nothing of one that never does.
    #[must_use]
    pub fn told_after(&self, step: &StepId) -> Option<Site> {
        (!self.windows.is_empty()).then(|| self.after(step))
    }
}

/// How far an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Not,
    Half,
    Done,
}
