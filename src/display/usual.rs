//! How long a plan usually takes: the vocabulary's middle figures along the plan's own order.

use crate::model::{ActionPath, Step, StepAction};
use crate::plan::{Order, Plan};
use std::collections::BTreeMap;

/// Usual duration of an action, in seconds.
pub(super) fn of_action(action: &StepAction) -> u64 {
    action.kind.spec().usual_s
}

/// Usual duration of a step whose actions run one after the other, in seconds.
pub(super) fn of_step(step: &Step) -> u64 {
    step.actions.iter().map(of_action).sum()
}

/// Usual duration of the whole plan, in seconds: its longest chain of needs.
pub(super) fn of_plan(plan: &Plan) -> u64 {
    let mut ends: BTreeMap<&ActionPath, u64> = BTreeMap::new();
    for planned in &plan.actions {
        let begin = planned.needs.iter().filter_map(|need| ends.get(need)).max().copied().unwrap_or(0);
        let own = plan.definition(&planned.action).map_or(0, of_action);
        ends.insert(&planned.action, begin + own);
    }
    ends.values().max().copied().unwrap_or(0)
}

/// How long the site is usually down, in seconds: every step that begins or ends with the site down. Only known where
/// steps run one after the other.
pub(super) fn of_downtime(plan: &Plan) -> Option<u64> {
    let mut before = false;
    let mut sum = 0;
    for step in &plan.runbook.steps {
        if before || step.site_down {
            sum += of_step(step);
        }
        before = step.site_down;
    }
    (plan.order == Order::Article).then_some(sum)
}
