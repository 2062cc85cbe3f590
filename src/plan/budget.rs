//! Whether a plan fits the downtime that it may have.

use super::{Done, Plan, expected_downtime_s};
use crate::model::{CheckRow, CheckVerdict, DOWNTIME_FITS};

impl Plan {
    /// Adds what is to be said of the downtime it may have to the rows of its checks, where somebody has said how long that is. A
    /// refusal is a person's to accept: the figures are expectations.
    pub fn judge_downtime(&mut self) {
        let row = self.max_downtime_s.map(|most_s| row(expected_downtime_s(self, &Done::default()), most_s));
        self.checks.extend(row);
    }
}

fn row(expected_s: u64, most_s: u64) -> CheckRow {
    let fits = expected_s <= most_s;
    let told = |seconds: u64| match (seconds / 60, seconds % 60) {
        (0, s) => format!("{s} s"),
        (m, 0) => format!("{m} min"),
        (m, s) => format!("{m} min {s} s"),
    };
    let advice = "another order (`--order least-downtime`), more of it done beforehand, or a longer `--max-downtime`";
    CheckRow {
        id: DOWNTIME_FITS.to_owned(),
        verdict: if fits { CheckVerdict::Pass } else { CheckVerdict::Refuse },
        evidence: format!("the site is expected to be down for {}, and may be for {}", told(expected_s), told(most_s)),
        advice: if fits { Vec::new() } else { vec![advice.to_owned()] },
        acceptable: true,
        accepted: None,
    }
}
