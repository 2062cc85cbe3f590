//! The thread that tells the receivers.

use super::{Notice, Occasion, Receiver, deliver};
use crate::access::Settings;
use crate::event::{Event, Listener};
use crate::journal::{ExecutorId, Record, RunState};
use crate::plan::Plan;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a notice says in one line, of a record that is in the state already.
pub type NoticeWords = Box<dyn Fn(&RunState, &Record) -> String + Send>;

/// The post of one executor.
pub struct Post {
    failed: oneshot::Receiver<Vec<String>>,
}

/// What the post works with.
struct Office {
    plan: Arc<Plan>,
    state: RunState,
    by: ExecutorId,
    receivers: Vec<Receiver>,
    settings: Settings,
    words: NoticeWords,
    failed: Vec<String>,
}

impl Post {
    /// Tells the receivers of what is recorded from now on, until no more is told.
    #[must_use]
    pub fn open(
        events: Listener,
        receivers: Vec<Receiver>,
        settings: Settings,
        words: NoticeWords,
        (plan, state, by): (Arc<Plan>, RunState, ExecutorId),
    ) -> Self {
        let (done, failed) = oneshot::channel();
        let mut office = Office { plan, state, by, receivers, settings, words, failed: Vec::new() };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            if let Ok(runtime) = runtime {
                for event in events {
                    if let Event::Recorded(record) = event {
                        runtime.block_on(office.tell(&record));
                    }
                }
            } else {
                office.failed.push("nobody could be told: no more threads".to_owned());
            }
            // Who waits for it may have gone.
            drop(done.send(office.failed));
        });
        Self { failed }
    }

    /// Waits until everybody was told of everything: what could not be told, a line each.
    pub async fn end(self) -> Vec<String> {
        self.failed.await.unwrap_or_default()
    }
}

impl Office {
    async fn tell(&mut self, record: &Record) {
        // A record that does not follow is told all the same: it is in the journal.
        let _ = self.state.add(record);
        let Some(occasion) = Occasion::of(&record.kind, &self.plan.runbook.windows()) else { return };
        let notice = Notice {
            event: occasion,
            text: (self.words)(&self.state, record),
            run: record.run.clone(),
            runbook: self.plan.runbook.name.clone(),
            record: record.seq,
            at: jiff::Timestamp::from_millisecond(record.at).unwrap_or_default().to_string(),
            host: self.by.host.clone(),
            by: self.by.by.clone(),
        };
        for receiver in self.receivers.iter().filter(|receiver| receiver.on.contains(&occasion)) {
            if let Err(why) = deliver(&notice, &receiver.way, &self.settings).await {
                self.failed.push(format!("{} was not told `{occasion}`: {why}", receiver.way));
            }
        }
    }
}
