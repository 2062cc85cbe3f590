//! How to add a display: it listens to what is announced, folds the records, and tells. This one counts.

use crate::support::fake::{opened, plan};
use runbook::event::{Event, Listener, channel};
use runbook::journal::{Record, RecordKind, RunState};
use runbook::model::Values;
use runbook::plan::Order;

/// Tells how many actions are done after each record, and what is being waited for; a note may never come.
fn display(listener: Listener, mut state: RunState) -> Vec<String> {
    let mut told = Vec::new();
    for event in listener {
        match event {
            Event::Recorded(record) => {
                state = state.apply(&record).unwrap();
                let done = state.actions.values().filter(|action| action.is_done()).count();
                told.push(format!("{}: {done} done", record.kind.name()));
            }
            Event::Progress { action, note, .. } => told.push(format!("{action}: {note}")),
            Event::Working { action, phase, .. } => told.push(format!("{action}: {phase:?}")),
            Event::Stopping { .. } => told.push("stopping".into()),
        }
    }
    told
}

#[test]
fn a_display_is_a_fold_over_what_is_announced() {
    let plan = plan("diamond", Order::Article);
    let first = opened(&plan);
    let action = plan.actions[0].action.clone();
    let (teller, listener) = channel();
    teller.tell(Event::Progress { action: action.clone(), note: "it is not there yet".into(), at: 1 });
    let kind = RecordKind::Adopted { action: action.clone(), outputs: Values::new(), evidence: "it is there".into() };
    teller.tell(Event::Recorded(Box::new(Record { run: first.run.clone(), seq: 2, at: 2, kind })));
    teller.close();

    let told = display(listener, RunState::open(&first).unwrap());
    assert_eq!(told, [format!("{action}: it is not there yet"), "adopted: 1 done".into()]);
}
