//! A run as it is told while it happens.

use super::fixture::{Story, no_capacity, path, plan, sentences, step_id, throttled};
use super::golden;
use runbook::display::Console;
use runbook::event::Event;
use runbook::journal::{RecordKind, Rest, RollbackTo};
use runbook::plan::Order;
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(super) fn told(json: bool, order: Order, events: &[Event]) -> String {
    let paper = Paper::default();
    let start = Story::open().state;
    let mut console = Console::to_writer(json, &plan(order), &start, Box::new(paper.clone()))
        .with_sentences(Box::new(|_, action| sentences(action).map(|told| told.does.to_string())));
    for event in events.iter().skip(1) {
        console.show(event);
    }
    console.finish();
    let bytes = paper.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

pub(crate) fn eventful() -> Story {
    let mut story = Story::three_steps();
    story.start("clone-server/create-image").fail("clone-server/create-image", throttled(), Some(4_000));
    story.now += 4_000;
    story.start("clone-server/create-image").applied("clone-server/create-image");
    for percent in [3, 20, 45, 45, 80] {
        let note = format!("image ami-0a pending, snapshot {percent} %");
        story.note(20_000, "clone-server/create-image", &note);
    }
    story.done(20_000, "clone-server/create-image", "image `ami-0a` is `available`");
    story.whole("clone-server/run", 200_000, "`i-0b` runs, both checks are ok").start("clone-server/start");
    story.fail("clone-server/start", no_capacity(), None);
    story.rest(Rest::Paused { actions: vec![path("clone-server/start")] });
    story.forward().whole("clone-server/start", 90_000, "runs as `t3.small`").start("check/record");
    let prompt = "publish this record, then approve:\n    _x.cloud.example.org. 300 IN CNAME _y.acm.example.".into();
    let gate = "check-record".to_owned();
    story.add(500, RecordKind::GateOpened { action: path("check/record"), gate: gate.clone(), prompt });
    story.add(60_000, RecordKind::GateAnswered { gate, approved: true, by: "kenji".into() });
    story.applied("check/record").done(1_000, "check/record", "it is there");
    story.events.push(Event::Stopping { at_once: false });
    story.rest(Rest::Interrupted { unfinished: vec![] });
    let to = RollbackTo::Step(step_id("clone-server"));
    story.back(to.clone());
    story.add(100, RecordKind::UndoStarted { action: path("check/record"), attempt: 1 });
    story.add(8_000, RecordKind::Undone { action: path("check/record"), evidence: "the record is gone".into() });
    story.rest(Rest::RolledBack { to });
    story
}

#[test]
fn lines_of_an_eventful_run() {
    golden("lines", &told(false, Order::Article, &eventful().events));
}

#[test]
fn lines_name_the_step_where_steps_overlap() {
    let text = told(false, Order::Overlap, &eventful().events);
    assert!(text.contains("  clone-server/create-image: started: make an image of"), "{text}");
}

#[test]
fn a_note_is_told_when_it_changes_and_not_too_often() {
    let text = told(false, Order::Article, &eventful().events);
    assert_eq!(text.matches("snapshot 45 %").count(), 1);
    assert_eq!(text.matches("modify: status modifying\n").count(), 1, "too soon after the last one:\n{text}");
}

#[test]
fn each_event_is_one_line_of_json() {
    let story = eventful();
    let text = told(true, Order::Article, &story.events);
    assert_eq!(text.lines().count(), story.events.len() - 1);
    for line in text.lines() {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(value["event"].is_string(), "{line}");
    }
    assert!(text.contains(r#""event":"recorded""#) && text.contains(r#""record":"started""#), "{text}");
}

#[test]
fn records_that_do_not_follow_are_told_and_break_nothing() {
    let story = eventful();
    let mut events = story.events.clone();
    events.rotate_left(7);
    let text = told(false, Order::Article, &events);
    assert!(text.contains("image `ami-0a` is `available`"), "{text}");
}

#[test]
fn a_reader_that_is_gone_does_not_stop_the_run() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    for json in [true, false] {
        let story = eventful();
        let mut console = Console::to_writer(json, &plan(Order::Article), &Story::open().state, Box::new(Gone));
        story.events.iter().for_each(|event| console.show(event));
        console.finish();
    }
}
