//! What an executor promises its driver, one by one.

use crate::support::fake::{opened, plan};
use runbook::engine::{CallId, Effect, Executor, GRACE, Input, Intent, LAST_WORDS, LookId, Stopping};
use runbook::journal::{ExecutorId, Record, RecordKind, Rest, RunState};
use runbook::model::{ActionCall, Failure, FailureKind, Finding, Found, GuardCall, Outcome, Phase, Values};
use runbook::plan::{Order, Plan};
use std::sync::Arc;

/// An executor, and what it wanted last.
pub(super) struct Table {
    pub(super) executor: Executor,
    pub(super) records: Vec<Record>,
    pub(super) now: i64,
    pub(super) calls: Vec<(CallId, ActionCall)>,
    pub(super) looks: Vec<(LookId, GuardCall)>,
    pub(super) wanted: Vec<Effect>,
}

impl Table {
    fn forward(order: Order) -> Self {
        let mut table = Self::of(plan("diamond", order));
        table.begins(Intent::Forward { until: None });
        table
    }

    /// One at which nothing has begun.
    pub(super) fn of(plan: Plan) -> Self {
        let plan = Arc::new(plan);
        let first = opened(&plan);
        let state = RunState::open(&first).unwrap();
        Self {
            executor: Executor::new(plan, state),
            records: vec![first],
            now: 1_000,
            calls: Vec::new(),
            looks: Vec::new(),
            wanted: Vec::new(),
        }
    }

    pub(super) fn begins(&mut self, intent: Intent) {
        let by = ExecutorId { fence: 1, by: "hana".into(), host: "desk".into(), pid: 1 };
        self.says(Input::Began { intent, by });
    }

    /// Tells the executor, and appends what it wants to append.
    pub(super) fn says(&mut self, input: Input) {
        self.wanted.clear();
        let mut next = Some(input);
        while let Some(input) = next.take() {
            for effect in self.executor.on(input, self.now).unwrap() {
                match &effect {
                    Effect::Append { record } => {
                        self.records.push((**record).clone());
                        next = Some(Input::Appended);
                    }
                    Effect::Perform { id, call } => self.calls.push((id.clone(), (**call).clone())),
                    Effect::Look { id, call } => self.looks.push((id.clone(), (**call).clone())),
                    Effect::ForgetLook { id } => self.looks.retain(|(other, _)| other != id),
                    _ => {}
                }
                self.wanted.push(effect);
            }
        }
    }

    /// The call of this action and phase that is on the table, which leaves it.
    #[track_caller]
    pub(super) fn call(&mut self, action: &str, phase: Phase) -> CallId {
        let this = |(id, call): &(CallId, ActionCall)| id.action.to_string() == action && call.phase == phase;
        let at = self.calls.iter().position(this);
        let at = at.unwrap_or_else(|| panic!("{action} is not asked to {phase:?}: {:?}", self.calls));
        self.calls.remove(at).0
    }

    #[track_caller]
    pub(super) fn ends(&mut self, action: &str, phase: Phase, outcome: Outcome) -> CallId {
        let call = self.call(action, phase);
        self.says(Input::Outcome { call: call.clone(), outcome });
        call
    }

    /// Takes an action from its first look to its end.
    #[track_caller]
    pub(super) fn does(&mut self, action: &str) {
        self.ends(action, Phase::Observe, absent());
        self.ends(action, Phase::Apply, applied());
        self.ends(action, Phase::Verify, verified());
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.records.iter().map(|record| record.kind.name()).collect()
    }
}

pub(super) fn absent() -> Outcome {
    Outcome::Observed(Finding::new(Found::Absent, false, "nothing"))
}

pub(super) fn applied() -> Outcome {
    Outcome::Applied { outputs: Values::new() }
}

pub(super) fn verified() -> Outcome {
    Outcome::Verified { outputs: Values::new(), evidence: "it is there".into() }
}

#[test]
fn an_outcome_counts_once_and_for_its_own_call() {
    let mut table = Table::forward(Order::Article);
    let looked = table.ends("first/one", Phase::Observe, absent());
    let known = table.records.len();
    // Twice, while the call that followed from it is under way; then late, with another answer.
    for outcome in [absent(), absent(), Failure::permanent("no").into()] {
        table.says(Input::Outcome { call: looked.clone(), outcome });
    }
    assert_eq!(table.records.len(), known);
    assert_eq!(table.calls.len(), 1, "the effect is asked for once: {:?}", table.calls);
    let made = table.ends("first/one", Phase::Apply, applied());
    table.says(Input::Outcome { call: made, outcome: applied() });
    table.ends("first/one", Phase::Verify, verified());
    assert_eq!(table.names()[1..], ["forward_began", "started", "applied", "done"]);
}

#[test]
fn the_outcome_of_a_dead_executors_call_is_none_of_the_nexts() {
    let mut table = Table::forward(Order::Article);
    let looked = table.call("first/one", Phase::Observe);
    // The next one looks too, with a call of the same number.
    let (plan, state) = (Arc::clone(table.executor.plan()), table.executor.state().clone());
    table.executor = Executor::new(plan, state);
    table.begins(Intent::Forward { until: None });
    let known = table.records.len();
    table.says(Input::Outcome { call: looked.clone(), outcome: absent() });
    assert_eq!(table.records.len(), known);
    let own = table.call("first/one", Phase::Observe);
    assert_eq!((&own.action, own.number), (&looked.action, looked.number));
    table.says(Input::Outcome { call: own, outcome: absent() });
    assert_eq!(table.names().last(), Some(&"started"));
}

#[test]
fn a_call_that_gives_no_answer_is_lost_and_looked_for() {
    let mut table = Table::forward(Order::Article);
    table.ends("first/one", Phase::Observe, absent());
    let deadline = i64::try_from(table.calls[0].1.deadline_s).unwrap() * 1_000;
    let due = table.now + deadline + GRACE;
    assert!(table.wanted.contains(&Effect::Wake { at: due }), "{:?}", table.wanted);
    table.now = due - 1;
    table.says(Input::Tick);
    assert!(!table.wanted.iter().any(|effect| matches!(effect, Effect::Forget { .. })));
    table.now = due;
    table.says(Input::Tick);
    let late = table.call("first/one", Phase::Apply);
    assert!(table.wanted.contains(&Effect::Forget { id: late.clone() }), "{:?}", table.wanted);
    let RecordKind::Failed { failure, retry_at: Some(at), .. } = &table.records.last().unwrap().kind else {
        panic!("{:?}", table.records.last())
    };
    assert_eq!(failure.kind, FailureKind::Lost);
    table.now = *at;
    table.says(Input::Tick);
    // It answers after all: too late.
    table.says(Input::Outcome { call: late, outcome: applied() });
    assert_eq!(table.names().last(), Some(&"failed"));
    let holds = Outcome::Observed(Finding::new(Found::Holds, true, "it is there"));
    table.ends("first/one", Phase::Observe, holds);
    assert_eq!(table.names().last(), Some(&"applied"), "it was made, and is not made again");
}

#[test]
fn who_is_asked_twice_to_stop_waits_a_moment_for_last_words() {
    let mut table = Table::forward(Order::Article);
    table.ends("first/one", Phase::Observe, absent());
    table.says(Input::StopAsked { how: Stopping::Soon });
    assert!(!table.wanted.iter().any(|effect| matches!(effect, Effect::Cancel { .. })));
    table.says(Input::StopAsked { how: Stopping::Now });
    let call = table.call("first/one", Phase::Apply);
    let until = table.now + LAST_WORDS;
    let wanted = [Effect::Cancel { id: call.clone() }, Effect::Wake { at: until }];
    assert_eq!(table.wanted, wanted);
    table.now = until;
    table.says(Input::Tick);
    assert_eq!(table.wanted.first(), Some(&Effect::Forget { id: call }));
    let rest = Rest::Interrupted { unfinished: vec!["first/one".parse().unwrap()] };
    assert_eq!(table.wanted.last(), Some(&Effect::Rest { rest }));
    let word = table.executor.state().action(&"first/one".parse().unwrap()).word();
    assert_eq!(word, "started", "nobody knows how it ended: that is no failure");
}

#[test]
fn what_others_appended_comes_first() {
    let mut table = Table::forward(Order::Overlap);
    table.does("first/one");
    table.does("first/two");
    let asks = || Outcome::Waiting { gate: "sure".into(), prompt: "may it be?".into() };
    table.ends("left/one", Phase::Observe, absent());
    table.ends("left/one", Phase::Apply, asks());
    // `right/one` is to be started, and somebody answers just before.
    let call = table.call("right/one", Phase::Observe);
    let effects = table.executor.on(Input::Outcome { call, outcome: absent() }, table.now).unwrap();
    let [Effect::Append { record }] = &effects[..] else { panic!("{effects:?}") };
    let answer = RecordKind::GateAnswered { gate: "sure".into(), approved: true, by: "kim".into() };
    let (answered, _) = table.executor.state().follow(answer, table.now).unwrap();
    assert_eq!(record.seq, answered.seq);
    table.says(Input::Foreign { records: vec![answered] });
    assert_eq!(table.records.last().unwrap().seq, record.seq + 1);
    assert_eq!(table.records.last().unwrap().kind, record.kind);
    table.call("right/one", Phase::Apply);
    table.call("left/one", Phase::Observe);
}

/// A failure for good begins nothing new, not even what was being looked at.
#[test]
fn after_a_failure_for_good_nothing_that_was_only_looked_at_is_begun() {
    for looked in [absent(), Failure::transient("busy").into()] {
        let mut table = Table::forward(Order::Overlap);
        table.does("first/one");
        table.does("first/two");
        table.ends("right/one", Phase::Observe, absent());
        table.ends("right/one", Phase::Apply, Failure::permanent("no").into());
        table.ends("left/one", Phase::Observe, looked);
        let rest = Rest::Paused { actions: vec!["right/one".parse().unwrap()] };
        assert_eq!(table.wanted.last(), Some(&Effect::Rest { rest }));
        assert!(table.calls.is_empty(), "{:?}", table.calls);
    }
}

/// A driver that keeps its flight goes on with the calls that are under way.
#[test]
fn a_flight_can_be_kept() {
    let mut table = Table::forward(Order::Overlap);
    table.does("first/one");
    table.ends("first/two", Phase::Observe, absent());
    let kept = serde_json::to_string(table.executor.flight()).unwrap();
    let flight = serde_json::from_str(&kept).unwrap();
    let (plan, state) = (Arc::clone(table.executor.plan()), table.executor.state().clone());
    let again = Executor::with_flight(plan, state, flight);
    assert_eq!(again.flight(), table.executor.flight());
    table.executor = again;
    table.ends("first/two", Phase::Apply, applied());
    assert_eq!(table.names().last(), Some(&"applied"));
}
