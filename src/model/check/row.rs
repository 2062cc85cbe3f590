//! What checks say, and which refusals a person has accepted.

use super::super::Runbook;
use super::Refusal;
use serde::{Deserialize, Serialize};

/// The row that says whether the downtime which a plan expects is one that it may have; no check of a runbook makes it.
pub const DOWNTIME_FITS: &str = "downtime.fits";
/// The row that says whether a plan fits its window; it is there where somebody has said what that is.
pub const WINDOW_FITS: &str = "window.fits";

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckRow {
    /// `CHECK.ROW`, e.g. `dns.ttl`: the check's id in the runbook and the row's name in its kind. It is the same every time.
    pub id: String,
    /// What was found out.
    pub verdict: CheckVerdict,
    /// What was seen, one line with the real values. Never a secret.
    pub evidence: String,
    /// What the operator can do, where something is to be done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<String>,
    /// Whether a person may accept a refusal.
    #[serde(default)]
    pub acceptable: bool,
    /// Why a person has accepted the refusal, in that person's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// What a check found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckVerdict {
    /// The run must not begin, unless a person accepts it.
    Refuse,
    /// The run may begin; somebody should know this first.
    Warn,
    /// It could not be found out; the evidence says why.
    NotCheckable,
    /// It is as it should be.
    Pass,
}

impl CheckRow {
    /// Whether it keeps the run from beginning.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.verdict == CheckVerdict::Refuse && self.accepted.is_none()
    }
}

/// A refusal's id, and why a person accepts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// The row's id.
    pub id: String,
    /// The reason; not empty.
    pub reason: String,
}

/// Why a refusal cannot be accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AcceptanceError {
    /// No row has this id.
    #[error("there is no check `{0}` in this runbook")]
    Unknown(String),
    /// A refusal of this row stands whatever anybody says.
    #[error("a refusal of `{0}` cannot be accepted: the run would fail on it")]
    Final(String),
    /// The row never refuses.
    #[error("`{0}` only warns: there is nothing to accept")]
    NeverRefuses(String),
    /// The same id twice.
    #[error("`{0}` is accepted twice")]
    Twice(String),
}

impl Acceptance {
    /// Judges what a person would accept, before anything is looked at.
    ///
    /// # Errors
    /// When a row is unknown, or its refusal is not a person's to accept.
    pub fn check(runbook: &Runbook, all: &[Acceptance]) -> Result<(), AcceptanceError> {
        for (n, it) in all.iter().enumerate() {
            let id = it.id.clone();
            let row = it.id.split_once('.').and_then(|(check, row)| {
                let check = runbook.preflight.iter().find(|c| c.id == check)?;
                check.rows().find(|r| r.name == row).map(|row| row.refusal)
            });
            let is_guards = || it.id.split_once('.').is_some_and(|(id, _)| runbook.guards.iter().any(|g| g.id == id));
            match row {
                None if [DOWNTIME_FITS, WINDOW_FITS].contains(&it.id.as_str()) => {}
                None if is_guards() => return Err(AcceptanceError::Final(id)),
                None => return Err(AcceptanceError::Unknown(id)),
                Some(Refusal::Final) => return Err(AcceptanceError::Final(id)),
                Some(Refusal::Never) => return Err(AcceptanceError::NeverRefuses(id)),
                Some(Refusal::Acceptable) if all[..n].iter().any(|before| before.id == it.id) => {
                    return Err(AcceptanceError::Twice(id));
                }
                Some(Refusal::Acceptable) => {}
            }
        }
        Ok(())
    }
}

/// Marks the refusals that a person accepts. One that does not refuse today is left as it is: nothing was accepted then.
pub fn accept(rows: &mut [CheckRow], all: &[Acceptance]) {
    for row in rows.iter_mut().filter(|row| row.verdict == CheckVerdict::Refuse && row.acceptable) {
        if let Some(it) = all.iter().find(|it| it.id == row.id) {
            row.accepted = Some(it.reason.clone());
        }
    }
}
