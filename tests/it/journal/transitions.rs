//! Every state of an action with every record: tests/golden/journal/transitions.txt. `BLESS=1` writes it anew.

use super::path;
use runbook::journal::{ActionState, Completion, RecordKind, Traces};
use runbook::model::{Failure, Phase, Resolution, Value, Values};
use std::fmt::Write;

/// A state with every count set, so that what is kept and what is reset shows.
pub(super) fn states() -> Vec<(&'static str, ActionState)> {
    let traces = || Traces { before: Some(Value::from("before")), outputs: Values::new(), seq: 3, since: 1 };
    let evidence = || "seen".to_owned();
    let failure = || Failure::permanent("no");
    let (generation, attempt, tries) = (1, 2, 1);
    let done = |completion| ActionState::Done { generation, completion, traces: traces(), evidence: evidence() };
    let never_started = |completion| ActionState::Done {
        generation,
        completion,
        traces: Traces { before: None, ..traces() },
        evidence: evidence(),
    };
    let failed = |traces| ActionState::Failed {
        generation,
        attempt,
        tries,
        phase: Phase::Apply,
        failure: failure(),
        retry_at: None,
        traces,
    };
    vec![
        ("pending", ActionState::Pending { generation }),
        ("started", ActionState::Started { generation, attempt, tries, traces: traces() }),
        (
            "started anew",
            ActionState::Started { generation, attempt, tries, traces: Traces { since: attempt, ..traces() } },
        ),
        ("applied", ActionState::Applied { generation, attempt, tries, traces: traces() }),
        ("done", done(Completion::Ran)),
        ("adopted", never_started(Completion::Adopted)),
        ("accepted", done(Completion::Accepted)),
        ("accepted, never started", never_started(Completion::Accepted)),
        ("failed, nothing begun", failed(None)),
        ("failed", failed(Some(traces()))),
        ("in doubt", ActionState::InDoubt { generation, attempt, tries, traces: traces(), evidence: evidence() }),
        ("undoing", ActionState::Undoing { generation, attempt, tries, traces: traces() }),
        (
            "undo failed",
            ActionState::UndoFailed {
                generation,
                attempt,
                tries,
                failure: failure(),
                retry_at: None,
                traces: traces(),
            },
        ),
    ]
}

pub(super) fn records() -> Vec<(&'static str, RecordKind)> {
    let action = || path("step/one");
    let text = || "seen".to_owned();
    let resolved = |resolution| RecordKind::Resolved {
        action: action(),
        resolution,
        by: "p".into(),
        reason: text(),
        outputs: Values::new(),
    };
    let outputs = Values::new;
    let failure = || Failure::transient("no");
    vec![
        (
            "started",
            RecordKind::Started {
                action: action(),
                attempt: 7,
                token: "t".into(),
                before: Value::from("later"),
                evidence: text(),
            },
        ),
        ("applied", RecordKind::Applied { action: action(), outputs: outputs() }),
        ("done", RecordKind::Done { action: action(), outputs: outputs(), evidence: text() }),
        ("adopted", RecordKind::Adopted { action: action(), outputs: outputs(), evidence: text() }),
        ("doubted", RecordKind::Doubted { action: action(), evidence: text() }),
        (
            "failed",
            RecordKind::Failed { action: action(), phase: Phase::Verify, failure: failure(), retry_at: Some(5) },
        ),
        (
            "failed in vain",
            RecordKind::Failed {
                action: action(),
                phase: Phase::Apply,
                failure: failure().did_nothing(),
                retry_at: Some(5),
            },
        ),
        ("gate_opened", RecordKind::GateOpened { action: action(), gate: "g".into(), prompt: text() }),
        ("resolved done", resolved(Resolution::Done)),
        ("resolved not-done", resolved(Resolution::NotDone)),
        ("resolved undone", resolved(Resolution::Undone)),
        ("undo_started", RecordKind::UndoStarted { action: action(), attempt: 7 }),
        ("renamed", RecordKind::Renamed { action: action(), renamed: [("old".to_owned(), "new".to_owned())].into() }),
        ("undone", RecordKind::Undone { action: action(), evidence: text() }),
        ("undo_failed", RecordKind::UndoFailed { action: action(), failure: failure(), retry_at: Some(5) }),
        (
            "undo in vain",
            RecordKind::UndoFailed { action: action(), failure: failure().did_nothing(), retry_at: Some(5) },
        ),
    ]
}

/// A state in one line: its word, its counts, whose before-image it has.
fn line(state: &ActionState) -> String {
    let before = match state.traces() {
        Some(Traces { before: Some(before), seq, .. }) => format!("before-image {before}, moved by {seq}"),
        Some(Traces { before: None, seq, .. }) => format!("never started, moved by {seq}"),
        None => "no traces".to_owned(),
    };
    let counts = format!("generation {}, attempt {}, tries {}", state.generation(), state.attempt(), state.tries());
    format!("{}; {counts}; {before}", state.word())
}

#[test]
fn every_state_with_every_record() {
    let mut text = "state + record -> state after; `-` is refused. Counts before: generation 1, attempt 2, tries 1, \
                    moved by 3.\n"
        .to_owned();
    for (name, state) in states() {
        writeln!(text, "\n{name}").unwrap();
        for (record, kind) in records() {
            let after = state.next(&kind, 9).map_or_else(|| "-".to_owned(), |after| line(&after));
            writeln!(text, "  + {record:<17} -> {after}").unwrap();
        }
    }
    super::golden("transitions", &text);
}

/// What is about no action moves none.
#[test]
fn records_of_the_run_move_no_action() {
    for (_, state) in states() {
        assert_eq!(state.next(&super::opened(), 9), None);
        assert_eq!(state.next(&super::forward(1), 9), None);
        let answered = RecordKind::GateAnswered { gate: "g".into(), approved: true, by: "p".into() };
        assert_eq!(state.next(&answered, 9), None);
    }
}
