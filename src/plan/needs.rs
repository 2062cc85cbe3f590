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

/// The actions whose outputs an action uses, through its parameters and through the targets it names.
fn referred(runbook: &Runbook, action: &StepAction) -> Vec<ActionPath> {
    let own = action.with.values().flat_map(Expr::references);
    let named = |name: &str| runbook.targets.iter().find(|t| t.name == name);
    let targets = action.with.values().flat_map(texts).filter_map(named);
    let through_targets = targets.flat_map(|t| t.fields.values().flat_map(Expr::references));
    own.chain(through_targets)
        .filter_map(|reference| match reference {
            Reference::Output { action: from, .. } if *from != action.path => Some(from.clone()),
            _ => None,
        })
        .collect()
}

fn texts(expr: &Expr) -> Vec<&str> {
    match expr {
        Expr::Literal(value) => match value {
            crate::model::Value::String(text) => vec![text.as_str()],
            crate::model::Value::Array(items) => items.iter().filter_map(|i| i.as_str()).collect(),
            _ => Vec::new(),
        },
        Expr::List(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
