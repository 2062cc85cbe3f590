//! Executing a run: lease, connections, signals, display, driver; and what its rest means for the exit code.

use crate::access::Access;
use crate::cli::args::{Common, Format};
use crate::cli::clock::{SteadyClock, SystemClock};
use crate::cli::lab::harm::{Harm, Harmed, Mortal};
use crate::cli::run::spectator::Spectator;
use crate::cli::run::{clearing, signals, waits};
use crate::cli::{CommandFailure, Exit, operator, settings};
use crate::display::Typed;
use crate::display::{self, Console, ConsoleMode, Sentence};
use crate::engine::{Clock, DriveError, Driver, Executor, Intent, Worker, preview_parameters};
use crate::journal::{ActionState, ExecutorId, Held, History, Journal, JournalError, Lease, Rest, RunState};
use crate::model::ActionPath;
use crate::notify::{NoticeWords, Post};
use crate::plan::Plan;
use crate::{action, event};
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::LocalSet;

/// A run that is about to be executed.
pub(in crate::cli) struct ExecutorRun<'a> {
    pub(in crate::cli) journal: Journal,
    pub(in crate::cli) plan: Plan,
    pub(in crate::cli) common: &'a Common,
    pub(in crate::cli) format: Format,
    pub(in crate::cli) harm: &'a Harm,
}

/// Runs asynchronous work on this thread.
pub(in crate::cli) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, CommandFailure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| CommandFailure::new(Exit::Failed, "cannot start").cause(e.to_string()))?;
    Ok(runtime.block_on(LocalSet::new().run_until(work)))
}

/// Takes the lease of a run for this process.
pub(in crate::cli) fn lease(journal: &mut Journal, state: &RunState) -> Result<Lease, CommandFailure> {
    Ok(journal.lease(&state.run, &operator::holder(), SystemClock.now())?)
}

impl ExecutorRun<'_> {
    /// Drives the run until it rests. The lease is given back before anybody waits for the display.
    pub(in crate::cli) fn go(self, lease: Lease, state: RunState, intent: Intent) -> Result<Exit, CommandFailure> {
        let holder = operator::holder();
        let by = ExecutorId { fence: lease.fence(), by: holder.by, host: holder.host, pid: holder.pid };
        let access = Rc::new(Access::new(settings::connections(self.common, state.run.as_str())?));
        let performer = Rc::new(Harmed { inner: Worker::new(Rc::clone(&access)), harm: self.harm.clone() });
        let format = self.format;
        let plan = Arc::new(self.plan);
        block_on(async move {
            let mut stop = signals::listen()
                .map_err(|e| CommandFailure::new(Exit::Failed, "cannot listen for signals").cause(e.to_string()))?;
            let (mut events, shown) = event::channel();
            let (also, heard) = event::channel();
            events = events.and(also);
            waits::keep(heard, settings::connections(self.common, state.run.as_str())?.work_dir, operator::holder());
            let mut post = None;
            if !self.common.notify.is_empty() {
                let (also, heard) = event::channel();
                events = events.and(also);
                let told = (Arc::clone(&plan), state.clone(), by.clone());
                let settings = settings::connections(self.common, state.run.as_str())?;
                post = Some(Post::open(heard, self.common.notify.clone(), settings, words(&plan), told));
            }
            let past = History::of(&self.journal.records(&state.run, 0)?);
            let console = Console::new(ConsoleMode::choose(format.is_json()), &plan, &state, past)
                .with_sentences(sentence(&plan))
                .at_pace(self.common.faster.unwrap_or_default());
            let spectator = Spectator::watch(console, shown);
            let mut driver = Driver {
                store: Mortal { inner: Held { journal: self.journal, lease }, harm: self.harm.clone(), appends: 0 },
                executor: Executor::new(plan, state).at_pace(self.common.faster.unwrap_or_default()),
                performer,
                clock: Rc::new(SteadyClock::new()),
                events,
                stop: stop.clone(),
                asks_site: !self.common.no_probe,
            };
            let result = driver.drive(intent, by).await;
            let Driver { store: Mortal { inner: Held { journal, lease }, .. }, executor, events, .. } = driver;
            // What was asked of the run is done by now: from here on it is asked not to wait for what comes after it.
            stop.mark_unchanged();
            let left = match &result {
                Ok(_) => clearing::clear(executor.plan(), executor.state(), &access, asked(&mut stop)).await,
                Err(_) => None,
            };
            drop(lease);
            events.close();
            let all_shown = spectator.end(&mut stop).await;
            all_told(post, &mut stop).await;
            let (plan, state) = (executor.plan(), executor.state());
            let rest = result.map_err(|error| stopped(&journal, plan, state, &error))?;
            if all_shown.is_some()
                && let Some(Ok(printed)) = Spectator::print(report(plan, state, &rest, format)).end(&mut stop).await
            {
                printed?;
            }
            if let Some(left) = left {
                display::to_stderr(&format!("note: {left}\n"));
            }
            Ok(exit(state, &rest))
        })?
    }
}

/// Comes when somebody asks to stop.
async fn asked(stop: &mut watch::Receiver<u32>) {
    if stop.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits until everybody is told who is to be, as long as nobody asks to stop, and says who was not.
async fn all_told(post: Option<Post>, stop: &mut watch::Receiver<u32>) {
    let Some(post) = post else { return };
    let failed = tokio::select! {
        failed = post.end() => failed,
        () = asked(stop) => vec!["not everybody was told: it was not waited for".to_owned()],
    };
    for line in failed {
        display::to_stderr(&format!("note: {line}\n"));
    }
}

/// What a notice says, of a record that is in the state.
fn words(plan: &Arc<Plan>) -> NoticeWords {
    let plan = Arc::clone(plan);
    Box::new(move |state, record| display::notice_text(&plan, state, &record.kind))
}

/// What an action will do, in words.
fn sentence(plan: &Arc<Plan>) -> Sentence {
    let plan = Arc::clone(plan);
    Box::new(move |state: &RunState, path: &ActionPath| {
        let definition = plan.definition(path)?;
        let parameters = preview_parameters(&plan, Some(&state.run), &state.outputs(), definition);
        action::describe(definition.kind, &parameters).ok().map(|told| told.does.to_string())
    })
}

/// What is to be said when driving ended without a rest: what is in doubt, and what to do first.
fn stopped(journal: &Journal, plan: &Plan, state: &RunState, error: &DriveError) -> CommandFailure {
    let mut failure = CommandFailure::chain(Exit::Failed, error);
    // What is under way is somebody else's by now, and he knows more of it.
    if let DriveError::Journal(JournalError::Fenced { run, .. }) = error {
        return failure
            .cause("nothing more is recorded or done from here")
            .hint(format!("`{}` shows who executes it, and where it stands", Typed::of(run).status()));
    }
    let under_way = |path: &ActionPath| {
        let current = state.action(path);
        matches!(current, ActionState::Started { .. } | ActionState::Applied { .. })
            || current.is_in_doubt()
            || current.is_undoing()
    };
    for action in plan.actions.iter().map(|planned| &planned.action).filter(|path| under_way(path)) {
        failure = failure.cause(format!("`{action}` is in doubt: it was begun, and how it ended is not recorded"));
    }
    let DriveError::Journal(error) = error;
    let rescued = matches!(error, JournalError::Gone { .. }).then(|| journal.rescue());
    failure = match (rescued, error.remedy()) {
        (Some(Ok(copy)), _) => failure.hint(format!(
            "`{}` has all that was recorded: unless you find the journal itself, rename that to `journal.db`",
            copy.display()
        )),
        (_, Some(remedy)) => failure.hint(remedy),
        (_, None) => failure,
    };
    failure.hint(format!("then `{}`: what is in doubt is looked at first", Typed::of(&state.run).resume()))
}

fn report(plan: &Plan, state: &RunState, rest: &Rest, format: Format) -> String {
    if format.is_json() {
        format!("{}\n", display::rest_json(plan, state, rest))
    } else {
        display::rest_text(plan, state, rest)
    }
}

fn exit(state: &RunState, rest: &Rest) -> Exit {
    match rest {
        Rest::FinishedWithFailures { .. } | Rest::GuardBroken { .. } => Exit::Failed,
        // It was to go forward.
        Rest::RolledBack { .. } if !state.turned_back_for.is_empty() || state.turned_back_late.is_some() => {
            Exit::Failed
        }
        Rest::Finished | Rest::UntilReached { .. } | Rest::RolledBack { .. } | Rest::Abandoned { .. } => Exit::Done,
        Rest::Overrun { .. } => Exit::Waits,
        // Nothing failed but what a person has to renew.
        Rest::Paused { actions } if actions.iter().any(|action| !state.action(action).wants_credentials()) => {
            Exit::Failed
        }
        Rest::Paused { actions } if actions.is_empty() => Exit::Failed,
        Rest::Paused { .. } | Rest::InDoubt { .. } | Rest::Waiting { .. } => Exit::Waits,
        Rest::Interrupted { .. } => Exit::Interrupted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::opened_test::opened;
    use crate::journal::{Record, RecordKind};
    use crate::model::Value;
    use crate::plan::Order;
    use crate::validate;

    /// Whose lease is gone is sent to who has it, and not to a resume that would be refused.
    #[test]
    fn who_was_overtaken_is_not_told_to_go_on() {
        let text = "runbook: small\ntitle: small\nabout: for tests\nsteps:\n  - id: one\n    title: one\n    why: because\n    \
                    actions:\n      - { id: it, do: gate.approve, with: { prompt: a } }\n";
        let runbook = validate::parse_runbook("small", text).unwrap();
        let plan = Plan::make(runbook, crate::model::Values::new(), None, Order::Article).unwrap();
        let opened = opened(plan.to_value().unwrap());
        let run: crate::model::RunId = "r1".parse().unwrap();
        let state = RunState::open(&Record { run: run.clone(), seq: 1, at: 1, kind: opened }).unwrap();
        let action = "one/it".parse().unwrap();
        let (token, before, evidence) = (String::new(), Value::Null, String::new());
        let started = RecordKind::Started { action, attempt: 1, token, before, evidence };
        let (_, state) = state.follow(started, 1).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        let error = DriveError::Journal(JournalError::Fenced { run, ours: 1, theirs: 2 });
        let told = format!("{:?}", stopped(&journal, &plan, &state, &error));
        assert!(told.contains("runbook status r1") && !told.contains("runbook resume"), "{told}");
        assert!(!told.contains("in doubt"), "{told}");
    }
}
