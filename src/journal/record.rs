//! Records: the facts of a run, in the words of the journal.

use super::{InputsFrom, PlanFile, Rest, RollbackTo};
use crate::model::{
    ActionPath, BrokenGuard, Failure, Limits, Millis, Overrun, Phase, Renamed, Resolution, RunId, SiteSeen, StepId,
    Value, Values,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A fact with its place in the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The run.
    pub run: RunId,
    /// From 1, without gaps.
    pub seq: u64,
    /// When it was recorded.
    pub at: Millis,
    /// The fact.
    #[serde(flatten)]
    pub kind: RecordKind,
}

/// What may be recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum RecordKind {
    /// A run begins to exist: everything it will be executed from.
    RunOpened {
        /// The runbook's name.
        runbook: String,
        /// The document's text, as it was.
        document: String,
        /// SHA-256 of that text.
        fingerprint: String,
        /// The frozen plan; `plan` reads it, and a replan compares what it says of runbook, inputs, account and region.
        plan: Value,
        /// Who.
        by: String,
        /// The tool's version.
        tool: String,
        /// The file the document was read from, absolute; nothing for a runbook that comes with the tool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// What the inputs were read from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inputs_from: Option<InputsFrom>,
        /// The saved plan it was opened from, with its signatures; nothing when it was planned on the spot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        plan_file: Option<PlanFile>,
        /// Where it is to rest, as it was asked for or signed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<StepId>,
    },
    /// What has not run was planned anew, on a changed runbook, changed inputs or a changed world.
    Replanned {
        /// The document's text, as it is now.
        document: String,
        /// SHA-256 of that text.
        fingerprint: String,
        /// The new plan: what has begun is in it as it was.
        plan: Value,
        /// Who.
        by: String,
        /// The file the document was read from; nothing for a runbook that comes with the tool.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// What the inputs were read from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inputs_from: Option<InputsFrom>,
        /// Where it is to rest from now on, where the new runbook does not have the step that it was given; else that stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<StepId>,
    },
    /// An executor begins to go forward.
    ForwardBegan {
        /// Rest when this step is done.
        until: Option<StepId>,
        /// Who executes.
        executor: ExecutorId,
    },
    /// An executor begins or continues to roll back.
    RollbackBegan {
        /// The step that stays done.
        to: RollbackTo,
        /// The actions that stay done: all up to there in the plan's sequence, as it was when that was typed. Nothing in a run
        /// of a version that left that to the plan.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keeps: Option<BTreeSet<ActionPath>>,
        /// The actions for whose failure the run goes back by itself, as its plan says; none where a person has said so.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        failed: Vec<ActionPath>,
        /// The limit for whose sake it goes back by itself, as its runbook says; nothing where it is not that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        late: Option<Overrun>,
        /// Who executes.
        executor: ExecutorId,
    },
    /// An attempt is about to make its effect. Durable before the effect.
    Started {
        /// The action.
        action: ActionPath,
        /// Number of the attempt, from 1.
        attempt: u32,
        /// Its idempotency token.
        token: String,
        /// The before-image.
        before: Value,
        /// What observe saw.
        evidence: String,
    },
    /// The effect is made, or under way in AWS's hands.
    Applied {
        /// The action.
        action: ActionPath,
        /// What it gave.
        outputs: Values,
    },
    /// The effect is complete and as wanted.
    Done {
        /// The action.
        action: ActionPath,
        /// What it gave in addition.
        outputs: Values,
        /// What shows it.
        evidence: String,
    },
    /// The world was already as wanted, and not by this run: an undo leaves it.
    Adopted {
        /// The action.
        action: ActionPath,
        /// What it gives.
        outputs: Values,
        /// What shows it.
        evidence: String,
    },
    /// It cannot be told whether a started effect was made: a person decides.
    Doubted {
        /// The action.
        action: ActionPath,
        /// What was seen.
        evidence: String,
    },
    /// A phase failed.
    Failed {
        /// The action.
        action: ActionPath,
        /// The phase.
        phase: Phase,
        /// Why.
        failure: Failure,
        /// When it is tried again; nothing when a person decides.
        retry_at: Option<Millis>,
    },
    /// A person is asked.
    GateOpened {
        /// The action.
        action: ActionPath,
        /// The gate's name, unique in the run.
        gate: String,
        /// What to do or judge.
        prompt: String,
    },
    /// A person answered.
    GateAnswered {
        /// The gate's name.
        gate: String,
        /// Whether it was approved.
        approved: bool,
        /// Who.
        by: String,
    },
    /// A person decided what an action's state is.
    Resolved {
        /// The action.
        action: ActionPath,
        /// As what.
        resolution: Resolution,
        /// Who.
        by: String,
        /// Why.
        reason: String,
        /// What it gives, of an action that is done: as a look told, or the person.
        #[serde(default, skip_serializing_if = "Values::is_empty")]
        outputs: Values,
    },
    /// An undo is about to begin. Durable before its effect.
    UndoStarted {
        /// The action.
        action: ActionPath,
        /// Number of the attempt, from 1.
        attempt: u32,
    },
    /// The action is taken back.
    Undone {
        /// The action.
        action: ActionPath,
        /// What shows it.
        evidence: String,
    },
    /// An undo has made things anew that are called otherwise since; what actions have given is called so from here on.
    Renamed {
        /// The action that is being undone.
        action: ActionPath,
        /// Old ids with the new ones.
        renamed: Renamed,
    },
    /// An undo failed.
    UndoFailed {
        /// The action.
        action: ActionPath,
        /// Why.
        failure: Failure,
        /// When it is tried again; nothing when a person decides.
        retry_at: Option<Millis>,
    },
    /// A guard does not hold any more: nothing new is begun until it does.
    GuardBroke {
        /// The guard, and what was seen of it.
        broken: BrokenGuard,
    },
    /// A guard that was broken holds again.
    GuardMended {
        /// The guard.
        guard: String,
        /// What was seen.
        seen: String,
    },
    /// The site was seen to be up or down, by an executor that had not seen it so.
    SiteSeen {
        /// What it was seen to be.
        site: SiteSeen,
    },
    /// Somebody has said what the run must keep within from here on.
    LimitsSet {
        /// The limits.
        limits: Limits,
        /// Who.
        by: String,
    },
    /// The executor stopped, for this reason.
    Rested {
        /// The reason.
        rest: Rest,
    },
}

/// The process that executes a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutorId {
    /// Its lease's fencing number.
    pub fence: u64,
    /// The operator.
    pub by: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
}

impl RecordKind {
    /// The action it is about, if it is about one.
    #[must_use]
    pub fn action(&self) -> Option<&ActionPath> {
        use RecordKind as K;
        match self {
            K::Started { action, .. }
            | K::Applied { action, .. }
            | K::Done { action, .. }
            | K::Adopted { action, .. }
            | K::Doubted { action, .. }
            | K::Failed { action, .. }
            | K::GateOpened { action, .. }
            | K::Resolved { action, .. }
            | K::UndoStarted { action, .. }
            | K::Renamed { action, .. }
            | K::Undone { action, .. }
            | K::UndoFailed { action, .. } => Some(action),
            K::RunOpened { .. }
            | K::Replanned { .. }
            | K::ForwardBegan { .. }
            | K::RollbackBegan { .. }
            | K::GateAnswered { .. }
            | K::GuardBroke { .. }
            | K::GuardMended { .. }
            | K::SiteSeen { .. }
            | K::LimitsSet { .. }
            | K::Rested { .. } => None,
        }
    }

    /// The kind's name, as the journal writes it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        use RecordKind as K;
        match self {
            K::RunOpened { .. } => "run_opened",
            K::Replanned { .. } => "replanned",
            K::ForwardBegan { .. } => "forward_began",
            K::RollbackBegan { .. } => "rollback_began",
            K::Started { .. } => "started",
            K::Applied { .. } => "applied",
            K::Done { .. } => "done",
            K::Adopted { .. } => "adopted",
            K::Doubted { .. } => "doubted",
            K::Failed { .. } => "failed",
            K::GateOpened { .. } => "gate_opened",
            K::GateAnswered { .. } => "gate_answered",
            K::Resolved { .. } => "resolved",
            K::UndoStarted { .. } => "undo_started",
            K::Renamed { .. } => "renamed",
            K::Undone { .. } => "undone",
            K::UndoFailed { .. } => "undo_failed",
            K::GuardBroke { .. } => "guard_broke",
            K::GuardMended { .. } => "guard_mended",
            K::SiteSeen { .. } => "site_seen",
            K::LimitsSet { .. } => "limits_set",
            K::Rested { .. } => "rested",
        }
    }
}
