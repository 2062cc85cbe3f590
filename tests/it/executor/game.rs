//! A run played by hand: the executor's inputs and effects lie on a table, and a player decides what happens next. What must
//! never happen has a name here, and is looked for at every move.

use super::guarding::Guarding;
use crate::support::fake::{opened, stands_on, undo_waits};
use runbook::engine::{CallId, Effect, Executor, Input, Intent, Stopping};
use runbook::journal::{ActionState, ExecutorId, Mode, Record, RecordKind, Rest, RollbackTo, RunState};
use runbook::model::{
    ActionCall, ActionPath, Failure, FailureKind, Finding, Found, Outcome, Phase, Resolution, StepId, Values,
};
use runbook::plan::{Order, Plan, PlannedAction};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Well,
    /// It fails before it did anything, in a way that goes away.
    Transient,
    /// It fails before it did anything, for good.
    Permanent,
    /// It is certain to have done nothing, and goes away.
    InVain,
    /// It never came there, and nobody knows.
    LostBefore,
    /// It was done, and nobody knows.
    LostAfter,
    /// A look cannot tell.
    Unclear,
    /// A person is asked first.
    Asks,
}

/// One move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// The n-th call on the table is performed, and its outcome told.
    Perform(usize, Fate),
    /// The same, and its outcome is not told yet.
    Delay(usize, Fate),
    /// The n-th outcome that waits is told.
    Tell(usize),
    /// The n-th outcome that was told at any time, to whichever executor, is told once more.
    TellAgain(usize),
    /// Time goes on: as far as the executor wanted to be woken, or by this many minutes.
    Time(Option<u8>),
    /// Somebody answers the n-th question, beside the executor.
    Answer(usize, bool),
    /// The operator asks to stop.
    Stop(Stopping),
    /// The executor dies. What is on the table was done, or was not.
    Die(bool),
    /// It dies when it next wants to append: before, or after.
    DieAtAppend(bool),
    /// The next append comes too late: somebody has answered something, if there is a question.
    MovedAtAppend,
    /// A person says of the n-th action what is so.
    Resolve(usize),
    /// The n-th look at a guard sees that it holds, or that it does not.
    Look(usize, bool),
    /// What the n-th look that was told at any time has seen is told once more.
    LookAgain(usize),
    /// An executor begins, if there is none: forward, to the end of the n-th step or to the end.
    Forward(Option<usize>),
    /// An executor begins, if there is none: back to the n-th step or to the start.
    Back(Option<usize>),
}

/// A run, its world and its table.
#[derive(Debug, Clone)]
pub(super) struct Game {
    pub(super) plan: Arc<Plan>,
    pub(super) records: Vec<Arc<Record>>,
    pub(super) state: RunState,
    pub(super) world: World,
    executor: Option<Executor>,
    made_once: Arc<MadeOnce>,
    table: Vec<(CallId, ActionCall)>,
    untold: Vec<(CallId, Outcome)>,
    told: Vec<(CallId, Outcome)>,
    wake: Option<i64>,
    now: i64,
    at_append: Option<Move>,
    begun: u64,
    pub(super) rest: Option<Rest>,
    guarding: Guarding,
    /// What was against a rule, by the rule's name.
    pub(super) broken: Vec<String>,
}

/// What follows from the plan.
#[derive(Debug)]
struct MadeOnce {
    /// One that has not begun.
    executor: Executor,
    /// What stays at each step.
    kept: Vec<BTreeSet<ActionPath>>,
}

/// What is there, and how it came.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) there: BTreeSet<ActionPath>,
    /// Was there before the run.
    pub(super) before: BTreeSet<ActionPath>,
    /// How often a token made its effect.
    pub(super) made: BTreeMap<String, u32>,
}

impl Game {
    pub(super) fn new(plan: &Arc<Plan>, before: BTreeSet<ActionPath>) -> Self {
        let first = opened(plan);
        let state = RunState::open(&first).unwrap();
        let kept = plan.runbook.steps.iter().map(|step| plan.kept(&RollbackTo::Step(step.id.clone())));
        let made_once =
            Arc::new(MadeOnce { executor: Executor::new(Arc::clone(plan), state.clone()), kept: kept.collect() });
        let world = World { there: before.clone(), before, made: BTreeMap::new() };
        Self {
            plan: Arc::clone(plan),
            records: vec![Arc::new(first)],
            state,
            world,
            executor: None,
            made_once,
            table: Vec::new(),
            untold: Vec::new(),
            told: Vec::new(),
            wake: None,
            now: 1,
            at_append: None,
            begun: 0,
            rest: None,
            guarding: Guarding::of(plan),
            broken: Vec::new(),
        }
    }

    pub(super) fn is_executed(&self) -> bool {
        self.executor.is_some()
    }

    /// How many calls lie on the table.
    pub(super) fn on_the_table(&self) -> usize {
        self.table.len()
    }

    /// How many looks at guards lie there.
    pub(super) fn looks(&self) -> usize {
        self.guarding.looks.len()
    }

    /// Keeps of what was told the last alone: what comes twice is the same whenever it comes.
    pub(super) fn forget_what_was_told(&mut self) {
        self.told = self.told.pop().into_iter().collect();
        self.guarding.told = self.guarding.told.pop().into_iter().collect();
    }

    /// Whether an executor that there is keeps nothing but what a new one would make of plan, records and flight.
    pub(super) fn only_keeps(&self) -> bool {
        self.executor.as_ref().is_none_or(Executor::is_as_made_anew)
    }

    /// All that decides what can happen next, as bytes; numbers that only grow are left out.
    pub(super) fn signature(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        let place = |action: &ActionPath| {
            let at = self.plan.actions.iter().position(|planned| planned.action == *action);
            at.map_or(u8::MAX, |at| u8::try_from(at).unwrap())
        };
        let step = |step: &StepId| u8::try_from(self.plan.number(step)).unwrap();
        let several = |bytes: &mut Vec<u8>, all: &BTreeSet<ActionPath>| {
            bytes.extend(all.iter().map(place).chain([u8::MAX]));
        };
        for PlannedAction { action: path, .. } in &self.plan.actions {
            let state = self.state.action(path);
            let (kind, detail, waits) = match state {
                ActionState::Pending { generation } => (0, u8::from(*generation > 0), false),
                ActionState::Started { attempt, traces, .. } => (1, u8::from(traces.since == *attempt), false),
                ActionState::Applied { .. } => (2, 0, false),
                ActionState::Done { completion, .. } => (3, *completion as u8, false),
                ActionState::Failed { phase, retry_at, .. } => (4, *phase as u8, retry_at.is_some()),
                ActionState::InDoubt { .. } => (5, 0, false),
                ActionState::Undoing { .. } => (6, 0, false),
                ActionState::UndoFailed { retry_at, .. } => (7, 0, retry_at.is_some()),
            };
            let started = state.traces().map_or(0, |traces| 1 + u8::from(traces.is_started()));
            let tries = u8::try_from(state.tries()).unwrap();
            bytes.extend([kind, detail, u8::from(waits), started, tries, u8::from(self.world.there.contains(path))]);
            let open = self.state.open_gates_of(path);
            bytes.extend(open.iter().map(|gate| u8::from(self.state.gates[gate].answer.is_some())));
            bytes.extend([u8::MAX, u8::from(!self.state.approved(path).is_empty())]);
        }
        let touched = self.state.actions.iter().filter_map(|(path, it)| Some((it.traces()?.seq, path)));
        bytes.extend(touched.collect::<BTreeMap<_, _>>().into_values().map(place));
        match &self.state.mode {
            Mode::Forward { until } => bytes.extend([254, until.as_ref().map_or(0, step)]),
            Mode::Rollback { to, keeps } => {
                bytes.extend([255, if let RollbackTo::Step(it) = to { step(it) } else { 0 }]);
                keeps.iter().for_each(|keeps| several(&mut bytes, keeps));
            }
        }
        if let Some(rest) = &self.state.rest {
            bytes.extend(format!("{rest:?}").into_bytes());
        }
        if let Some(executor) = &self.executor {
            let flight = executor.flight();
            bytes.push(253);
            bytes.extend(flight.running.values().flat_map(|it| [place(&it.id.action), it.call.phase as u8]));
            [&flight.cleared, &flight.joined, &flight.doubted].into_iter().for_each(|all| several(&mut bytes, all));
            bytes.extend([flight.stop as u8, u8::from(flight.last_words.is_some())]);
        }
        let of_call =
            |(id, call): &(CallId, ActionCall)| [place(&id.action), call.phase as u8, call.approved.len() as u8];
        bytes.extend(self.table.iter().flat_map(of_call));
        let at_append = match self.at_append {
            None => 0,
            Some(Move::DieAtAppend(after)) => 1 + u8::from(after),
            Some(_) => 3,
        };
        bytes.extend([u8::from(self.wake.is_some()), at_append]);
        if let Some(executor) = &self.executor {
            bytes.extend(executor.flight().withheld.keys().map(place).chain([252]));
        }
        bytes.extend(self.guarding.signature(&self.state, self.executor.as_ref(), self.now));
        bytes
    }

    /// How it came here: all records, by name.
    pub(super) fn story(&self) -> String {
        let named = |record: &Arc<Record>| match record.kind.action() {
            Some(action) => format!("{} {action}", record.kind.name()),
            None => record.kind.name().to_owned(),
        };
        self.records.iter().map(named).collect::<Vec<_>>().join(", ")
    }

    /// Makes a move; one that is not possible now does nothing.
    pub(super) fn make(&mut self, it: Move) {
        match it {
            Move::Perform(n, fate) => {
                if let Some((id, outcome)) = self.perform(n, fate) {
                    self.tell(id, outcome);
                }
            }
            Move::Delay(n, fate) => {
                let performed = self.perform(n, fate);
                self.untold.extend(performed);
            }
            Move::Tell(n) => {
                if let Some(at) = nth(&self.untold, n) {
                    let (id, outcome) = self.untold.remove(at);
                    self.tell(id, outcome);
                }
            }
            Move::TellAgain(n) => {
                if let Some(at) = nth(&self.told, n) {
                    let (call, outcome) = self.told[at].clone();
                    let before = self.records.len();
                    self.input(Input::Outcome { call, outcome });
                    self.rule("an outcome counts once", self.records.len() == before);
                }
            }
            Move::Time(minutes) => {
                let due = self.wake.take();
                self.now = minutes.map_or(due.unwrap_or(self.now), |m| self.now + i64::from(m) * 60_000).max(self.now);
                self.input(Input::Tick);
            }
            Move::Answer(n, yes) => self.answer(n, yes),
            Move::Stop(how) => self.input(Input::StopAsked { how }),
            Move::Die(done) => self.die(done),
            Move::DieAtAppend(_) | Move::MovedAtAppend => self.at_append = Some(it),
            Move::Resolve(n) => self.resolve(n),
            Move::Look(n, holds) => {
                if let Some(at) = nth(&self.guarding.looks, n) {
                    let (look, sighting) = self.guarding.see(at, holds, self.now);
                    self.input(Input::Looked { look, sighting });
                }
            }
            Move::LookAgain(n) => {
                if let Some(at) = nth(&self.guarding.told, n) {
                    let (look, sighting) = self.guarding.told[at].clone();
                    let before = self.records.len();
                    self.input(Input::Looked { look, sighting });
                    self.rule("a look counts once", self.records.len() == before);
                }
            }
            Move::Forward(step) => {
                let until = step.and_then(|n| self.plan.runbook.steps.get(n)).map(|step| step.id.clone());
                self.begin(Intent::Forward { until });
            }
            Move::Back(step) => {
                let step = step.filter(|n| *n < self.plan.runbook.steps.len());
                // The command refuses a place that was not reached.
                let kept = step.map(|n| &self.made_once.kept[n]);
                let is_reached = kept.into_iter().flatten().all(|action| self.state.action(action).is_done());
                let step = step.map(|n| self.plan.runbook.steps[n].id.clone());
                let to = step.map_or(RollbackTo::Start, RollbackTo::Step);
                if is_reached {
                    self.begin(Intent::Rollback { to, leave: BTreeSet::new() });
                }
            }
        }
    }

    fn rule(&mut self, name: &str, holds: bool) {
        if !holds {
            self.broken.push(name.to_owned());
        }
    }

    fn begin(&mut self, intent: Intent) {
        if self.executor.is_none() {
            self.executor = Some(self.made_once.executor.another(self.state.clone()));
            self.rest = None;
            self.guarding.begin();
            self.begun += 1;
            let by = ExecutorId { fence: self.begun, by: "hana".into(), host: "desk".into(), pid: 1 };
            self.input(Input::Began { intent, by });
        }
    }

    fn input(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let (Some(input), Some(executor)) = (inputs.pop_front(), &mut self.executor) {
            let effects = match executor.on(input, self.now) {
                Ok(effects) => effects,
                Err(error) => {
                    self.broken.push(format!("no record is illegal: {error}"));
                    return;
                }
            };
            self.wake = None;
            for effect in effects {
                match effect {
                    Effect::Append { record } => inputs.extend(self.append(*record)),
                    Effect::Perform { id, call } => self.lay_out(id, *call),
                    Effect::Cancel { id } => {
                        let known = self.table.iter().any(|(other, _)| *other == id)
                            || self.untold.iter().any(|(other, _)| *other == id);
                        self.rule("what is cancelled was performed", known);
                    }
                    // Broken off: what had not come there does not come there any more.
                    Effect::Forget { id } => self.table.retain(|(other, _)| *other != id),
                    Effect::Look { id, call } => {
                        let forward = matches!(self.state.mode, Mode::Forward { .. });
                        self.rule("no guard is asked on the way back", forward);
                        let alone = self.guarding.lay_out(id, *call);
                        self.rule("one look at a guard at a time", alone);
                    }
                    Effect::ForgetLook { id } => {
                        let known = self.guarding.forget(&id, self.now);
                        self.rule("what is forgotten was asked", known);
                    }
                    Effect::Wake { at } => self.wake = Some(at),
                    Effect::Rest { rest } => self.rested(rest),
                }
            }
        }
    }

    /// What the executor is told of a record that it wants to append; nothing when it dies of it.
    fn append(&mut self, record: Record) -> Option<Input> {
        match (self.at_append, self.question(0)) {
            (Some(Move::DieAtAppend(after)), _) => {
                self.at_append = None;
                if after {
                    self.keep(record);
                }
                self.die(false);
                None
            }
            (Some(Move::MovedAtAppend), Some(answer)) => {
                self.at_append = None;
                let known = self.records.len();
                self.keep_kind(answer);
                Some(self.foreign(known))
            }
            _ => {
                self.keep(record);
                Some(Input::Appended)
            }
        }
    }

    fn keep(&mut self, record: Record) {
        if let RecordKind::Started { action, .. } = &record.kind
            && self.state.action(action).traces().is_none()
        {
            let failed = |it: &ActionState| matches!(it, ActionState::Failed { retry_at: None, .. });
            self.rule("nothing new is begun after a failure for good", !self.state.actions.values().any(failed));
        }
        if let RecordKind::Started { action, .. } = &record.kind {
            let against = self.guarding.against(&self.state, action, self.now);
            self.broken.extend(against.map(str::to_owned));
        }
        match self.state.add(&record) {
            Ok(()) => self.records.push(Arc::new(record)),
            Err(error) => self.broken.push(format!("no record is illegal: {error}")),
        }
    }

    fn keep_kind(&mut self, kind: RecordKind) {
        match self.state.record_of(kind, self.now) {
            Ok(record) => self.keep(record),
            Err(error) => self.broken.push(format!("no record is illegal: {error}")),
        }
    }

    fn question(&self, n: usize) -> Option<RecordKind> {
        let gates: Vec<String> = self.state.open_gates().into_keys().map(str::to_owned).collect();
        let gate = gates.get(nth(&gates, n)?)?.clone();
        Some(RecordKind::GateAnswered { gate, approved: true, by: "kim".into() })
    }

    fn answer(&mut self, n: usize, yes: bool) {
        let Some(RecordKind::GateAnswered { gate, by, .. }) = self.question(n) else { return };
        self.beside(RecordKind::GateAnswered { gate, approved: yes, by });
    }

    /// What was appended after so many records, as others' doing.
    fn foreign(&self, known: usize) -> Input {
        Input::Foreign { records: self.records[known..].iter().map(|record| Record::clone(record)).collect() }
    }

    /// Somebody else appends, and an executor that there is is told.
    fn beside(&mut self, kind: RecordKind) {
        let known = self.records.len();
        self.keep_kind(kind);
        let foreign = self.foreign(known);
        self.input(foreign);
    }

    /// A person looks, and says what is so; only while nobody executes, as the command does.
    fn resolve(&mut self, n: usize) {
        let asked: Vec<(ActionPath, &'static str)> =
            self.state.actions.iter().map(|(path, state)| (path.clone(), state.word())).collect();
        let asked: Vec<_> = asked.into_iter().filter(|(_, word)| *word == "in doubt" || *word == "failed").collect();
        let Some((action, word)) = nth(&asked, n).map(|at| asked[at].clone()) else { return };
        if self.executor.is_some() {
            return;
        }
        let there = self.world.there.contains(&action);
        let resolution = if there { Resolution::Done } else { Resolution::NotDone };
        if word == "failed" && !there {
            return;
        }
        self.keep_kind(RecordKind::Resolved {
            action,
            resolution,
            by: "kim".into(),
            reason: "looked".into(),
            outputs: Values::new(),
        });
    }

    fn lay_out(&mut self, id: CallId, call: ActionCall) {
        let at_work = |(other, _): &(CallId, ActionCall)| other.executor == id.executor;
        let same = self.table.iter().filter(|it| at_work(it)).any(|(other, _)| other.action == id.action);
        self.rule("one call of an action at a time", !same);
        let alone = self.plan.order != Order::Article || !self.table.iter().any(at_work);
        self.rule("in the order `article` nothing runs beside something else", alone);
        let rolling_back = matches!(self.state.mode, Mode::Rollback { .. });
        self.rule("undone is only on the way back", (call.phase == Phase::Undo) == rolling_back);
        self.table.push((id, call));
    }

    fn perform(&mut self, n: usize, fate: Fate) -> Option<(CallId, Outcome)> {
        let (id, call) = self.table.remove(nth(&self.table, n)?);
        let outcome = match fate {
            Fate::Transient => Failure::transient("busy").into(),
            Fate::Permanent => Failure::permanent("no").into(),
            Fate::InVain => Failure::transient("not even sent").did_nothing().into(),
            Fate::LostBefore => Failure::new(FailureKind::Lost, "lost").into(),
            Fate::Unclear if call.phase == Phase::Observe => {
                Outcome::Observed(Finding::new(Found::Unknown, false, "?"))
            }
            Fate::Asks if call.phase != Phase::Observe && call.approved.is_empty() => {
                Outcome::Waiting { gate: format!("of {}", call.action), prompt: "may it be?".into() }
            }
            Fate::LostAfter => {
                self.deed(&call);
                Failure::new(FailureKind::Lost, "lost").into()
            }
            Fate::Well | Fate::Unclear | Fate::Asks => self.deed(&call),
        };
        Some((id, outcome))
    }

    fn deed(&mut self, call: &ActionCall) -> Outcome {
        let action = &call.action;
        let there = self.world.there.contains(action);
        let (outputs, evidence) = (Values::new(), "looked".to_owned());
        match call.phase {
            Phase::Observe if there => Outcome::Observed(Finding::new(Found::Holds, false, evidence)),
            Phase::Observe => Outcome::Observed(Finding::new(Found::Absent, false, evidence)),
            Phase::Apply => {
                self.look_at_apply(call);
                if self.world.there.insert(action.clone()) {
                    let made = self.world.made.entry(call.token()).or_default();
                    *made += 1;
                    let once = *made == 1;
                    self.rule("no token makes two effects", once);
                }
                Outcome::Applied { outputs }
            }
            Phase::Verify if there => Outcome::Verified { outputs, evidence },
            Phase::Verify => Failure::permanent("it is not there").into(),
            Phase::Undo => {
                self.look_at_undo(call);
                self.world.there.remove(action);
                Outcome::Undone { evidence }
            }
        }
    }

    fn look_at_apply(&mut self, call: &ActionCall) {
        let planned = self.plan.actions.iter().find(|p| p.action == call.action).unwrap();
        let is_done = |action: &ActionPath| self.state.action(action).is_done();
        let waits = planned.needs.iter().chain(&planned.after).all(is_done);
        let all = self.plan.actions.iter().map(|p| &p.action).filter(|it| stands_on(&self.plan, &call.action, it));
        let needs_done = waits && all.into_iter().all(is_done);
        self.rule("what it needs is done before", needs_done);
        let started = self.state.action(&call.action).traces().is_some_and(|traces| traces.is_started());
        self.rule("a record comes before its effect", started);
        self.rule("what is there is not made again", !self.world.there.contains(&call.action));
    }

    fn look_at_undo(&mut self, call: &ActionCall) {
        let all = self.plan.actions.iter().map(|p| &p.action);
        let stand_on_it = all.filter(|it| stands_on(&self.plan, it, &call.action));
        let waited_for = stand_on_it.filter(|it| undo_waits(&self.plan, &call.action, it));
        let left = waited_for.filter(|it| self.is_ours(it)).count();
        self.rule("what stands on it is undone before", left == 0);
        self.rule("what was there before the run is not undone", !self.world.before.contains(&call.action));
    }

    /// Whether it is there because this run made it.
    pub(super) fn is_ours(&self, action: &ActionPath) -> bool {
        self.world.there.contains(action) && !self.world.before.contains(action)
    }

    fn tell(&mut self, call: CallId, outcome: Outcome) {
        self.told.push((call.clone(), outcome.clone()));
        self.guarding.observed(&call.action, &outcome, self.now);
        self.input(Input::Outcome { call, outcome });
    }

    fn die(&mut self, done: bool) {
        if self.executor.take().is_some() {
            while !self.table.is_empty() {
                // Its answer goes nowhere; or to the next executor, which does not know it.
                let fate = if done { Fate::Well } else { Fate::LostBefore };
                let (id, outcome) = self.perform(0, fate).unwrap();
                self.told.push((id, outcome));
            }
            let untold = std::mem::take(&mut self.untold);
            self.told.extend(untold);
            self.guarding.die();
            self.wake = None;
        }
    }

    fn rested(&mut self, rest: Rest) {
        self.rule("nothing is performed when it rests", self.table.is_empty());
        self.rule("no guard is asked when it rests", self.guarding.looks.is_empty());
        let truth = match &rest {
            Rest::Finished => self.plan.actions.iter().all(|p| self.world.there.contains(&p.action)),
            Rest::RolledBack { to } => {
                let nothing = BTreeSet::new();
                let keeps = match to {
                    RollbackTo::Start => &nothing,
                    RollbackTo::Step(step) => &self.made_once.kept[self.plan.number(step) - 1],
                };
                let (kept, gone): (Vec<_>, Vec<_>) =
                    self.plan.actions.iter().map(|p| &p.action).partition(|it| keeps.contains(it));
                let stays = |action: &&ActionPath| self.world.there.contains(*action);
                kept.iter().all(stays) && gone.iter().all(|it| !self.is_ours(it) || self.was_accepted(it))
            }
            Rest::Paused { actions } | Rest::InDoubt { actions } => !actions.is_empty(),
            Rest::Waiting { gates } => gates.iter().all(|gate| self.state.open_gate(gate).is_some()),
            Rest::GuardBroken { guards } => self.guarding.are_broken(&self.state, guards),
            Rest::UntilReached { .. } | Rest::Interrupted { .. } => true,
            // No random plan has a step that may fail.
            Rest::FinishedWithFailures { .. } | Rest::Overrun { .. } | Rest::Abandoned { .. } => false,
        };
        self.rule("the reason of a rest is true", truth);
        // This one's own state was made of the records, one by one.
        let executor = self.executor.take();
        self.rule("the journal is all there is", executor.as_ref().is_some_and(|it| *it.state() == self.state));
        self.rule("what is kept beside it is only kept", executor.is_some_and(|it| it.is_as_made_anew()));
        self.rest = Some(rest);
        self.wake = None;
    }

    /// Whether a person ever said that it is done although this run had not started it.
    fn was_accepted(&self, action: &ActionPath) -> bool {
        self.records.iter().any(
            |record| matches!(&record.kind, RecordKind::Resolved { action: it, resolution: Resolution::Done, .. } if it == action),
        )
    }

    /// Everything goes well from here on: performs, tells, answers and begins again until this holds. What it was that
    /// kept it from coming there.
    pub(super) fn goes_well(&mut self, begin: Move, holds: impl Fn(&Rest) -> bool) -> Result<(), String> {
        self.at_append = None;
        let lives = self.plan.actions.len() * 4 + 4;
        for _ in 0..lives {
            self.make(begin);
            let mut moves = 0;
            while self.is_executed() {
                moves += 1;
                if moves > 2_000 {
                    return Err("it goes on for ever".into());
                }
                if !self.untold.is_empty() {
                    self.make(Move::Tell(0));
                } else if self.looks() > 0 {
                    self.make(Move::Look(0, true));
                } else if !self.table.is_empty() {
                    self.make(Move::Perform(0, Fate::Well));
                } else if self.wake.is_some() {
                    self.make(Move::Time(None));
                } else {
                    return Err("it waits for nothing".into());
                }
            }
            match self.rest.clone() {
                Some(rest) if holds(&rest) => return Ok(()),
                Some(Rest::Waiting { .. }) => self.make(Move::Answer(0, true)),
                Some(Rest::InDoubt { .. }) => self.make(Move::Resolve(0)),
                _ => {}
            }
        }
        Err(format!("it never comes to its end: {:?}", self.rest))
    }
}

/// One of several, whatever the number; nothing of none.
fn nth<T>(of: &[T], n: usize) -> Option<usize> {
    (!of.is_empty()).then(|| n % of.len().max(1))
}
