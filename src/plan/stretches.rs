//! What a guard holds for: a stretch of the plan's sequence.
//!
//! Promises: from the first to the last place of its two steps, whatever the order has put between them; so all actions of both steps
//! are in it, and in every order it begins and ends with them.

use super::{Plan, PlannedAction};
use crate::model::{Guard, StepId};
use std::ops::RangeInclusive;

/// The places that each guard of a plan holds for, in the runbook's order.
pub(super) fn of(plan: &Plan) -> Vec<RangeInclusive<usize>> {
    let places = |step: &StepId| {
        let of = |(_, it): &(usize, &PlannedAction)| it.action.step() == step;
        let mut places = plan.actions.iter().enumerate().filter(of).map(|(place, _)| place);
        places.next().map(|first| (first, places.next_back().unwrap_or(first)))
    };
    let end = plan.actions.len().saturating_sub(1);
    let stretch = |guard: &Guard| {
        let from = guard.from.as_ref().and_then(places);
        let until = guard.until.as_ref().and_then(places);
        let (first, last) = match (from, until) {
            (None, None) => (0, end),
            (Some((first, _)), None) => (first, end),
            (None, Some((_, last))) => (0, last),
            (Some(from), Some(until)) => (from.0.min(until.0), from.1.max(until.1)),
        };
        first..=last
    };
    plan.runbook.guards.iter().map(stretch).collect()
}
