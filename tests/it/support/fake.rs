//! A world in memory, a performer on it, and an executor that can be made to die at any call.

use runbook::access::Beat;
use runbook::engine::{Clock, DriveError, Driver, Executor, Intent, Performer};
use runbook::event::{self, Event};
use runbook::journal::{ExecutorId, Held, Holder, Journal, Record, RecordKind, Rest, RunState};
use runbook::model::{
    ActionCall, ActionPath, CheckKind, Expr, Facts, Failure, FailureKind, Finding, Found, Guard, GuardCall, Outcome,
    Pace, Phase, RunId, Runbook, Sighting, Values, WayBack,
};
use runbook::plan::{Order, Plan};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// What is in the world, and how often each effect was made.
#[derive(Debug, Default)]
pub struct World {
    /// How fast waits go.
    pub pace: Pace,
    /// What was announced.
    pub seen: Vec<Event>,
    pub there: BTreeMap<ActionPath, bool>,
    pub made: BTreeMap<ActionPath, u32>,
    pub unmade: BTreeMap<ActionPath, u32>,
    pub order: Vec<(ActionPath, Phase)>,
    pub together: usize,
    /// Actions whose undo does not wait for that of another that needs them.
    pub no_barrier: BTreeSet<(ActionPath, ActionPath)>,
    /// Failures still to come, by action and phase: instead of the deed.
    pub failures: BTreeMap<(ActionPath, Phase), Vec<Failure>>,
    /// How many answers are still to be lost, by action and phase: after the deed.
    pub lost: BTreeMap<(ActionPath, Phase), u32>,
    /// Actions about which observing cannot tell.
    pub unclear: Vec<ActionPath>,
    /// Actions about which observing cannot tell so many times more.
    pub unclear_for: BTreeMap<ActionPath, u32>,
    /// Actions that somebody else is at: in progress until verified.
    pub in_progress: Vec<ActionPath>,
    /// Gates that are asked at before a deed, by action and phase.
    pub asks: BTreeMap<(ActionPath, Phase), String>,
    /// Deeds that wait, telling so, until they are told to stop waiting.
    pub patient: Vec<(ActionPath, Phase)>,
    /// How often such a deed has told so.
    pub waited: u32,
    /// Deeds that hang and do not listen.
    pub deaf: Vec<(ActionPath, Phase)>,
    /// How often each token made an effect.
    pub tokens: BTreeMap<String, u32>,
    /// What must be there and verified before an action is applied.
    pub needs: BTreeMap<ActionPath, Vec<ActionPath>>,
    /// What looks at a guard see, one after the other; the last for ever. Without it all is well.
    pub sightings: BTreeMap<String, Vec<bool>>,
    /// The looks at guards that were made.
    pub looks: Vec<String>,
    /// What observing tells of the world beside that, by action.
    pub facts: BTreeMap<ActionPath, Facts>,
    /// What was verified, or found, and is there.
    pub verified: BTreeSet<ActionPath>,
    /// What went against `needs`.
    pub violations: Vec<String>,
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

/// At the begin of the n-th effect (from 0), the operator has asked to stop this often.
pub type StopAt = Option<(usize, u32)>;

pub struct Fake {
    pub world: Rc<RefCell<World>>,
    death: Death,
    stop_at: StopAt,
    stop: watch::Sender<u32>,
    effects: Cell<usize>,
    dead: mpsc::UnboundedSender<()>,
}

/// A clock that goes on from the last record's time, in real milliseconds.
#[derive(Debug)]
pub struct Ticks(i64, Instant);

impl Clock for Ticks {
    fn now(&self) -> i64 {
        self.0 + i64::try_from(self.1.elapsed().as_millis()).unwrap()
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

    fn answer_is_lost(&self, call: &ActionCall) -> bool {
        match self.world.borrow_mut().lost.get_mut(&(call.action.clone(), call.phase)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    /// Waits as the script says; a failure when it was told to stop waiting.
    async fn wait(&self, call: &ActionCall, beat: &Beat) -> Result<(), Failure> {
        let this = (call.action.clone(), call.phase);
        if self.world.borrow().deaf.contains(&this) {
            std::future::pending::<()>().await;
        }
        while self.world.borrow().patient.contains(&this) {
            beat.beat("waiting")?;
            self.world.borrow_mut().waited += 1;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }
}

impl Performer for Fake {
    async fn perform(&self, call: ActionCall, beat: Beat) -> Outcome {
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
            if let Some((at, times)) = self.stop_at
                && at == number
            {
                self.stop.send_replace(times);
            }
            self.die_if(Death::Before(number)).await;
        }
        let waited = self.wait(&call, &beat).await;
        let mut outcome = match waited.err().or_else(|| self.failure(&call)) {
            Some(failure) => Outcome::Failed(failure),
            None => self.carry_out(&call),
        };
        if self.answer_is_lost(&call) {
            outcome = Failure::new(FailureKind::Lost, "the answer was lost").into();
        }
        if effect {
            self.die_if(Death::After(number)).await;
        }
        self.world.borrow_mut().running -= 1;
        outcome
    }

    async fn look(&self, call: GuardCall) -> Sighting {
        tokio::task::yield_now().await;
        let mut world = self.world.borrow_mut();
        world.looks.push(call.guard.clone());
        let script = world.sightings.get_mut(&call.guard);
        let holds = match script {
            Some(script) if script.len() > 1 => script.remove(0),
            Some(script) => script.first().copied().unwrap_or(true),
            None => true,
        };
        Sighting { holds, seen: if holds { "it answers" } else { "no answer" }.into(), advice: Vec::new() }
    }
}

impl Fake {
    fn carry_out(&self, call: &ActionCall) -> Outcome {
        let mut world = self.world.borrow_mut();
        let action = call.action.clone();
        let there = world.there.get(&action).copied().unwrap_or(false);
        if let Some(gate) = world.asks.get(&(action.clone(), call.phase))
            && !call.approved.contains(gate)
        {
            return Outcome::Waiting { gate: gate.clone(), prompt: "may it be?".into() };
        }
        match call.phase {
            Phase::Observe => world.observe(&action, there),
            Phase::Apply => {
                *world.made.entry(action.clone()).or_default() += 1;
                *world.tokens.entry(call.token()).or_default() += 1;
                let unmet: Vec<_> = world.needs.get(&action).into_iter().flatten().cloned().collect();
                for need in unmet.iter().filter(|need| !world.verified.contains(*need)).collect::<Vec<_>>() {
                    world.violations.push(format!("{action} before {need} was verified"));
                }
                world.there.insert(action, true);
                Outcome::Applied { outputs: Values::new() }
            }
            Phase::Verify => {
                if world.in_progress.contains(&action) {
                    world.in_progress.retain(|other| *other != action);
                    world.there.insert(action.clone(), true);
                }
                if world.there.get(&action) != Some(&true) {
                    return Failure::permanent("it is not there").into();
                }
                world.verified.insert(action);
                Outcome::Verified { outputs: Values::new(), evidence: "it is there".into() }
            }
            Phase::Undo => {
                if there {
                    *world.unmade.entry(action.clone()).or_default() += 1;
                }
                let dependents: Vec<_> =
                    world.needs.iter().filter(|(_, n)| n.contains(&action)).map(|(a, _)| a.clone()).collect();
                for dependent in dependents {
                    if world.no_barrier.contains(&(action.clone(), dependent.clone())) {
                        continue;
                    }
                    let ours = world.made.get(&dependent).copied().unwrap_or(0)
                        > world.unmade.get(&dependent).copied().unwrap_or(0);
                    if ours {
                        world.violations.push(format!("{action} undone before {dependent}"));
                    }
                }
                world.verified.remove(&action);
                world.there.insert(action, false);
                Outcome::Undone { evidence: "it is gone".into() }
            }
        }
    }
}

impl World {
    fn observe(&mut self, action: &ActionPath, there: bool) -> Outcome {
        let unclear = match self.unclear_for.get_mut(action) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => self.unclear.contains(action),
        };
        let found = match (unclear, there) {
            (true, _) => Found::Unknown,
            _ if self.in_progress.contains(action) => Found::InProgress,
            (false, true) => Found::Holds,
            (false, false) => Found::Absent,
        };
        if found == Found::Holds {
            self.verified.insert(action.clone());
        }
        Outcome::Observed(Finding {
            found,
            ours: false,
            before: serde_json::json!({ "there": there }),
            outputs: Values::new(),
            evidence: "looked".into(),
            changes: Vec::new(),
            facts: self.facts.get(action).cloned().unwrap_or_default(),
            brought_by: None,
        })
    }
}

/// A plan of a runbook in tests/data/engine.
pub fn plan(name: &str, order: Order) -> Plan {
    let path = format!("{}/tests/data/engine/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap();
    let runbook = runbook::validate::parse_runbook(name, &text).unwrap();
    planned(runbook, order)
}

/// A plan of a runbook, with waits of a millisecond before it tries again.
pub fn planned(mut runbook: Runbook, order: Order) -> Plan {
    for action in runbook.steps.iter_mut().flat_map(|step| &mut step.actions) {
        action.retry.first_ms = 1;
        action.retry.most_ms = 1;
    }
    let inputs = runbook::validate::parse_inputs(&runbook, None, &[]).unwrap();
    Plan::make(runbook, inputs, None, order).unwrap()
}

/// A guard of a plan, by the ids of its steps: two bad looks in a row are a break.
pub fn guard(id: &str, from: Option<&str>, until: Option<&str>) -> Guard {
    let url = Expr::Literal("http://127.0.0.1:9/".into());
    Guard {
        id: id.to_owned(),
        kind: CheckKind::HttpAnswers,
        title: None,
        from: from.map(|step| step.parse().unwrap()),
        until: until.map(|step| step.parse().unwrap()),
        with: BTreeMap::from([("url".to_owned(), url)]),
        every_ms: 10_000,
        times: 2,
    }
}

/// A step of a random plan: which earlier steps it needs (the lower bits) and of which kinds its actions are (the upper ones),
/// and how many actions it has.
pub type StepShape = (u8, usize);

/// A plan of this shape: its actions change what was there, make something, or only their author knows. The first action takes
/// the site down, and the last one that waits for it brings it back.
pub fn shaped(shape: &[StepShape], order: Order) -> Plan {
    let mut text = "runbook: random\ntitle: random\nabout: random\nregion: eu-central-1\ntargets:\n".to_owned();
    let names = |index: usize, actions: usize| (0..actions).map(move |action| format!("s{index}-{action}"));
    for name in shape.iter().enumerate().flat_map(|(index, (_, actions))| names(index, *actions)) {
        writeln!(text, "  {name}: {{ host: {name} }}").unwrap();
    }
    text.push_str("steps:\n");
    let mut stands = Vec::new();
    for (index, (bits, _)) in shape.iter().enumerate() {
        stands.push(index == 0 || (0..index).any(|n| bits & (1 << n) != 0 && stands[n]));
    }
    let last = stands.iter().rposition(|stands| *stands);
    for (index, (bits, actions)) in shape.iter().enumerate() {
        let needs: Vec<String> = (0..index).filter(|n| bits & (1 << n) != 0).map(|n| format!("s{n}")).collect();
        let needs = needs.join(", ");
        writeln!(text, "  - id: s{index}\n    title: s\n    why: s\n    needs: [{needs}]\n    actions:").unwrap();
        for (action, name) in names(index, *actions).enumerate() {
            let does = match (usize::from(*bits >> 5) + action) % 4 {
                0 => format!("do: rds.set-multi-az, with: {{ db: {name}, multi_az: true }}"),
                1 => format!("do: ssh.run, with: {{ on: {name}, argv: [up], undo: [down] }}"),
                _ => format!("do: service.stop, with: {{ on: {name}, service: {name} }}"),
            };
            let begins = (index, action) == (0, 0);
            let ends = Some(index) == last && action + 1 == *actions && !begins;
            let downtime = if begins {
                ", downtime: begins"
            } else if ends {
                ", downtime: ends"
            } else {
                ""
            };
            writeln!(text, "      - {{ id: a{action}, {does}{downtime} }}").unwrap();
        }
    }
    let parsed = runbook::validate::parse_runbook("random", &text);
    planned(parsed.unwrap_or_else(|problems| panic!("{text}\n{problems:?}")), order)
}

/// Whether the undo of an action must wait for the undo of another that stands on it, as docs/architecture.md has it.
pub fn undo_waits(plan: &Plan, action: &ActionPath, other: &ActionPath) -> bool {
    let (this, standing_on_it) = (plan.way_back(action), plan.way_back(other));
    this != WayBack::Restores || standing_on_it != WayBack::CleansUp
}

/// Whether `other` needs an action, directly or by what it needs.
pub fn stands_on(plan: &Plan, other: &ActionPath, action: &ActionPath) -> bool {
    let planned = plan.actions.iter().find(|planned| planned.action == *other);
    planned.is_some_and(|it| it.needs.iter().any(|need| need == action || stands_on(plan, need, action)))
}

/// The first record of a run of a plan.
pub fn opened(plan: &Plan) -> Record {
    let kind = RecordKind::RunOpened {
        runbook: plan.runbook.name.clone(),
        document: String::new(),
        fingerprint: String::new(),
        plan: plan.to_value().unwrap(),
        by: "tester".into(),
        tool: "test".into(),
        source: None,
        inputs_from: None,
        plan_file: None,
        until: None,
    };
    Record { run: "r20260101-000000-test".parse().unwrap(), seq: 1, at: 1, kind }
}

/// Opens a run of a plan in a fresh journal.
pub fn open(folder: &Path, plan: &Plan) -> RunId {
    let Record { run, at, kind, .. } = opened(plan);
    Journal::open(folder).unwrap().open_run(&run, at, kind).unwrap();
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
    live((folder, run), world, intent, (death, None), |_| {})
}

/// The same, with a hand on the stop counter from the beginning.
pub fn execute_stoppable(
    folder: &Path,
    run: &RunId,
    world: &Rc<RefCell<World>>,
    intent: Intent,
    stopper: impl FnOnce(watch::Sender<u32>),
) -> (Life, RunState) {
    live((folder, run), world, intent, (Death::Never, None), stopper)
}

/// The same, asked to stop at an effect.
pub fn execute_until_asked(
    folder: &Path,
    run: &RunId,
    world: &Rc<RefCell<World>>,
    intent: Intent,
    script: (Death, StopAt),
) -> (Life, RunState) {
    live((folder, run), world, intent, script, |_| {})
}

/// The whole of it.
pub fn live(
    (folder, run): (&Path, &RunId),
    world: &Rc<RefCell<World>>,
    intent: Intent,
    (death, stop_at): (Death, StopAt),
    stopper: impl FnOnce(watch::Sender<u32>),
) -> (Life, RunState) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let local = tokio::task::LocalSet::new();
    runtime.block_on(local.run_until(async {
        let mut journal = Journal::open(folder).unwrap();
        let state = journal.state(run).unwrap();
        let holder = Holder { by: "tester".into(), host: "here".into(), pid: std::process::id() };
        let lease = journal.lease(run, &holder, 1).unwrap();
        let by = ExecutorId { fence: lease.fence(), by: "tester".into(), host: "here".into(), pid: 1 };
        let (dead, mut died) = mpsc::unbounded_channel();
        world.borrow_mut().running = 0;
        let (events, shown) = event::channel();
        let (stop, stopped) = watch::channel(0);
        stopper(stop.clone());
        let fake = Fake { world: Rc::clone(world), death, stop_at, stop, effects: Cell::new(0), dead };
        let performer = Rc::new(fake);
        let plan = Plan::read(&state.opened.plan).unwrap();
        let clock = Rc::new(Ticks(state.at, Instant::now()));
        let store = Held { journal, lease };
        let executor = Executor::new(Arc::new(plan), state).at_pace(world.borrow().pace);
        let mut driver = Driver { store, executor, performer, clock, events, stop: stopped, asks_site: false };
        let life = tokio::select! {
            biased;
            _ = died.recv() => Life::Died,
            result = driver.drive(intent, by) => match result {
                Ok(rest) => Life::Rested(rest),
                Err(error) => Life::Failed(error),
            },
        };
        let Driver { executor, events, store, .. } = driver;
        let known = executor.state().clone();
        drop(store);
        events.close();
        world.borrow_mut().seen.extend(shown);
        // Who lost the journal is asked what it knew; everybody else is not believed.
        let state = match &life {
            Life::Failed(_) => known,
            Life::Rested(_) | Life::Died => Journal::open(folder).unwrap().state(run).unwrap(),
        };
        (life, state)
    }))
}
