//! How far a run is: steps and actions done, and a step's state in one word.

use crate::display::run::site;
use crate::display::table::{count, wrapped};
use crate::display::wording::action_word;
use crate::journal::{ActionState, RunState};
use crate::model::Step;
use crate::plan::Plan;

/// What is done of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) struct Tally {
    pub(in crate::display) steps_done: usize,
    pub(in crate::display) steps: usize,
    pub(in crate::display) actions_done: usize,
    pub(in crate::display) actions: usize,
}

impl Tally {
    pub(in crate::display) fn of(plan: &Plan, state: &RunState) -> Self {
        let steps = &plan.runbook.steps;
        Self {
            steps_done: steps.iter().filter(|s| step_word(s, state) == "done").count(),
            steps: steps.len(),
            actions_done: plan.runbook.actions().filter(|a| state.action(&a.path).is_done()).count(),
            actions: plan.runbook.actions().count(),
        }
    }
}

/// A step's state: the most pressing of its actions' states.
pub(in crate::display) fn step_word(step: &Step, state: &RunState) -> &'static str {
    use ActionState as S;
    let states: Vec<&S> = step.actions.iter().map(|a| state.action(&a.path)).collect();
    let any = |is: fn(&S) -> bool| states.iter().any(|state| is(state));
    if states.iter().all(|s| s.is_done()) {
        "done"
    } else if any(|s| matches!(s, S::UndoFailed { .. })) {
        "undo failed"
    } else if any(S::is_in_doubt) {
        "in doubt"
    } else if any(|s| matches!(s, S::Failed { .. })) {
        "failed"
    } else if any(|s| matches!(s, S::Undoing { .. })) {
        "undoing"
    } else if states.iter().all(|s| s.is_pending()) {
        if states.iter().any(|s| s.generation() > 0) { "undone" } else { "pending" }
    } else {
        "half done"
    }
}

/// The same, knowing whether somebody is at it.
pub(in crate::display) fn step_word_now(step: &Step, state: &RunState, executed: bool) -> &'static str {
    let any = |word: &str| step.actions.iter().any(|a| action_word(state, &a.path, executed) == word);
    match step_word(step, state) {
        word @ ("undo failed" | "in doubt" | "failed") => word,
        _ if any("waits") => "waits",
        _ if any("approved") => "approved",
        "half done" if executed => "under way",
        "half done" if any("in doubt") => "in doubt",
        word => word,
    }
}

/// The first step, in the plan's sequence, of which something is not done.
pub(in crate::display) fn first_open<'a>(plan: &'a Plan, state: &RunState) -> Option<&'a Step> {
    let open = plan.actions.iter().find(|planned| !state.action(&planned.action).is_done())?;
    plan.runbook.step(open.action.step().as_str())
}

/// Two lines: how far it is, and whether the site is down.
pub(in crate::display) fn far(plan: &Plan, state: &RunState) -> String {
    let tally = Tally::of(plan, state);
    let site_now = site::by_what_is_done(plan, state).map_or_else(String::new, |told| format!("; {told}"));
    let told = format!(
        "{} of {} and {} of {} are done{site_now}",
        tally.steps_done,
        count(tally.steps, "step"),
        tally.actions_done,
        count(tally.actions, "action"),
    );
    wrapped("  ", &told)
}
