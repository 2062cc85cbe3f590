//! What a step says of its failure: the run goes on without it, or goes back by itself; what is in doubt waits for a person.

use crate::support::desk::Desk;
use crate::support::fake::{Death, Life, World, execute, open, planned};
use runbook::engine::Intent;
use runbook::journal::{ActionState, Rest, RollbackTo};
use runbook::model::{ActionPath, Failure, Phase};
use runbook::plan::{Order, Plan};
use runbook::validate::parse_runbook;
use std::cell::RefCell;
use std::rc::Rc;

const FORWARD: Intent = Intent::Forward { until: None };

fn path(text: &str) -> ActionPath {
    text.parse().unwrap()
}

fn step(id: &str, more: &str, actions: &[&str]) -> String {
    let stop =
        |it: &&str| format!("      - {{ id: {it}, do: service.stop, with: {{ on: host, service: {id}-{it} }} }}\n");
    let actions: String = actions.iter().map(stop).collect();
    format!("  - id: {id}\n    title: t\n    why: w\n{more}    actions:\n{actions}")
}

fn text(steps: &[String]) -> String {
    format!("runbook: made\ntitle: t\nabout: a\ntargets:\n  host: {{ host: h }}\nsteps:\n{}", steps.concat())
}

fn plan(steps: &[String], order: Order) -> Plan {
    planned(parse_runbook("x.yaml", &text(steps)).unwrap_or_else(|e| panic!("{}", e.render(false))), order)
}

/// A step that may fail beside others.
fn with_an_optional_one(order: Order) -> Plan {
    plan(
        &[
            step("first", "", &["one"]),
            step("may", "    on_failure: continue\n", &["one", "two", "three"]),
            step("last", "    needs: [first]\n", &["one"]),
        ],
        order,
    )
}

/// A step whose failure takes back what came before it.
fn with_a_way_back(says: &str, order: Order) -> Plan {
    plan(
        &[
            step("first", "", &["one"]),
            step("second", "", &["one"]),
            step("third", &format!("    on_failure: {says}\n"), &["one", "two"]),
            step("last", "", &["one"]),
        ],
        order,
    )
}

fn failing(action: &str) -> Rc<RefCell<World>> {
    let world: Rc<RefCell<World>> = Rc::default();
    let failure = Failure::permanent("it cannot be done");
    world.borrow_mut().failures.insert((path(action), Phase::Apply), vec![failure]);
    world
}

#[test]
fn the_run_goes_on_without_what_may_fail_and_a_resume_tries_it_again() {
    for order in [Order::Article, Order::Overlap] {
        let folder = tempfile::tempdir().unwrap();
        let run = open(folder.path(), &with_an_optional_one(order));
        let world = failing("may/two");
        let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
        assert_eq!(life.rest(), Rest::FinishedWithFailures { actions: vec![path("may/two")] });
        for (action, is_done) in [("first/one", true), ("may/one", true), ("may/two", false), ("may/three", false)] {
            assert_eq!(state.action(&path(action)).is_done(), is_done, "{action}");
        }
        assert!(state.action(&path("last/one")).is_done(), "{order:?}");
        let (life, _) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
        assert_eq!(life.rest(), Rest::Finished);
        let back = Intent::Rollback { to: RollbackTo::Start, leave: std::collections::BTreeSet::new() };
        let (life, state) = execute(folder.path(), &run, &world, back, Death::Never);
        assert_eq!(life.rest(), Rest::RolledBack { to: RollbackTo::Start });
        assert!(world.borrow().there.values().all(|there| !there) && state.turned_back_for.is_empty());
    }
}

#[test]
fn no_downtime_waits_for_what_may_fail() {
    for order in [Order::Article, Order::Overlap, Order::LeastDowntime] {
        let begins = step("first", "    needs: []\n", &["one"]).replace("{ id: one,", "{ id: one, downtime: begins,");
        let ends = step("last", "    needs: [first]\n", &["one"]).replace("{ id: one,", "{ id: one, downtime: ends,");
        let may = step("may", "    needs: []\n    on_failure: continue\n", &["one", "two"]);
        let after = step("after", "    needs: [last]\n", &["one"]);
        for steps in [[may.clone(), begins.clone(), ends.clone(), after.clone()], [begins, ends, after, may]] {
            let folder = tempfile::tempdir().unwrap();
            let run = open(folder.path(), &plan(&steps, order));
            let (life, state) = execute(folder.path(), &run, &failing("may/one"), FORWARD, Death::Never);
            assert_eq!(life.rest(), Rest::FinishedWithFailures { actions: vec![path("may/one")] }, "{order:?}");
            assert!(state.action(&path("after/one")).is_done());
        }
    }
}

#[test]
fn short_of_the_end_a_person_decides_about_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let run = open(folder.path(), &with_an_optional_one(Order::Article));
    let until = Intent::Forward { until: Some("may".parse().unwrap()) };
    let (life, _) = execute(folder.path(), &run, &failing("may/two"), until, Death::Never);
    assert_eq!(life.rest(), Rest::Paused { actions: vec![path("may/two")] });
}

#[test]
fn the_run_goes_back_as_far_as_its_plan_says() {
    for order in [Order::Article, Order::Overlap] {
        for (says, to, stays) in [
            ("rollback", RollbackTo::Start, &[][..]),
            ("{ rollback_to: first }", RollbackTo::Step("first".parse().unwrap()), &["first/one"][..]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let run = open(folder.path(), &with_a_way_back(says, order));
            let world = failing("third/two");
            let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
            assert_eq!(life.rest(), Rest::RolledBack { to });
            assert_eq!(state.turned_back_for, [path("third/two")]);
            let there =
                world.borrow().there.iter().filter(|(_, it)| **it).map(|(a, _)| a.to_string()).collect::<Vec<_>>();
            assert_eq!(there, stays);
            assert!(!world.borrow().made.contains_key(&path("last/one")));
            // Forward again it is an ordinary run.
            let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
            assert_eq!((life.rest(), state.turned_back_for.len()), (Rest::Finished, 0));
        }
    }
}

/// Killed at every effect of the way there and of the way back that follows by itself: whoever resumes it brings it to the same end.
#[test]
fn killed_anywhere_it_comes_to_the_same_end() {
    let deaths = (0..7).flat_map(|number| [Death::Before(number), Death::After(number)]);
    // The fourth effect is the one that fails, once: if its answer is lost, the next try is good.
    for death in deaths.filter(|death| *death != Death::After(3)) {
        let folder = tempfile::tempdir().unwrap();
        let run = open(folder.path(), &with_a_way_back("rollback", Order::Article));
        let world = failing("third/two");
        let (life, mut state) = execute(folder.path(), &run, &world, FORWARD, death);
        assert!(matches!(life, Life::Died), "{death:?}");
        for _ in 0..2 {
            // What `resume` does: in the direction the run goes.
            let intent = match &state.mode {
                runbook::journal::Mode::Rollback { to, .. } => {
                    Intent::Rollback { to: to.clone(), leave: std::collections::BTreeSet::new() }
                }
                runbook::journal::Mode::Forward { .. } => FORWARD,
            };
            if state.rest.is_none() {
                state = execute(folder.path(), &run, &world, intent, Death::Never).1;
            }
        }
        let world = world.borrow();
        let ended = (state.rest.clone(), state.turned_back_for.clone());
        assert_eq!(ended, (Some(Rest::RolledBack { to: RollbackTo::Start }), vec![path("third/two")]), "{death:?}");
        assert!(world.there.values().all(|there| !there), "{death:?}");
        assert!(world.made.values().all(|made| *made == 1), "{death:?}: {:?}", world.made);
    }
}

#[test]
fn what_is_in_doubt_waits_for_a_person_whatever_is_said() {
    for says in ["rollback", "continue"] {
        let folder = tempfile::tempdir().unwrap();
        let steps = [step("first", "", &["one"]), step("third", &format!("    on_failure: {says}\n"), &["one"])];
        let run = open(folder.path(), &plan(&steps, Order::Article));
        let world: Rc<RefCell<World>> = Rc::default();
        execute(folder.path(), &run, &world, FORWARD, Death::After(1));
        world.borrow_mut().unclear.push(path("third/one"));
        let (life, state) = execute(folder.path(), &run, &world, FORWARD, Death::Never);
        assert_eq!(life.rest(), Rest::InDoubt { actions: vec![path("third/one")] }, "{says}");
        // Nor is a failure on the way back, nor one of a look at what was begun, one to go on without.
        assert!(matches!(state.action(&path("third/one")), ActionState::InDoubt { .. }));
    }
}

#[test]
fn what_cannot_be_as_it_is_said_is_told() {
    let told = |steps: &[String]| match parse_runbook("x.yaml", &text(steps)) {
        Ok(_) => String::new(),
        Err(problems) => problems.render(false),
    };
    let may = |more: &str| step("may", more, &["one"]);
    let last = |more: &str| step("last", more, &["one"]);
    let needed = told(&[may("    on_failure: continue\n"), last("")]);
    assert!(needed.contains("step `may` cannot be gone on without: `last` needs it"), "{needed}");
    assert!(needed.contains("`needs: []` for nothing"), "{needed}");
    let through = last("    needs: []\n").replace("{ id: one,", "{ id: one, needs: [may/one],");
    let needed = told(&[may("    on_failure: continue\n"), through]);
    assert!(needed.contains("`last/one` needs it"), "{needed}");
    let begins = may("    on_failure: continue\n").replace("{ id: one,", "{ id: one, downtime: begins,");
    let ends = last("    needs: []\n").replace("{ id: one,", "{ id: one, needs: [may/one], downtime: ends,");
    assert!(told(&[begins, ends]).contains("cannot be gone on without"));
    let typo = told(&[may(""), last("    on_failure: { rollback_to: mya }\n")]);
    assert!(typo.contains("there is no step `mya` before it") && typo.contains("did you mean `may`?"), "{typo}");
    let itself = told(&[may("    on_failure: { rollback_to: may }\n")]);
    assert!(itself.contains("there is no step `may` before it"), "{itself}");
    let other = told(&[may("    on_failure: ignore\n")]);
    assert!(other.contains("found `ignore`") && other.contains("{ rollback_to: STEP }"), "{other}");
    let forever = may("").replace(
        "do: service.stop, with: { on: host, service: may-one }",
        "do: ssh.run, irreversible: so, with: { on: host, argv: [x] }",
    );
    let stands = told(&[forever.clone(), last("    on_failure: rollback\n")]);
    assert!(stands.contains("`may/one` cannot be undone"), "{stands}");
    assert_eq!(told(&[forever, last("    on_failure: { rollback_to: may }\n")]), "");
}

const HERE: &str = r#"runbook: here
title: commands here
about: Tries.
steps:
  - id: put
    title: put a file
    why: To see.
    actions:
      - { id: put, do: local.run, with: { shell: "echo x >out", cwd: FOLDER, undo: rm out } }
  - id: judge
    title: judge it
    why: To see.
    on_failure: SAYS
    actions:
      - { id: judge, do: local.run, with: { argv: [test, -e, good], cwd: FOLDER, repeatable: true, undo: "true" }, retry: { attempts: 1 } }
  - id: tell
    title: tell
    why: To see.
    needs: [put]
    actions:
      - { id: tell, do: local.run, with: { shell: "echo told >told", cwd: FOLDER, undo: rm told } }
"#;

/// A text as it was before it was broken into lines for people.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn desk(says: &str) -> Desk {
    let desk = Desk::new();
    let folder = desk.path("").display().to_string();
    desk.write("here.yaml", &HERE.replace("FOLDER", folder.trim_end_matches('/')).replace("SAYS", says));
    desk
}

#[test]
fn people_read_it_beforehand_and_afterwards() {
    let desk = desk("continue");
    let plan = desk.types("hana", &["plan", "here.yaml"]).exits(0);
    assert!(plan.stdout.contains("if it fails: the run goes on without it, and ends with failures"), "{}", plan.stdout);
    // Nothing in it takes a site down, so nothing is said of one.
    assert!(!plan.stdout.contains("the site"), "{}", plan.stdout);
    let ran = desk.types("hana", &["run", "here.yaml", "--yes"]).exits(1);
    assert!(flat(&ran.stdout).contains("is finished with failures: all is done but judge/judge"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("judge/judge failed") && ran.stdout.contains("tries again what failed"),
        "{}",
        ran.stdout
    );
    assert!(desk.path("told").exists() && !ran.stdout.contains("the site"), "{}", ran.stdout);
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    let status = desk.types("hana", &["status", &run]);
    assert!(status.stdout.contains("finished with failures"), "{}", status.stdout);
    desk.write("good", "");
    desk.types("hana", &["resume", &run]).exits(0);
    desk.types("hana", &["rollback", &run, "--to", "start", "--yes"]).exits(0);
    assert!(!desk.path("told").exists() && !desk.path("out").exists());
}

#[test]
fn a_run_that_goes_back_by_itself_ends_as_a_failure() {
    let desk = desk("rollback");
    let plan = desk.types("hana", &["plan", "here.yaml", "--html", "plan.html", "--format", "markdown"]).exits(0);
    assert!(plan.stdout.contains("**If it fails:** everything is taken back, without asking."), "{}", plan.stdout);
    assert!(desk.read("plan.html").contains("If it fails: everything is taken back, without asking."));
    let ran = desk.types("hana", &["run", "here.yaml", "--yes"]).exits(1);
    let says = "is rolled back: everything is undone, as its plan says when judge/judge fails";
    assert!(flat(&ran.stdout).contains(says), "{}", ran.stdout);
    assert!(!desk.path("out").exists() && !desk.path("told").exists());
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    let log = desk.types("hana", &["log", &run]).exits(0);
    assert!(flat(&log.stdout).contains("to start, for judge/judge failed and the plan says so"), "{}", log.stdout);
    // A person's own rollback is none.
    desk.types("hana", &["resume", &run, "--yes"]).exits(1);
}
