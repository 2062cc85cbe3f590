//! How long a plan is expected to take, along its own order, and where each number comes from.

use super::plan_text::PreflightLine;
use super::time::rough;
use crate::model::{ActionPath, Reversibility, Step, StepAction};
use crate::plan::{Duration, Order, Plan, Source};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A duration made of others, and where those come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Usual {
    /// In seconds.
    pub(super) seconds: u64,
    sources: BTreeSet<Source>,
}

impl Usual {
    /// Both, one after the other.
    pub(super) fn and(mut self, other: Usual) -> Usual {
        self.seconds = self.seconds.saturating_add(other.seconds);
        self.sources.extend(other.sources);
        self
    }

    /// `7 min (from 3 runs here)`, `7 min (default)`.
    pub(super) fn told(&self) -> String {
        format!("{} ({})", rough(self.seconds), self.source())
    }

    /// Where it comes from, in a few words.
    pub(super) fn source(&self) -> String {
        let runs = || self.sources.iter().filter_map(|s| if let Source::Runs(n) = s { Some(*n) } else { None });
        let measured = match (runs().min(), runs().max()) {
            (None, _) | (_, None) => return "default".to_owned(),
            (Some(1), Some(1)) => "from 1 run here".to_owned(),
            (Some(least), Some(most)) if least == most => format!("from {most} runs here"),
            (Some(least), Some(most)) => format!("from {least} to {most} runs here"),
        };
        if self.sources.contains(&Source::Shipped) { format!("{measured}, and defaults") } else { measured }
    }

    /// The source for programs: `default`, `runs` or `both`, and the least number of runs a measured part comes from.
    pub(super) fn source_json(&self) -> Value {
        let runs = self.sources.iter().filter_map(|s| if let Source::Runs(n) = s { Some(*n) } else { None }).min();
        match (runs, self.sources.contains(&Source::Shipped)) {
            (None, _) => json!({ "source": "default" }),
            (Some(runs), false) => json!({ "source": "runs", "runs": runs }),
            (Some(runs), true) => json!({ "source": "both", "runs": runs }),
        }
    }
}

impl From<Duration> for Usual {
    fn from(Duration { seconds, source }: Duration) -> Self {
        Self { seconds, sources: BTreeSet::from([source]) }
    }
}

impl FromIterator<Usual> for Usual {
    fn from_iter<I: IntoIterator<Item = Usual>>(all: I) -> Self {
        all.into_iter().fold(Usual::default(), Usual::and)
    }
}

/// The actions that a run has done already.
pub(super) type Done<'a> = BTreeSet<&'a ActionPath>;

/// What is done of a plan; nothing of one that has not begun.
pub(super) fn done(preflight: &[(ActionPath, PreflightLine)]) -> Done<'_> {
    preflight.iter().filter(|(_, line)| matches!(line, PreflightLine::Done(_))).map(|(path, _)| path).collect()
}

/// Usual duration of an action.
pub(super) fn of_action(plan: &Plan, action: &StepAction) -> Usual {
    plan.expected.forward(action.kind).into()
}

/// Usual duration of an action's undo. What leaves nothing to undo takes no time, and that is no estimate.
pub(super) fn of_undo(plan: &Plan, action: &StepAction) -> Usual {
    match action.kind.spec().reversibility {
        Reversibility::NothingToUndo(_) => Usual::default(),
        _ => plan.expected.undo(action.kind).into(),
    }
}

/// Usual duration of a step whose actions run one after the other.
pub(super) fn of_step(plan: &Plan, step: &Step) -> Usual {
    step.actions.iter().map(|action| of_action(plan, action)).collect()
}

/// Usual duration of what is left of an action: nothing once it is done.
pub(super) fn of_rest(plan: &Plan, action: &StepAction, done: &Done<'_>) -> Usual {
    if done.contains(&action.path) { Usual::default() } else { of_action(plan, action) }
}

/// Begin and end of every action when each begins as soon as all it needs have ended. `after` is the moment at which an
/// action ends that begins at the one given, `length` orders moments.
pub(super) fn along_needs<T: Clone + Default>(
    plan: &Plan,
    after: impl Fn(T, &StepAction) -> T,
    length: impl Fn(&T) -> u64,
) -> BTreeMap<&ActionPath, (T, T)> {
    let mut all: BTreeMap<&ActionPath, (T, T)> = BTreeMap::new();
    for planned in &plan.actions {
        let ends = planned.needs.iter().filter_map(|need| all.get(need)).map(|(_, end)| end);
        let begin = ends.max_by_key(|end| length(end)).cloned().unwrap_or_default();
        let end = match plan.definition(&planned.action) {
            Some(action) => after(begin.clone(), action),
            None => begin.clone(),
        };
        all.insert(&planned.action, (begin, end));
    }
    all
}

/// Usual duration of the whole plan, or of what is left of it: its longest chain of needs.
pub(super) fn of_plan(plan: &Plan, done: &Done<'_>) -> Usual {
    let all = along_needs(plan, |begin: Usual, action| begin.and(of_rest(plan, action, done)), |end| end.seconds);
    all.into_values().map(|(_, end)| end).max_by_key(|end| end.seconds).unwrap_or_default()
}

/// How long the site is usually down, or will be for what is left: every step that begins or ends with the site down. Only
/// known where steps run one after the other.
pub(super) fn of_downtime(plan: &Plan, done: &Done<'_>) -> Option<Usual> {
    let mut before = false;
    let mut sum = Usual::default();
    for step in &plan.runbook.steps {
        if before || step.site_down {
            sum = step.actions.iter().map(|action| of_rest(plan, action, done)).fold(sum, Usual::and);
        }
        before = step.site_down;
    }
    (plan.order == Order::Article).then_some(sum)
}
