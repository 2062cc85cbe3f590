//! What an executor and its driver say to each other: data, so that it can be kept, sent and said again.

use crate::journal::{ExecutorId, Record, Rest, RollbackTo};
use crate::model::{ActionCall, ActionPath, GuardCall, Millis, Outcome, Sighting, StepId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What an executor is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Go forward, to the end of this step or of the runbook.
    Forward {
        /// The step to rest after.
        until: Option<StepId>,
    },
    /// Go back.
    Rollback {
        /// To here.
        to: RollbackTo,
        /// What stays besides, though it came after that: a person says so.
        leave: BTreeSet<ActionPath>,
    },
}

/// How urgently the operator wants to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopping {
    /// Not at all.
    #[default]
    No,
    /// Finish what is running, begin nothing.
    Soon,
    /// Stop waiting too.
    Now,
}

/// The name of one call: no other call of any executor of the run has it, so that an outcome that comes twice, late, or to
/// the next executor is known for what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CallId {
    /// The action.
    pub action: ActionPath,
    /// The record by which the executor began.
    pub executor: u64,
    /// How many calls it had made before.
    pub number: u64,
}

/// The name of one look at a guard, which no other look of any executor of the run has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LookId {
    /// The guard.
    pub guard: String,
    /// The record by which the executor began.
    pub executor: u64,
    /// How many calls and looks it had made before.
    pub number: u64,
}

/// What happens to an executor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub enum Input {
    /// It is to begin, once.
    Began {
        /// What it is to do.
        intent: Intent,
        /// Who carries its effects out.
        by: ExecutorId,
    },
    /// A call has ended. Delivery is at least once, in any order.
    Outcome {
        /// The call.
        call: CallId,
        /// What came of it.
        outcome: Outcome,
    },
    /// A look at a guard has ended. Delivery is as that of an outcome.
    Looked {
        /// The look.
        look: LookId,
        /// What was seen.
        sighting: Sighting,
    },
    /// The site was asked, by whoever drives the executor and as often as the runbook says. Answers may come in any order.
    SiteAnswered {
        /// When it was asked.
        asked: Millis,
        /// What was seen.
        sighting: Sighting,
    },
    /// The record that was to be appended is durable.
    Appended,
    /// Others have appended these after the last record it knows; what it wanted to append was not.
    Foreign {
        /// Their records.
        records: Vec<Record>,
    },
    /// It is as late as it wanted to be woken, or later.
    Tick,
    /// The operator asked to stop.
    StopAsked {
        /// How.
        how: Stopping,
    },
}

/// What an executor wants to be done, in this order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Append this record durably, then say `appended`; or say what others have appended before it.
    Append {
        /// The record.
        record: Box<Record>,
    },
    /// Have this call performed, and say its outcome.
    Perform {
        /// Its name.
        id: CallId,
        /// The call.
        call: Box<ActionCall>,
    },
    /// Tell a call to stop waiting. Its outcome still counts.
    Cancel {
        /// The call.
        id: CallId,
    },
    /// Nobody waits for a call any more: break it off where that can be done.
    Forget {
        /// The call.
        id: CallId,
    },
    /// Have a guard looked at, which only reads, and say what was seen.
    Look {
        /// The look's name.
        id: LookId,
        /// The look.
        call: Box<GuardCall>,
    },
    /// Nobody waits for a look any more: break it off where that can be done.
    ForgetLook {
        /// The look.
        id: LookId,
    },
    /// Say `tick` at this time, if nothing else is said before. What an earlier batch said of waking is over.
    Wake {
        /// When.
        at: Millis,
    },
    /// The run rests, and that is recorded: the executor has come to its end.
    Rest {
        /// Why.
        rest: Rest,
    },
}
