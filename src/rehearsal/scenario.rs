//! What a rehearsal is to do, and what came of it. Doing it is `play`.

use serde::{Deserialize, Serialize};

use crate::model::ActionPath;
use crate::plan::Order;
use crate::rehearsal::region::spec::RegionSpec;
use crate::rehearsal::site::visitor::Outage;

/// One rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// The region.
    pub region: RegionSpec,
    /// The runbook, as it is typed in the lab.
    pub runbook: String,
    /// In which order its actions run.
    pub order: Order,
    /// Kill every process at one of its appends, until the run has come to its end.
    pub kill_at_appends: bool,
    /// Kill points, each for one process: the next one resumes and has the next kill point. `ACTION:before|after` on the
    /// way forward, `ACTION:before-undo|after-undo` on the way back. In the order in which they are reached.
    pub kill: Vec<String>,
    /// Actions whose first effect fails in the run: `ACTION:before|after`.
    pub fail: Vec<String>,
    /// After the run, roll back this far.
    pub rollback_to: Option<ReturnTrip>,
    /// The window it runs in, in seconds as on AWS: it is to rest for its sake, and its way back to end in it.
    #[serde(default)]
    pub window_s: Option<u64>,
    /// What is to go wrong in the world, one of its faults.
    pub fault: Option<String>,
    /// Open a shell instead of running commands.
    pub shell: bool,
    /// Whether the commands under test write JSON.
    pub json: bool,
}

/// How far a rehearsal rolls back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTrip {
    /// As an operator names it: `step-5`, a step's id, or `start`.
    pub to: String,
    /// The actions that stay done; none for `start`.
    pub kept: Vec<ActionPath>,
}

/// One thing that was looked up in the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictRow {
    /// What was to be so.
    pub what: String,
    /// What was seen.
    pub seen: String,
    /// Whether it is so.
    pub ok: bool,
}

/// One look at the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// After what it was.
    pub after: String,
    /// What was seen.
    pub rows: Vec<VerdictRow>,
}

/// What came of a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Every part that was looked at, in order: a headline and its rows.
    pub parts: Vec<Part>,
    /// Seconds from the beginning until all was as the world file says.
    pub lab_s: f64,
    /// Seconds of each command under test, by its words, in order.
    pub commands_s: Vec<(String, f64)>,
    /// The most memory a command under test held, in KiB (its `VmHWM`).
    pub peak_memory_kib: u64,
    /// What a user of the site had to suffer during the run who follows DNS each time.
    pub downtime: Option<Outage>,
    /// The same of one who keeps where the site's name leads for as long as its record says.
    #[serde(default)]
    pub downtime_kept: Option<Outage>,
    /// How long the run itself saw the site without an answer meanwhile, in seconds; nothing where its runbook names none.
    #[serde(default)]
    pub measured_s: Option<f64>,
}

/// How a rehearsal ended.
#[derive(Debug, Clone, PartialEq)]
pub enum PlayEnding {
    /// It was played to its end.
    Played(Report),
    /// Somebody asked it to end; the region is gone.
    Interrupted,
}

impl Report {
    pub(in crate::rehearsal) fn new(lab_s: f64) -> Self {
        Self {
            parts: Vec::new(),
            lab_s,
            commands_s: Vec::new(),
            peak_memory_kib: 0,
            downtime: None,
            downtime_kept: None,
            measured_s: None,
        }
    }

    /// Whether everything was as it should be.
    #[must_use]
    pub fn passed(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|p| !p.rows.is_empty() && p.rows.iter().all(|row| row.ok))
    }
}

impl VerdictRow {
    pub(in crate::rehearsal) fn new(what: impl Into<String>, ok: bool, seen: impl Into<String>) -> Self {
        Self { what: what.into(), seen: seen.into(), ok }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_row_or_nothing_looked_at_is_no_pass() {
        let part = |oks: &[bool]| Part {
            after: "the run".into(),
            rows: oks.iter().map(|ok| VerdictRow::new("what", *ok, "seen")).collect(),
        };
        let passed = |parts: Vec<Part>| Report { parts, ..Report::new(1.0) }.passed();
        assert!(passed(vec![part(&[true]), part(&[true, true])]));
        assert!(!passed(vec![part(&[true]), part(&[true, false])]));
        assert!(!passed(vec![part(&[true]), part(&[])]));
        assert!(!passed(vec![]));
    }
}
