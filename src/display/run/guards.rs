//! Guards that do not hold: which, since when, what was seen, what helps.

use crate::display::table::wrapped;
use crate::display::time::date_time;
use crate::journal::{Rest, RunState};
use crate::model::BrokenGuard;
use crate::plan::Plan;

/// Each under a heading.
pub(in crate::display) fn told<'a>(broken: impl IntoIterator<Item = &'a BrokenGuard>) -> String {
    let one = |it: &BrokenGuard| {
        let mut text = format!("\nguard {} is broken since {} UTC\n", it.guard, date_time(it.since));
        text.push_str(&wrapped("  seen: ", &it.seen));
        it.advice.iter().for_each(|advice| text.push_str(&wrapped("  try: ", advice)));
        text
    };
    broken.into_iter().map(one).collect()
}

/// Those of a run that does not rest for them.
pub(in crate::display) fn beside_the_rest(plan: &Plan, state: &RunState) -> String {
    match state.rest {
        Some(Rest::GuardBroken { .. }) => String::new(),
        _ => told(recorded(plan, state)),
    }
}

/// Those that the journal has as broken and the plan still has.
pub(in crate::display) fn recorded<'a>(plan: &'a Plan, state: &'a RunState) -> impl Iterator<Item = &'a BrokenGuard> {
    let is_there = |it: &&BrokenGuard| plan.runbook.guards.iter().any(|guard| guard.id == it.guard);
    state.broken.values().filter(is_there)
}
