//! The call an engine makes of an action: data, complete, serialisable.
//!
//! A driver may carry it out here or hand it to a worker elsewhere. Delivery is at least once: `token` is the same for
//! every attempt of one deed, so that a retry finds its own work and a redo after a rollback does not find the dead.

use super::{ActionKind, ActionPath, Foretold, RunId, Value, Values, sha256};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One phase of one action, with everything it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActionCall {
    /// The run it belongs to.
    pub run: RunId,
    /// The runbook's name.
    #[serde(default)]
    pub runbook: String,
    /// Who opened the run.
    #[serde(default)]
    pub by: String,
    /// The action.
    pub action: ActionPath,
    /// Its kind.
    pub kind: ActionKind,
    /// What is asked of it.
    pub phase: Phase,
    /// Number of the attempt, from 1.
    pub attempt: u32,
    /// How often the action was undone before in this run.
    pub generation: u32,
    /// Its parameters, all of which are known: JSON tells no other. A target is a whole [`super::Target`].
    pub parameters: Value,
    /// The before-image, from the `observe` before the first attempt; null until there is one. An `observe` of what was begun
    /// has it.
    pub before: Value,
    /// What the action has given so far.
    pub outputs: Values,
    /// The operator's own tags for what is created.
    pub tags: BTreeMap<String, String>,
    /// The AWS region, where the runbook has one.
    pub region: Option<String>,
    /// How long this phase may take, in seconds.
    pub deadline_s: u64,
    /// Gates of this action that a person has approved.
    pub approved: Vec<String>,
    /// Whether it is looked at before its turn, for a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead: Option<Foresight>,
}

/// How an action is looked at for a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Foresight {
    /// Commands of the runbook that only look may be run: somebody has read them.
    WithCommands,
    /// Nothing of the runbook's author may be run.
    WithoutCommands,
}

/// An action to be looked at although not all of its parameters are known. Nothing else can be asked of it.
#[derive(Debug, Clone, PartialEq)]
pub struct LookAhead {
    /// The call of its `observe`, without parameters.
    pub call: ActionCall,
    /// The parameters, as far as they are known.
    pub parameters: Foretold,
}

/// What can be asked of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Look, change nothing.
    Observe,
    /// Make the effect; safe to call again with the same token.
    Apply,
    /// Wait until the effect is complete and as wanted; reads only.
    Verify,
    /// Take it back; safe to call again.
    Undo,
}

impl ActionCall {
    /// The idempotency token: at most 32 letters and digits (ACM's limit is the narrowest), the same for every attempt.
    #[must_use]
    pub fn token(&self) -> String {
        token(&self.run, &self.action, self.generation)
    }
}

/// The token of an action of a run that was undone `generation` times.
#[must_use]
pub(crate) fn token(run: &RunId, action: &ActionPath, generation: u32) -> String {
    let mut token = sha256(format!("{run}\n{action}\n{generation}"));
    token.truncate(32);
    token
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_by_run_action_and_generation_only() {
        let (run, other): (RunId, RunId) = ("r1".parse().unwrap(), "r2".parse().unwrap());
        let action: ActionPath = "a/b".parse().unwrap();
        let first = token(&run, &action, 0);
        assert_eq!(first.len(), 32);
        assert_eq!(first, token(&run, &action, 0));
        assert_ne!(first, token(&run, &action, 1));
        assert_ne!(first, token(&other, &action, 0));
        assert_ne!(first, token(&run, &"a/c".parse().unwrap(), 0));
    }
}
