//! The state of one action; `transition` has the one function by which it changes.

use crate::model::{Failure, FailureKind, Millis, Phase, Reversibility, Value, Values};

/// What an action has touched so far: what an undo works from.
#[derive(Debug, Clone, PartialEq)]
pub struct Traces {
    /// The before-image of the first attempt; a later attempt does not replace it. Nothing when this run has started none:
    /// it was found, or a person did it. An image may itself be null.
    pub before: Option<Value>,
    /// What it gave.
    pub outputs: Values,
    /// The record that last moved it forward: rollback goes in reverse of this.
    pub seq: u64,
    /// The attempt with which they begin: what came before it is known to have done nothing.
    pub since: u32,
}

impl Traces {
    /// Whether this run has started an attempt.
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.before.is_some()
    }
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
        /// Failures since an executor last began.
        tries: u32,
        /// What it touched.
        traces: Traces,
    },
    /// The effect is made and must be verified.
    Applied {
        /// How often it was undone.
        generation: u32,
        /// Attempts so far.
        attempt: u32,
        /// Failures since an executor last began.
        tries: u32,
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
        /// Failures since an executor last began.
        tries: u32,
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
        Self::UNTOUCHED
    }
}

impl ActionState {
    /// The state of an action of which nothing is recorded.
    pub const UNTOUCHED: ActionState = ActionState::Pending { generation: 0 };

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

    /// Whether a phase of it on the way forward has failed, and it rests there.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self, ActionState::Failed { .. })
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
            S::Pending { .. } | S::Done { .. } => 0,
            S::Started { tries, .. }
            | S::Applied { tries, .. }
            | S::Failed { tries, .. }
            | S::InDoubt { tries, .. }
            | S::Undoing { tries, .. }
            | S::UndoFailed { tries, .. } => *tries,
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

    /// What it has given, to be called otherwise.
    pub(super) fn outputs_mut(&mut self) -> Option<&mut Values> {
        use ActionState as S;
        let traces = match self {
            S::Pending { .. } | S::Failed { traces: None, .. } => return None,
            S::Failed { traces: Some(traces), .. }
            | S::Started { traces, .. }
            | S::Applied { traces, .. }
            | S::Done { traces, .. }
            | S::InDoubt { traces, .. }
            | S::Undoing { traces, .. }
            | S::UndoFailed { traces, .. } => traces,
        };
        Some(&mut traces.outputs)
    }

    /// Whether it is complete.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, ActionState::Done { .. })
    }

    /// Whether something of it was begun and a look could not tell whether its effect is there: it could not, or it failed.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        matches!(self, ActionState::InDoubt { .. } | ActionState::Failed { phase: Phase::Observe, traces: Some(_), .. })
    }

    /// Whether it rests for nothing but the caller's credentials, forward or back.
    #[must_use]
    pub fn wants_credentials(&self) -> bool {
        let (ActionState::Failed { failure, .. } | ActionState::UndoFailed { failure, .. }) = self else {
            return false;
        };
        failure.kind == FailureKind::Credentials
    }

    /// Whether nothing of it is in the world and nothing is recorded against it.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        matches!(self, ActionState::Pending { .. })
    }

    /// Whether its undo has begun and not come to its end.
    #[must_use]
    pub fn is_undoing(&self) -> bool {
        matches!(self, ActionState::Undoing { .. } | ActionState::UndoFailed { .. })
    }

    /// Why a rollback leaves what is there as it is, when it does: this run has done nothing of it.
    #[must_use]
    pub fn stays(&self, reversibility: &Reversibility) -> Option<&'static str> {
        use ActionState as S;
        match self {
            S::Failed { traces: None, .. } => Some("nothing had been done"),
            // What leaves nothing behind has an undo of its own, which says why that is nothing.
            S::Done { completion: Completion::Adopted, .. }
                if !matches!(reversibility, Reversibility::NothingToUndo(_)) =>
            {
                Some("it was there before this run, and stays")
            }
            S::Done { completion: Completion::Accepted, traces, .. } if !traces.is_started() => {
                Some("a person did it, not this run: it stays")
            }
            _ => None,
        }
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
            S::Failed { .. } if self.is_in_doubt() => "in doubt",
            S::Failed { .. } => "failed",
            S::InDoubt { .. } => "in doubt",
            S::Undoing { .. } => "undoing",
            S::UndoFailed { .. } => "undo failed",
        }
    }
}
