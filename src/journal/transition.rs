//! The one function by which an action's state changes. tests/golden/journal/transitions.txt has every pair of state and
//! record; docs/journal.md explains them.

use super::{ActionState, Completion, RecordKind, Traces};
use crate::model::{Failure, Phase, Resolution, Value, Values};

impl ActionState {
    /// The state after a record about this action, `seq` being the record's number; nothing when the record cannot
    /// follow this state.
    #[must_use]
    pub fn next(&self, record: &RecordKind, seq: u64) -> Option<ActionState> {
        use ActionState as S;
        use RecordKind as K;
        let generation = self.generation();
        let attempt = self.attempt();
        let tries = self.tries();
        let fresh =
            |before: Option<&Value>, since| Traces { before: before.cloned(), outputs: Values::new(), seq, since };
        Some(match (self, record) {
            (S::Pending { .. } | S::Failed { traces: None, .. }, K::Started { attempt, before, .. }) => {
                S::Started { generation, attempt: *attempt, tries, traces: fresh(Some(before), *attempt) }
            }
            (
                S::Started { traces, .. } | S::InDoubt { traces, .. } | S::Failed { traces: Some(traces), .. },
                K::Started { attempt, .. },
            ) => S::Started { generation, attempt: *attempt, tries, traces: traces.clone() },
            (S::Pending { .. } | S::Failed { traces: None, .. }, K::Adopted { outputs, evidence, .. }) => S::Done {
                generation,
                completion: Completion::Adopted,
                traces: fresh(None, 0).with(outputs, seq),
                evidence: evidence.clone(),
            },
            (
                S::Started { traces, .. } | S::InDoubt { traces, .. } | S::Failed { traces: Some(traces), .. },
                K::Applied { outputs, .. },
            ) => S::Applied { generation, attempt, tries, traces: traces.with(outputs, seq) },
            (S::Applied { traces, .. }, K::Done { outputs, evidence, .. }) => S::Done {
                generation,
                completion: Completion::Ran,
                traces: traces.with(outputs, seq),
                evidence: evidence.clone(),
            },
            (
                S::Started { traces, .. } | S::InDoubt { traces, .. } | S::Failed { traces: Some(traces), .. },
                K::Doubted { evidence, .. },
            ) => S::InDoubt { generation, attempt, tries, traces: traces.clone(), evidence: evidence.clone() },
            // Certain to have done nothing, and so has all before it: nothing is begun.
            (S::Started { traces, .. }, K::Failed { phase: phase @ Phase::Apply, failure, retry_at, .. })
                if failure.did_nothing && traces.since == attempt =>
            {
                S::Failed {
                    generation,
                    attempt,
                    tries: tries + 1,
                    phase: *phase,
                    failure: failure.clone(),
                    retry_at: *retry_at,
                    traces: None,
                }
            }
            (
                S::Pending { .. } | S::Started { .. } | S::Applied { .. } | S::Failed { .. } | S::InDoubt { .. },
                K::Failed { phase, failure, retry_at, .. },
            ) => S::Failed {
                generation,
                attempt,
                tries: tries + 1,
                phase: *phase,
                failure: failure.clone(),
                retry_at: *retry_at,
                traces: self.traces().cloned(),
            },
            (
                S::Started { .. } | S::Applied { .. } | S::Failed { .. } | S::InDoubt { .. },
                K::Resolved { resolution: Resolution::Done, by, reason, outputs, .. },
            ) => S::Done {
                generation,
                completion: Completion::Accepted,
                traces: self.traces().cloned().unwrap_or(fresh(None, 0)).giving(outputs),
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
            (S::Undoing { traces, .. } | S::UndoFailed { traces, .. }, K::UndoStarted { attempt, .. }) => {
                S::Undoing { generation, attempt: *attempt, tries, traces: traces.clone() }
            }
            (S::Undoing { traces, .. }, K::UndoFailed { failure, retry_at, .. }) => S::UndoFailed {
                generation,
                // An attempt that did nothing counts among the tries alone.
                attempt: attempt - u32::from(failure.did_nothing && attempt > 0),
                tries: tries + 1,
                failure: failure.clone(),
                retry_at: *retry_at,
                traces: traces.clone(),
            },
            (
                S::Undoing { .. }
                | S::Done { completion: Completion::Adopted, .. }
                | S::Done { completion: Completion::Accepted, traces: Traces { before: None, .. }, .. }
                | S::Failed { traces: None, .. },
                K::Undone { .. },
            )
            | (S::Undoing { .. } | S::UndoFailed { .. }, K::Resolved { resolution: Resolution::Undone, .. }) => {
                S::Pending { generation: generation + 1 }
            }
            // A gate is kept by the run; the action stays where it is.
            (
                S::Pending { .. } | S::Started { .. } | S::Applied { .. } | S::Failed { .. } | S::Undoing { .. },
                K::GateOpened { .. },
            )
            // What it is about is what the run's actions have given.
            | (S::Undoing { .. }, K::Renamed { .. }) => self.clone(),
            _ => return None,
        })
    }

    /// An executor begins anew: what failed may be tried again, with a full count of tries.
    pub(super) fn begin_anew(&mut self) {
        match self {
            ActionState::Failed { tries, retry_at, .. } | ActionState::UndoFailed { tries, retry_at, .. } => {
                *tries = 0;
                *retry_at = Some(0);
            }
            ActionState::Started { tries, .. }
            | ActionState::Applied { tries, .. }
            | ActionState::InDoubt { tries, .. }
            | ActionState::Undoing { tries, .. } => *tries = 0,
            ActionState::Pending { .. } | ActionState::Done { .. } => {}
        }
    }
}

impl Traces {
    fn with(&self, more: &Values, seq: u64) -> Traces {
        Traces { seq, ..self.clone().giving(more) }
    }

    fn giving(mut self, more: &Values) -> Traces {
        self.outputs.extend(more.iter().map(|(k, v)| (k.clone(), v.clone())));
        self
    }
}
