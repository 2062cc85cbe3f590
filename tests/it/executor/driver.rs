//! The embedded driver over a store in memory: what it makes of a task that breaks, and of a store that lost records.

use crate::support::fake::{opened, plan};
use runbook::access::Beat;
use runbook::engine::{Clock, DriveError, Driver, Executor, Intent, Performer};
use runbook::event;
use runbook::journal::{ExecutorId, JournalError, Record, RecordKind, Rest, RunState, Store};
use runbook::model::{ActionCall, FailureKind, Finding, Found, GuardCall, Outcome, Phase, RunId, Sighting, Values};
use runbook::plan::Order;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::watch;

/// Records in a list, of which it can lose the last.
struct List {
    records: Vec<Record>,
    loses: Option<usize>,
}

impl Store for List {
    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        if self.loses == Some(self.records.len()) {
            self.records.pop();
        }
        if self.records.len() as u64 + 1 != record.seq {
            return Err(JournalError::Moved(record.run.clone()));
        }
        self.records.push(record.clone());
        Ok(())
    }

    fn records_after(&mut self, _: &RunId, after: u64) -> Result<Vec<Record>, JournalError> {
        Ok(self.records.iter().filter(|record| record.seq > after).cloned().collect())
    }
}

struct Real(Instant);

impl Clock for Real {
    fn now(&self) -> i64 {
        i64::try_from(self.0.elapsed().as_millis()).unwrap() + 1
    }
}

/// Makes everything, and breaks once after it has made `left/one`.
#[derive(Default)]
struct Breaks {
    made: RefCell<BTreeMap<String, u32>>,
}

impl Performer for Breaks {
    async fn perform(&self, call: ActionCall, _: Beat) -> Outcome {
        let action = call.action.to_string();
        let there = self.made.borrow().contains_key(&action);
        match call.phase {
            Phase::Observe if there => Outcome::Observed(Finding::new(Found::Holds, false, "there")),
            Phase::Observe => Outcome::Observed(Finding::new(Found::Absent, false, "not there")),
            Phase::Apply => {
                *self.made.borrow_mut().entry(action.clone()).or_default() += 1;
                assert_ne!(action, "left/one", "as the test wants it");
                Outcome::Applied { outputs: Values::new() }
            }
            Phase::Verify => Outcome::Verified { outputs: Values::new(), evidence: "there".into() },
            Phase::Undo => Outcome::Undone { evidence: "gone".into() },
        }
    }

    async fn look(&self, _: GuardCall) -> Sighting {
        Sighting { holds: true, seen: "well".into(), advice: Vec::new() }
    }
}

/// Drives a run forward until it rests; answers its records, and how often each effect was made.
fn drive(loses: Option<usize>) -> (Result<Rest, DriveError>, Vec<Record>, BTreeMap<String, u32>) {
    let plan = Arc::new(plan("diamond", Order::Overlap));
    let first = opened(&plan);
    let state = RunState::open(&first).unwrap();
    let (events, _listener) = event::channel();
    let (_stop, stop) = watch::channel(0);
    let performer = Rc::new(Breaks::default());
    let mut driver = Driver {
        store: List { records: vec![first], loses },
        executor: Executor::new(plan, state),
        performer: Rc::clone(&performer),
        clock: Rc::new(Real(Instant::now())),
        events,
        stop,
        asks_site: false,
    };
    let by = ExecutorId { fence: 1, by: "hana".into(), host: "desk".into(), pid: 1 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    let result = runtime.block_on(local.run_until(driver.drive(Intent::Forward { until: None }, by)));
    let made = performer.made.borrow().clone();
    (result, driver.store.records, made)
}

#[test]
fn a_task_that_breaks_is_a_lost_answer_and_the_end_of_nothing_else() {
    let (result, records, made) = drive(None);
    assert_eq!(result.unwrap(), Rest::Finished);
    let lost = |record: &&Record| matches!(&record.kind, RecordKind::Failed { failure, .. } if failure.kind == FailureKind::Lost);
    assert_eq!(records.iter().filter(lost).count(), 1);
    assert!(made.values().all(|times| *times == 1), "{made:?}");
}

#[test]
fn a_store_that_has_lost_records_ends_it() {
    let (result, _, made) = drive(Some(5));
    let Err(DriveError::Journal(error)) = result else { panic!("{result:?}") };
    assert!(matches!(error, JournalError::Moved(_)), "{error:?}");
    assert!(made.len() <= 2, "nothing further is done: {made:?}");
}
