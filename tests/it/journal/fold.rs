//! The fold over records: what is refused, what a new executor resets, and that nothing whatever breaks it.

use super::transitions::records;
use super::{forward, opened, path, run_id, started};
use proptest::prelude::*;
use runbook::journal::{ActionState, ExecutorId, Record, RecordKind, Rest, RollbackTo, RunState};
use runbook::model::{
    ActionPath, BrokenGuard, Failure, FailureKind, Phase, Resolution, RetryPolicy, SiteSeen, StepId, Values,
};

fn record(seq: u64, kind: RecordKind) -> Record {
    Record { run: run_id(), seq, at: 1, kind }
}

fn folded(kinds: &[RecordKind]) -> RunState {
    let all = std::iter::once(opened()).chain(kinds.iter().cloned());
    let records: Vec<Record> = (1..).zip(all).map(|(seq, kind)| record(seq, kind)).collect();
    RunState::fold(&records).unwrap().unwrap()
}

fn refusal(state: &RunState, kind: RecordKind) -> String {
    state.apply(&record(state.seq + 1, kind)).unwrap_err().to_string()
}

fn asked(action: &str, gate: &str) -> RecordKind {
    RecordKind::GateOpened { action: path(action), gate: gate.into(), prompt: "sure?".into() }
}

fn answered(gate: &str) -> RecordKind {
    RecordKind::GateAnswered { gate: gate.into(), approved: true, by: "p".into() }
}

fn failed(action: &str, retry_at: Option<i64>) -> RecordKind {
    RecordKind::Failed { action: path(action), phase: Phase::Apply, failure: Failure::transient("busy"), retry_at }
}

#[test]
fn what_cannot_follow_is_refused_with_the_reason() {
    assert!(RunState::open(&record(2, opened())).is_err());
    assert!(RunState::open(&record(1, started("step/one"))).is_err());
    assert_eq!(RunState::fold(&[]).unwrap(), None);
    let state = folded(&[started("step/one")]);
    assert_eq!(refusal(&state, opened()), "record 3 (`run_opened`) cannot follow: the run is open already");
    assert_eq!(
        state.apply(&record(5, started("step/two"))).unwrap_err().to_string(),
        "record 5 (`started` about step/two) cannot follow: expected number 3"
    );
    let adopted = RecordKind::Adopted { action: path("step/one"), outputs: Values::new(), evidence: String::new() };
    assert_eq!(refusal(&state, adopted), "record 3 (`adopted` about step/one) cannot follow: the action is `started`");
    assert_eq!(
        refusal(&state, answered("sure")),
        "record 3 (`gate_answered`) cannot follow: no gate `sure` waits for an answer"
    );
}

/// What a person or a look says that an action gives is what later actions are given, beside what was recorded.
#[test]
fn what_is_resolved_gives_what_is_said() {
    let values = |all: &[(&str, &str)]| -> Values { all.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect() };
    let applied = RecordKind::Applied { action: path("step/one"), outputs: values(&[("a", "1"), ("b", "1")]) };
    for before in [vec![started("step/one")], vec![started("step/one"), applied], vec![failed("step/one", None)]] {
        let recorded = folded(&before).action(&path("step/one")).traces().cloned();
        let resolved = RecordKind::Resolved {
            action: path("step/one"),
            resolution: Resolution::Done,
            by: "p".into(),
            reason: "seen".into(),
            outputs: values(&[("b", "2"), ("c", "2")]),
        };
        let state = folded(&[before, vec![resolved]].concat());
        let traces = state.action(&path("step/one")).traces().cloned().unwrap();
        let mut wanted = recorded.as_ref().map(|traces| traces.outputs.clone()).unwrap_or_default();
        wanted.extend(values(&[("b", "2"), ("c", "2")]));
        assert_eq!(state.outputs()[&path("step/one")], wanted);
        assert!(recorded.is_none_or(|recorded| (recorded.before, recorded.seq) == (traces.before, traces.seq)));
    }
}

/// Whatever a run stands at: once it is abandoned, no record follows.
#[test]
fn nothing_follows_an_abandoned_run() {
    let rest = Rest::Abandoned { why: "by hand".into(), by: "kim".into() };
    assert!(rest.is_over() && !rest.is_end());
    let state = folded(&[forward(1), started("step/one"), RecordKind::Rested { rest: rest.clone() }]);
    assert_eq!(state.action(&path("step/one")).word(), "started", "the rest is as it was");
    let back = RecordKind::RollbackBegan {
        to: RollbackTo::Start,
        keeps: None,
        failed: Vec::new(),
        late: None,
        executor: ExecutorId { fence: 2, by: "p".into(), host: "h".into(), pid: 1 },
    };
    let more = [forward(2), back, opened(), answered("sure"), RecordKind::Rested { rest: Rest::Finished }];
    for kind in records().into_iter().map(|(_, kind)| kind).chain(more) {
        let refused = refusal(&state, kind);
        assert!(refused.ends_with("cannot follow: the run was abandoned by kim"), "{refused}");
    }
}

#[test]
fn a_gate_is_answered_while_it_waits_and_belongs_to_one_action() {
    let open = folded(&[started("step/one"), started("step/two"), asked("step/one", "sure")]);
    assert_eq!(
        refusal(&open, asked("step/two", "sure")),
        "record 5 (`gate_opened` about step/two) cannot follow: gate `sure` of `step/one` has the name"
    );
    let approved = open.apply(&record(5, answered("sure"))).unwrap();
    assert_eq!(approved.approved(&path("step/one")), ["sure"]);
    assert!(refusal(&approved, answered("sure")).contains("no gate `sure` waits"));
    let undoing = RecordKind::UndoStarted { action: path("step/one"), attempt: 1 };
    let moot = open.apply(&record(5, undoing)).unwrap();
    assert!(moot.open_gates().is_empty(), "what the way forward asked is moot on the way back");
}

#[test]
fn what_is_not_done_is_asked_for_anew() {
    let approved = [started("step/one"), asked("step/one", "sure"), answered("sure"), failed("step/one", None)];
    let state = folded(&approved);
    assert_eq!(state.approved(&path("step/one")), ["sure"]);
    let not_done = RecordKind::Resolved {
        action: path("step/one"),
        resolution: Resolution::NotDone,
        by: "p".into(),
        reason: "the host was built anew".into(),
        outputs: Values::new(),
    };
    let state = state.apply(&record(6, not_done)).unwrap();
    assert!(state.approved(&path("step/one")).is_empty(), "{state:?}");
}

#[test]
fn a_new_executor_has_all_tries() {
    let failed_twice =
        [started("step/one"), failed("step/one", Some(9)), started("step/one"), failed("step/one", None)];
    let state = folded(&failed_twice);
    assert_eq!(state.action(&path("step/one")).tries(), 2, "a new attempt forgets no failure");
    let anew = state.apply(&record(6, forward(1))).unwrap();
    let ActionState::Failed { tries: 0, retry_at: Some(0), attempt, .. } = anew.action(&path("step/one")) else {
        panic!("{anew:?}")
    };
    assert_eq!(*attempt, 1, "attempts are counted on");
}

#[test]
fn a_rest_ends_when_an_executor_begins() {
    let rested = folded(&[forward(1), RecordKind::Rested { rest: Rest::Finished }]);
    assert_eq!(rested.rest, Some(Rest::Finished));
    assert_eq!(rested.apply(&record(4, forward(2))).unwrap().rest, None);
}

fn broke() -> RecordKind {
    let broken = BrokenGuard { guard: "up".into(), seen: "no answer".into(), advice: Vec::new(), since: 1 };
    RecordKind::GuardBroke { broken }
}

#[test]
fn a_guard_breaks_once_and_is_mended_once_and_nobody_asks_it_on_the_way_back() {
    let mended = || RecordKind::GuardMended { guard: "up".into(), seen: "it answers".into() };
    let broken = folded(&[forward(1), broke()]);
    assert_eq!(broken.broken["up"].seen, "no answer");
    let refused = broken.apply(&record(4, broke())).unwrap_err();
    assert_eq!(refused.why, "guard `up` is broken already");
    let well = broken.apply(&record(4, mended())).unwrap();
    assert!(well.broken.is_empty());
    assert_eq!(well.apply(&record(5, mended())).unwrap_err().why, "guard `up` is not broken");
    // A rest and the next executor leave it broken: it is looked at first.
    let rest = Rest::GuardBroken { guards: broken.broken.values().cloned().collect() };
    let resumed = folded(&[forward(1), broke(), RecordKind::Rested { rest }, forward(2)]);
    assert!(resumed.rest.is_none() && resumed.broken.contains_key("up"));
    let executor = ExecutorId { fence: 2, by: "p".into(), host: "h".into(), pid: 1 };
    let back =
        RecordKind::RollbackBegan { to: RollbackTo::Start, keeps: None, failed: Vec::new(), late: None, executor };
    assert!(resumed.apply(&record(6, back)).unwrap().broken.is_empty());
}

/// What one action's undo has made anew is called otherwise in what another one has given.
#[test]
fn what_an_undo_has_made_anew_has_its_new_name_everywhere() {
    let given = |action: &str| RecordKind::Done {
        action: path(action),
        outputs: Values::from([("group".into(), "arn:old".into()), ("port".into(), 80.into())]),
        evidence: "it is there".into(),
    };
    let applied = |action: &str| RecordKind::Applied { action: path(action), outputs: Values::new() };
    let made = [started("step/one"), applied("step/one"), given("step/one"), started("step/two"), applied("step/two")];
    let renamed = || RecordKind::Renamed {
        action: path("step/two"),
        renamed: [("arn:old".to_owned(), "arn:new".to_owned())].into(),
    };
    let state = folded(&made);
    assert!(state.apply(&record(7, renamed())).is_err(), "only an undo makes anew");
    let undoing = state.apply(&record(7, RecordKind::UndoStarted { action: path("step/two"), attempt: 1 })).unwrap();
    let after = undoing.apply(&record(8, renamed())).unwrap();
    assert_eq!(after.outputs()[&path("step/one")]["group"], "arn:new");
    assert_eq!(after.outputs()[&path("step/one")]["port"], 80);
    assert!(after.action(&path("step/one")).is_done());
}

fn any_record() -> impl Strategy<Value = RecordKind> {
    let about_actions: Vec<RecordKind> = records().into_iter().map(|(_, kind)| kind).collect();
    let action = prop::sample::select(vec!["step/one", "step/two", "other/one"]);
    let gate = prop::sample::select(vec!["g", "h"]);
    let moved = (prop::sample::select(about_actions), action, gate.clone()).prop_map(|(mut kind, action, gate)| {
        place(&mut kind, path(action));
        if let RecordKind::GateOpened { gate: name, .. } = &mut kind {
            *name = gate.into();
        }
        kind
    });
    let executor = || ExecutorId { fence: 1, by: "p".into(), host: "h".into(), pid: 1 };
    let step: StepId = "step".parse().unwrap();
    let rollback =
        |to| RecordKind::RollbackBegan { to, keeps: None, failed: Vec::new(), late: None, executor: executor() };
    let rests = vec![
        opened(),
        RecordKind::Replanned {
            document: "new".into(),
            fingerprint: "f2".into(),
            plan: runbook::model::Value::Null,
            by: "p".into(),
            source: None,
            inputs_from: None,
            until: None,
        },
        forward(1),
        rollback(RollbackTo::Start),
        rollback(RollbackTo::Step(step.clone())),
        broke(),
        RecordKind::GuardMended { guard: "up".into(), seen: "it answers".into() },
        RecordKind::SiteSeen { site: SiteSeen { up: false, since: 7, seen: "no answer".into() } },
        RecordKind::Rested { rest: Rest::Finished },
        RecordKind::Rested { rest: Rest::UntilReached { step } },
        RecordKind::Rested { rest: Rest::Paused { actions: vec![path("step/one")] } },
        RecordKind::Rested { rest: Rest::Waiting { gates: vec!["g".into()] } },
    ];
    let answers = (gate, any::<bool>()).prop_map(|(gate, approved)| RecordKind::GateAnswered {
        gate: gate.into(),
        approved,
        by: "p".into(),
    });
    prop_oneof![8 => moved, 2 => prop::sample::select(rests), 1 => answers]
}

fn place(kind: &mut RecordKind, at: ActionPath) {
    use RecordKind as K;
    match kind {
        K::Started { action, .. }
        | K::Applied { action, .. }
        | K::Done { action, .. }
        | K::Adopted { action, .. }
        | K::Doubted { action, .. }
        | K::Failed { action, .. }
        | K::GateOpened { action, .. }
        | K::Resolved { action, .. }
        | K::UndoStarted { action, .. }
        | K::Renamed { action, .. }
        | K::Undone { action, .. }
        | K::UndoFailed { action, .. } => *action = at,
        K::RunOpened { .. } | K::Replanned { .. } | K::ForwardBegan { .. } | K::RollbackBegan { .. } => {}
        K::GateAnswered { .. } => {}
        K::GuardBroke { .. } | K::GuardMended { .. } | K::SiteSeen { .. } | K::LimitsSet { .. } | K::Rested { .. } => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is thrown at it: what is refused changes nothing, and what is taken folds again to the same.
    #[test]
    fn nothing_breaks_the_fold(kinds in prop::collection::vec(any_record(), 0..80)) {
        let mut taken = vec![record(1, opened())];
        let mut states = vec![RunState::open(&taken[0]).unwrap()];
        for kind in kinds {
            let state = states.last().unwrap();
            let next = record(state.seq + 1, kind);
            let before = state.clone();
            match state.apply(&next) {
                Ok(after) => {
                    prop_assert_eq!(&before, state);
                    prop_assert_eq!(after.seq, state.seq + 1);
                    taken.push(next);
                    states.push(after);
                }
                Err(refused) => {
                    prop_assert_eq!(&before, state);
                    prop_assert_eq!(refused.seq, next.seq);
                    prop_assert!(!refused.why.is_empty());
                }
            }
        }
        for (length, state) in (1..).zip(&states) {
            let again = RunState::fold(&taken[..length]).unwrap();
            prop_assert_eq!(again.as_ref(), Some(state));
        }
        for record in &taken {
            let text = serde_json::to_string(record).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Record>(&text).unwrap(), record);
        }
    }

    /// Generations only grow, and only by being undone; tries are reset by executors and resolutions alone.
    #[test]
    fn a_generation_is_an_undo(kinds in prop::collection::vec(any_record(), 0..80)) {
        let mut state = RunState::open(&record(1, opened())).unwrap();
        for kind in kinds {
            let Ok(after) = state.apply(&record(state.seq + 1, kind)) else { continue };
            for action in ["step/one", "step/two", "other/one"].map(path) {
                let (was, is) = (state.action(&action), after.action(&action));
                let undone = u32::from(is.is_pending() && !was.is_pending());
                prop_assert_eq!(is.generation(), was.generation() + undone);
                prop_assert_eq!(is.traces().is_none(), is.is_pending() || matches!(is, ActionState::Failed { traces: None, .. }));
            }
            state = after;
        }
    }

    #[test]
    fn waits_are_bounded_and_end(attempts in 0..20_u32, first_ms: u64, most_ms: u64, seed in ".{0,40}") {
        let policy = RetryPolicy { attempts, first_ms, most_ms };
        for tried in 1..25 {
            match policy.wait_ms(FailureKind::Transient, tried, &seed) {
                Some(wait) => {
                    prop_assert!(tried < attempts && wait <= most_ms);
                    prop_assert_eq!(policy.wait_ms(FailureKind::Transient, tried, &seed), Some(wait));
                }
                None => prop_assert!(tried >= attempts),
            }
        }
    }
}

/// Died between `run_opened` and its first `forward_began`: where it is to rest is known all the same.
#[test]
fn where_a_run_is_to_rest_is_known_from_the_first_record_on() {
    let first: StepId = "first".parse().unwrap();
    let mut opened = opened();
    if let RecordKind::RunOpened { until, .. } = &mut opened {
        *until = Some(first.clone());
    }
    let state = RunState::open(&record(1, opened)).unwrap();
    let runbook = crate::support::fake::plan("diamond", runbook::plan::Order::Article).runbook;
    assert_eq!(state.bound(&runbook), Some(&first));
}
