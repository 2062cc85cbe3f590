//! The engine on a world in memory: order, concurrency, death at every effect, failures, rollback, stopping.

use crate::support::fake::{Death, World, execute, execute_stoppable, open, plan, planned};
use runbook::engine::{Flight, Intent, Next, next, preview_parameters};
use runbook::journal::{ActionState, Journal, RecordKind, Rest, RollbackTo};
use runbook::model::{ActionPath, Failure, FailureKind, Pace, Phase, RetryPolicy, Values};
use runbook::plan::Order;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

const FORWARD: Intent = Intent::Forward { until: None };
const ACTIONS: [&str; 6] = ["first/one", "first/two", "left/one", "left/two", "right/one", "last/one"];

fn path(text: &str) -> ActionPath {
    text.parse().unwrap()
}

fn world() -> Rc<RefCell<World>> {
    Rc::default()
}

fn to_start() -> Intent {
    Intent::Rollback { to: RollbackTo::Start, leave: BTreeSet::new() }
}

fn to(step: &str) -> Intent {
    Intent::Rollback { to: RollbackTo::Step(step.parse().unwrap()), leave: BTreeSet::new() }
}

#[test]
fn one_at_a_time_as_written() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Finished);
    let world = world.borrow();
    assert_eq!(world.together, 1);
    let applied: Vec<String> =
        world.order.iter().filter(|(_, p)| *p == Phase::Apply).map(|(a, _)| a.to_string()).collect();
    assert_eq!(applied, ACTIONS);
}

#[test]
fn what_does_not_need_each_other_overlaps_and_the_rest_waits() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Overlap));
    let world = world();
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Finished);
    let world = world.borrow();
    assert_eq!(world.together, 2, "left and right run at the same time, and nothing else does");
    let last = world.order.iter().position(|(a, _)| *a == path("last/one")).unwrap();
    for earlier in ["left/two", "right/one"] {
        let verified = world.order.iter().rposition(|(a, p)| *a == path(earlier) && *p == Phase::Verify).unwrap();
        assert!(verified < last, "{earlier} is verified before `last` begins");
    }
}

/// Dies before and after every single effect, forward; every time the run is resumed it ends the same, and every
/// effect is in the world exactly once.
#[test]
fn death_at_every_effect_forward() {
    for order in [Order::Article, Order::Overlap] {
        for number in 0..ACTIONS.len() {
            for death in [Death::Before(number), Death::After(number)] {
                let folder = tempfile::tempdir().unwrap();
                let run = open(folder.path(), &plan("diamond", order));
                let world = world();
                let (life, state) = execute(folder.path(), &run, &world, FORWARD, death);
                assert!(matches!(life, crate::support::fake::Life::Died), "{death:?}");
                assert_eq!(state.rest, None, "a dead executor leaves no rest");
                let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
                assert_eq!(life.rest(), Rest::Finished, "{death:?} {order:?}");
                for action in ACTIONS {
                    assert_eq!(world.borrow().made.get(&path(action)), Some(&1), "{action} after {death:?} {order:?}");
                    assert!(state.action(&path(action)).is_done());
                }
            }
        }
    }
}

/// Dies before and after every undo; resume goes on with the rollback, and every effect is taken back exactly once, in
/// reverse order.
#[test]
fn death_at_every_undo() {
    for number in 0..ACTIONS.len() {
        for death in [Death::Before(number), Death::After(number)] {
            let folder = tempfile::tempdir().unwrap();
            let run = open(folder.path(), &plan("diamond", Order::Article));
            let world = world();
            execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
            let (life, state) = execute(folder.path(), &run, &world, to_start(), death);
            assert!(matches!(life, crate::support::fake::Life::Died));
            assert_eq!(state.rest, None);
            let (life, state) = execute(folder.path(), &run, &world, to_start(), Death::Never);
            assert_eq!(life.rest(), Rest::RolledBack { to: RollbackTo::Start });
            assert!(plan("diamond", Order::Article).undo_queue(&state, &RollbackTo::Start).is_empty());
            let world = world.borrow();
            for action in ACTIONS {
                assert_eq!(world.unmade.get(&path(action)), Some(&1), "{action} after {death:?}");
            }
            let mut undone: Vec<String> =
                world.order.iter().filter(|(_, p)| *p == Phase::Undo).map(|(a, _)| a.to_string()).collect();
            undone.dedup();
            let reverse: Vec<&str> = ACTIONS.iter().rev().copied().collect();
            assert_eq!(undone, reverse);
        }
    }
}

#[test]
fn back_to_a_step_and_forward_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
    let (life, state) = execute(folder.path(), &run, &world, to("left"), Death::Never);
    assert_eq!(life.rest(), Rest::RolledBack { to: RollbackTo::Step("left".parse().unwrap()) });
    assert!(state.action(&path("left/two")).is_done());
    assert_eq!(*state.action(&path("right/one")), ActionState::Pending { generation: 1 });
    execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
    let made = |a: &str| world.borrow().made.get(&path(a)).copied();
    assert_eq!((made("left/two"), made("right/one"), made("last/one")), (Some(1), Some(2), Some(2)));
}

#[test]
fn half_done_is_undone_first() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    execute(folder.path(), &run, &world, FORWARD, Death::After(2));
    let (life, _) = execute(folder.path(), &run, &world, to_start(), Death::Never);
    assert_eq!(life.rest(), Rest::RolledBack { to: RollbackTo::Start });
    let undone: Vec<String> =
        world.borrow().order.iter().filter(|(_, p)| *p == Phase::Undo).map(|(a, _)| a.to_string()).collect();
    assert_eq!(undone, ["left/one", "first/two", "first/one"]);
    assert!(world.borrow().there.values().all(|there| !there));
}

#[test]
fn a_passing_failure_is_tried_again_and_a_lasting_one_rests() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    let passing = vec![Failure::transient("busy"); 3];
    world.borrow_mut().failures.insert((path("first/two"), Phase::Apply), passing);
    world.borrow_mut().failures.insert((path("left/one"), Phase::Apply), vec![Failure::permanent("no")]);
    let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("left/one")] });
    assert!(state.action(&path("first/two")).is_done());
    assert!(state.action(&path("left/two")).is_pending());
    execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
    assert_eq!(world.borrow().made.get(&path("left/one")), Some(&1));
}

#[test]
fn retries_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    world.borrow_mut().failures.insert((path("first/one"), Phase::Apply), vec![Failure::transient("busy"); 50]);
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("first/one")] });
    let tried = world.borrow().order.iter().filter(|(_, p)| *p == Phase::Apply).count();
    assert_eq!(tried, 4);
}

/// Throttled, busy, no capacity: tried again until the time in which such a thing passes is over, and at most that long.
#[test]
fn what_passes_in_its_time_is_tried_for_as_long_as_that_takes() {
    for (kind, minutes) in [(FailureKind::Throttled, 5), (FailureKind::Busy, 5), (FailureKind::NoCapacity, 30)] {
        let mut plan = plan("diamond", Order::Article);
        for action in plan.runbook.steps.iter_mut().flat_map(|step| &mut step.actions) {
            action.retry = RetryPolicy::default();
        }
        let folder = tempfile::tempdir().unwrap();
        let run = open(folder.path(), &plan);
        let world = world();
        let failures = vec![Failure::new(kind, "not now"); 50];
        world.borrow_mut().failures.insert((path("first/one"), Phase::Apply), failures);
        let began = std::time::Instant::now();
        world.borrow_mut().pace = Pace::times(1_000).unwrap();
        let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
        assert_eq!(life.rest(), Rest::Paused { actions: vec![path("first/one")] });
        let took = began.elapsed();
        let tried = world.borrow().order.iter().filter(|(_, phase)| *phase == Phase::Apply).count();
        let wanted = 5 + minutes;
        assert!((wanted..wanted + 8).contains(&tried), "{kind:?}: tried {tried} times in {took:?}");
    }
}

/// A lost answer after the effect: observed, found, recorded; never made twice.
#[test]
fn a_lost_answer_does_not_make_a_second_effect() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    world.borrow_mut().lost.insert((path("first/one"), Phase::Apply), 1);
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Finished);
    assert_eq!(world.borrow().made.get(&path("first/one")), Some(&1));
    let first: Vec<Phase> =
        world.borrow().order.iter().filter(|(a, _)| *a == path("first/one")).map(|(_, phase)| *phase).collect();
    assert_eq!(first, [Phase::Observe, Phase::Apply, Phase::Observe, Phase::Verify]);
}

#[test]
fn what_cannot_be_told_goes_to_a_person() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    execute(folder.path(), &run, &world, FORWARD, Death::After(1));
    world.borrow_mut().unclear.push(path("first/two"));
    let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::InDoubt { actions: vec![path("first/two")] });
    assert!(matches!(state.action(&path("first/two")), ActionState::InDoubt { .. }));
    world.borrow_mut().unclear.clear();
    execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
    assert_eq!(world.borrow().made.get(&path("first/two")), Some(&1));
}

#[test]
fn what_was_there_before_stays_after_a_rollback() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    world.borrow_mut().there.insert(path("left/one"), true);
    execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
    execute(folder.path(), &run, &world, to_start(), Death::Never).0.rest();
    let world = world.borrow();
    assert_eq!(world.there.get(&path("left/one")), Some(&true));
    assert_eq!(world.made.get(&path("left/one")), None);
    assert_eq!(world.unmade.get(&path("left/one")), None);
}

#[test]
fn asked_to_stop_it_finishes_what_runs_and_rests() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    let (life, state) = execute_stoppable(folder.path(), &run, &world, FORWARD, |stop| {
        stop.send_replace(1);
        std::mem::forget(stop);
    });
    assert_eq!(life.rest(), Rest::Interrupted { unfinished: vec![] });
    let begun = ACTIONS.iter().filter(|a| !state.action(&path(a)).is_pending()).count();
    let done = ACTIONS.iter().filter(|a| state.action(&path(a)).is_done()).count();
    assert_eq!(begun, done, "nothing is left half done");
    execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
    assert!(world.borrow().made.values().all(|made| *made == 1));
}

#[test]
fn a_failed_undo_rests_and_can_be_resumed() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
    world.borrow_mut().failures.insert((path("left/one"), Phase::Undo), vec![Failure::permanent("no")]);
    let (life, _) = execute(folder.path(), &run, &world, to_start(), Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("left/one")] });
    let (life, _) = execute(folder.path(), &run, &world, to_start(), Death::Never);
    assert_eq!(life.rest(), Rest::RolledBack { to: RollbackTo::Start });
    assert!(world.borrow().unmade.values().all(|n| *n == 1));
}

#[test]
fn until_a_step() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan("diamond", Order::Article));
    let world = world();
    let until = Intent::Forward { until: Some("left".parse().unwrap()) };
    let (life, _) = execute(folder.path(), &run, &world, until, Death::Never);
    assert_eq!(life.rest(), Rest::UntilReached { step: "left".parse().unwrap() });
    assert_eq!(world.borrow().made.len(), 4);
}

/// A target whose key is pinned by the run: who pins it does without, everybody else needs it.
#[test]
fn only_who_pins_a_host_key_does_without_it() {
    let document = "runbook: keys\ntitle: keys\nabout: keys\ntargets:\n  web:\n    host: localhost\n    \
        host_key: ${{ steps.pin.key.host_key }}\nsteps:\n  - id: pin\n    title: pin\n    why: because\n    actions:\n      \
        - { id: key, do: ssh.pin-host-key, with: { on: web, by: known-hosts } }\n  - id: use\n    title: use\n    \
        why: because\n    actions:\n      - { id: stop, do: service.stop, with: { on: web, service: cron } }\n";
    let plan = planned(runbook::validate::parse_runbook("keys", document).unwrap(), Order::Article);
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &plan);
    let mut journal = Journal::open(folder.path()).unwrap();
    let state = journal.state(&run).unwrap();
    let Next::Perform { calls, .. } = next(&plan, &state, &Flight::default(), 1) else { panic!("nothing to do") };
    assert_eq!(calls[0].parameters["on"], serde_json::json!({ "name": "web", "host": "localhost" }));

    let stop = plan.definition(&path("use/stop")).unwrap();
    let shown = preview_parameters(&plan, Some(&run), &BTreeMap::new(), stop);
    assert_eq!(shown.shown()["on"]["host_key"], "(known after step-1)");
    assert!(shown.get("on").unwrap().get("host_key").unwrap().waits());

    // An action that did not give what it declares.
    let adopted = RecordKind::Adopted { action: path("pin/key"), outputs: Values::new(), evidence: String::new() };
    let (_, state) = journal.append(&state, None, 2, adopted).unwrap();
    let Next::Record(records) = next(&plan, &state, &Flight::default(), 2) else { panic!("it is used without") };
    let [RecordKind::Failed { failure, .. }] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!(failure.message, "parameter `on` of `use/stop` cannot be filled in");
}
