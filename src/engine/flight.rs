//! What is under way in this executor and known to nobody else. Not in the journal, on purpose: an executor that dies leaves
//! doubts, and the next one looks.
//!
//! It is data. A driver whose calls die with it forgets it; one whose calls outlive it (workers elsewhere) keeps it with its
//! own state, or a call of the one before would run beside the next executor's look.

use super::exchange::{CallId, Input, LookId, Stopping};
use super::site::SiteAnswers;
use crate::journal::{ExecutorId, Record, RecordKind};
use crate::model::{ActionCall, ActionPath, Millis, Sighting};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The volatile side of an executor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Flight {
    /// The record by which this executor began; nothing before that.
    pub began: Option<u64>,
    /// Who that is.
    #[serde(default)]
    pub by: Option<ExecutorId>,
    /// How many calls it has made.
    pub made: u64,
    /// Calls being performed.
    pub running: BTreeMap<ActionPath, UnderWay>,
    /// Actions whose `started` (or `undo_started`) this executor recorded and whose effect it may now make. A `started`
    /// that is not here was found, and is in doubt.
    pub cleared: BTreeSet<ActionPath>,
    /// Actions found in progress by somebody else's doing: waited for, then adopted.
    pub joined: BTreeSet<ActionPath>,
    /// Actions observed by this executor without being able to tell.
    pub doubted: BTreeSet<ActionPath>,
    /// Looks at guards that are under way, by guard.
    #[serde(default)]
    pub looking: BTreeMap<String, LookUnderWay>,
    /// What this executor has seen of guards.
    #[serde(default)]
    pub watched: BTreeMap<String, Watched>,
    /// Actions that were looked at, and whose effect waits for their guards.
    #[serde(default)]
    pub withheld: BTreeMap<ActionPath, Withheld>,
    /// What this executor knows of the site.
    #[serde(default)]
    pub site: SiteAnswers,
    /// Whether the operator asked to stop.
    pub stop: Stopping,
    /// When calls that were told to stop waiting are no longer waited for.
    pub last_words: Option<Millis>,
    /// What follows from outcomes and is not recorded yet, in order.
    pub to_record: VecDeque<RecordKind>,
    /// The record that the driver has been asked to append.
    pub appending: Option<Box<Record>>,
    /// What has happened and waits until that is appended.
    pub waiting: VecDeque<Input>,
}

/// A call being performed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnderWay {
    /// Its name.
    pub id: CallId,
    /// The call.
    pub call: ActionCall,
    /// When it is no longer waited for.
    pub until: Millis,
}

/// A look at a guard under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookUnderWay {
    /// Its name.
    pub id: LookId,
    /// When it is no longer waited for.
    pub until: Millis,
}

/// What was seen of a guard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// What the last look has seen.
    pub last: Sighting,
    /// When it has.
    pub at: Millis,
    /// How many looks in a row, up to this one, were bad.
    pub bad: u32,
    /// When the first of these was.
    pub since: Millis,
}

/// An effect that waits for guards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Withheld {
    /// The record with which it begins.
    pub started: Box<RecordKind>,
    /// When the action was looked at.
    pub since: Millis,
}
