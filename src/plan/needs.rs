//! Which action waits for which.
//!
//! A step's actions run in order. A step waits for the steps it needs; references add what they refer to. In the order
//! `article` every action also waits for the one written before it, so that nothing runs at the same time.

use super::{Order, PlannedAction};
use crate::model::{ActionPath, Expr, Reference, Runbook, Step, StepAction};

pub(super) fn of(runbook: &Runbook, order: Order) -> Vec<PlannedAction> {
    let mut planned: Vec<PlannedAction> = Vec::new();
    for step in &runbook.steps {
        for (index, action) in step.actions.iter().enumerate() {
            let mut needs: Vec<ActionPath> = Vec::new();
            match index.checked_sub(1).and_then(|before| step.actions.get(before)) {
                Some(before) => needs.push(before.path.clone()),
                None => needs.extend(step.needs.iter().filter_map(|id| last_of(runbook, id.as_str()))),
            }
            needs.extend(referred(runbook, action));
            if order == Order::Article {
                needs.extend(planned.last().map(|p| p.action.clone()));
            }
            needs.sort();
            needs.dedup();
            planned.push(PlannedAction { action: action.path.clone(), needs, previewed: None });
        }
    }
    planned
}

fn last_of(runbook: &Runbook, step: &str) -> Option<ActionPath> {
    let step: &Step = runbook.step(step)?;
    step.actions.last().map(|a| a.path.clone())
}

/// The actions whose outputs an action uses, through its parameters and through the targets it works on.
fn referred(runbook: &Runbook, action: &StepAction) -> Vec<ActionPath> {
    let own = action.with.values();
    let targets = runbook.targets_of(action);
    let through_targets = targets.iter().flat_map(|target| target.used_by(action.kind)).map(|(_, expr)| expr);
    own.chain(through_targets)
        .flat_map(Expr::references)
        .filter_map(|reference| match reference {
            Reference::Output { action, .. } => Some(action.clone()),
            Reference::Input(_) | Reference::RunId => None,
        })
        .collect()
}
