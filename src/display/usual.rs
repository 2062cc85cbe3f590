//! How long a plan is expected to take, along its own order, and where each number comes from.

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

/// Usual duration of the whole plan: its longest chain of needs.
pub(super) fn of_plan(plan: &Plan) -> Usual {
    let mut ends: BTreeMap<&ActionPath, Usual> = BTreeMap::new();
    for planned in &plan.actions {
        let begin = planned.needs.iter().filter_map(|need| ends.get(need)).max_by_key(|end| end.seconds).cloned();
        let own = plan.definition(&planned.action).map(|action| of_action(plan, action)).unwrap_or_default();
        ends.insert(&planned.action, begin.unwrap_or_default().and(own));
    }
    ends.into_values().max_by_key(|end| end.seconds).unwrap_or_default()
}

/// How long the site is usually down: every step that begins or ends with the site down. Only known where steps run one
/// after the other.
pub(super) fn of_downtime(plan: &Plan) -> Option<Usual> {
    let mut before = false;
    let mut sum = Usual::default();
    for step in &plan.runbook.steps {
        if before || step.site_down {
            sum = sum.and(of_step(plan, step));
        }
        before = step.site_down;
    }
    (plan.order == Order::Article).then_some(sum)
}
