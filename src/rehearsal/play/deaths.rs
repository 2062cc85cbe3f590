//! Commands that are killed: at named points, or at their appends to the journal, until the run has come to its end.

use super::Play;
use crate::plan::Order;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::scenario::VerdictRow;
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;

/// Where a process dies, by turns; the first append is that it begins. What leaves nothing in the world is done anew by each process
/// (`started`, `applied`): one of them must live until it has recorded both.
const DEATHS: &[&str] = &["2:after", "3:before", "3:after", "4:before"];

/// The same where many actions are under way at the same time, each of which has something to record.
const DEATHS_SIDE_BY_SIDE: &[&str] =
    &["2:after", "3:before", "5:after", "8:before", "13:after", "21:before", "34:after"];

/// More processes than this are not needed to come to the end, however each is killed.
const MOST_DEATHS: usize = 600;

impl Play<'_> {
    /// Starts the command with all the points, is killed at whichever comes first, resumes with the others, and so on.
    pub(super) async fn killed(
        &mut self,
        points: &[String],
        first: &[&str],
    ) -> Result<Vec<VerdictRow>, RehearsalError> {
        if points.is_empty() {
            return Ok(Vec::new());
        }
        let diary = self.region.folder().join("home/killed-at");
        let mut left = points.to_vec();
        while !left.is_empty() {
            let words = if left.len() == points.len() { first } else { &["resume"] };
            (self.say)(&format!("runbook {}, killed at {}", words.join(" "), next_of(self.scenario.order, &left)));
            let kills = left.iter().flat_map(|point| ["--kill".to_owned(), point.clone()]);
            let told_in = ["--told-in".to_owned(), diary.display().to_string()];
            let before: Vec<String> = ["rehearsed".to_owned()].into_iter().chain(kills).chain(told_in).collect();
            let status = self.approving(&before, words).await?;
            let met = std::fs::read_to_string(&diary).unwrap_or_default();
            let at = left.iter().position(|point| *point == met).filter(|_| status.signal() == Some(9));
            let Some(at) = at else { break };
            left.remove(at);
            std::fs::remove_file(&diary).map_err(RehearsalError::file("remove", &diary))?;
        }
        // Where actions run side by side, what another kill has cut short may be found done: it is not made again.
        let found_done = |point: &String| self.scenario.order != Order::Article && point.contains(":after");
        let ok = left.iter().all(found_done);
        let mut seen = format!("{} of {}", points.len() - left.len(), points.len());
        if !left.is_empty() {
            seen = format!("{seen}; not at {}", left.join(", "));
        }
        Ok(vec![VerdictRow::new("killed by SIGKILL at every point asked for", ok, seen)])
    }

    /// Starts the command and resumes it, each process killed at one of its first appends, until the run has come to this end.
    pub(super) async fn killed_at_appends(
        &mut self,
        first: &[&str],
        end: &str,
    ) -> Result<Vec<VerdictRow>, RehearsalError> {
        let mut died = 0;
        loop {
            let words = if died == 0 { first } else { &["resume"] };
            let points = if self.scenario.order == Order::Article { DEATHS } else { DEATHS_SIDE_BY_SIDE };
            let point = points[died % points.len()];
            if died % 20 == 0 {
                (self.say)(&format!("runbook {}, killed at an append ({died} so far)", words.join(" ")));
            }
            let before = ["rehearsed", "--kill-at-append", point].map(str::to_owned);
            let status = self.approving(&before, words).await?;
            let killed = status.signal() == Some(9);
            died += usize::from(killed);
            let runs = self.under_test.ask(&["runs"]).await?;
            let came = runs.pointer("/0/condition").and_then(Value::as_str).unwrap_or_default();
            if came == end || !killed || died > MOST_DEATHS {
                let seen = format!("{died} deaths, then the run is {came}");
                let ok = came == end && died > 2 && died <= MOST_DEATHS;
                return Ok(vec![VerdictRow::new(
                    "killed by SIGKILL at its appends to the journal, one process after the other",
                    ok,
                    seen,
                )]);
            }
        }
    }
}

/// Where the next kill is to be expected.
fn next_of(order: Order, left: &[String]) -> String {
    match (order, left) {
        (Order::Article, [next, ..]) | (_, [next]) => next.clone(),
        (_, left) => format!("one of {} points", left.len()),
    }
}
