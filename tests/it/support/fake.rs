//! A world in memory, a performer on it, and an executor that can be made to die at any call.

use runbook::access::Beat;
use runbook::engine::{Clock, DriveError, Driver, Intent, Performer};
use runbook::event::Event;
use runbook::journal::{Executor, Holder, Journal, RecordKind, Rest, RunState};
use runbook::model::{ActionCall, ActionPath, Failure, Finding, Found, Outcome, Phase, RunId, Values};
use runbook::plan::{Order, Plan};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use tokio::sync::{mpsc, watch};

/// What is in the world, and how often each effect was made.
#[derive(Debug, Default)]
pub struct World {
    pub there: BTreeMap<ActionPath, bool>,
    pub made: BTreeMap<ActionPath, u32>,
    pub unmade: BTreeMap<ActionPath, u32>,
    pub order: Vec<(ActionPath, Phase)>,
    pub together: usize,
    /// Failures still to come, by action and phase.
    pub failures: BTreeMap<(ActionPath, Phase), Vec<Failure>>,
    /// Actions about which observing cannot tell.
    pub unclear: Vec<ActionPath>,
    /// Actions whose effect was there before.
    pub found: Vec<ActionPath>,
    running: usize,
}

/// When an executor dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    Never,
    /// Just before the effect of the n-th call that has one (from 0).
    Before(usize),
    /// Just after it.
    After(usize),
}

pub struct Fake {
    pub world: Rc<RefCell<World>>,
    death: Death,
    effects: Cell<usize>,
    dead: mpsc::UnboundedSender<()>,
}

#[derive(Debug)]
pub struct Ticks(Cell<i64>);

impl Clock for Ticks {
    fn now(&self) -> i64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

impl Fake {
    async fn die_if(&self, at: Death) {
        if self.death == at {
            let _ = self.dead.send(());
            std::future::pending::<()>().await;
        }
    }

    fn failure(&self, call: &ActionCall) -> Option<Failure> {
        let mut world = self.world.borrow_mut();
        let queue = world.failures.get_mut(&(call.action.clone(), call.phase))?;
        if queue.is_empty() { None } else { Some(queue.remove(0)) }
    }
}

impl Performer for Fake {
    async fn perform(&self, call: ActionCall, _beat: Beat) -> Outcome {
        let action = call.action.clone();
        {
            let mut world = self.world.borrow_mut();
            world.order.push((action.clone(), call.phase));
            world.running += 1;
            world.together = world.together.max(world.running);
        }
        tokio::task::yield_now().await;
        let effect = matches!(call.phase, Phase::Apply | Phase::Undo);
        let number = self.effects.get();
        if effect {
            self.effects.set(number + 1);
            self.die_if(Death::Before(number)).await;
        }
        let outcome = match self.failure(&call) {
            Some(failure) => Outcome::Failed(failure),
            None => self.carry_out(&call),
        };
        if effect {
            self.die_if(Death::After(number)).await;
        }
        self.world.borrow_mut().running -= 1;
        outcome
    }
}

impl Fake {
    fn carry_out(&self, call: &ActionCall) -> Outcome {
        let mut world = self.world.borrow_mut();
        let action = call.action.clone();
        let there = world.there.get(&action).copied().unwrap_or(false);
        match call.phase {
            Phase::Observe => Outcome::Observed(Finding {
                found: match (world.unclear.contains(&action), there) {
                    (true, _) => Found::Unknown,
                    (false, true) => Found::Holds,
                    (false, false) => Found::Absent,
                },
                ours: false,
                before: serde_json::json!({ "there": there }),
                outputs: Values::new(),
                evidence: "looked".into(),
            }),
            Phase::Apply => {
                *world.made.entry(action.clone()).or_default() += 1;
                world.there.insert(action, true);
                Outcome::Applied { outputs: Values::new() }
            }
            Phase::Verify => Outcome::Verified { outputs: Values::new(), evidence: "it is there".into() },
            Phase::Undo => {
                if there {
                    *world.unmade.entry(action.clone()).or_default() += 1;
                }
                world.there.insert(action, false);
                Outcome::Undone { evidence: "it is gone".into() }
            }
        }
    }
}

/// A plan of a runbook in tests/data/engine.
pub fn plan(name: &str, order: Order) -> Plan {
    let path = format!("{}/tests/data/engine/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let runbook = runbook::validate::parse_runbook(name, &text).unwrap();
    let inputs = runbook::validate::parse_inputs(&runbook, None, &[]).unwrap();
    Plan::make(runbook, inputs, None, order).unwrap()
}

/// Opens a run of a plan in a fresh journal.
pub fn open(folder: &Path, plan: &Plan) -> RunId {
    let run: RunId = "r20260101-000000-test".parse().unwrap();
    let opened = RecordKind::RunOpened {
        runbook: plan.runbook.name.clone(),
        document: String::new(),
        fingerprint: String::new(),
        plan: plan.to_value().unwrap(),
        by: "tester".into(),
        tool: "test".into(),
        source: None,
    };
    Journal::open(folder).unwrap().open_run(&run, 1, opened).unwrap();
    run
}

/// What came of one executor's life.
pub enum Life {
    Rested(Rest),
    Failed(DriveError),
    Died,
}

impl Life {
    pub fn rest(self) -> Rest {
        match self {
            Life::Rested(rest) => rest,
            Life::Failed(error) => panic!("{error:?}"),
            Life::Died => panic!("died"),
        }
    }
}

/// One executor: a new journal connection, a new lease, and life until it rests or dies.
pub fn execute(
    folder: &Path,
    run: &RunId,
    world: &Rc<RefCell<World>>,
    intent: Intent,
    death: Death,
) -> (Life, RunState) {
    execute_stoppable(folder, run, world, intent, death, |_| {})
}

/// The same, with a hand on the stop counter from the beginning.
pub fn execute_stoppable(
    folder: &Path,
    run: &RunId,
    world: &Rc<RefCell<World>>,
    intent: Intent,
    death: Death,
    stopper: impl FnOnce(watch::Sender<u32>),
) -> (Life, RunState) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    runtime.block_on(local.run_until(async {
        let mut journal = Journal::open(folder).unwrap();
        let state = journal.state(run).unwrap();
        let holder = Holder { by: "tester".into(), host: "here".into(), pid: std::process::id() };
        let lease = journal.lease(run, &holder, 1).unwrap();
        let executor = Executor { fence: lease.fence(), by: "tester".into(), host: "here".into(), pid: 1 };
        let (dead, mut died) = mpsc::unbounded_channel();
        world.borrow_mut().running = 0;
        let performer = Rc::new(Fake { world: Rc::clone(world), death, effects: Cell::new(0), dead });
        let (events, _shown) = mpsc::unbounded_channel::<Event>();
        let (stop, stopped) = watch::channel(0);
        stopper(stop);
        let plan = Plan::read(&state.opened.plan).unwrap();
        let clock = Ticks(Cell::new(state.at));
        let mut driver = Driver { journal, lease, plan, state, performer, clock, events, stop: stopped };
        let life = tokio::select! {
            result = driver.drive(intent, executor) => match result {
                Ok(rest) => Life::Rested(rest),
                Err(error) => Life::Failed(error),
            },
            _ = died.recv() => Life::Died,
        };
        drop(driver);
        let state = Journal::open(folder).unwrap().state(run).unwrap();
        (life, state)
    }))
}
