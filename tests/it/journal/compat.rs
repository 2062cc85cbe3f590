//! A journal of every released version opens, folds and shows the same for ever.
//!
//! The files in tests/data/journal are what a version wrote and are never written again. For a new version:
//! `RUNBOOK_WRITE_JOURNAL=1 cargo test journal::compat::write -- --ignored`, once, when its records differ.

use super::path;
use crate::support::fake::plan;
use runbook::display::status_text;
use runbook::journal::{ExecutorId, Journal, Record, RecordKind, Rest, RollbackTo, RunState, Verdict};
use runbook::model::{Failure, Phase, Resolution, RunId, Value, Values};
use runbook::plan::{Order, Plan};
use std::fmt::Write;
use std::path::PathBuf;

/// 2026-01-01T00:00:00Z.
const THEN: i64 = 1_767_225_600_000;

fn fixture(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/journal/{version}.db"))
}

#[test]
fn journals_of_0_1_0_are_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(fixture("0.1.0"), folder.path().join("journal.db")).unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    let mut text = String::new();
    let mut runs = journal.runs().unwrap();
    runs.sort_by(|a, b| a.run.as_str().cmp(b.run.as_str()));
    for summary in &runs {
        let run = &summary.run;
        let verdict = journal.verify(run).unwrap();
        let Verdict::Intact { records, .. } = verdict else { panic!("{run}: {verdict:?}") };
        let state = journal.state(run).unwrap();
        assert_eq!(state.seq, records);
        let plan = Plan::read(&state.opened.plan).unwrap();
        let all = journal.records(run, 0).unwrap();
        write!(text, "{}\n\n", status_text(&plan, &state, &all, None, THEN + 3_600_000)).unwrap();
    }
    super::golden("0.1.0", text.trim_end());

    let word = |run: &str, action: &str| {
        let state = journal.state(&run.parse().unwrap()).unwrap();
        state.action(&path(action)).word()
    };
    assert_eq!(runs.len(), 7);
    assert_eq!(word("r-1-finished", "first/one"), "done");
    assert_eq!(word("r-1-finished", "left/one"), "found");
    assert_eq!(word("r-2-killed", "first/two"), "started");
    assert_eq!(word("r-3-in-doubt", "first/two"), "in doubt");
    assert_eq!(word("r-4-waiting", "first/two"), "started");
    assert_eq!(word("r-5-failed", "first/two"), "failed");
    assert_eq!(word("r-6-rolled-back", "first/two"), "undone");
    assert_eq!(word("r-7-undo-failed", "first/one"), "accepted");
    assert_eq!(word("r-7-undo-failed", "first/two"), "undo failed");
}

#[test]
#[ignore = "writes a file that is written once"]
fn write() {
    assert!(std::env::var_os("RUNBOOK_WRITE_JOURNAL").is_some());
    let to = fixture(env!("CARGO_PKG_VERSION"));
    assert!(!to.exists(), "{} is kept as it is for ever", to.display());
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::open(folder.path()).unwrap();
    for (name, kinds) in stories() {
        let run: RunId = format!("r-{name}").parse().unwrap();
        let mut state = journal.open_run(&run, THEN, opened()).unwrap();
        for (second, kind) in (1..).zip(kinds) {
            (_, state) = journal.append(&state, None, THEN + second * 1_000, kind).unwrap();
        }
    }
    drop(journal);
    std::fs::create_dir_all(to.parent().unwrap()).unwrap();
    std::fs::copy(folder.path().join("journal.db"), to).unwrap();
}

/// What a run may have come to, each as the records that lead there.
fn stories() -> Vec<(&'static str, Vec<RecordKind>)> {
    let rested = |rest| RecordKind::Rested { rest };
    let two = || path("first/two");
    let back = |to: &RollbackTo| RecordKind::RollbackBegan {
        to: to.clone(),
        keeps: None,
        failed: Vec::new(),
        late: None,
        executor: executor(),
    };
    let undo = |action: &str| RecordKind::UndoStarted { action: path(action), attempt: 1 };
    let undone = |action: &str| RecordKind::Undone { action: path(action), evidence: "it runs again".into() };
    let failure = || Failure::permanent("`two` does not stop").cause("timeout").advise("look at `two`");
    let failed = || RecordKind::Failed { action: two(), phase: Phase::Verify, failure: failure(), retry_at: None };
    let resolved = |action: &str, resolution| RecordKind::Resolved {
        action: path(action),
        resolution,
        by: "operator".into(),
        reason: "it is stopped".into(),
        outputs: Values::new(),
    };
    let adopted =
        RecordKind::Adopted { action: path("left/one"), outputs: Values::new(), evidence: "it did not run".into() };
    let begun = || [forward(), made("first/one"), vec![begin("first/two")]].concat();
    let half = [forward(), made("first/one"), made("first/two"), vec![adopted], made("left/two")].concat();
    let all = [half, made("right/one"), made("last/one"), vec![rested(Rest::Finished)]].concat();
    let start = RollbackTo::Start;
    let asked = RecordKind::GateOpened { action: two(), gate: "sure".into(), prompt: "may `two` stop?".into() };
    let answered = RecordKind::GateAnswered { gate: "sure".into(), approved: false, by: "operator".into() };
    let waiting = rested(Rest::Waiting { gates: vec!["sure".into()] });
    let doubted = RecordKind::Doubted { action: two(), evidence: "the host does not answer".into() };
    let in_doubt = rested(Rest::InDoubt { actions: vec![two()] });
    let paused = || rested(Rest::Paused { actions: vec![two()] });
    let to_first_rolled =
        [back(&start), undo("first/two"), undone("first/two"), undo("first/one"), undone("first/one")];
    let undo_failed = RecordKind::UndoFailed { action: two(), failure: failure(), retry_at: None };
    let one_failed =
        RecordKind::Failed { action: path("first/one"), phase: Phase::Apply, failure: failure(), retry_at: Some(THEN) };
    let accepted = [vec![begin("first/one"), one_failed, resolved("first/one", Resolution::Done)], made("first/two")];
    let in_undo = vec![back(&start), undo("first/two"), undo_failed, paused()];
    vec![
        ("1-finished", all),
        ("2-killed", begun()),
        ("3-in-doubt", [begun(), vec![doubted, in_doubt]].concat()),
        ("4-waiting", [begun(), vec![asked, answered, waiting]].concat()),
        ("5-failed", [begun(), vec![failed(), paused()]].concat()),
        ("6-rolled-back", {
            let rolled = rested(Rest::RolledBack { to: start.clone() });
            [begun(), vec![failed(), paused()], to_first_rolled.to_vec(), vec![rolled]].concat()
        }),
        ("7-undo-failed", [forward(), accepted.concat(), in_undo].concat()),
    ]
}

fn opened() -> RecordKind {
    let plan = plan("diamond", Order::Article);
    RecordKind::RunOpened {
        runbook: plan.runbook.name.clone(),
        document: "runbook: diamond".into(),
        fingerprint: "0".repeat(64),
        plan: plan.to_value().unwrap(),
        by: "operator".into(),
        tool: env!("CARGO_PKG_VERSION").into(),
        source: None,
        inputs_from: None,
        plan_file: None,
        until: None,
    }
}

fn executor() -> ExecutorId {
    ExecutorId { fence: 1, by: "operator".into(), host: "desk".into(), pid: 4711 }
}

fn forward() -> Vec<RecordKind> {
    vec![RecordKind::ForwardBegan { until: None, executor: executor() }]
}

fn begin(action: &str) -> RecordKind {
    RecordKind::Started {
        action: path(action),
        attempt: 1,
        token: "0123456789abcdef0123456789abcdef".into(),
        before: serde_json::json!({ "active": true }),
        evidence: "it runs".into(),
    }
}

fn made(action: &str) -> Vec<RecordKind> {
    let outputs = Values::from([("unit".to_owned(), Value::from(action))]);
    let (applied, done) = (path(action), path(action));
    vec![
        begin(action),
        RecordKind::Applied { action: applied, outputs },
        RecordKind::Done { action: done, outputs: Values::new(), evidence: "it is stopped".into() },
    ]
}

/// The records of the fixture's stories can follow each other: what `write` would write today.
#[test]
fn the_stories_are_legal() {
    for (name, kinds) in stories() {
        let all = std::iter::once(opened()).chain(kinds);
        let run: RunId = format!("r-{name}").parse().unwrap();
        let records: Vec<Record> =
            (1..).zip(all).map(|(seq, kind)| Record { run: run.clone(), seq, at: THEN, kind }).collect();
        RunState::fold(&records).unwrap();
    }
}
