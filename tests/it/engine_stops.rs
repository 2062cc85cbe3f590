//! Stopping, asking and joining: what the operator, other people and other programs do while a run goes on.

use crate::support::fake::{Death, Life, World, execute, execute_until_asked, live, open, plan};
use runbook::engine::Intent;
use runbook::event::Event;
use runbook::journal::{ActionState, Journal, RecordKind, Rest, RollbackTo, RunState};
use runbook::model::{ActionPath, Failure, Phase, Resolution, RunId, Values};
use runbook::plan::Order;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

const FORWARD: Intent = Intent::Forward { until: None };
const TO_START: Intent = Intent::Rollback { to: RollbackTo::Start, leave: BTreeSet::new() };

fn path(text: &str) -> ActionPath {
    text.parse().unwrap()
}

/// A run of the diamond and its world.
struct Stage {
    folder: tempfile::TempDir,
    run: RunId,
    world: Rc<RefCell<World>>,
}

impl Stage {
    fn new(order: Order) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let run = open(folder.path(), &plan("diamond", order));
        Self { folder, run, world: Rc::default() }
    }

    fn go(&self, intent: Intent) -> (Rest, RunState) {
        let (life, state) = execute(self.folder.path(), &self.run, &self.world, intent, Death::Never);
        (life.rest(), state)
    }

    fn stopped(&self, intent: Intent, at: usize, times: u32) -> (Rest, RunState) {
        let script = (Death::Never, Some((at, times)));
        let (life, state) = execute_until_asked(self.folder.path(), &self.run, &self.world, intent, script);
        (life.rest(), state)
    }

    fn asks(&self, action: &str, phase: Phase, gate: &str) {
        self.world.borrow_mut().asks.insert((path(action), phase), gate.into());
    }

    fn fails(&self, action: &str, phase: Phase, failures: Vec<Failure>) {
        self.world.borrow_mut().failures.insert((path(action), phase), failures);
    }

    fn records(&self) -> Vec<RecordKind> {
        let journal = Journal::open(self.folder.path()).unwrap();
        journal.records(&self.run, 0).unwrap().into_iter().map(|record| record.kind).collect()
    }

    fn made(&self, action: &str) -> u32 {
        self.world.borrow().made.get(&path(action)).copied().unwrap_or(0)
    }

    fn calls(&self, action: &str, phase: Phase) -> usize {
        self.world.borrow().order.iter().filter(|(a, p)| *a == path(action) && *p == phase).count()
    }
}

/// A person appends to a journal that others use.
fn say(folder: &Path, run: &RunId, kind: RecordKind) {
    let mut journal = Journal::open(folder).unwrap();
    let state = journal.state(run).unwrap();
    journal.append(&state, None, 0, kind).unwrap();
}

fn answer(gate: &str, approved: bool) -> RecordKind {
    RecordKind::GateAnswered { gate: gate.into(), approved, by: "somebody".into() }
}

fn waiting(gate: &str) -> Rest {
    Rest::Waiting { gates: vec![gate.into()] }
}

#[test]
fn asked_once_it_begins_nothing_and_ends_what_it_has_begun() {
    let stage = Stage::new(Order::Overlap);
    let (rest, state) = stage.stopped(FORWARD, 2, 1);
    assert_eq!(rest, Rest::Interrupted { unfinished: vec![] });
    assert!(state.actions.values().all(ActionState::is_done), "{state:?}");
    assert_eq!(stage.made("last/one"), 0);
    assert_eq!(stage.go(FORWARD).0, Rest::Finished);
    assert!(stage.world.borrow().made.values().all(|made| *made == 1));
}

#[test]
fn asked_once_what_would_be_tried_again_is_left_for_the_next_executor() {
    let stage = Stage::new(Order::Article);
    stage.fails("first/two", Phase::Apply, vec![Failure::transient("busy")]);
    let (rest, _) = stage.stopped(FORWARD, 1, 1);
    assert_eq!(rest, Rest::Interrupted { unfinished: vec![path("first/two")] });
    assert_eq!(stage.go(FORWARD).0, Rest::Finished);
}

#[test]
fn asked_twice_it_stops_waiting_and_fails_nothing() {
    for phase in [Phase::Apply, Phase::Verify] {
        for deaf in [false, true] {
            let stage = Stage::new(Order::Article);
            let this = (path("first/two"), phase);
            match deaf {
                true => stage.world.borrow_mut().deaf.push(this),
                false => stage.world.borrow_mut().patient.push(this),
            }
            let (rest, state) = stage.stopped(FORWARD, 1, 2);
            assert_eq!(rest, Rest::Interrupted { unfinished: vec![path("first/two")] }, "{phase:?} {deaf}");
            let word = state.action(&path("first/two")).word();
            assert!(matches!(word, "started" | "applied"), "{word}");
            stage.world.borrow_mut().patient.clear();
            stage.world.borrow_mut().deaf.clear();
            assert_eq!(stage.go(FORWARD).0, Rest::Finished);
            assert!(stage.world.borrow().made.values().all(|made| *made == 1));
        }
    }
}

#[test]
fn asked_while_undoing_it_rests_and_goes_on_undoing() {
    for times in [1, 2] {
        let stage = Stage::new(Order::Article);
        stage.go(FORWARD);
        if times == 2 {
            stage.world.borrow_mut().patient.push((path("left/one"), Phase::Undo));
        }
        let (rest, state) = stage.stopped(TO_START, 3, times);
        let unfinished = if times == 2 { vec![path("left/one")] } else { vec![] };
        assert_eq!(rest, Rest::Interrupted { unfinished });
        assert_eq!(state.rest.as_ref(), Some(&rest));
        stage.world.borrow_mut().patient.clear();
        assert_eq!(stage.go(TO_START).0, Rest::RolledBack { to: RollbackTo::Start });
        assert!(stage.world.borrow().unmade.values().all(|unmade| *unmade == 1));
    }
}

#[test]
fn a_failed_undo_is_told_even_when_asked_to_stop() {
    let stage = Stage::new(Order::Article);
    stage.go(FORWARD);
    stage.fails("left/one", Phase::Undo, vec![Failure::permanent("no")]);
    assert_eq!(stage.stopped(TO_START, 3, 1).0, Rest::Paused { actions: vec![path("left/one")] });
}

#[test]
fn retries_of_verifying_and_of_undoing_are_bounded_too() {
    let stage = Stage::new(Order::Article);
    stage.fails("first/two", Phase::Verify, vec![Failure::transient("busy"); 50]);
    assert_eq!(stage.go(FORWARD).0, Rest::Paused { actions: vec![path("first/two")] });
    assert_eq!(stage.calls("first/two", Phase::Verify), 4);
    stage.go(FORWARD);
    assert_eq!(stage.calls("first/two", Phase::Verify), 8, "another executor has as many tries");
    stage.fails("first/two", Phase::Undo, vec![Failure::transient("busy"); 50]);
    assert_eq!(stage.go(TO_START).0, Rest::Paused { actions: vec![path("first/two")] });
    assert_eq!(stage.calls("first/two", Phase::Undo), 4);
}

#[test]
fn a_gate_holds_its_action_until_it_is_approved() {
    let stage = Stage::new(Order::Article);
    stage.asks("left/one", Phase::Apply, "sure");
    assert_eq!(stage.go(FORWARD).0, waiting("sure"));
    assert_eq!(stage.go(FORWARD).0, waiting("sure"), "resuming is no answer");
    say(stage.folder.path(), &stage.run, answer("sure", false));
    assert_eq!(stage.go(FORWARD).0, waiting("sure"), "a refusal holds");
    say(stage.folder.path(), &stage.run, answer("sure", true));
    assert_eq!(stage.go(FORWARD).0, Rest::Finished);
    assert_eq!(stage.made("left/one"), 1);
}

#[test]
fn after_a_rollback_a_gate_asks_anew() {
    let stage = Stage::new(Order::Article);
    stage.asks("left/one", Phase::Apply, "sure");
    stage.go(FORWARD);
    say(stage.folder.path(), &stage.run, answer("sure", true));
    stage.go(FORWARD);
    stage.go(TO_START);
    assert_eq!(stage.go(FORWARD).0, waiting("sure"));
}

#[test]
fn an_answer_beside_a_running_executor_is_heard_however_loud_it_is() {
    let stage = Stage::new(Order::Overlap);
    stage.asks("left/one", Phase::Apply, "sure");
    stage.world.borrow_mut().patient.push((path("right/one"), Phase::Apply));
    let (folder, run) = (stage.folder.path().to_owned(), stage.run.clone());
    let answering = std::thread::spawn(move || {
        let journal = Journal::open(&folder).unwrap();
        while journal.state(&run).unwrap().open_gate("sure").is_none() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        say(&folder, &run, answer("sure", true));
    });
    // `right/one` tells of its waiting every two milliseconds and would wait for ever.
    let world = Rc::clone(&stage.world);
    let script = (Death::Never, None);
    let watch = std::time::Instant::now();
    let stopper = |stop: tokio::sync::watch::Sender<u32>| {
        tokio::task::spawn_local(async move {
            while !world.borrow().made.contains_key(&path("left/two")) {
                assert!(watch.elapsed().as_secs() < 5, "the answer was not heard");
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            stop.send_replace(2);
        });
    };
    let (life, _) = live((stage.folder.path(), &stage.run), &stage.world, FORWARD, script, stopper);
    answering.join().unwrap();
    assert!(matches!(life.rest(), Rest::Interrupted { .. }));
    assert_eq!(stage.made("left/one"), 1);
}

#[test]
fn what_the_way_forward_asked_does_not_hold_up_the_way_back() {
    let stage = Stage::new(Order::Article);
    stage.asks("left/one", Phase::Apply, "sure");
    assert_eq!(stage.go(FORWARD).0, waiting("sure"));
    assert_eq!(stage.go(TO_START).0, Rest::RolledBack { to: RollbackTo::Start });
    assert!(stage.world.borrow().there.values().all(|there| !there));
}

#[test]
fn an_undo_may_ask_too() {
    let stage = Stage::new(Order::Article);
    stage.go(FORWARD);
    stage.asks("left/one", Phase::Undo, "back");
    assert_eq!(stage.go(TO_START).0, waiting("back"));
    say(stage.folder.path(), &stage.run, answer("back", true));
    assert_eq!(stage.go(TO_START).0, Rest::RolledBack { to: RollbackTo::Start });
}

#[test]
fn two_actions_that_ask_at_one_gate_rest_instead_of_asking_in_turns() {
    let stage = Stage::new(Order::Overlap);
    stage.asks("left/one", Phase::Apply, "sure");
    stage.asks("right/one", Phase::Apply, "sure");
    let (rest, state) = stage.go(FORWARD);
    let Rest::Paused { actions } = rest else { panic!("{rest:?}") };
    assert_eq!(actions.len(), 1);
    assert_eq!(state.open_gates().len(), 1);
    say(stage.folder.path(), &stage.run, answer("sure", true));
    assert_eq!(stage.go(FORWARD).0, waiting("sure"), "the other one asks now");
    say(stage.folder.path(), &stage.run, answer("sure", true));
    assert_eq!(stage.go(FORWARD).0, Rest::Finished);
}

#[test]
fn what_somebody_else_is_making_is_joined_also_after_a_failed_look() {
    let stage = Stage::new(Order::Article);
    stage.world.borrow_mut().in_progress.push(path("left/one"));
    stage.fails("left/one", Phase::Observe, vec![Failure::transient("busy")]);
    stage.fails("left/one", Phase::Verify, vec![Failure::transient("busy")]);
    let (rest, state) = stage.go(FORWARD);
    assert_eq!(rest, Rest::Finished);
    assert_eq!(state.action(&path("left/one")).word(), "found");
    assert!(stage.calls("left/one", Phase::Observe) <= 3);
    stage.go(TO_START);
    assert_eq!(stage.world.borrow().there.get(&path("left/one")), Some(&true), "it was not ours");
}

#[test]
fn what_a_person_resolves_is_believed() {
    for (resolution, made) in [(Resolution::Done, 1), (Resolution::NotDone, 2)] {
        let stage = Stage::new(Order::Article);
        execute(stage.folder.path(), &stage.run, &stage.world, FORWARD, Death::After(1));
        stage.world.borrow_mut().unclear.push(path("first/two"));
        assert_eq!(stage.go(FORWARD).0, Rest::InDoubt { actions: vec![path("first/two")] });
        stage.world.borrow_mut().unclear.clear();
        stage.world.borrow_mut().there.insert(path("first/two"), resolution == Resolution::Done);
        stage.world.borrow_mut().verified.insert(path("first/two"));
        let (action, by, reason) = (path("first/two"), "somebody".into(), "looked".into());
        say(
            stage.folder.path(),
            &stage.run,
            RecordKind::Resolved { action, resolution, by, reason, outputs: Values::new() },
        );
        assert_eq!(stage.go(FORWARD).0, Rest::Finished);
        assert_eq!(stage.made("first/two"), made);
        let accepted = stage.records().iter().any(|kind| matches!(kind, RecordKind::Resolved { .. }));
        assert!(accepted);
    }
}

/// A person's own work is not taken back: an undo would rest on a before-image that nobody has.
#[test]
fn what_a_person_did_before_it_was_started_stays_after_a_rollback() {
    for (phase, stays) in [(Phase::Observe, true), (Phase::Apply, false)] {
        let stage = Stage::new(Order::Article);
        stage.fails("first/two", phase, vec![Failure::permanent("no")]);
        assert_eq!(stage.go(FORWARD).0, Rest::Paused { actions: vec![path("first/two")] });
        stage.world.borrow_mut().there.insert(path("first/two"), true);
        let resolution = Resolution::Done;
        let (action, by, reason) = (path("first/two"), "kim".into(), "did it by hand".into());
        say(
            stage.folder.path(),
            &stage.run,
            RecordKind::Resolved { action, resolution, by, reason, outputs: Values::new() },
        );
        assert_eq!(stage.go(FORWARD).0, Rest::Finished);
        assert_eq!(stage.made("first/two"), 0);
        let (rest, state) = stage.go(TO_START);
        assert_eq!(rest, Rest::RolledBack { to: RollbackTo::Start });
        assert!(state.action(&path("first/two")).is_pending());
        let world = stage.world.borrow();
        assert_eq!(world.there.get(&path("first/two")), Some(&stays), "failed in {phase:?}");
        assert_eq!(world.order.contains(&(path("first/two"), Phase::Undo)), !stays);
        let told = "a person did it, not this run: it stays";
        let said = |kind: &RecordKind| matches!(kind, RecordKind::Undone { evidence, .. } if evidence == told);
        assert_eq!(stage.records().iter().any(said), stays);
    }
}

/// Whoever loses the journal while at work does nothing further.
#[test]
fn a_journal_that_is_removed_stops_everything() {
    let stage = Stage::new(Order::Article);
    stage.world.borrow_mut().patient.push((path("first/two"), Phase::Apply));
    let (folder, world) = (stage.folder.path().to_owned(), Rc::clone(&stage.world));
    let kept = tempfile::tempdir().unwrap();
    let away = kept.path().to_owned();
    let stopper = |stop: tokio::sync::watch::Sender<u32>| {
        tokio::task::spawn_local(async move {
            while world.borrow().order.last() != Some(&(path("first/two"), Phase::Apply)) {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
                std::fs::rename(folder.join(name), away.join(name)).unwrap();
            }
            world.borrow_mut().patient.clear();
            drop(stop);
        });
    };
    let script = (Death::Never, None);
    let (life, state) = live((stage.folder.path(), &stage.run), &stage.world, FORWARD, script, stopper);
    let Life::Failed(error) = life else { panic!("it went on without a journal") };
    assert!(format!("{error:?}").contains("Gone"), "{error:?}");
    assert_eq!(state.rest, None);
    assert_eq!(stage.made("left/one"), 0, "nothing further was done");
}

#[test]
fn what_an_action_said_is_shown_before_its_end() {
    let stage = Stage::new(Order::Article);
    let world = Rc::clone(&stage.world);
    world.borrow_mut().patient.push((path("first/one"), Phase::Apply));
    let stopper = |stop: tokio::sync::watch::Sender<u32>| {
        tokio::task::spawn_local(async move {
            while world.borrow().waited == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            world.borrow_mut().patient.clear();
            drop(stop);
        });
    };
    let script = (Death::Never, None);
    live((stage.folder.path(), &stage.run), &stage.world, FORWARD, script, stopper).0.rest();
    let seen = &stage.world.borrow().seen;
    let note = seen.iter().rposition(|e| matches!(e, Event::Progress { .. })).unwrap();
    let applied =
        seen.iter().position(|e| matches!(e, Event::Recorded(r) if matches!(r.kind, RecordKind::Applied { .. })));
    assert!(note < applied.unwrap());
}

/// Killed after its effect, and then nobody may look: that is a doubt, and nothing is said of an unchanged world.
#[test]
fn what_was_begun_and_cannot_be_looked_at_stays_in_doubt() {
    let stage = Stage::new(Order::Article);
    let this = || path("first/two");
    execute(stage.folder.path(), &stage.run, &stage.world, FORWARD, Death::After(1));
    for _ in 0..2 {
        stage.fails("first/two", Phase::Observe, vec![Failure::permanent("the credentials are nobody's")]);
        let (rest, state) = stage.go(FORWARD);
        assert_eq!(rest, Rest::InDoubt { actions: vec![this()] });
        assert_eq!(state.action(&this()).word(), "in doubt");
        let text = runbook::display::rest_text(&plan("diamond", Order::Article), &state, &rest);
        assert!(!text.contains("nothing was changed"), "{text}");
        assert!(text.contains("the credentials are nobody's"), "{text}");
        assert!(text.contains("first/two --as not-done"), "{text}");
    }
    assert_eq!(stage.go(FORWARD).0, Rest::Finished);
    assert_eq!(stage.made("first/two"), 1);
}
