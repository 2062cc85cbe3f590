//! What must be done before an action: said in the document, or following from what the action refers to.
//!
//! Promises: only direct needs, each named once, and each of an action that is written earlier (validation sees to that); so
//! the document's order is one in which everything can be done. What follows from the needs of needs is for whoever asks.

use super::{ActionPath, Expr, Needed, Reference, Runbook, Step, StepAction, StepId};
use std::collections::{BTreeMap, BTreeSet};

impl Runbook {
    /// Every action with what it directly needs, in the document's order.
    #[must_use]
    pub fn needs(&self) -> Vec<(&ActionPath, BTreeSet<ActionPath>)> {
        let ends: BTreeMap<&StepId, Vec<&ActionPath>> = self.steps.iter().map(|step| (&step.id, ends(step))).collect();
        let all_of = |step: &StepId| ends.get(step).into_iter().flatten().map(|path| (*path).clone());
        let mut all = Vec::new();
        for step in &self.steps {
            let mut before: Option<&ActionPath> = None;
            for action in &step.actions {
                let mut needs = self.referred(action);
                match (&action.needs, before) {
                    (Some(said), _) => said.iter().for_each(|needed| match needed {
                        Needed::Step(step) => needs.extend(all_of(step)),
                        Needed::Action(path) => needs.extend([path.clone()]),
                    }),
                    (None, Some(before)) => needs.extend([before.clone()]),
                    (None, None) => needs.extend(step.needs.iter().flat_map(all_of)),
                }
                before = Some(&action.path);
                all.push((&action.path, needs));
            }
        }
        all
    }

    /// The actions whose outputs an action uses, through its parameters and through the targets it works on.
    #[must_use]
    pub fn referred(&self, action: &StepAction) -> BTreeSet<ActionPath> {
        let through = self.targets_of(action).into_iter().flat_map(|target| target.used_by(action.kind));
        let given = action.with.values().chain(through.map(|(_, expr)| expr));
        let outputs = given.flat_map(Expr::references).filter_map(Reference::output);
        outputs.map(|(action, _)| action.clone()).collect()
    }
}

/// The actions of a step that no later one of it waits for: when they are done, all of it is.
fn ends(step: &Step) -> Vec<&ActionPath> {
    let mut waited_for: BTreeSet<&ActionPath> = BTreeSet::new();
    for (action, next) in step.actions.iter().zip(step.actions.iter().skip(1)) {
        match &next.needs {
            None => waited_for.extend([&action.path]),
            Some(said) => waited_for.extend(said.iter().filter_map(|needed| match needed {
                Needed::Action(path) => Some(path),
                Needed::Step(_) => None,
            })),
        }
    }
    step.actions.iter().map(|action| &action.path).filter(|path| !waited_for.contains(path)).collect()
}
