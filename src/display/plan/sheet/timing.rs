//! How long the plan takes, and how long the site is down in it.

use crate::display::plan::sheet::schedule::{self, Slot};
use crate::display::plan::usual::{self, Done, Stretch, Usual, Without};
use crate::model::{ActionPath, Step, StepAction, Window};
use crate::plan::{Order, Plan};
use std::collections::BTreeMap;

/// The plan's times.
pub(in crate::display) struct Timing<'a> {
    slots: BTreeMap<ActionPath, Slot>,
    /// How long it usually takes.
    pub(in crate::display) usual: Usual,
    /// How long it takes when every action takes as long as it may, in seconds.
    pub(in crate::display) longest_s: u64,
    /// When the site is down.
    pub(in crate::display) down: Vec<Stretch<'a>>,
    /// How long that is in all.
    pub(in crate::display) down_usual: Usual,
}

/// The site while a step runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) enum SiteDuring {
    Up,
    GoesDown,
    Down,
    ComesBack,
    /// Down while a part of it runs.
    Partly,
}

impl SiteDuring {
    pub(in crate::display) fn of(plan: &Plan, step: &Step, timing: &Timing<'_>) -> Self {
        let windows = plan.runbook.windows();
        let has = |path: &ActionPath| step.actions.iter().any(|action| action.path == *path);
        let goes = windows.iter().any(|window| has(window.begins));
        let comes = windows.iter().any(|window| window.ends.is_some_and(has));
        let without = |action: &StepAction| match plan.order {
            Order::Article if between(plan, &action.path, &windows) => Without::All,
            Order::Article => Without::Nothing,
            _ => {
                let slot = timing.of_action(&action.path);
                usual::without(&timing.down, slot.begin_s, slot.end_s)
            }
        };
        let all: Vec<Without> = step.actions.iter().map(without).collect();
        let is_all = |what: Without| all.iter().all(|it| *it == what);
        match (goes, comes) {
            (true, true) => SiteDuring::Partly,
            (true, false) => SiteDuring::GoesDown,
            (false, true) => SiteDuring::ComesBack,
            (false, false) if is_all(Without::Nothing) => SiteDuring::Up,
            (false, false) if is_all(Without::All) => SiteDuring::Down,
            (false, false) => SiteDuring::Partly,
        }
    }

    pub(in crate::display) fn words(self) -> &'static str {
        match self {
            SiteDuring::Up => "site up",
            SiteDuring::GoesDown => "site goes down",
            SiteDuring::Down => "site down",
            SiteDuring::ComesBack => "site comes back",
            SiteDuring::Partly => "site down for a part of it",
        }
    }
}

/// Whether an action stands between the beginning and the end of a downtime, in the plan's sequence.
fn between(plan: &Plan, action: &ActionPath, windows: &[Window<'_>]) -> bool {
    let place = |path: &ActionPath| plan.actions.iter().position(|planned| planned.action == *path);
    let here = place(action);
    windows.iter().any(|window| here > place(window.begins) && window.ends.is_none_or(|end| here < place(end)))
}

impl<'a> Timing<'a> {
    pub(in crate::display) fn of(plan: &'a Plan, done: &Done<'_>) -> Self {
        let may_take = |action: &StepAction| if done.contains(&action.path) { 0 } else { schedule::limit(action) };
        let longest = usual::along_needs(plan, |begin: u64, action| begin.saturating_add(may_take(action)), |end| *end);
        Self {
            slots: schedule::of(plan, done),
            usual: usual::of_plan(plan, done),
            longest_s: longest.into_iter().map(|(_, end)| end).max().unwrap_or(0),
            down: usual::stretches(plan, done),
            down_usual: usual::of_downtime(plan, done),
        }
    }

    pub(in crate::display) fn of_action(&self, action: &ActionPath) -> Slot {
        self.slots.get(action).copied().unwrap_or_default()
    }

    /// From the beginning of a step's first action to the end of its last one.
    pub(in crate::display) fn of_step(&self, step: &Step) -> Slot {
        let own = || step.actions.iter().map(|a| self.of_action(&a.path));
        Slot {
            begin_s: own().map(|s| s.begin_s).min().unwrap_or(0),
            end_s: own().map(|s| s.end_s).max().unwrap_or(0),
            slack_s: own().map(|s| s.slack_s).min().unwrap_or(0),
            longest_s: own().map(|s| s.longest_s).sum(),
        }
    }
}
