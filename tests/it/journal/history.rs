//! What the records tell of times: work apart from pauses and from the wait for people, there, back and there again.

use super::transitions::records;
use super::{forward, opened, path, run_id, started};
use proptest::prelude::*;
use runbook::journal::{Ending, ExecutorId, History, Record, RecordKind, Rest, RollbackTo, RunState, Way, Work};
use runbook::model::{Failure, Phase, Resolution, Values};

const SECOND: i64 = 1_000;
const HOUR: i64 = 3_600 * SECOND;

/// Records with their times, in seconds after the opening.
fn story(kinds: Vec<(i64, RecordKind)>) -> Vec<Record> {
    let all = std::iter::once((0, opened())).chain(kinds);
    let records: Vec<Record> =
        (1..).zip(all).map(|(seq, (at, kind))| Record { run: run_id(), seq, at: at * SECOND, kind }).collect();
    RunState::fold(&records).expect("only what may follow");
    records
}

fn applied() -> RecordKind {
    RecordKind::Applied { action: path("step/one"), outputs: Values::new() }
}

fn done() -> RecordKind {
    RecordKind::Done { action: path("step/one"), outputs: Values::new(), evidence: String::new() }
}

fn failed(retry_at: Option<i64>) -> RecordKind {
    let failure = Failure::transient("busy");
    RecordKind::Failed { action: path("step/one"), phase: Phase::Apply, failure, retry_at }
}

fn paused() -> RecordKind {
    RecordKind::Rested { rest: Rest::Paused { actions: vec![path("step/one")] } }
}

fn back() -> RecordKind {
    let executor = ExecutorId { fence: 9, by: "tester".into(), host: "here".into(), pid: 2 };
    RecordKind::RollbackBegan { to: RollbackTo::Start, keeps: None, failed: Vec::new(), late: None, executor }
}

fn asked() -> RecordKind {
    RecordKind::GateOpened { action: path("step/one"), gate: "sure".into(), prompt: "sure?".into() }
}

fn answered(approved: bool) -> RecordKind {
    RecordKind::GateAnswered { gate: "sure".into(), approved, by: "kim".into() }
}

fn latest(history: &History) -> &Work {
    history.latest(&path("step/one")).expect("something was done to it")
}

/// Seconds of work at what was done last, and seconds in which a person was waited for.
fn times(history: &History, now_s: i64, executed: bool) -> (i64, i64) {
    let action = path("step/one");
    let (work, now) = ([(&action, latest(history))], now_s * SECOND);
    (history.length(work, executed.then_some(now)) / SECOND, history.waited(work, now) / SECOND)
}

#[test]
fn a_pause_is_nobodys_time() {
    let nine_hours = 9 * HOUR / SECOND;
    let history = History::of(&story(vec![
        (1, forward(1)),
        (2, started("step/one")),
        (5, failed(None)),
        (6, paused()),
        (nine_hours, forward(2)),
        (nine_hours + 1, started("step/one")),
        (nine_hours + 2, applied()),
        (nine_hours + 4, done()),
    ]));
    assert_eq!(times(&history, 2 * nine_hours, false), (3 + 3, 0));
    let work = latest(&history);
    assert_eq!((work.way, work.generation, work.ended), (Way::Forward, 0, Some((nine_hours + 4) * SECOND)));
    assert_eq!(work.undisturbed(), Some(3 * SECOND), "the attempt that brought it to its end");
    assert!(matches!(work.spells[0].end, Some((_, Ending::Failed { is_tried_again: false, .. }))));
    assert_eq!(work.spells[1].applied, Some((nine_hours + 2) * SECOND));
    let ended: Vec<_> = history.executions().iter().map(|it| (it.by.fence, it.ended.map(|at| at / SECOND))).collect();
    assert_eq!(ended, [(1, Some(6)), (2, None)]);
}

#[test]
fn the_wait_before_another_attempt_is_work() {
    let history = History::of(&story(vec![
        (1, forward(1)),
        (2, started("step/one")),
        (5, failed(Some(65 * SECOND))),
        (65, started("step/one")),
        (66, applied()),
        (70, done()),
    ]));
    assert_eq!(times(&history, 100, true), (68, 0));
    assert_eq!(latest(&history).undisturbed(), Some(5 * SECOND));
}

#[test]
fn an_executor_that_died_was_at_it_until_its_last_record() {
    let died = vec![(1, forward(1)), (2, started("step/one")), (3, applied())];
    let history = History::of(&story(died.clone()));
    assert_eq!(times(&history, 500, false), (1, 0), "nobody is at it");
    assert_eq!(times(&history, 500, true), (498, 0), "somebody is");
    let more = [(900, forward(2)), (901, done())];
    let history = History::of(&story(died.into_iter().chain(more).collect()));
    assert_eq!(times(&history, 1_000, true), (1, 0), "looking has no record");
    assert_eq!(latest(&history).undisturbed(), None, "it was interrupted");
    assert_eq!(history.executions()[0].ended, Some(3 * SECOND));
    assert_eq!(history.executions()[0].rest, None);
}

#[test]
fn the_wait_for_a_person_is_apart() {
    let gates = vec!["sure".to_owned()];
    let waits = vec![
        (1, forward(1)),
        (2, started("step/one")),
        (4, asked()),
        (5, RecordKind::Rested { rest: Rest::Waiting { gates } }),
    ];
    assert_eq!(times(&History::of(&story(waits.clone())), 604, false), (2, 600));
    let more = [(1_004, answered(true)), (2_000, forward(2)), (2_001, applied()), (2_003, done())];
    let history = History::of(&story(waits.into_iter().chain(more).collect()));
    assert_eq!(times(&history, 9_000, false), (2 + 2, 1_000), "and the pause after the answer counts nowhere");
    let question = &history.questions()[0];
    assert_eq!((question.asked, question.answer.clone()), (4_000, Some((1_004_000, true, "kim".into()))));
    assert_eq!(latest(&history).undisturbed(), None);
}

#[test]
fn there_back_and_there_again_are_three_works() {
    let undo = |attempt| RecordKind::UndoStarted { action: path("step/one"), attempt };
    let undone = || RecordKind::Undone { action: path("step/one"), evidence: String::new() };
    let undo_failed = RecordKind::UndoFailed {
        action: path("step/one"),
        failure: Failure::transient("busy"),
        retry_at: Some(25_000),
    };
    let mut records = vec![
        (1, forward(1)),
        (2, started("step/one")),
        (3, applied()),
        (4, done()),
        (20, back()),
        (21, undo(1)),
        (22, undo_failed),
        (25, undo(2)),
        (29, undone()),
    ];
    let history = History::of(&story(records.clone()));
    assert!(history.standing(&path("step/one")).is_none(), "it was taken back");
    assert_eq!(times(&history, 50, true), (8, 0));
    assert_eq!(latest(&history).undisturbed(), Some(4 * SECOND));
    records.extend([(40, forward(2)), (41, started("step/one")), (42, applied()), (48, done())]);
    let history = History::of(&story(records));
    let ways: Vec<_> = history.works(&path("step/one")).iter().map(|work| (work.way, work.generation)).collect();
    assert_eq!(ways, [(Way::Forward, 0), (Way::Back, 0), (Way::Forward, 1)]);
    assert_eq!(times(&history, 50, true), (7, 0));
}

#[test]
fn what_a_person_decides_ends_it_without_a_time_of_its_own() {
    let resolved = RecordKind::Resolved {
        action: path("step/one"),
        resolution: Resolution::Done,
        by: "kim".into(),
        reason: "seen".into(),
        outputs: Values::new(),
    };
    let history = History::of(&story(vec![
        (1, forward(1)),
        (2, started("step/one")),
        (5, failed(None)),
        (6, paused()),
        (99, resolved),
    ]));
    assert_eq!(times(&history, 200, false), (3, 0));
    assert_eq!((latest(&history).ended, latest(&history).undisturbed()), (Some(99 * SECOND), None));
}

proptest! {
    /// Whatever may follow what: the fold never breaks, and nobody was at an action longer than executors were at the run.
    #[test]
    fn no_work_is_longer_than_the_run(
        picks in proptest::collection::vec((0usize..1_000, 0i64..100), 1..40),
    ) {
        let mut state = RunState::open(&Record { run: run_id(), seq: 1, at: 0, kind: opened() }).unwrap();
        let (first, began) = state.follow(forward(1), 0).unwrap();
        state = began;
        let mut all = vec![first];
        for (pick, pause) in picks {
            let mut kinds: Vec<RecordKind> = records().into_iter().map(|(_, kind)| kind).collect();
            kinds.extend([forward(1), back(), paused(), asked(), answered(pick % 2 == 0)]);
            let mut kind = kinds.swap_remove(pick % kinds.len());
            if state.rest.is_some() && !matches!(kind, RecordKind::RollbackBegan { .. }) {
                kind = forward(1);
            }
            if let Ok((record, next)) = state.follow(kind, state.at + pause) {
                all.push(record);
                state = next;
            }
        }
        let (history, now) = (History::of(&all), state.at + 50);
        let executed: i64 = history.executions().iter().map(|it| it.ended.unwrap_or(now) - it.begun).sum();
        for action in state.actions.keys() {
            let works: Vec<_> = history.works(action).iter().map(|work| (action, work)).collect();
            let length = history.length(works.iter().copied(), Some(now));
            prop_assert!(length >= 0 && length <= executed, "{length} of {executed}");
            prop_assert!(history.waited(works.iter().copied(), now) <= now);
            let backs = works.iter().filter(|(_, work)| work.way == Way::Back && work.ended.is_some()).count();
            prop_assert_eq!(backs, state.action(action).generation() as usize);
        }
    }
}
