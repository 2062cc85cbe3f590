//! A user of the site: follows DNS, asks all the time, and remembers when there was no answer.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::access::{HttpOptions, Settings, http_client};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;

/// Whether an address answers well, as a user of the region reaches it.
pub(in crate::rehearsal) async fn answers(region: &Region, url: &str) -> Result<bool, RehearsalError> {
    let answer = client(region)?.get(url).timeout(Duration::from_secs(5)).send().await;
    Ok(answer.is_ok_and(|answer| answer.status().is_success()))
}

fn client(region: &Region) -> Result<reqwest::Client, RehearsalError> {
    let settings = Settings {
        ssh_config: None,
        trust: region.environment().get("RUNBOOK_TRUST_CA").map(PathBuf::from),
        poll: Settings::POLL,
        pace: crate::model::Pace::USUAL,
        work_dir: region.folder().to_owned(),
        kept_dir: region.folder().join("commands"),
    };
    http_client(&settings, &HttpOptions::default()).map_err(|failure| RehearsalError::Unsupported(failure.message))
}

/// How long the site did not answer.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Outage {
    /// Seconds in all.
    pub total_s: f64,
    /// Seconds of the longest time without an answer.
    pub longest_s: f64,
    /// How many times it went away.
    pub times: u32,
    /// Questions that were answered.
    pub answered: u32,
}

/// A visitor at work; ends when dropped.
#[derive(Debug)]
pub(in crate::rehearsal) struct Visitor {
    task: JoinHandle<()>,
    seen: Arc<Mutex<Diary>>,
}

#[derive(Debug, Default)]
struct Diary {
    downtime: Outage,
    gone_since: Option<Instant>,
}

impl Visitor {
    /// Begins to ask for an address.
    pub(in crate::rehearsal) fn start(region: &Region, url: String) -> Result<Self, RehearsalError> {
        let client = client(region)?;
        let seen = Arc::new(Mutex::new(Diary::default()));
        let writing = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                let answer = client.get(&url).timeout(Duration::from_secs(2)).send().await;
                let good = answer.is_ok_and(|a| a.status().is_success());
                writing.lock().unwrap_or_else(PoisonError::into_inner).note(good, Instant::now());
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        });
        Ok(Self { task, seen })
    }

    /// Stops, and tells.
    pub(in crate::rehearsal) async fn end(self) -> Outage {
        self.task.abort();
        let mut diary = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        diary.back(Instant::now());
        diary.downtime
    }
}

impl Drop for Visitor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Diary {
    fn note(&mut self, good: bool, now: Instant) {
        if good {
            self.downtime.answered += 1;
            self.back(now);
        } else if self.gone_since.is_none() {
            self.gone_since = Some(now);
            self.downtime.times += 1;
        }
    }

    fn back(&mut self, now: Instant) {
        if let Some(since) = self.gone_since.take() {
            let gone = (now - since).as_secs_f64();
            self.downtime.total_s += gone;
            self.downtime.longest_s = self.downtime.longest_s.max(gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_without_an_answer_is_added_up() {
        let (mut diary, start) = (Diary::default(), Instant::now());
        for (at, good) in [(0, true), (1, false), (3, false), (5, true), (6, false), (7, true)] {
            diary.note(good, start + Duration::from_secs(at));
        }
        assert_eq!(diary.downtime, Outage { total_s: 5.0, longest_s: 4.0, times: 2, answered: 3 });
    }
}
