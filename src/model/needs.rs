//! What must be done before an action: said in the document, or following from what the action refers to.
//!
//! Promises: only direct needs, each named once, and each of an action that is written earlier (validation sees to that); so
//! the document's order is one in which everything can be done. What follows from the needs of needs is for whoever asks.

use super::{ActionPath, Expr, IdError, Reference, Runbook, Step, StepAction, StepId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What an action says it needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Needed {
    /// All of a step.
    Step(StepId),
    /// One action.
    Action(ActionPath),
}

impl TryFrom<String> for Needed {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        if text.contains('/') { text.try_into().map(Self::Action) } else { text.try_into().map(Self::Step) }
    }
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step) => step.fmt(f),
            Self::Action(action) => action.fmt(f),
        }
    }
}

impl From<Needed> for String {
    fn from(needed: Needed) -> Self {
        needed.to_string()
    }
}

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
        let of = |reference: &Reference| match reference {
            Reference::Output { action, .. } => Some(action.clone()),
            Reference::Input(_) | Reference::RunId => None,
        };
        given.flat_map(Expr::references).filter_map(of).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_a_step_or_an_action() {
        let read = |text: &str| Needed::try_from(text.to_owned());
        assert!(matches!(read("rds-multi-az"), Ok(Needed::Step(_))));
        assert!(matches!(read("rds-multi-az/multi-az"), Ok(Needed::Action(_))));
        for wrong in ["step-5", "start", "a/b/c", "", "/", "A"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(String::from(read("a/b").unwrap()), "a/b");
    }
}
