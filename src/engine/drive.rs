//! The embedded driver: one thread, tokio, and a store of records. It carries out what the executor wants and tells it what
//! happens, and decides nothing.
//!
//! Promises: a record is durable before it is announced; when the store cannot be written driving ends at once; what other
//! processes append (answers to gates) is told within half a second. It writes to no terminal: what it announces is taken
//! by somebody else, at his own pace.

use super::clock::Clock;
use super::exchange::{CallId, Effect, Input, Intent, Stopping};
use super::looks::GuardLooks;
use super::site_asker::SiteAsker;
use super::{Executor, Performer};
use crate::access::{Beat, BeatLine};
use crate::event::{Event, Teller};
use crate::journal::{ExecutorId, IllegalRecord, JournalError, Record, Rest, Store};
use crate::model::{ActionCall, ActionPath, Failure, FailureKind, Millis, Outcome, Phase};
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::MissedTickBehavior;

/// Why driving ended without a rest. The run can be resumed.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The journal cannot be written: nothing further was done to the world.
    #[error("nothing further is done, for it could not be recorded")]
    Journal(#[from] JournalError),
}

impl From<IllegalRecord> for DriveError {
    fn from(error: IllegalRecord) -> Self {
        Self::Journal(error.into())
    }
}

/// Drives one run.
#[derive(Debug)]
pub struct Driver<S, P, C> {
    /// Where records are kept.
    pub store: S,
    /// Who decides.
    pub executor: Executor,
    /// Who performs calls.
    pub performer: Rc<P>,
    /// The clock.
    pub clock: Rc<C>,
    /// Where events go.
    pub events: Teller,
    /// How often the operator has asked to stop.
    pub stop: watch::Receiver<u32>,
    /// Whether the site is asked all the time, where the runbook names one.
    pub asks_site: bool,
}

/// How often the store is read for what others appended.
const READ_AGAIN: Duration = Duration::from_millis(500);

impl<S: Store, P: Performer + 'static, C: Clock + 'static> Driver<S, P, C> {
    /// Drives the run until it rests. Must run inside a [`tokio::task::LocalSet`].
    ///
    /// # Errors
    /// When the store cannot be written, or does not hold what was written.
    pub async fn drive(&mut self, intent: Intent, by: ExecutorId) -> Result<Rest, DriveError> {
        let (mut calls, mut looks) = (Calls::default(), GuardLooks::default());
        let mut stop = self.stop.clone();
        // An interval, not a sleep per turn: other inputs may come faster than it ticks.
        let mut read_again = tokio::time::interval(READ_AGAIN);
        read_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut input = Input::Began { intent, by };
        let mut site = match self.asks_site {
            true => SiteAsker::of(self.executor.plan(), self.executor.pace),
            false => SiteAsker::silent(),
        };
        let (performer, clock) = (Rc::clone(&self.performer), Rc::clone(&self.clock));
        loop {
            let wake = match self.carry_out(input, &mut calls, &mut looks)? {
                Carried::Rested(rest) => return Ok(rest),
                Carried::Waits(wake) => wake,
            };
            input = tokio::select! {
                Some((call, outcome)) = calls.next() => Input::Outcome { call, outcome },
                Some((look, sighting)) = looks.next() => Input::Looked { look, sighting },
                Some((asked, sighting)) = site.next(&performer, &*clock) => Input::SiteAnswered { asked, sighting },
                () = sleep_until(wake, self.clock.now()) => Input::Tick,
                Ok(()) = stop.changed() => {
                    let at_once = *stop.borrow_and_update() > 1;
                    self.events.tell(Event::Stopping { at_once });
                    Input::StopAsked { how: if at_once { Stopping::Now } else { Stopping::Soon } }
                }
                _ = read_again.tick() => self.foreign()?,
            };
        }
    }

    /// Carries out what the executor wants because of this, and because of that.
    fn carry_out(&mut self, input: Input, calls: &mut Calls, looks: &mut GuardLooks) -> Result<Carried, DriveError> {
        let mut wake = None;
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            wake = None;
            for effect in self.executor.on(input, self.clock.now())? {
                match effect {
                    Effect::Append { record } => inputs.push_back(self.append(&record)?),
                    Effect::Perform { id, call } => self.perform(id, *call, calls),
                    Effect::Cancel { id } => calls.cancel(&id),
                    Effect::Forget { id } => calls.forget(&id),
                    Effect::Look { id, call } => {
                        let performer = Rc::clone(&self.performer);
                        looks.begin(id, async move { performer.look(*call).await });
                    }
                    Effect::ForgetLook { id } => looks.forget(&id),
                    Effect::Wake { at } => wake = Some(at),
                    Effect::Rest { rest } => return Ok(Carried::Rested(rest)),
                }
            }
        }
        Ok(Carried::Waits(wake))
    }

    fn append(&mut self, record: &Record) -> Result<Input, DriveError> {
        match self.store.append(record) {
            Ok(()) => {
                self.announce(record);
                Ok(Input::Appended)
            }
            Err(moved @ JournalError::Moved(_)) => match self.foreign()? {
                // Nobody has appended: records are gone that were there.
                Input::Foreign { records } if records.is_empty() => Err(moved.into()),
                others => Ok(others),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// What other processes have appended: answers and decisions of people.
    fn foreign(&mut self) -> Result<Input, DriveError> {
        let state = self.executor.state();
        let records = self.store.records_after(&state.run, state.seq)?;
        records.iter().for_each(|record| self.announce(record));
        Ok(Input::Foreign { records })
    }

    fn perform(&self, id: CallId, call: ActionCall, calls: &mut Calls) {
        if matches!(call.phase, Phase::Observe | Phase::Verify) {
            let event = Event::Working { action: call.action.clone(), phase: call.phase, at: self.clock.now() };
            self.events.tell(event);
        }
        let clock: Rc<dyn Clock> = Rc::clone(&self.clock) as _;
        let wire = Rc::new(Wire { events: self.events.clone(), clock, cancelled: Cell::new(false) });
        let beat = Beat::new(call.action.clone(), Rc::clone(&wire) as _);
        let performer = Rc::clone(&self.performer);
        calls.begin(id, wire, async move { performer.perform(call, beat).await });
    }

    fn announce(&self, record: &Record) {
        self.events.tell(Event::Recorded(Box::new(record.clone())));
    }
}

/// What came of carrying out.
enum Carried {
    Rested(Rest),
    /// For something to happen, at the latest until then.
    Waits(Option<Millis>),
}

/// A call's line to the display, and back.
struct Wire {
    events: Teller,
    clock: Rc<dyn Clock>,
    cancelled: Cell<bool>,
}

impl BeatLine for Wire {
    fn note(&self, action: &ActionPath, note: String) {
        self.events.tell(Event::Progress { action: action.clone(), note, at: self.clock.now() });
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }
}

/// The calls being performed, a task each.
#[derive(Default)]
struct Calls {
    tasks: JoinSet<Outcome>,
    names: HashMap<Id, CallId>,
    handles: BTreeMap<CallId, (AbortHandle, Rc<Wire>)>,
}

impl Calls {
    fn begin(&mut self, id: CallId, wire: Rc<Wire>, work: impl Future<Output = Outcome> + 'static) {
        let handle = self.tasks.spawn_local(work);
        self.names.insert(handle.id(), id.clone());
        self.handles.insert(id, (handle, wire));
    }

    fn cancel(&self, id: &CallId) {
        if let Some((_, wire)) = self.handles.get(id) {
            wire.cancelled.set(true);
        }
    }

    fn forget(&mut self, id: &CallId) {
        if let Some((handle, _)) = self.handles.remove(id) {
            handle.abort();
        }
    }

    /// The next outcome; nothing when no call is being performed. A task that broke has an unknown outcome, and is no reason
    /// to end the others.
    async fn next(&mut self) -> Option<(CallId, Outcome)> {
        loop {
            let (task, outcome) = match self.tasks.join_next_with_id().await? {
                Ok((task, outcome)) => (task, outcome),
                Err(error) => (error.id(), broken().into()),
            };
            let name = self.names.remove(&task);
            if let Some(id) = name.filter(|id| self.handles.remove(id).is_some()) {
                return Some((id, outcome));
            }
        }
    }
}

fn broken() -> Failure {
    Failure::new(FailureKind::Lost, "the code of this action broke off")
        .advise("this is a defect of `runbook`: please report it, with what was said above")
}

async fn sleep_until(wake: Option<Millis>, now: Millis) {
    match wake {
        Some(at) => tokio::time::sleep(Duration::from_millis(u64::try_from(at - now).unwrap_or(0))).await,
        None => std::future::pending().await,
    }
}
