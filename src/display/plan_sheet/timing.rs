//! How long the plan takes, and how long the site is down in it.

use super::super::usual::{self, Done, Usual};
use super::schedule::{self, Slot};
use crate::model::{ActionPath, Step, StepAction};
use crate::plan::{Order, Plan};
use std::collections::BTreeMap;

/// The plan's times.
pub(in super::super) struct Timing<'a> {
    slots: BTreeMap<ActionPath, Slot>,
    /// How long it usually takes.
    pub(in super::super) usual: Usual,
    /// How long it takes when every action takes as long as it may, in seconds.
    pub(in super::super) longest_s: u64,
    /// When the site is down; nothing when actions overlap, for then it cannot be told beforehand.
    pub(in super::super) down: Option<Vec<Stretch<'a>>>,
    /// How long that is in all.
    pub(in super::super) down_usual: Option<Usual>,
}

/// A time without the site: from a step that takes it down to the one that brings it back.
pub(in super::super) struct Stretch<'a> {
    pub(in super::super) from: &'a Step,
    /// The step in which it comes back; the last one when it does not.
    pub(in super::super) to: &'a Step,
    pub(in super::super) comes_back: bool,
    pub(in super::super) begin_s: u64,
    pub(in super::super) end_s: u64,
}

/// The site while a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum SiteDuring {
    Up,
    GoesDown,
    Down,
    ComesBack,
}

impl SiteDuring {
    pub(super) fn of(plan: &Plan, index: usize) -> Self {
        let steps = &plan.runbook.steps;
        let down = |step: Option<&Step>| step.is_some_and(|s| s.site_down);
        let before = down(index.checked_sub(1).and_then(|n| steps.get(n)));
        match (before, down(steps.get(index))) {
            (false, false) => SiteDuring::Up,
            (false, true) => SiteDuring::GoesDown,
            (true, true) => SiteDuring::Down,
            (true, false) => SiteDuring::ComesBack,
        }
    }

    pub(in super::super) fn words(self) -> &'static str {
        match self {
            SiteDuring::Up => "site up",
            SiteDuring::GoesDown => "site goes down",
            SiteDuring::Down => "site down",
            SiteDuring::ComesBack => "site comes back",
        }
    }
}

impl<'a> Timing<'a> {
    pub(super) fn of(plan: &'a Plan, done: &Done<'_>) -> Self {
        let may_take = |action: &StepAction| if done.contains(&action.path) { 0 } else { schedule::limit(action) };
        let longest = usual::along_needs(plan, |begin: u64, action| begin.saturating_add(may_take(action)), |end| *end);
        let mut timing = Self {
            slots: schedule::of(plan, done),
            usual: usual::of_plan(plan, done),
            longest_s: longest.into_values().map(|(_, end)| end).max().unwrap_or(0),
            down: None,
            down_usual: usual::of_downtime(plan, done),
        };
        timing.down = (plan.order == Order::Article).then(|| timing.stretches(plan, done));
        timing
    }

    /// The times without the site that are not over.
    fn stretches(&self, plan: &'a Plan, done: &Done<'_>) -> Vec<Stretch<'a>> {
        let mut all: Vec<Stretch<'a>> = Vec::new();
        for (index, step) in plan.runbook.steps.iter().enumerate() {
            let (site, slot) = (SiteDuring::of(plan, index), self.of_step(step));
            match (site, all.last_mut()) {
                (SiteDuring::GoesDown, _) => all.push(Stretch {
                    from: step,
                    to: step,
                    comes_back: false,
                    begin_s: slot.begin_s,
                    end_s: slot.end_s,
                }),
                (SiteDuring::Down | SiteDuring::ComesBack, Some(open)) => {
                    open.to = step;
                    open.end_s = slot.end_s;
                    open.comes_back = site == SiteDuring::ComesBack;
                }
                _ => {}
            }
        }
        all.retain(|stretch| {
            let numbers = stretch.from.number..=stretch.to.number;
            let steps = plan.runbook.steps.iter().filter(|step| numbers.contains(&step.number));
            steps.flat_map(|step| &step.actions).any(|action| !done.contains(&action.path))
        });
        all
    }

    /// How long the site is down in all, in seconds.
    pub(in super::super) fn down_s(&self) -> Option<u64> {
        self.down_usual.as_ref().map(|down| down.seconds)
    }

    pub(super) fn of_action(&self, action: &ActionPath) -> Slot {
        self.slots.get(action).copied().unwrap_or_default()
    }

    /// From the beginning of a step's first action to the end of its last one.
    pub(super) fn of_step(&self, step: &Step) -> Slot {
        let own = || step.actions.iter().map(|a| self.of_action(&a.path));
        Slot {
            begin_s: own().map(|s| s.begin_s).min().unwrap_or(0),
            end_s: own().map(|s| s.end_s).max().unwrap_or(0),
            slack_s: own().map(|s| s.slack_s).min().unwrap_or(0),
            longest_s: own().map(|s| s.longest_s).sum(),
        }
    }
}
