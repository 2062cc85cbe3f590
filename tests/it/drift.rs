//! A world that changed since the plan was made, in memory: the run stops before the effect concerned, and nowhere else.

use crate::support::fake::{Death, World, execute, open, plan};
use runbook::engine::{Intent, drift, drifts, drifts_ahead};
use runbook::journal::{ActionState, Journal, RecordKind, Rest, RollbackTo, RunState};
use runbook::model::{
    ActionKind, ActionPath, Change, FactDrift, Facts, Failure, FailureKind, Finding, Found, Phase, RunId, Value, Values,
};
use runbook::plan::Look;
use runbook::plan::{Order, Plan, Previewed, Sequence};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

const FORWARD: Intent = Intent::Forward { until: None };

fn path(text: &str) -> ActionPath {
    text.parse().unwrap()
}

fn facts(all: &[(&str, &str)]) -> Facts {
    all.iter().map(|(what, is)| ((*what).to_owned(), (*is).to_owned())).collect()
}

fn finding(found: Found, all: &[(&str, &str)]) -> Finding {
    Finding {
        found,
        ours: false,
        before: Value::Null,
        outputs: Values::new(),
        evidence: "looked".into(),
        changes: Vec::new(),
        facts: facts(all),
        brought_by: None,
    }
}

/// A plan of `diamond` that was made on a world in which these facts were seen.
fn made_on(order: Order, seen: &[(&str, &[(&str, &str)])]) -> Plan {
    let mut plan = plan("diamond", order);
    let previews = seen.iter().map(|(action, all)| {
        let mut previewed = Previewed::of(&finding(Found::Absent, all), None);
        previewed.does = format!("do {action}");
        (path(action), previewed)
    });
    plan.preview(previews.collect());
    plan
}

fn world(seen: &[(&str, &[(&str, &str)])]) -> Rc<RefCell<World>> {
    let facts = seen.iter().map(|(action, all)| (path(action), facts(all))).collect();
    let mut world = World::default();
    world.facts = facts;
    Rc::new(RefCell::new(world))
}

fn failure(state: &RunState, action: &str) -> Failure {
    match state.action(&path(action)) {
        ActionState::Failed { failure, retry_at: None, phase: Phase::Observe, traces: None, .. } => failure.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_changed_fact_stops_the_run_before_the_effect() {
    let folder = tempfile::tempdir().unwrap();
    let seen: &[(&str, &[(&str, &str)])] =
        &[("first/one", &[("size", "1")]), ("left/one", &[("type", "large"), ("name", "x")])];
    let run = open(folder.path(), &made_on(Order::Article, seen));
    let world = world(&[("first/one", &[("size", "1")]), ("left/one", &[("type", "huge"), ("name", "x")])]);
    let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("left/one")] });
    let failure = failure(&state, "left/one");
    assert_eq!(failure.kind, FailureKind::Refused);
    let [drift] = failure.drift.as_slice() else { panic!("{failure:?}") };
    assert_eq!(drift.planned, "do left/one");
    assert_eq!(drift.facts, [FactDrift { what: "type".into(), was: "large".into(), is: Some("huge".into()) }]);
    assert_eq!(world.borrow().made.get(&path("left/one")), None, "no effect");
    assert_eq!(world.borrow().made.len(), 2, "what came before it is done");

    // Still so: it stops again. Put back: it goes on.
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("left/one")] });
    world.borrow_mut().facts.insert(path("left/one"), facts(&[("type", "large"), ("name", "x")]));
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Finished);
}

#[test]
fn everything_before_it_can_be_rolled_back() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &made_on(Order::Article, &[("left/two", &[("type", "large")])]));
    let world = world(&[("left/two", &[("type", "huge")])]);
    execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
    let to_start = Intent::Rollback { to: RollbackTo::Start, leave: BTreeSet::new() };
    let (life, _) = execute(folder.path(), &run, &world, to_start, Death::Never);
    assert_eq!(life.rest(), Rest::RolledBack { to: RollbackTo::Start });
    let world = world.borrow();
    assert!(world.there.values().all(|there| !there));
    assert_eq!(world.unmade.len(), 3);
}

/// The way back that a refusal advises does not make the refused action go on over the changed world.
#[test]
fn what_was_refused_and_rolled_back_is_refused_again() {
    for to in [RollbackTo::Start, RollbackTo::Step("first".parse().unwrap())] {
        let folder = tempfile::tempdir().unwrap();
        let run = open(folder.path(), &made_on(Order::Article, &[("left/one", &[("type", "large")])]));
        let world = world(&[("left/one", &[("type", "huge")])]);
        execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
        execute(folder.path(), &run, &world, Intent::Rollback { to, leave: BTreeSet::new() }, Death::Never).0.rest();
        let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
        assert_eq!(life.rest(), Rest::Paused { actions: vec![path("left/one")] });
        assert_eq!(failure(&state, "left/one").drift[0].facts[0].is.as_deref(), Some("huge"));
        assert_eq!(world.borrow().made.get(&path("left/one")), None, "no effect");
    }
}

#[test]
fn what_was_only_found_is_nobodys_doing_after_a_rollback_either() {
    let folder = tempfile::tempdir().unwrap();
    let same: &[(&str, &[(&str, &str)])] =
        &[("first/two", &[("state", "running")]), ("last/one", &[("state", "running")])];
    let run = open(folder.path(), &made_on(Order::Article, same));
    let world = world(&[("first/two", &[("state", "running")]), ("last/one", &[("state", "running")])]);
    world.borrow_mut().there.insert(path("first/two"), true);
    let until = Intent::Forward { until: Some("first".parse().unwrap()) };
    execute(folder.path(), &run, &world, until, Death::Never).0.rest();
    let to_start = Intent::Rollback { to: RollbackTo::Start, leave: BTreeSet::new() };
    execute(folder.path(), &run, &world, to_start, Death::Never).0.rest();
    world.borrow_mut().facts.insert(path("last/one"), facts(&[("state", "stopped")]));
    let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("last/one")] });
    assert_eq!(failure(&state, "last/one").drift[0].facts[0].is.as_deref(), Some("stopped"));
}

#[test]
fn a_fact_that_an_earlier_action_has_changed_is_the_runs_own_doing() {
    for order in [Order::Article, Order::Overlap] {
        let folder = tempfile::tempdir().unwrap();
        let same: &[(&str, &[(&str, &str)])] =
            &[("first/two", &[("state", "running")]), ("last/one", &[("state", "running")])];
        let run = open(folder.path(), &made_on(order, same));
        let world = world(&[("first/two", &[("state", "running")]), ("last/one", &[("state", "stopped")])]);
        let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
        assert_eq!(life.rest(), Rest::Finished);
    }
}

#[test]
fn what_an_earlier_action_only_found_is_nobodys_doing() {
    let folder = tempfile::tempdir().unwrap();
    let same: &[(&str, &[(&str, &str)])] =
        &[("first/two", &[("state", "running")]), ("last/one", &[("state", "running")])];
    let run = open(folder.path(), &made_on(Order::Article, same));
    let world = world(&[("last/one", &[("state", "stopped")])]);
    world.borrow_mut().there.insert(path("first/two"), true);
    let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("last/one")] });
    assert_eq!(failure(&state, "last/one").drift[0].facts[0].is.as_deref(), Some("stopped"));
}

#[test]
fn who_has_begun_is_held_to_nothing_any_more() {
    // Killed after its effect: what it finds now, it has made itself.
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &made_on(Order::Article, &[("left/one", &[("type", "large")])]));
    let world = world(&[("left/one", &[("type", "large")])]);
    execute(folder.path(), &run, &world, FORWARD, Death::Before(2));
    world.borrow_mut().facts.insert(path("left/one"), facts(&[("type", "half way")]));
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Finished);
    // And after it was undone, too.
    let to_start = Intent::Rollback { to: RollbackTo::Start, leave: BTreeSet::new() };
    execute(folder.path(), &run, &world, to_start, Death::Never).0.rest();
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Finished);
}

/// Undone, and then planned anew on another world: it is held to what was seen then, as if it had never acted.
#[test]
fn what_was_planned_anew_is_held_to_what_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &made_on(Order::Article, &[("left/one", &[("type", "large")])]));
    let world = world(&[("left/one", &[("type", "large")])]);
    let to_start = Intent::Rollback { to: RollbackTo::Start, leave: BTreeSet::new() };
    execute(folder.path(), &run, &world, FORWARD, Death::Never).0.rest();
    execute(folder.path(), &run, &world, to_start, Death::Never).0.rest();
    let mut journal = Journal::open(folder.path()).unwrap();
    let state = journal.state(&run).unwrap();
    let anew = RecordKind::Replanned {
        document: String::new(),
        fingerprint: String::new(),
        plan: made_on(Order::Article, &[("left/one", &[("type", "medium")])]).to_value().unwrap(),
        by: "kim".into(),
        source: None,
        inputs_from: None,
        until: None,
    };
    journal.append(&state, None, state.at, anew).unwrap();
    drop(journal);
    let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("left/one")] });
    assert_eq!(failure(&state, "left/one").drift[0].facts[0].was, "medium");
}

#[test]
fn what_is_as_wanted_is_adopted_whatever_else_changed() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &made_on(Order::Article, &[("left/one", &[("type", "large")])]));
    let world = world(&[("left/one", &[("type", "huge")])]);
    world.borrow_mut().there.insert(path("left/one"), true);
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Finished);
    assert_eq!(world.borrow().made.get(&path("left/one")), None);
}

#[test]
fn what_only_looks_is_held_to_what_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = made_on(Order::Article, &[("left/one", &[("rules", "all")])]);
    plan.runbook.steps[1].actions[0].kind = ActionKind::InstanceLookUp;
    let run = open(folder.path(), &plan);
    let world = world(&[("left/one", &[("rules", "some")])]);
    world.borrow_mut().there.insert(path("left/one"), true);
    let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("left/one")] });
    assert_eq!(failure(&state, "left/one").drift[0].facts[0].is.as_deref(), Some("some"));
    world.borrow_mut().facts.insert(path("left/one"), facts(&[("rules", "all")]));
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Finished);
}

fn begun(folder: &Path, plan: &Plan) -> RunState {
    let run = open(folder, plan);
    Journal::open(folder).unwrap().state(&run).unwrap()
}

#[test]
fn a_fact_that_is_not_seen_any_more_is_another_for_who_would_act() {
    let folder = tempfile::tempdir().unwrap();
    let plan = made_on(Order::Article, &[("left/one", &[("type", "large")])]);
    let state = begun(folder.path(), &plan);
    let of = |found| drift(&plan, &Sequence::of(&plan), &state, &path("left/one"), &finding(found, &[]));
    for found in [Found::Absent, Found::Otherwise] {
        assert_eq!(of(found).unwrap().facts, [FactDrift { what: "type".into(), was: "large".into(), is: None }]);
    }
    for found in [Found::Holds, Found::InProgress, Found::Unknown] {
        assert_eq!(of(found), None);
    }
}

#[test]
fn the_changes_are_told_when_they_are_others() {
    let folder = tempfile::tempdir().unwrap();
    let mut plan = made_on(Order::Article, &[("left/one", &[("file", "ab12")])]);
    let file = |diff: &str| Change::File { on: "web-1".into(), path: "/etc/x".into(), diff: diff.into() };
    let mut previewed = plan.previewed(&path("left/one")).unwrap().clone();
    previewed.changes = vec![file("-a\n+b\n")];
    plan.preview(BTreeMap::from([(path("left/one"), previewed)]));
    let state = begun(folder.path(), &plan);
    let mut now = finding(Found::Otherwise, &[("file", "cd34")]);
    now.changes = vec![file("-a\n+c\n")];
    let drifted = drift(&plan, &Sequence::of(&plan), &state, &path("left/one"), &now).unwrap();
    assert_eq!((drifted.changes_planned, drifted.changes_now), (vec![file("-a\n+b\n")], vec![file("-a\n+c\n")]));
    now.changes = vec![file("-a\n+b\n")];
    assert!(drift(&plan, &Sequence::of(&plan), &state, &path("left/one"), &now).unwrap().changes_now.is_empty());
}

#[test]
fn before_the_run_all_drift_is_told_at_once_and_each_fact_once() {
    let both: &[(&str, &[(&str, &str)])] =
        &[("first/one", &[("a", "1"), ("b", "1")]), ("left/one", &[("b", "1"), ("c", "1")])];
    let plan = made_on(Order::Article, both);
    let run: RunId = "r1".parse().unwrap();
    let looks = [
        (path("first/one"), Look::Seen(finding(Found::Absent, &[("a", "2"), ("b", "2")]))),
        (path("left/one"), Look::Seen(finding(Found::Absent, &[("b", "2"), ("c", "2")]))),
        (path("right/one"), Look::NotYet),
    ];
    let told: Vec<(String, Vec<String>)> = drifts(&plan, &run, &looks, 1)
        .into_iter()
        .map(|drift| (drift.action.to_string(), drift.facts.into_iter().map(|fact| fact.what).collect()))
        .collect();
    let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(told, [("first/one".to_owned(), names(&["a", "b"])), ("left/one".to_owned(), names(&["c"]))]);
}

/// In the middle of a run: what it has changed itself is no difference, everything else is.
#[test]
fn what_would_stop_a_resume_is_told_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let seen: &[(&str, &[(&str, &str)])] = &[
        ("first/one", &[("state", "running")]),
        ("left/one", &[("state", "running"), ("type", "large")]),
        ("last/one", &[("state", "running")]),
    ];
    let plan = made_on(Order::Article, seen);
    let run = open(folder.path(), &plan);
    let until = Intent::Forward { until: Some("first".parse().unwrap()) };
    let world = world(&[("first/one", &[("state", "running")])]);
    let (life, state) = execute(folder.path(), &run, &world, until, Death::Never);
    life.rest();
    let looks = [
        (path("left/one"), Look::Seen(finding(Found::Absent, &[("state", "stopped"), ("type", "huge")]))),
        (path("last/one"), Look::Seen(finding(Found::Absent, &[("state", "stopped")]))),
    ];
    let drifted = drifts_ahead(&plan, &state, &looks);
    let [told] = drifted.as_slice() else { panic!("{drifted:?}") };
    let fact = FactDrift { what: "type".into(), was: "large".into(), is: Some("huge".into()) };
    assert_eq!((&told.action, told.facts.as_slice()), (&path("left/one"), &[fact][..]));
}

/// A plan as a version that kept no previews stored it is read, and holds nobody to anything.
#[test]
fn an_older_plan_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("diamond", Order::Article);
    let mut stored = made_on(Order::Article, &[("left/one", &[("type", "large")])]).to_value().unwrap();
    for action in stored["actions"].as_array_mut().unwrap() {
        action.as_object_mut().unwrap().remove("previewed");
    }
    assert_eq!(Plan::read(&stored).unwrap(), plan);
    let run = open(folder.path(), &plan);
    let world = world(&[("left/one", &[("type", "huge")])]);
    let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
    assert_eq!(life.rest(), Rest::Finished);
}
