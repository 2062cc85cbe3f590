//! Looking at the journal again and again, and telling what there is to be shown now.

use crate::cli::CommandFailure;
use crate::cli::clock::SystemClock;
use crate::cli::open;
use crate::cli::plan::shown::sentences;
use crate::cli::run::waits;
use crate::display::{self, Reported, WatchedRun};
use crate::engine::Clock;
use crate::journal::{Holder, Journal, Record, RunState};
use crate::model::RunId;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often the journal is looked at. What a second shows is a second old.
const EVERY: Duration = Duration::from_millis(500);
/// After how many of these looks the report is made anew where only time has gone by.
const REPORT_EVERY: u32 = 10;

/// What is shown at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageState {
    /// The whole page.
    pub(super) page: Arc<str>,
    /// The panel, as an event.
    pub(super) now: Arc<str>,
    /// The report, as an event.
    pub(super) report: Arc<str>,
    /// How often the report was another.
    pub(super) version: u64,
    /// Why the journal cannot be read, when it cannot; the rest is old then.
    pub(super) trouble: Option<Arc<str>>,
}

/// Who looks.
pub(super) struct Follower {
    journal: Journal,
    run: RunId,
    work: PathBuf,
    records: Vec<Record>,
    holder: Option<Holder>,
    shown: Option<PageState>,
    /// Looks since the report was made.
    looks: u32,
}

impl Follower {
    pub(super) fn new(journal: Journal, run: RunId, work: PathBuf) -> Self {
        Self { journal, run, work, records: Vec::new(), holder: None, shown: None, looks: 0 }
    }

    /// What is to be shown now; nothing when that is what was shown before.
    pub(super) fn look(&mut self) -> Result<Option<PageState>, CommandFailure> {
        let more = self.journal.records(&self.run, self.records.last().map_or(0, |last| last.seq))?;
        let holder = self.journal.holder(&self.run)?.map(|(holder, _)| holder);
        let is_new =
            !more.is_empty() || holder != self.holder || self.shown.as_ref().is_none_or(|it| it.trouble.is_some());
        // Nothing goes on where nobody is at it: time alone is no news.
        if !is_new && holder.is_none() {
            return Ok(None);
        }
        self.looks = if is_new || self.looks >= REPORT_EVERY { 0 } else { self.looks + 1 };
        let is_new = self.looks == 0;
        self.records.extend(more);
        self.holder = holder;
        let Some(state) = RunState::fold(&self.records).map_err(crate::journal::JournalError::from)? else {
            return Ok(None);
        };
        let plan = open::plan(&state)?;
        let verdict = self.journal.verify(&self.run)?;
        let waits = self.holder.as_ref().map(|holder| waits::read(&self.work, holder)).unwrap_or_default();
        let does = sentences(&plan, Some(&state.run), &state.outputs());
        let watched = WatchedRun {
            of: Reported {
                plan: &plan,
                state: &state,
                records: &self.records,
                holder: self.holder.as_ref(),
                verdict: &verdict,
                now: SystemClock.now(),
                tool: env!("CARGO_PKG_VERSION"),
            },
            waits: &waits,
            sentences: &does,
        };
        let before = self.shown.as_ref();
        let report = match before {
            Some(before) if !is_new => Arc::clone(&before.report),
            _ => display::watch_report_json(watched).into(),
        };
        let version = before.map_or(0, |before| before.version) + u64::from(is_new);
        let page = display::watch_html(watched).into();
        let shown = PageState { page, now: display::watch_now_json(watched).into(), report, version, trouble: None };
        let is_same = before.is_some_and(|before| before.now == shown.now && before.version == shown.version);
        self.shown = Some(shown.clone());
        Ok((!is_same).then_some(shown))
    }

    /// Looks until nobody listens. A journal that cannot be read is told and tried again.
    pub(super) async fn follow(mut self, tell: watch::Sender<PageState>) {
        loop {
            tokio::time::sleep(EVERY).await;
            match self.look() {
                Ok(None) => {}
                Ok(Some(shown)) => drop(tell.send(shown)),
                Err(failure) => {
                    let why =
                        serde_json::json!({ "why": format!("The journal cannot be read: {}", failure.in_a_line()) });
                    if let Some(shown) = &mut self.shown {
                        shown.trouble = Some(why.to_string().into());
                        drop(tell.send(shown.clone()));
                    }
                }
            }
        }
    }
}
