//! Whether a plan fits the downtime and the window that it may have.

use super::{Done, Plan, expected_downtime_s, slots};
use crate::model::{CheckRow, CheckVerdict, DOWNTIME_FITS, Limits, Millis, Pace, WINDOW_FITS};
use std::time::Duration;

impl Plan {
    /// Adds what is to be said of its limits to the rows of its checks, where somebody has said what they are. A refusal is a person's
    /// to accept: the figures are expectations. `begins` is when it is to begin; nothing where it is only planned.
    pub fn judge_limits(&mut self, begins: Option<Millis>, pace: Pace) {
        let real = |expected_s| pace.wait(Duration::from_secs(expected_s)).as_secs();
        let expected_s = || real(expected_downtime_s(self, &Done::default()));
        let downtime = self.max_downtime_s.map(|most_s| downtime(expected_s(), most_s));
        let window = self.window(begins, real);
        self.checks.extend(downtime.into_iter().chain(window));
    }

    /// What a run of it must keep within that begins now.
    #[must_use]
    pub fn limits(&self, now: Millis) -> Limits {
        let window = self.change_window.as_ref().map(|window| window.at(now));
        Limits { window, max_downtime_s: self.max_downtime_s }
    }

    fn window(&self, begins: Option<Millis>, real: impl Fn(u64) -> u64) -> Option<CheckRow> {
        let window = self.change_window.as_ref()?;
        let takes_s = slots(self, &Done::default()).into_iter().map(|(_, end)| end).max().unwrap_or_default();
        let (takes_s, back_s) = (real(takes_s), real(self.way_back_from_end_s()));
        let expected = format!("the run is expected to take {}, and its way back {}", told(takes_s), told(back_s));
        let (left_s, has) = match begins.map(|now| (now, window.at(now))) {
            None => {
                let left_s = window.length_s();
                (left_s, format!("the window {window} is {} long", told(left_s)))
            }
            Some((now, span)) if span.is_open(now) => {
                let left_s = span.left_s(now);
                (left_s, format!("of the window {window} {} are left", told(left_s)))
            }
            Some((now, span)) => {
                let opens = u64::try_from(span.begins.saturating_sub(now) / 1_000).unwrap_or_default();
                let evidence = format!("the window {window} opens in {}", told(opens));
                return Some(row(WINDOW_FITS, CheckVerdict::Refuse, evidence, Some("begin when it is open")));
            }
        };
        let (verdict, advice) = if takes_s > left_s {
            let advice =
                "a longer window, another order (`--order overlap`), or parts of it beforehand (`--until STEP`)";
            (CheckVerdict::Refuse, Some(advice))
        } else if takes_s.saturating_add(back_s) > left_s {
            let advice = "it rests before its next action as soon as the way back would not end in the window any more: expect \
                          that before its end";
            (CheckVerdict::Warn, Some(advice))
        } else {
            (CheckVerdict::Pass, None)
        };
        Some(row(WINDOW_FITS, verdict, format!("{expected}; {has}"), advice))
    }
}

fn downtime(expected_s: u64, most_s: u64) -> CheckRow {
    let evidence = format!("the site is expected to be down for {}, and may be for {}", told(expected_s), told(most_s));
    let advice = "another order (`--order least-downtime`), more of it done beforehand, or a longer `--max-downtime`";
    match expected_s <= most_s {
        true => row(DOWNTIME_FITS, CheckVerdict::Pass, evidence, None),
        false => row(DOWNTIME_FITS, CheckVerdict::Refuse, evidence, Some(advice)),
    }
}

fn row(id: &str, verdict: CheckVerdict, evidence: String, advice: Option<&str>) -> CheckRow {
    let advice = advice.map(str::to_owned).into_iter().collect();
    CheckRow { id: id.to_owned(), verdict, evidence, advice, acceptable: true, accepted: None }
}

fn told(seconds: u64) -> String {
    match (seconds / 3_600, seconds % 3_600 / 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}
