//! Bars on a terminal that only takes notes.

use crate::display::live::bars::Bars;
use crate::display::live::narrator::Narrator;
use crate::display::terminal::{Terminal, width};
use crate::event::Event;
use crate::journal::{History, Record, RecordKind, Rest, RunState};
use crate::model::{ActionKind, Failure, OnOverrun, Phase, Runbook, Step, StepAction, Value, Values};
use crate::plan::{Order, Plan};
use indicatif::{ProgressDrawTarget, TermLike};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

const WIDE: usize = 50;

/// Keeps every text that was written.
#[derive(Debug, Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn keep(&self, text: &str) -> io::Result<()> {
        self.0.lock().unwrap().push(text.to_owned());
        Ok(())
    }
}

impl TermLike for Notes {
    fn width(&self) -> u16 {
        u16::try_from(WIDE).unwrap()
    }
    fn move_cursor_up(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_down(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn move_cursor_left(&self, _: usize) -> io::Result<()> {
        Ok(())
    }
    fn write_line(&self, text: &str) -> io::Result<()> {
        self.keep(text)
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        self.keep(text)
    }
    fn clear_line(&self) -> io::Result<()> {
        Ok(())
    }
    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

fn plan() -> Plan {
    let action = |path: &str, kind| StepAction {
        path: path.parse().unwrap(),
        kind,
        title: None,
        with: BTreeMap::new(),
        retry: Default::default(),
        deadline_s: None,
        usual_s: None,
        irreversible: None,
        needs: None,
        downtime: None,
    };
    let steps = vec![Step {
        id: "clone-server".parse().unwrap(),
        number: 1,
        title: "Clone the server, with a title that is longer than the terminal is wide".into(),
        why: String::new(),
        site_down: true,
        needs: Vec::new(),
        on_failure: crate::model::OnFailure::Pause,
        actions: vec![
            action("clone-server/create-image", ActionKind::ImageCreate),
            action("clone-server/run", ActionKind::InstanceClone),
        ],
    }];
    let (name, title, about) = ("x".into(), "x".into(), String::new());
    let (inputs, targets) = (Vec::new(), Vec::new());
    let runbook = Runbook {
        name,
        title,
        about,
        region: None,
        tags: None,
        inputs,
        targets,
        preflight: Vec::new(),
        site: None,
        guards: Vec::new(),
        on_overrun: OnOverrun::Pause,
        steps,
        left_out: Vec::new(),
        decided_by: Default::default(),
    };
    Plan::make(runbook, Values::new(), None, Order::Article).unwrap()
}

fn story() -> Vec<RecordKind> {
    let action = || "clone-server/create-image".parse().unwrap();
    let outputs = Values::new;
    let evidence = || "image `ami-0123456789abcdef0` is `available`, with two snapshots".to_owned();
    let failure = || Failure::transient("EC2 did not answer `CreateImage`").cause("connection reset by peer, twice");
    let start = |attempt| RecordKind::Started {
        action: action(),
        attempt,
        token: "t".into(),
        before: Value::Null,
        evidence: evidence(),
    };
    vec![
        start(1),
        RecordKind::Failed { action: action(), phase: Phase::Apply, failure: failure(), retry_at: Some(5_000) },
        start(2),
        RecordKind::Applied { action: action(), outputs: outputs() },
        RecordKind::Done { action: action(), outputs: outputs(), evidence: evidence() },
        RecordKind::Rested { rest: Rest::Interrupted { unfinished: Vec::new() } },
    ]
}

#[test]
fn nothing_is_wider_than_the_terminal_and_what_ended_is_told() {
    let opened = RecordKind::RunOpened {
        runbook: "x".into(),
        document: String::new(),
        fingerprint: String::new(),
        plan: Value::Null,
        by: "hana".into(),
        tool: "1".into(),
        source: None,
        inputs_from: None,
        plan_file: None,
        until: None,
    };
    let run: crate::model::RunId = "r1".parse().unwrap();
    let state = RunState::open(&Record { run: run.clone(), seq: 1, at: 0, kind: opened }).unwrap();
    let notes = Notes::default();
    let target = ProgressDrawTarget::term_like(Box::new(notes.clone()));
    let mut bars = Bars::on(Terminal { unicode: true, colour: false }, target, || WIDE);
    let mut narrator = Narrator::new(&plan(), &state, History::default());
    for (seq, kind) in (2..).zip(story()) {
        let at = 1_000 * i64::try_from(seq).unwrap();
        bars.show(&mut narrator, &Event::Recorded(Box::new(Record { run: run.clone(), seq, at, kind })));
        let note = "image pending, and a note about it that is much longer than the line".into();
        let action = "clone-server/create-image".parse().unwrap();
        if seq < 5 {
            bars.show(&mut narrator, &Event::Progress { action, note, at });
        }
    }
    bars.finish();
    let told = notes.0.lock().unwrap().clone();
    for text in told.iter().filter(|t| !t.trim().is_empty()) {
        assert!(width(text) <= WIDE, "{} columns: {text:?}", width(text));
    }
    let has = |start: &str| assert!(told.iter().any(|t| t.contains(start)), "no {start:?} in {told:#?}");
    has("  ✗ create-image: failed (attempt 1): EC2 did not");
    has("  ✓ create-image  4 s  image");
    has("▸ step 1 of 1  clone-server  Clone the server");
    has("  run r1 was interrupted");
}
