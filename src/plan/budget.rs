//! Whether a plan fits the downtime that it may have.

use super::{Done, Plan, expected_downtime_s};
use crate::model::{CheckRow, CheckVerdict, DOWNTIME_FITS};

impl Plan {
    /// What is to be said of the downtime it may have, as a row beside those of its checks; nothing where nobody has said how long
    /// that is. A refusal is a person's to accept: the figures are expectations.
    #[must_use]
    pub fn downtime_row(&self, done: &Done<'_>) -> Option<CheckRow> {
        let most_s = self.max_downtime_s?;
        let expected_s = expected_downtime_s(self, done);
        let fits = expected_s <= most_s;
        let told = |seconds: u64| match (seconds / 60, seconds % 60) {
            (0, s) => format!("{s} s"),
            (m, 0) => format!("{m} min"),
            (m, s) => format!("{m} min {s} s"),
        };
        let advice =
            "another order (`--order least-downtime`), more of it done beforehand, or a longer `--max-downtime`";
        Some(CheckRow {
            id: DOWNTIME_FITS.to_owned(),
            verdict: if fits { CheckVerdict::Pass } else { CheckVerdict::Refuse },
            evidence: format!(
                "the site is expected to be down for {}, and may be for {}",
                told(expected_s),
                told(most_s)
            ),
            advice: if fits { Vec::new() } else { vec![advice.to_owned()] },
            acceptable: true,
            accepted: None,
        })
    }
}
