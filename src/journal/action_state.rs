//! The state of one action, and the one function by which it changes.

use super::{RecordKind, Resolution};
use crate::model::{Failure, Millis, Phase, Value, Values};

/// What an action has touched so far: what an undo works from.
#[derive(Debug, Clone, PartialEq)]
pub struct Traces {
    /// The before-image of the first attempt; a later attempt does not replace it.
    pub before: Value,
    /// What it gave.
    pub outputs: Values,
    /// The record that last moved it forward: rollback goes in reverse of this.
    pub seq: u64,
}

/// How an action came to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// This run did it.
    Ran,
    /// It was found as wanted.
    Adopted,
    /// A person accepted what is there.
    Accepted,
}

/// The state of one action of a run. `generation` counts how often it was undone.
#[derive(Debug, Clone, PartialEq)]
pub enum ActionState {
    /// Not begun.
    Pending {
        /// How often it was undone.
        generation: u32,
    },
    /// An attempt is recorded as started and its end is not. In doubt, unless this executor is at it.
    Started {
        /// How often it was undone.
        generation: u32,
        /// Attempts so far.
        attempt: u32,
        /// What it touched.
        traces: Traces,
    },
    /// The effect is made and must be verified.
    Applied {
        /// How often it was undone.
        generation: u32,
        /// Attempts so far.
        attempt: u32,
        /// What it touched.
        traces: Traces,
    },
    /// Complete.
    Done {
        /// How often it was undone.
        generation: u32,
        /// How.
        completion: Completion,
        /// What it touched.
        traces: Traces,
        /// What shows it.
        evidence: String,
    },
    /// A phase failed.
    Failed {
        /// How often it was undone.
        generation: u32,
        /// Attempts so far.
        attempt: u32,
        /// Failures since an executor last began.
        tries: u32,
        /// The phase.
        phase: Phase,
        /// Why.
        failure: Failure,
        /// When it is tried again; nothing when a person decides.
        retry_at: Option<Millis>,
        /// What it touched; nothing when no attempt had started.
        traces: Option<Traces>,
    },
    /// Observing could not tell whether a started effect is there.
    InDoubt {
        /// How often it was undone.
        generation: u32,
        /// Attempts so far.
        attempt: u32,
        /// What it touched.
        traces: Traces,
        /// What was seen.
        evidence: String,
    },
    /// Its undo is recorded as started and its end is not.
    Undoing {
        /// How often it was undone before.
        generation: u32,
        /// Undo attempts so far.
        attempt: u32,
        /// Undo failures since an executor last began.
        tries: u32,
        /// What it touched.
        traces: Traces,
    },
    /// Its undo failed.
    UndoFailed {
        /// How often it was undone before.
        generation: u32,
        /// Undo attempts so far.
        attempt: u32,
        /// Undo failures since an executor last began.
        tries: u32,
        /// Why.
        failure: Failure,
        /// When it is tried again; nothing when a person decides.
        retry_at: Option<Millis>,
        /// What it touched.
        traces: Traces,
    },
}

impl Default for ActionState {
    fn default() -> Self {
        ActionState::Pending { generation: 0 }
    }
}

impl ActionState {
    /// The state after a record about this action, `seq` being the record's number; nothing when the record cannot
    /// follow this state.
    #[must_use]
    pub fn next(&self, record: &RecordKind, seq: u64) -> Option<ActionState> {
        use ActionState as S;
        use RecordKind as K;
        let generation = self.generation();
        let attempt = self.attempt();
        let fresh = |before: &Value| Traces { before: before.clone(), outputs: Values::new(), seq };
        Some(match (self, record) {
            (S::Pending { .. } | S::Failed { traces: None, .. }, K::Started { attempt, before, .. }) => {
                S::Started { generation, attempt: *attempt, traces: fresh(before) }
            }
            (
                S::Started { traces, .. } | S::InDoubt { traces, .. } | S::Failed { traces: Some(traces), .. },
                K::Started { attempt, .. },
            ) => S::Started { generation, attempt: *attempt, traces: traces.clone() },
            (S::Pending { .. } | S::Failed { traces: None, .. }, K::Adopted { outputs, evidence, .. }) => S::Done {
                generation,
                completion: Completion::Adopted,
                traces: Traces { before: Value::Null, outputs: outputs.clone(), seq },
                evidence: evidence.clone(),
            },
            (
                S::Started { traces, .. } | S::InDoubt { traces, .. } | S::Failed { traces: Some(traces), .. },
                K::Applied { outputs, .. },
            ) => S::Applied { generation, attempt, traces: traces.with(outputs, seq) },
            (S::Applied { traces, .. }, K::Done { outputs, evidence, .. }) => S::Done {
                generation,
                completion: Completion::Ran,
                traces: traces.with(outputs, seq),
                evidence: evidence.clone(),
            },
            (S::Started { traces, .. } | S::InDoubt { traces, .. }, K::Doubted { evidence, .. }) => {
                S::InDoubt { generation, attempt, traces: traces.clone(), evidence: evidence.clone() }
            }
            (S::Failed { traces: Some(traces), .. }, K::Doubted { evidence, .. }) => {
                S::InDoubt { generation, attempt, traces: traces.clone(), evidence: evidence.clone() }
            }
            (
                S::Pending { .. } | S::Started { .. } | S::Applied { .. } | S::Failed { .. } | S::InDoubt { .. },
                K::Failed { phase, failure, retry_at, .. },
            ) => S::Failed {
                generation,
                attempt,
                tries: self.tries() + 1,
                phase: *phase,
                failure: failure.clone(),
                retry_at: *retry_at,
                traces: self.traces().cloned(),
            },
            (
                S::Started { .. } | S::Applied { .. } | S::Failed { .. } | S::InDoubt { .. },
                K::Resolved { resolution: Resolution::Done, by, reason, .. },
            ) => S::Done {
                generation,
                completion: Completion::Accepted,
                traces: self.traces().cloned().unwrap_or(fresh(&Value::Null)),
                evidence: format!("accepted by {by}: {reason}"),
            },
            (
                S::Started { .. } | S::Failed { .. } | S::InDoubt { .. },
                K::Resolved { resolution: Resolution::NotDone, by, reason, .. },
            ) => S::Failed {
                generation,
                attempt,
                tries: 0,
                phase: Phase::Apply,
                failure: Failure::permanent(format!("not done, says {by}: {reason}")),
                retry_at: Some(0),
                traces: None,
            },
            (
                S::Started { traces, .. }
                | S::Applied { traces, .. }
                | S::Done { traces, .. }
                | S::InDoubt { traces, .. }
                | S::Failed { traces: Some(traces), .. },
                K::UndoStarted { attempt, .. },
            ) => S::Undoing { generation, attempt: *attempt, tries: 0, traces: traces.clone() },
            (
                S::Undoing { tries, traces, .. } | S::UndoFailed { tries, traces, .. },
                K::UndoStarted { attempt, .. },
            ) => S::Undoing { generation, attempt: *attempt, tries: *tries, traces: traces.clone() },
            (S::Undoing { tries, traces, .. }, K::UndoFailed { failure, retry_at, .. }) => S::UndoFailed {
                generation,
                attempt,
                tries: tries + 1,
                failure: failure.clone(),
                retry_at: *retry_at,
                traces: traces.clone(),
            },
            (
                S::Undoing { .. } | S::Done { completion: Completion::Adopted, .. } | S::Failed { traces: None, .. },
                K::Undone { .. },
            )
            | (S::Undoing { .. } | S::UndoFailed { .. }, K::Resolved { resolution: Resolution::Undone, .. }) => {
                S::Pending { generation: generation + 1 }
            }
            // A gate is kept by the run; the action stays where it is.
            (
                S::Pending { .. } | S::Started { .. } | S::Applied { .. } | S::Failed { .. } | S::Undoing { .. },
                K::GateOpened { .. },
            ) => self.clone(),
            _ => return None,
        })
    }

    /// The state when an executor begins anew: what failed may be tried again, with a full count of tries.
    #[must_use]
    pub(super) fn begun_anew(&self) -> ActionState {
        let mut state = self.clone();
        match &mut state {
            ActionState::Failed { tries, retry_at, .. } | ActionState::UndoFailed { tries, retry_at, .. } => {
                *tries = 0;
                *retry_at = Some(0);
            }
            ActionState::Undoing { tries, .. } => *tries = 0,
            _ => {}
        }
        state
    }

    /// How often it was undone.
    #[must_use]
    pub fn generation(&self) -> u32 {
        use ActionState as S;
        match self {
            S::Pending { generation }
            | S::Started { generation, .. }
            | S::Applied { generation, .. }
            | S::Done { generation, .. }
            | S::Failed { generation, .. }
            | S::InDoubt { generation, .. }
            | S::Undoing { generation, .. }
            | S::UndoFailed { generation, .. } => *generation,
        }
    }

    /// Attempts so far, of the direction it is in.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        use ActionState as S;
        match self {
            S::Pending { .. } | S::Done { .. } => 0,
            S::Started { attempt, .. }
            | S::Applied { attempt, .. }
            | S::Failed { attempt, .. }
            | S::InDoubt { attempt, .. }
            | S::Undoing { attempt, .. }
            | S::UndoFailed { attempt, .. } => *attempt,
        }
    }

    /// Failures since an executor last began.
    #[must_use]
    pub fn tries(&self) -> u32 {
        use ActionState as S;
        match self {
            S::Failed { tries, .. } | S::Undoing { tries, .. } | S::UndoFailed { tries, .. } => *tries,
            _ => 0,
        }
    }

    /// What it touched.
    #[must_use]
    pub fn traces(&self) -> Option<&Traces> {
        use ActionState as S;
        match self {
            S::Pending { .. } => None,
            S::Failed { traces, .. } => traces.as_ref(),
            S::Started { traces, .. }
            | S::Applied { traces, .. }
            | S::Done { traces, .. }
            | S::InDoubt { traces, .. }
            | S::Undoing { traces, .. }
            | S::UndoFailed { traces, .. } => Some(traces),
        }
    }

    /// Whether it is complete.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, ActionState::Done { .. })
    }

    /// Whether nothing of it is in the world and nothing is recorded against it.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self, ActionState::Pending { .. })
    }

    /// One word for people.
    #[must_use]
    pub fn word(&self) -> &'static str {
        use ActionState as S;
        match self {
            S::Pending { generation: 0 } => "pending",
            S::Pending { .. } => "undone",
            S::Started { .. } => "started",
            S::Applied { .. } => "applied",
            S::Done { completion: Completion::Adopted, .. } => "found",
            S::Done { completion: Completion::Accepted, .. } => "accepted",
            S::Done { .. } => "done",
            S::Failed { .. } => "failed",
            S::InDoubt { .. } => "in doubt",
            S::Undoing { .. } => "undoing",
            S::UndoFailed { .. } => "undo failed",
        }
    }
}

impl Traces {
    fn with(&self, more: &Values, seq: u64) -> Traces {
        let mut outputs = self.outputs.clone();
        outputs.extend(more.iter().map(|(k, v)| (k.clone(), v.clone())));
        Traces { before: self.before.clone(), outputs, seq }
    }
}
