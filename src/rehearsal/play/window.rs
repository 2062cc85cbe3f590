//! A run whose window ends before it does: it rests in time, and its way back to the start ends in the window.

use super::Play;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::scenario::VerdictRow;
use jiff::{Timestamp, ToSpan};

/// How long before the run its window has opened, in seconds.
const OPEN_SINCE: i64 = 60;
/// That it is too short is what is rehearsed.
const ACCEPTED: &str = "window.fits=it is rehearsed";
/// The exit status of a run that rests for a person.
const RESTS: i32 = 4;

impl Play<'_> {
    /// Lets it run in a window that is so many seconds long on AWS, and takes it back when it rests.
    pub(super) async fn overruns(
        &mut self,
        run: &[&str],
        window_s: u64,
        mut rows: Vec<VerdictRow>,
    ) -> Result<(), RehearsalError> {
        let pace = u64::from(self.region.pace().unwrap_or(1));
        let (now, length) = (Timestamp::now(), i64::try_from(window_s / pace).unwrap_or(i64::MAX));
        let ends = now + length.seconds();
        let clock = |at: Timestamp| at.strftime("%H:%M:%S").to_string();
        let window = format!("{}-{} UTC", clock(now - OPEN_SINCE.seconds()), clock(ends));
        rows.push(self.command(&[], &[run, &["--window", &window, "--accept", ACCEPTED]].concat(), RESTS).await?);
        let status = self.under_test.ask(&["status", &self.under_test.newest_run().await?]).await?;
        let rests = status["rest"]["overrun"]["limit"] == "window";
        let sentence = status["sentence"].as_str().unwrap_or_default();
        rows.push(VerdictRow::new("the run rests for the sake of its window", rests, sentence));
        let begun = status["actions_done"].as_u64().unwrap_or_default();
        rows.push(VerdictRow::new("something was done by then", begun > 0, format!("{begun} actions")));
        self.part("the run", rows);
        let mut rows = self.back("start").await?;
        let left_s = ends.as_second().saturating_sub(Timestamp::now().as_second());
        let seen = format!("{} s of AWS before its end", left_s.saturating_mul(i64::try_from(pace).unwrap_or(1)));
        rows.push(VerdictRow::new("the way back ended in the window", left_s >= 0, seen));
        rows.extend(self.before.rows(self.region).await?);
        self.part("the rollback to start", rows);
        Ok(())
    }
}
