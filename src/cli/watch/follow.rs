//! Looking at the journal again and again, and telling what there is to be shown now.

use crate::cli::CommandFailure;
use crate::cli::clock::SystemClock;
use crate::cli::open;
use crate::cli::plan::shown::sentences;
use crate::cli::run::waits;
use crate::display::{self, Reported, WatchedRun};
use crate::engine::Clock;
use crate::journal::{Holder, Journal, JournalError, Record, RunState, Verdict};
use crate::model::{ActionPath, Description, RunId};
use crate::plan::Plan;
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
    read: Option<Read>,
    shown: Option<PageState>,
    /// Looks since the report was made.
    looks: u32,
}

/// What the records tell, as long as there are no more of them.
struct Read {
    state: RunState,
    plan: Plan,
    verdict: Verdict,
    does: Box<Telling>,
}

/// What an action does, in words.
type Telling = dyn Fn(&ActionPath) -> Option<Description>;

impl Follower {
    pub(super) fn new(journal: Journal, run: RunId, work: PathBuf) -> Self {
        Self { journal, run, work, records: Vec::new(), holder: None, read: None, shown: None, looks: 0 }
    }

    /// What is to be shown now; nothing when that is what was shown before.
    pub(super) fn look(&mut self) -> Result<Option<PageState>, CommandFailure> {
        let more = self.journal.records(&self.run, self.records.last().map_or(0, |last| last.seq))?;
        let holder = self.journal.holder(&self.run)?.map(|(holder, _)| holder);
        let was_trouble = self.shown.as_ref().is_none_or(|it| it.trouble.is_some());
        let is_news = !more.is_empty() || holder != self.holder || was_trouble;
        // Nothing goes on where nobody is at it: time alone is no news.
        if !is_news && holder.is_none() {
            return Ok(None);
        }
        self.holder = holder;
        if !more.is_empty() || self.read.is_none() {
            self.records.extend(more);
            self.read = self.read_records()?;
        }
        self.looks = if is_news || self.looks >= REPORT_EVERY { 0 } else { self.looks + 1 };
        let Some(read) = &self.read else { return Ok(None) };
        let waits = self.holder.as_ref().map(|holder| waits::read(&self.work, holder)).unwrap_or_default();
        let watched = WatchedRun {
            of: Reported {
                plan: &read.plan,
                state: &read.state,
                records: &self.records,
                holder: self.holder.as_ref(),
                verdict: &read.verdict,
                now: SystemClock.now(),
                tool: env!("CARGO_PKG_VERSION"),
            },
            waits: &waits,
            sentences: &*read.does,
        };
        let now = display::watch_now_json(watched).into();
        let shown = match &self.shown {
            // Who loads the page is told at once what is new since then.
            Some(before) if self.looks > 0 => PageState { now, ..before.clone() },
            before => PageState {
                page: display::watch_html(watched).into(),
                now,
                report: display::watch_report_json(watched).into(),
                version: before.as_ref().map_or(0, |before| before.version + 1),
                trouble: None,
            },
        };
        let is_same = self.shown.as_ref() == Some(&shown);
        self.shown = Some(shown.clone());
        Ok((!is_same).then_some(shown))
    }

    fn read_records(&self) -> Result<Option<Read>, CommandFailure> {
        let Some(state) = RunState::fold(&self.records).map_err(JournalError::from)? else { return Ok(None) };
        let (plan, verdict) = (open::plan(&state)?, self.journal.verify(&self.run)?);
        let does = Box::new(sentences(&plan, Some(&state.run), &state.outputs()));
        Ok(Some(Read { state, plan, verdict, does }))
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
