//! Executing a run: lease, connections, signals, display, driver; and what its rest means for the exit code.

use super::args::{Common, Format};
use super::clock::SystemClock;
use super::harm::{Harm, Harmed};
use super::out::out;
use super::{Exit, Failure, operator, settings, signals};
use crate::access::Access;
use crate::action;
use crate::display::{self, Console, Mode};
use crate::engine::{Clock, DriveError, Driver, Intent, Worker, preview_parameters};
use crate::event::Event;
use crate::journal::{Executor, Journal, Lease, Rest, RunState};
use crate::model::ActionPath;
use crate::plan::Plan;
use std::rc::Rc;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

/// A run that is about to be executed.
pub(super) struct Execution<'a> {
    pub(super) journal: Journal,
    pub(super) plan: Plan,
    pub(super) common: &'a Common,
    pub(super) format: Format,
    pub(super) harm: &'a Harm,
}

/// Runs asynchronous work on this thread.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(Exit::Failed, "cannot start").cause(e.to_string()))?;
    Ok(runtime.block_on(LocalSet::new().run_until(work)))
}

/// Takes the lease of a run for this process.
pub(super) fn lease(journal: &mut Journal, state: &RunState) -> Result<Lease, Failure> {
    Ok(journal.lease(&state.run, &operator::holder(), SystemClock.now())?)
}

impl Execution<'_> {
    /// Drives the run until it rests.
    pub(super) fn go(self, lease: Lease, state: RunState, intent: Intent) -> Result<Exit, Failure> {
        let holder = operator::holder();
        let executor = Executor { fence: lease.fence(), by: holder.by, host: holder.host, pid: holder.pid };
        let access = Rc::new(Access::new(settings::connections(self.common, state.run.as_str())?));
        let performer = Rc::new(Harmed { inner: Worker::new(access), harm: self.harm.clone() });
        let format = self.format;
        block_on(async move {
            let stop = signals::listen()
                .map_err(|e| Failure::new(Exit::Failed, "cannot listen for signals").cause(e.to_string()))?;
            let (events, shown) = mpsc::unbounded_channel();
            let told = self.plan.clone();
            let sentence = move |state: &RunState, path: &ActionPath| {
                let definition = told.definition(path)?;
                let parameters = preview_parameters(&told, &state.run, &state.outputs(), definition);
                action::describe(definition.kind, &parameters).ok().map(|told| told.does)
            };
            let console =
                Console::new(Mode::choose(format.is_json()), &self.plan, &state).with_sentences(Box::new(sentence));
            let display = tokio::task::spawn_local(show(console, shown));
            let mut driver = Driver {
                journal: self.journal,
                lease,
                plan: self.plan,
                state,
                performer,
                clock: SystemClock,
                events,
                stop,
            };
            let result = driver.drive(intent, executor).await;
            let Driver { plan, state, events, .. } = driver;
            drop(events);
            // The display ends when the last event is shown; a broken display changes nothing that was done.
            let _ = display.await;
            report(&plan, &state, result, format)
        })?
    }
}

async fn show(mut console: Console, mut events: mpsc::UnboundedReceiver<Event>) {
    while let Some(event) = events.recv().await {
        console.show(&event);
    }
    console.finish();
}

fn report(plan: &Plan, state: &RunState, result: Result<Rest, DriveError>, format: Format) -> Result<Exit, Failure> {
    let rest = result.map_err(|e| {
        let hint =
            format!("put that right, then `runbook resume {}`: what was under way is looked at first", state.run);
        Failure::chain(Exit::Failed, &e).hint(hint)
    })?;
    out(&if format.is_json() {
        format!("{}\n", display::rest_json(plan, state, &rest))
    } else {
        display::rest_text(plan, state, &rest)
    })?;
    Ok(match rest {
        Rest::Finished | Rest::UntilReached { .. } | Rest::RolledBack { .. } => Exit::Done,
        Rest::Paused { .. } => Exit::Failed,
        Rest::InDoubt { .. } | Rest::Waiting { .. } => Exit::Waits,
        Rest::Interrupted { .. } => Exit::Interrupted,
    })
}
