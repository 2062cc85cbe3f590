//! How long actions are expected to take: what was measured, else the figures that come with the tool.

use crate::model::{ActionKind, Reversibility, StepAction};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What was measured, by kind of action. Empty where nothing was.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// From the start to the verified end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) forward: BTreeMap<ActionKind, Measured>,
    /// From the start of an undo to its end.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) undo: BTreeMap<ActionKind, Measured>,
}

/// What was measured of a kind of action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Measured {
    /// The median, in seconds.
    pub(super) median_s: u64,
    /// What one in ten took, in seconds, or longer; nothing where too few times were measured to say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) slow_s: Option<u64>,
    /// How many runs it comes from.
    pub(super) runs: usize,
}

/// How long something is expected to take, and where that comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// In seconds.
    pub seconds: u64,
    /// Where it comes from.
    pub source: Source,
}

/// Where an expected duration comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// It comes with the tool.
    Shipped,
    /// The runbook says so of this very action.
    Runbook,
    /// It was measured in this many runs of this journal.
    Runs(usize),
}

impl Expected {
    /// Whether nothing was measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forward.is_empty() && self.undo.is_empty()
    }

    /// How long an action takes, verified end included. What the runbook says of it counts before what others of its kind took.
    #[must_use]
    pub fn of_action(&self, action: &StepAction) -> Estimate {
        match action.usual_s {
            Some(seconds) => Estimate { seconds, source: Source::Runbook },
            None => self.forward(action.kind),
        }
    }

    /// How long one in ten actions of its kind takes, in seconds, or longer; nothing where that is not known, or the runbook says how long it
    /// takes.
    #[must_use]
    pub fn slow(&self, action: &StepAction) -> Option<u64> {
        self.forward.get(&action.kind).filter(|_| action.usual_s.is_none())?.slow_s
    }

    /// The same of its undo.
    #[must_use]
    pub fn slow_undo(&self, action: &StepAction) -> Option<u64> {
        self.undo.get(&action.kind)?.slow_s
    }

    /// How long the undo of an action takes.
    #[must_use]
    pub fn of_undo(&self, action: &StepAction) -> Estimate {
        match action.reversibility() {
            Reversibility::NothingToUndo(_) => Estimate { seconds: 0, source: Source::Shipped },
            _ => self.undo(action.kind),
        }
    }

    /// How long an action of this kind takes, where nothing is said of it.
    #[must_use]
    pub fn forward(&self, kind: ActionKind) -> Estimate {
        known(self.forward.get(&kind), || kind.spec().usual_s)
    }

    /// How long the undo of an action of this kind takes, where nothing is said of it.
    #[must_use]
    pub fn undo(&self, kind: ActionKind) -> Estimate {
        known(self.undo.get(&kind), || kind.usual_undo_s())
    }
}

fn known(measured: Option<&Measured>, shipped: impl Fn() -> u64) -> Estimate {
    match measured {
        Some(Measured { median_s, runs, .. }) => Estimate { seconds: *median_s, source: Source::Runs(*runs) },
        None => Estimate { seconds: shipped(), source: Source::Shipped },
    }
}
