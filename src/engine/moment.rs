//! What is decided on, and what may come of it.

use super::flight::Flight;
use super::frontier::Frontier;
use crate::journal::{RecordKind, Rest, RollbackTo, RunState};
use crate::model::{ActionCall, ActionPath, Millis, Overrun, Pace};
use crate::plan::{Plan, Sequence};

/// What an executor has to do now.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Append these records, then ask again.
    Record(Vec<RecordKind>),
    /// Have these calls performed (there may be none), and ask again when one ends, or at `wake`.
    Perform {
        /// The calls.
        calls: Vec<ActionCall>,
        /// The guards to be looked at.
        looks: Vec<String>,
        /// When a failed action is to be tried again, or a guard is to be looked at.
        wake: Option<Millis>,
    },
    /// Go back, as the plan says of a step whose actions have failed, or of a limit that would not be kept.
    TurnBack {
        /// The step that stays done.
        to: RollbackTo,
        /// The actions that failed.
        failed: Vec<ActionPath>,
        /// The limit that would not be kept.
        late: Option<Overrun>,
    },
    /// Stop, for this reason.
    Rest(Rest),
}

/// Where a run stands at a moment, with all that decides what comes next.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) plan: &'a Plan,
    pub(super) sequence: &'a Sequence,
    pub(super) state: &'a RunState,
    pub(super) frontier: &'a Frontier,
    pub(super) flight: &'a Flight,
    pub(super) now: Millis,
    pub(super) pace: Pace,
}
