//! A guard: a probe that must hold between two steps. A broken one keeps the run from its next effect.

use super::{ASKS_AWS, CheckKind, Expr, Millis, StepId, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One guard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// Its id; no check before the run has the same.
    pub id: String,
    /// What is asked: a kind of check that is a probe.
    pub kind: CheckKind,
    /// One line; the kind's own sentence when the document has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The first step it holds for; nothing from the beginning on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StepId>,
    /// The last step it holds for; nothing to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<StepId>,
    /// Its parameters. They may refer to inputs, and to outputs of actions that are done before its first step begins.
    pub with: BTreeMap<String, Expr>,
    /// A look is not older than this when an effect begins, in milliseconds.
    pub every_ms: u64,
    /// So many bad looks in a row are a break.
    pub times: u32,
}

impl Guard {
    /// How old a look may be unless the document says otherwise, in milliseconds.
    pub const EVERY_MS: u64 = 10_000;
    /// How many bad looks in a row are a break unless the document says otherwise: one lost packet is none.
    pub const TIMES: u32 = 3;

    /// Whether it talks to AWS, and so needs the runbook's `region`.
    #[must_use]
    pub fn needs_aws(&self) -> bool {
        self.kind.needs_aws() || ASKS_AWS.iter().any(|name| self.with.contains_key(*name))
    }

    /// Where it holds, as a clause.
    #[must_use]
    pub fn told_range(&self) -> String {
        match (&self.from, &self.until) {
            (None, None) => "through the whole run".to_owned(),
            (Some(from), None) => format!("from step `{from}` to the end"),
            (None, Some(until)) => format!("from the beginning until step `{until}` is done"),
            (Some(from), Some(until)) if from == until => format!("through step `{from}`"),
            (Some(from), Some(until)) => format!("from step `{from}` until step `{until}` is done"),
        }
    }
}

/// One look at a guard, with everything it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GuardCall {
    /// The guard.
    pub guard: String,
    /// What is asked.
    pub kind: CheckKind,
    /// Its parameters, all of which are known. A target is a whole [`super::Target`].
    pub parameters: Value,
    /// The AWS region, where the runbook has one.
    pub region: Option<String>,
    /// How long it may take, in seconds. No answer by then is a bad one.
    pub deadline_s: u64,
}

/// What a look at a guard has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Whether it is as it is to be. What could not be found out is not.
    pub holds: bool,
    /// What was seen, one line. Never a secret.
    pub seen: String,
    /// What the operator can do where it is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
}

impl Sighting {
    /// It is not as it is to be, or could not be found out.
    #[must_use]
    pub fn bad(seen: impl Into<String>) -> Self {
        Self { holds: false, seen: seen.into(), advice: Vec::new() }
    }
}

/// A guard that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenGuard {
    /// The guard.
    pub guard: String,
    /// What was seen last, one line.
    pub seen: String,
    /// What the operator can do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
    /// When the first of the bad looks was made.
    pub since: Millis,
}
