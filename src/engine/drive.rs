//! The embedded driver: SQLite and tokio. One loop: ask what comes next, record or perform it, wait for one thing to
//! happen, record what it means.
//!
//! Promises: a record is durable before its effect is made and before it is announced; when the journal cannot be
//! written the loop ends at once and makes no further effect; what other processes append (answers to gates) is folded
//! in within half a second.

use super::flight::Stopping;
use super::{Flight, Next, Performer, next, records_of};
use crate::access::Beat;
use crate::event::Event;
use crate::journal::{Executor, Journal, JournalError, Lease, Record, RecordKind, Rest, RollbackTo, RunState};
use crate::model::{ActionCall, ActionPath, Millis, Outcome, Phase, StepId};
use crate::plan::Plan;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

/// What an executor is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Go forward, to the end of this step or of the runbook.
    Forward {
        /// The step to rest after.
        until: Option<StepId>,
    },
    /// Go back.
    Rollback {
        /// To here.
        to: RollbackTo,
    },
}

/// Where the time comes from.
pub trait Clock {
    /// Now.
    fn now(&self) -> Millis;
}

/// Why driving ended without a rest.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The journal cannot be written: nothing further was done to the world.
    #[error("nothing further is done, for it could not be recorded")]
    Journal(#[from] JournalError),
    /// An action's task broke: a defect.
    #[error("the task of an action broke off")]
    Broken(#[source] tokio::task::JoinError),
}

/// Drives one run.
#[derive(Debug)]
pub struct Driver<P, C> {
    /// The journal.
    pub journal: Journal,
    /// The right to execute the run.
    pub lease: Lease,
    /// The plan.
    pub plan: Plan,
    /// The run's state.
    pub state: RunState,
    /// Who performs calls.
    pub performer: Rc<P>,
    /// The clock.
    pub clock: C,
    /// Where events go; a receiver that is gone is no error.
    pub events: mpsc::UnboundedSender<Event>,
    /// How often the operator has asked to stop.
    pub stop: watch::Receiver<u32>,
}

/// How long an action may take to notice that waiting is over, once the operator has asked twice.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How often the journal is read for what others appended.
const READ_AGAIN: Duration = Duration::from_millis(500);

impl<P: Performer + 'static, C: Clock> Driver<P, C> {
    /// Drives the run until it rests. Must run inside a [`tokio::task::LocalSet`].
    ///
    /// # Errors
    /// When the journal cannot be written, or a task broke off. The run can be resumed.
    pub async fn drive(&mut self, intent: Intent, executor: Executor) -> Result<Rest, DriveError> {
        self.record(&match intent {
            Intent::Forward { until } => RecordKind::ForwardBegan { until, executor },
            Intent::Rollback { to } => RecordKind::RollbackBegan { to, executor },
        })?;
        let mut flight = Flight::default();
        let mut tasks: JoinSet<(ActionCall, Outcome)> = JoinSet::new();
        let (notes, mut beats) = mpsc::unbounded_channel();
        let (cut, cut_seen) = watch::channel(false);
        let mut stop = self.stop.clone();
        // An interval, not a sleep per turn: progress notes may come faster than it ticks.
        let mut read_again = tokio::time::interval(READ_AGAIN);
        read_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake = match next(&self.plan, &self.state, &mut flight, self.clock.now()) {
                Next::Record(kinds) => {
                    self.record_all(&kinds)?;
                    continue;
                }
                Next::Rest(rest) => {
                    if self.rested(&rest)? {
                        return Ok(rest);
                    }
                    continue;
                }
                Next::Perform { calls, wake } => {
                    for call in calls {
                        self.announce(&call);
                        let beat = Beat::new(call.action.clone(), notes.clone(), cut_seen.clone());
                        let performer = Rc::clone(&self.performer);
                        tasks.spawn_local(async move {
                            let outcome = performer.perform(call.clone(), beat).await;
                            (call, outcome)
                        });
                    }
                    wake
                }
            };
            tokio::select! {
                Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                    let (call, outcome) = ended.map_err(DriveError::Broken)?;
                    // What the action said before it ended is shown before its end.
                    while let Ok((action, note)) = beats.try_recv() {
                        self.progress(action, note);
                    }
                    self.ended(&mut flight, &call, outcome)?;
                }
                Some((action, note)) = beats.recv() => self.progress(action, note),
                () = sleep_until(wake, self.clock.now()) => {}
                Ok(()) = stop.changed() => {
                    let asked = *stop.borrow_and_update();
                    let _ = self.events.send(Event::Stopping { at_once: asked > 1 });
                    flight.stop = if asked > 1 { Stopping::Now } else { Stopping::Soon };
                    if asked > 1 {
                        let _ = cut.send(true);
                        self.last_words(&mut flight, &mut tasks).await?;
                    }
                }
                _ = read_again.tick() => self.read_foreign()?,
            }
        }
    }

    /// Gives running actions a moment to end, then stops waiting for them: what has no end recorded is in doubt.
    async fn last_words(
        &mut self,
        flight: &mut Flight,
        tasks: &mut JoinSet<(ActionCall, Outcome)>,
    ) -> Result<(), DriveError> {
        let until = tokio::time::Instant::now() + LAST_WORDS;
        while let Ok(Some(ended)) = tokio::time::timeout_at(until, tasks.join_next()).await {
            let (call, outcome) = ended.map_err(DriveError::Broken)?;
            self.ended(flight, &call, outcome)?;
        }
        tasks.abort_all();
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok((call, outcome)) => self.ended(flight, &call, outcome)?,
                Err(cut_off) if cut_off.is_cancelled() => {}
                Err(broken) => return Err(DriveError::Broken(broken)),
            }
        }
        flight.running.clear();
        flight.cleared.clear();
        Ok(())
    }

    fn ended(&mut self, flight: &mut Flight, call: &ActionCall, outcome: Outcome) -> Result<(), DriveError> {
        let records = records_of(&self.plan, &self.state, flight, call, outcome, self.clock.now());
        self.record_all(&records)
    }

    fn record_all(&mut self, kinds: &[RecordKind]) -> Result<(), DriveError> {
        kinds.iter().try_for_each(|kind| self.record(kind))
    }

    fn record(&mut self, kind: &RecordKind) -> Result<(), DriveError> {
        loop {
            match self.journal.append(&self.state, Some(&self.lease), self.clock.now(), kind.clone()) {
                Ok((record, state)) => {
                    self.state = state;
                    self.emit(record);
                    return Ok(());
                }
                Err(JournalError::Moved(_)) => self.read_foreign()?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Records the rest, unless somebody has appended in the meantime: an answer may be the reason to go on.
    fn rested(&mut self, rest: &Rest) -> Result<bool, DriveError> {
        let kind = RecordKind::Rested { rest: rest.clone() };
        match self.journal.append(&self.state, Some(&self.lease), self.clock.now(), kind) {
            Ok((record, state)) => {
                self.state = state;
                self.emit(record);
                Ok(true)
            }
            Err(JournalError::Moved(_)) => self.read_foreign().map(|()| false),
            Err(error) => Err(error.into()),
        }
    }

    /// Folds in what other processes have appended: answers and decisions of people.
    fn read_foreign(&mut self) -> Result<(), DriveError> {
        // Waiting on for the end of something that could not be recorded would help nobody.
        self.journal.still_there()?;
        for record in self.journal.records(&self.state.run, self.state.seq)? {
            self.state = self.state.apply(&record).map_err(JournalError::from)?;
            self.emit(record);
        }
        Ok(())
    }

    fn announce(&self, call: &ActionCall) {
        if matches!(call.phase, Phase::Observe | Phase::Verify) {
            let event = Event::Working { action: call.action.clone(), phase: call.phase, at: self.clock.now() };
            let _ = self.events.send(event);
        }
    }

    fn progress(&self, action: ActionPath, note: String) {
        let _ = self.events.send(Event::Progress { action, note, at: self.clock.now() });
    }

    fn emit(&self, record: Record) {
        let _ = self.events.send(Event::Recorded(Box::new(record)));
    }
}

async fn sleep_until(wake: Option<Millis>, now: Millis) {
    match wake {
        Some(at) => tokio::time::sleep(Duration::from_millis(u64::try_from(at - now).unwrap_or(0))).await,
        None => std::future::pending().await,
    }
}
