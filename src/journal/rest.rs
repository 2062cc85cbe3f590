//! Why a run stands still. A run rests only for one of these reasons, and each knows what comes next.

use super::RollbackTo;
use crate::model::{ActionPath, BrokenGuard, Overrun, StepId};
use serde::{Deserialize, Serialize};

/// The reason of a rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Rest {
    /// Every action is done.
    Finished,
    /// Every action is done but those that failed, and what stands on them in their own steps: steps that may fail.
    FinishedWithFailures {
        /// The actions that failed.
        actions: Vec<ActionPath>,
    },
    /// The step asked for with `--until` is done.
    UntilReached {
        /// The step.
        step: StepId,
    },
    /// Everything after this point is undone.
    RolledBack {
        /// Where the rollback ended.
        to: RollbackTo,
    },
    /// Actions failed and a person decides.
    Paused {
        /// The actions that failed, or whose undo failed.
        actions: Vec<ActionPath>,
    },
    /// It cannot be told whether these actions' effects are there: a person decides.
    InDoubt {
        /// The actions.
        actions: Vec<ActionPath>,
    },
    /// A person must approve these gates.
    Waiting {
        /// The gates' names.
        gates: Vec<String>,
    },
    /// Guards do not hold: nothing new is begun until they do.
    GuardBroken {
        /// The guards, each with what was seen of it last.
        guards: Vec<BrokenGuard>,
    },
    /// Were anything begun now, the way back would not keep within a limit: nothing new is begun.
    Overrun {
        /// The limit.
        overrun: Overrun,
    },
    /// The operator asked to stop.
    Interrupted {
        /// Actions whose waiting was cut short; they are observed first on resume.
        unfinished: Vec<ActionPath>,
    },
    /// A person has ended the run where it stood: nothing follows.
    Abandoned {
        /// Why.
        why: String,
        /// Who.
        by: String,
    },
}

impl Rest {
    /// Whether nothing is left to do in the direction the run was going.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(
            self,
            Rest::Finished | Rest::FinishedWithFailures { .. } | Rest::UntilReached { .. } | Rest::RolledBack { .. }
        )
    }

    /// Whether the run has come to its end: no command picks it that is not told its name.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(
            self,
            Rest::Finished
                | Rest::FinishedWithFailures { .. }
                | Rest::RolledBack { to: RollbackTo::Start }
                | Rest::Abandoned { .. }
        )
    }
}
