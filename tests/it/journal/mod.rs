//! The journal: what may follow what, and what is kept of it, whatever happens to the file or the process.

mod compat;
mod crash;
mod fold;
mod history;
mod replan;
mod store;
mod tamper;
mod transitions;

use runbook::journal::{Holder, Journal, RecordKind, RunState};
use runbook::model::{ActionPath, RunId, Value};
use std::path::Path;

fn path(text: &str) -> ActionPath {
    text.parse().unwrap()
}

fn run_id() -> RunId {
    "r20260101-000000-test".parse().unwrap()
}

fn holder() -> Holder {
    Holder { by: "tester".into(), host: "here".into(), pid: std::process::id() }
}

fn opened() -> RecordKind {
    RecordKind::RunOpened {
        runbook: "small".into(),
        document: "runbook: small".into(),
        fingerprint: "f".into(),
        plan: Value::Null,
        by: "tester".into(),
        tool: "test".into(),
        source: None,
        inputs_from: None,
        plan_file: None,
        until: None,
    }
}

fn started(action: &str) -> RecordKind {
    RecordKind::Started {
        action: path(action),
        attempt: 1,
        token: "t".into(),
        before: Value::Null,
        evidence: "looked".into(),
    }
}

fn forward(fence: u64) -> RecordKind {
    let executor = runbook::journal::ExecutorId { fence, by: "tester".into(), host: "here".into(), pid: 1 };
    RecordKind::ForwardBegan { until: None, executor }
}

/// A journal with one run of so many records: the first opens it, the others start one action after another.
fn journal_of(folder: &Path, records: usize) -> (Journal, RunState) {
    let mut journal = Journal::open(folder).unwrap();
    let mut state = journal.open_run(&run_id(), 1, opened()).unwrap();
    for number in 2..=records {
        let at = i64::try_from(number).unwrap();
        (_, state) = journal.append(&state, None, at, started(&format!("step/a{number}"))).unwrap();
    }
    (journal, state)
}

/// Compares a text with its golden file in tests/golden/journal.
fn golden(name: &str, text: &str) {
    crate::support::golden(&format!("journal/{name}.txt"), text);
}
