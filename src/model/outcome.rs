//! What came of a phase of an action. A failure of the deed is a value here, not an error of the engine.

use super::{ActionPath, Advice, Change, Drift, Facts, Value, Values};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a phase ended with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Observe: what was found.
    Observed(Finding),
    /// Apply: the effect is there, or under way in AWS's hands; `verify` waits for it.
    Applied {
        /// What the action gives to later ones. No secrets, small.
        #[serde(default)]
        outputs: Values,
    },
    /// Verify: the effect is there and as wanted.
    Verified {
        /// Outputs that became known only now; they are added to those of `Applied`.
        #[serde(default)]
        outputs: Values,
        /// What shows it, one line.
        evidence: String,
    },
    /// Undo: the world is as before the action.
    Undone {
        /// What shows it, one line.
        evidence: String,
    },
    /// Undo: the world is as before the action, with things that were made anew and are called otherwise since.
    UndoneAnew {
        /// What shows it, one line.
        evidence: String,
        /// What was called so is called so now: ids that AWS gives.
        renamed: Renamed,
    },
    /// A person must do or allow something first.
    Waiting {
        /// The gate's name, an id unique within the run.
        gate: String,
        /// What to do or to judge; may have several lines.
        prompt: String,
    },
    /// It did not work.
    Failed(Failure),
}

/// Old ids with the new ones.
pub type Renamed = BTreeMap<String, String>;

/// What `observe` found. It only reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// How the world stands to what the action wants.
    pub found: Found,
    /// Whether there is proof that this run made it so (its tag, its token, its own file).
    pub ours: bool,
    /// The before-image: what undo will need, taken now. Never file contents or secrets.
    #[serde(default)]
    pub before: Value,
    /// Outputs as far as they can be told.
    #[serde(default)]
    pub outputs: Values,
    /// What was seen, one line.
    pub evidence: String,
    /// What applying would change, where looking tells more than the parameters do; nothing when the effect is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// What was seen of that which applying would change or overwrite.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
    /// Of a look before the run: what it is about is not there yet, and this action of the plan comes before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought_by: Option<BroughtBy>,
}

/// An action of the plan that brings what a later one works on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroughtBy {
    /// The action.
    pub action: ActionPath,
    /// Whether it is known to bring it: of a command that does not say what it touches nobody knows.
    pub is_sure: bool,
}

/// What a look missed on a host, told as a plan tells what actions work on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacking {
    /// The host's name in the runbook.
    pub on: String,
    /// `file PATH`, `service NAME`, `user NAME`, `group NAME`, `program NAME`.
    pub what: String,
}

impl Finding {
    /// What was found, with nothing to keep, to give or to change.
    #[must_use]
    pub fn new(found: Found, ours: bool, evidence: impl Into<String>) -> Self {
        Self {
            found,
            ours,
            before: Value::Null,
            outputs: Values::new(),
            evidence: evidence.into(),
            changes: Vec::new(),
            facts: Facts::new(),
            brought_by: None,
        }
    }

    /// With this before-image.
    #[must_use]
    pub fn with_before(self, before: Value) -> Self {
        Self { before, ..self }
    }
}

/// How the world stands to what an action wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// Not there: apply can make it.
    Absent,
    /// There, just as wanted.
    Holds,
    /// There in another form that apply can change.
    Otherwise,
    /// Being made right now: join it with verify.
    InProgress,
    /// It cannot be told, or it is in a form the action must not touch.
    Unknown,
}

/// Why a phase did not work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What sort of failure.
    pub kind: FailureKind,
    /// What failed, on which resource: one line, without the causes.
    pub message: String,
    /// Causes, outermost first.
    #[serde(default)]
    pub causes: Vec<String>,
    /// What the operator can do or type.
    #[serde(default)]
    pub advice: Vec<Advice>,
    /// Where the world is another one than the plan was made on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// It is certain that this attempt did nothing: nothing was sent, or it was refused as a whole. Of an `apply` or an `undo` the
    /// action then stands as before that attempt, and no doubt is left of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub did_nothing: bool,
    /// What was not there, where that is all that is wrong: an earlier action of a plan may bring it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lacks: Option<Box<Lacking>>,
}

/// Sorts of failure; they decide whether it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// May go away by itself: tried again as often as the action's `retry` says.
    Transient,
    /// The service turned the call away because there were too many: tried again for a while.
    Throttled,
    /// The service, or what is to be changed, is busy with something else: tried again for a while.
    Busy,
    /// There is no room for it now: tried again for longer.
    NoCapacity,
    /// Will not go away by itself: the run rests.
    Permanent,
    /// The caller's credentials have ended or are none, whatever was asked with them; nothing is said of the world. The run rests
    /// until somebody has logged in.
    Credentials,
    /// The world is not as it must be, and nothing was changed: the run rests.
    Refused,
    /// The answer was lost: it may have happened. Observed before anything else.
    Lost,
    /// The deadline passed.
    Deadline,
    /// The operator asked to stop while it waited.
    Cancelled,
}

impl FailureKind {
    /// Whether it may pass by itself, so that it is tried again.
    #[must_use]
    pub fn may_pass(self) -> bool {
        self.patience().is_some()
    }

    /// For how long it is tried again, however often that is; none of that for what counts in attempts alone, nothing for what is
    /// not tried again. "No capacity" passes in minutes to hours: AWS's advice is to wait a few minutes and ask again
    /// (`InsufficientInstanceCapacity`, "Troubleshoot instance launch issues", EC2 User Guide); throttled calls and resources
    /// that are being changed by somebody else are free again within minutes.
    #[must_use]
    pub fn patience(self) -> Option<Duration> {
        match self {
            Self::Transient | Self::Lost => Some(Duration::ZERO),
            Self::Throttled | Self::Busy => Some(Duration::from_secs(300)),
            Self::NoCapacity => Some(Duration::from_secs(1_800)),
            Self::Permanent | Self::Credentials | Self::Refused | Self::Deadline | Self::Cancelled => None,
        }
    }
}

impl Failure {
    /// A failure without causes or advice.
    #[must_use]
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            advice: Vec::new(),
            drift: Vec::new(),
            did_nothing: false,
            lacks: None,
        }
    }

    /// A failure that will not go away by itself.
    #[must_use]
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Permanent, message)
    }

    /// A failure that may go away by itself.
    #[must_use]
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Transient, message)
    }

    /// A refusal: nothing was changed.
    #[must_use]
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Refused, message)
    }

    /// The same, of an attempt that is certain to have done nothing.
    #[must_use]
    pub fn did_nothing(self) -> Self {
        Self { did_nothing: true, ..self }
    }

    /// The same, for want of this on the host of that name in the runbook: `file PATH`, `service NAME`.
    #[must_use]
    pub fn lacking(self, on: &str, what: impl Into<String>) -> Self {
        Self { lacks: Some(Box::new(Lacking { on: on.to_owned(), what: what.into() })), ..self }
    }

    /// Adds a cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds something the operator can do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<Advice>) -> Self {
        self.advice.push(advice.into());
        self
    }

    /// What can be done by hand, or must be before anything is typed: all that helps where no run has been opened.
    #[must_use]
    pub fn by_hand(&self) -> Vec<&str> {
        self.advice.iter().filter_map(Advice::done_by_hand).collect()
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Outcome::Failed(failure)
    }
}
