//! How long a plan is expected to take, along its own order, and where each number comes from.

use crate::display::time::rough;
use crate::model::{ActionPath, Reversibility, Step, StepAction};
use crate::plan::{Estimate, Look, Plan, Source};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A duration made of others, and where those come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::display) struct Usual {
    /// In seconds.
    pub(in crate::display) seconds: u64,
    /// What one in ten takes, or longer, where that was measured; of what is made of several it is not known.
    pub(in crate::display) slow_s: Option<u64>,
    sources: BTreeSet<Source>,
}

impl Usual {
    /// Both, one after the other.
    pub(in crate::display) fn and(mut self, other: Usual) -> Usual {
        self.slow_s = match (self.seconds, other.seconds) {
            (_, 0) => self.slow_s,
            (0, _) => other.slow_s,
            _ => None,
        };
        self.seconds = self.seconds.saturating_add(other.seconds);
        self.sources.extend(other.sources);
        self
    }

    /// Of two that run at the same time the one that takes longer, with where both come from.
    pub(in crate::display) fn longest(mut self, other: Usual) -> Usual {
        self.slow_s = if self.seconds >= other.seconds { self.slow_s } else { other.slow_s };
        self.seconds = self.seconds.max(other.seconds);
        self.sources.extend(other.sources);
        self
    }

    /// What is left of it after so many seconds.
    pub(in crate::display) fn less(mut self, seconds: u64) -> Usual {
        self.seconds = self.seconds.saturating_sub(seconds);
        self.slow_s = None;
        self
    }

    /// The same from the same sources, but so many seconds.
    pub(in crate::display) fn lasting(self, seconds: u64) -> Usual {
        Usual { seconds, slow_s: None, ..self }
    }

    /// `7 min (default)`, `7 min (from 3 runs here)`, `7 min, 1 in 10 takes 15 min (from 12 runs here)`.
    pub(in crate::display) fn told(&self) -> String {
        format!("{}{} ({})", rough(self.seconds), self.tail(), self.source())
    }

    /// What one in ten takes, where that is longer in words, too.
    pub(in crate::display) fn tail(&self) -> String {
        let slow = self.slow_s.map(rough).filter(|slow| *slow != rough(self.seconds));
        slow.map_or_else(String::new, |slow| format!(", 1 in 10 takes {slow}"))
    }

    /// Where it comes from, in a few words.
    pub(in crate::display) fn source(&self) -> String {
        let runs = || self.sources.iter().filter_map(|s| if let Source::Runs(n) = s { Some(*n) } else { None });
        let measured = match (runs().min(), runs().max()) {
            (None, _) | (_, None) => return self.unmeasured().to_owned(),
            (Some(1), Some(1)) => "from 1 run here".to_owned(),
            (Some(least), Some(most)) if least == most => format!("from {most} runs here"),
            (Some(least), Some(most)) => format!("from {least} to {most} runs here"),
        };
        match self.unmeasured() {
            "" => measured,
            "default" => format!("{measured}, and defaults"),
            other => format!("{measured}, and {other}"),
        }
    }

    /// Where what was not measured comes from.
    fn unmeasured(&self) -> &'static str {
        match (self.sources.contains(&Source::Shipped), self.sources.contains(&Source::Runbook)) {
            (false, true) => "as the runbook says",
            (true, true) => "as the runbook says, and defaults",
            (true, false) => "default",
            // Nothing at all takes no time.
            (false, false) if self.sources.is_empty() => "default",
            (false, false) => "",
        }
    }

    /// The source for programs: `default`, `runbook` (it says so itself), `runs` or `both`, and the least number of runs a measured part comes from.
    pub(in crate::display) fn source_json(&self) -> Value {
        let runs = self.sources.iter().filter_map(|s| if let Source::Runs(n) = s { Some(*n) } else { None }).min();
        let (shipped, said) = (self.sources.contains(&Source::Shipped), self.sources.contains(&Source::Runbook));
        match (runs, shipped || said) {
            (None, _) if said && !shipped => json!({ "source": "runbook" }),
            (None, _) => json!({ "source": "default" }),
            (Some(runs), false) => json!({ "source": "runs", "runs": runs }),
            (Some(runs), true) => json!({ "source": "both", "runs": runs }),
        }
    }
}

impl From<Estimate> for Usual {
    fn from(Estimate { seconds, source }: Estimate) -> Self {
        Self { seconds, slow_s: None, sources: BTreeSet::from([source]) }
    }
}

impl FromIterator<Usual> for Usual {
    fn from_iter<I: IntoIterator<Item = Usual>>(all: I) -> Self {
        all.into_iter().fold(Usual::default(), Usual::and)
    }
}

pub(in crate::display) use crate::plan::{
    Done, SiteStretch as Stretch, along_needs, site_stretches as stretches, slots,
};

/// What is done of a plan; nothing of one that has not begun.
pub(in crate::display) fn done(preflight: &[(ActionPath, Look)]) -> Done<'_> {
    preflight.iter().filter(|(_, line)| matches!(line, Look::Done(_))).map(|(path, _)| path).collect()
}

/// Usual duration of an action.
pub(in crate::display) fn of_action(plan: &Plan, action: &StepAction) -> Usual {
    Usual { slow_s: plan.expected.slow(action), ..plan.expected.of_action(action).into() }
}

/// Usual duration of an action's undo. What leaves nothing to undo takes no time, and that is no estimate.
pub(in crate::display) fn of_undo(plan: &Plan, action: &StepAction) -> Usual {
    match action.reversibility() {
        Reversibility::NothingToUndo(_) => Usual::default(),
        _ => Usual { slow_s: plan.expected.slow_undo(action), ..plan.expected.of_undo(action).into() },
    }
}

/// Usual duration of a step whose actions run one after the other.
pub(in crate::display) fn of_step(plan: &Plan, step: &Step) -> Usual {
    step.actions.iter().map(|action| of_action(plan, action)).collect()
}

/// Usual duration of what is left of an action: nothing once it is done.
pub(in crate::display) fn of_rest(plan: &Plan, action: &StepAction, done: &Done<'_>) -> Usual {
    if done.contains(&action.path) { Usual::default() } else { of_action(plan, action) }
}

/// Usual duration of the whole plan, or of what is left of it: its longest chain of needs.
pub(in crate::display) fn of_plan(plan: &Plan, done: &Done<'_>) -> Usual {
    let all = along_needs(plan, |begin: Usual, action| begin.and(of_rest(plan, action, done)), |end| end.seconds);
    all.into_iter().map(|(_, end)| end).max_by_key(|end| end.seconds).unwrap_or_default()
}

/// How much of a stretch of time is without the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) enum Without {
    Nothing,
    Part,
    All,
}

/// How much of the time from `begin_s` to `end_s` is without the site.
pub(in crate::display) fn without(down: &[Stretch<'_>], begin_s: u64, end_s: u64) -> Without {
    let is_all = |it: &Stretch<'_>| begin_s >= it.begin_s && end_s <= it.end_s && it.begin_s < it.end_s;
    let is_part = |it: &Stretch<'_>| begin_s < it.end_s && end_s > it.begin_s;
    if down.iter().any(is_all) {
        Without::All
    } else if down.iter().any(is_part) {
        Without::Part
    } else {
        Without::Nothing
    }
}

/// How long the site is usually down, or will be for what is left.
pub(in crate::display) fn of_downtime(plan: &Plan, done: &Done<'_>) -> Usual {
    let slots = slots(plan, done);
    let mut down = Usual::default();
    for Stretch { begin_s, end_s, .. } in stretches(plan, done) {
        down.seconds = down.seconds.saturating_add(end_s.saturating_sub(begin_s));
        let inside = plan.actions.iter().zip(&slots).filter(|(_, (begin, end))| *begin >= begin_s && *end <= end_s);
        let definitions = inside.filter_map(|(planned, _)| plan.definition(&planned.action));
        down.sources.extend(definitions.flat_map(|action| of_rest(plan, action, done).sources));
    }
    down
}
