//! Every reason to rest is told with what to type next.

use super::fixture::{Story, no_capacity, path, plan, step_id, throttled};
use super::golden;
use runbook::display::{
    abandon_text, abandoned_json, failure_text, plan_text, rest_json, rest_text, rollback_text, status_text,
};
use runbook::journal::{ActionState, RecordKind, Rest, RollbackTo, RunState};
use runbook::model::{Change, Drift, FactDrift, Failure, Phase, Values};
use runbook::plan::{Order, Site};

fn told(story: &Story) -> String {
    rest_text(&plan(Order::Article), &story.state, story.state.rest.as_ref().unwrap())
}

fn failed_start() -> Story {
    let mut story = Story::three_steps();
    story.whole("clone-server/create-image", 420_000, "image `ami-0a` is `available`");
    story.whole("clone-server/run", 200_000, "`i-0b` runs, both checks are ok").start("clone-server/start");
    story.fail("clone-server/start", no_capacity(), None);
    story
}

#[test]
fn finished() {
    let mut story = failed_start();
    story.forward().whole("clone-server/start", 90_000, "runs as `t3.small`");
    story.whole("check/record", 1_000, "it is there").whole("check/site", 4_000, "the site works");
    story.rest(Rest::Finished);
    golden("rest_finished", &told(&story));
}

#[test]
fn until_reached() {
    let mut story = Story::three_steps();
    story.rest(Rest::UntilReached { step: step_id("rds-multi-az") });
    golden("rest_until", &told(&story));
}

#[test]
fn paused_for_want_of_capacity() {
    let mut story = failed_start();
    story.rest(Rest::Paused { actions: vec![path("clone-server/start")] });
    golden("rest_paused", &told(&story));
    let json = rest_json(&plan(Order::Article), &story.state, story.state.rest.as_ref().unwrap());
    assert_eq!(json["rest"]["reason"], "paused");
    assert_eq!(json["site"], "down");
    assert_eq!(json["next"][0]["command"], "runbook resume r20261123-174501-k3f9");
}

/// The three-way view of a file and of an instance's type.
fn drifted(action: &str, what: &str, was: &str, is: Option<&str>, changes: [Vec<Change>; 2]) -> Drift {
    let [changes_planned, changes_now] = changes;
    let fact = FactDrift { what: what.into(), was: was.into(), is: is.map(str::to_owned) };
    let planned = super::fixture::sentences(&path(action)).map_or_else(|| "do it".into(), |told| told.does.to_string());
    Drift { action: path(action), planned, facts: vec![fact], changes_planned, changes_now }
}

fn file(diff: &str) -> Vec<Change> {
    vec![Change::File { on: "web-1".into(), path: "/etc/nginx/conf.d/nextcloud.conf".into(), diff: diff.into() }]
}

fn both() -> [Drift; 2] {
    let planned = "@@ -8,3 +8,2 @@\n server {\n-    listen 443 ssl;\n     listen 80;\n";
    let now = "@@ -8,4 +8,3 @@\n server {\n-    listen 443 ssl http2;\n     listen 80;\n     # added by hand\n";
    let request = Change::Request {
        operation: "rds:ModifyDBInstance".into(),
        with: [("MultiAZ".to_owned(), true.into())].into_iter().collect(),
        later: Default::default(),
    };
    let name = "`/etc/nginx/conf.d/nextcloud.conf` on web-1";
    [
        drifted(
            "stop-cron/hide",
            name,
            "sha256 ab12.. mode 0644 root:root",
            Some("sha256 cd34.. mode 0644 root:root"),
            [file(planned), file(now)],
        ),
        drifted("rds-multi-az/modify", "class of `nextcloud`", "db.t3.medium", None, [vec![request], Vec::new()]),
    ]
}

#[test]
fn another_world() {
    let mut story = Story::open();
    story.forward();
    let [first, _] = both();
    let (action, mut failure) = (
        first.action.clone(),
        Failure::refused(
            "`stop-cron/hide` finds another world than the one it was planned for, and has changed nothing",
        ),
    );
    failure =
        failure.advise("put the world back as it was, then `runbook resume r20261123-174501-k3f9`: it looks again");
    failure.drift.push(first);
    story.add(10, RecordKind::Failed { action: action.clone(), phase: Phase::Observe, failure, retry_at: None });
    story.rest(Rest::Paused { actions: vec![action] });
    golden("rest_drift", &told(&story));
    let text = failure_text(
        "nothing was changed: the world is not the one this plan was made on",
        &both(),
        &[],
        &["make a new plan".into()],
    );
    golden("failure_drift", &text);
}

#[test]
fn in_doubt() {
    let mut story = Story::three_steps();
    story.start("clone-server/create-image");
    let (action, evidence) = (path("clone-server/create-image"), "two images have the name `nc-r2026`".into());
    story.add(5_000, RecordKind::Doubted { action: action.clone(), evidence });
    story.rest(Rest::InDoubt { actions: vec![action] });
    golden("rest_in_doubt", &told(&story));
}

fn waiting() -> Story {
    let mut story = failed_start();
    story.forward().whole("clone-server/start", 90_000, "runs as `t3.small`").start("check/record");
    let prompt = "publish this record where `cloud.example.org` is kept, then approve:\n    _x.cloud.example.org. 300 IN CNAME _y.acm.example.";
    let (action, gate) = (path("check/record"), "check-record".to_owned());
    story.add(500, RecordKind::GateOpened { action, gate, prompt: prompt.into() });
    story
}

#[test]
fn waits_for_a_person() {
    let mut story = waiting();
    story.rest(Rest::Waiting { gates: vec!["check-record".into()] });
    golden("rest_waiting", &told(&story));
}

#[test]
fn a_refused_gate_says_who_refused() {
    let mut story = waiting();
    story.add(9_000, RecordKind::GateAnswered { gate: "check-record".into(), approved: false, by: "kenji".into() });
    story.rest(Rest::Waiting { gates: vec!["check-record".into()] });
    let text = told(&story);
    assert!(text.contains("gate check-record of check/record, refused by kenji\n"), "{text}");
    assert!(text.contains("allows it after all"), "{text}");
}

#[test]
fn interrupted() {
    let mut story = Story::three_steps();
    story.start("clone-server/create-image").applied("clone-server/create-image");
    story.rest(Rest::Interrupted { unfinished: vec![path("clone-server/create-image")] });
    golden("rest_interrupted", &told(&story));
}

#[test]
fn rolled_back_to_where_the_site_is_down() {
    let mut story = failed_start();
    let to = RollbackTo::Step(step_id("rds-multi-az"));
    story.back(to.clone());
    for name in ["clone-server/start", "clone-server/run", "clone-server/create-image"] {
        story.add(100, RecordKind::UndoStarted { action: path(name), attempt: 1 });
        story.add(40_000, RecordKind::Undone { action: path(name), evidence: "it is gone".into() });
    }
    story.rest(Rest::RolledBack { to });
    golden("rest_rolled_back", &told(&story));
}

#[test]
fn an_undo_that_failed() {
    let mut story = failed_start();
    story.back(RollbackTo::Step(step_id("shut-down")));
    let action = path("clone-server/start");
    story.add(100, RecordKind::UndoStarted { action: action.clone(), attempt: 1 });
    let failure = throttled().advise("look at the instance in the console");
    story.add(4_000, RecordKind::UndoFailed { action: action.clone(), failure, retry_at: None });
    assert!(matches!(story.state.action(&action), ActionState::UndoFailed { .. }));
    story.rest(Rest::Paused { actions: vec![action] });
    golden("rest_undo_failed", &told(&story));
}

/// What is in the world and what is in doubt, with ids, before a person says yes; and afterwards for ever.
#[test]
fn abandoned_in_the_middle() {
    let mut story = Story::three_steps();
    story.start("clone-server/create-image");
    let image = Values::from([("image".to_owned(), "ami-0a".into())]);
    story.add(600, RecordKind::Applied { action: path("clone-server/create-image"), outputs: image });
    story.done(1, "clone-server/create-image", "image `ami-0a` is `available`").start("clone-server/run");
    let (plan, nobody) = (plan(Order::Article), RunState::clone(&story.state));
    let killed = abandon_text(&plan, &nobody, &super::fixture::sentences);
    assert!(
        killed.starts_with("run r20261123-174501-k3f9 stands still: it was killed, or has not begun\n"),
        "{killed}"
    );
    let (action, evidence) = (path("clone-server/run"), "two instances have the name `web-2`".into());
    story.add(5_000, RecordKind::Doubted { action: action.clone(), evidence });
    story.rest(Rest::InDoubt { actions: vec![action] });
    golden("abandon", &abandon_text(&plan, &story.state, &super::fixture::sentences));
    story.rest(Rest::Abandoned { why: "we go back to the backup".into(), by: "kenji".into() });
    golden("rest_abandoned", &told(&story));
    let status = status_text(&plan, &story.state, &story.records, None, story.now + 60_000);
    assert!(status.contains("image = ami-0a") && status.contains("clone-server/run (in doubt)"), "{status}");
    let json = abandoned_json(&plan, &story.state, &super::fixture::sentences);
    assert_eq!(json["rest"]["reason"], "abandoned");
    assert_eq!((&json["left"][0]["action"], &json["left"][0]["sure"]), (&"clone-server/run".into(), &false.into()));
    assert_eq!(json["left"][1]["outputs"]["image"], "ami-0a");
    assert_eq!(json["left"][1]["undo"], "deregister the image and delete its snapshots");
}

#[test]
fn a_step_that_takes_the_site_down_leaves_it_unsure_while_it_is_half_done() {
    let mut story = Story::open();
    let plan = plan(Order::Article);
    assert_eq!(Site::now(&plan, &story.state), Site::Up);
    story.forward().whole("stop-cron/hide", 1, "hidden").whole("stop-cron/wait-gone", 1, "gone");
    assert_eq!(Site::now(&plan, &story.state), Site::Up);
    story.start("shut-down/guest");
    assert_eq!(Site::now(&plan, &story.state), Site::MayBeDown);
    story.applied("shut-down/guest").done(1, "shut-down/guest", "stopped");
    assert_eq!(Site::now(&plan, &story.state), Site::Down);
}

#[test]
fn every_command_stands_on_a_line_of_its_own() {
    let mut story = failed_start();
    story.rest(Rest::Paused { actions: vec![path("clone-server/start")] });
    let text = told(&story);
    let (_, next) = text.split_once("what to type next\n").unwrap();
    for pair in next.lines().collect::<Vec<_>>().chunks(2) {
        assert!(pair[0].starts_with("  runbook ") && pair[1].starts_with("      "), "{pair:?}");
    }
}

#[test]
fn an_error_at_the_edge() {
    let causes = ["cannot reach `web-1`".to_owned(), "connection refused".into(), "connection refused".into()];
    let text = failure_text("cannot begin", &[], &causes, &["check that sshd listens on port 22".into()]);
    golden("failure", &text);
}

#[test]
fn a_plan_that_does_not_fit_the_records_breaks_nothing() {
    let mut story = failed_start();
    let mut other = plan(Order::Article);
    other.runbook.steps.clear();
    other.actions.clear();
    let actions = vec![path("clone-server/start"), path("no-such/action")];
    let rests = [
        Rest::Finished,
        Rest::UntilReached { step: step_id("no-such") },
        Rest::RolledBack { to: RollbackTo::Step(step_id("no-such")) },
        Rest::Paused { actions: actions.clone() },
        Rest::InDoubt { actions: actions.clone() },
        Rest::Waiting { gates: vec!["no-such".into()] },
        Rest::Interrupted { unfinished: actions.clone() },
        Rest::Abandoned { why: "why".into(), by: "kim".into() },
    ];
    story.now = i64::MAX;
    for rest in &rests {
        assert!(rest_text(&other, &story.state, rest).starts_with("run r20261123-174501-k3f9 "), "{rest:?}");
        assert!(rest_json(&other, &story.state, rest)["next"].is_array(), "{rest:?}");
    }
    let nothing = |_: &runbook::model::ActionPath| None;
    assert!(plan_text(&other, &nothing, &[]).contains("0 steps with 0 actions"));
    let status = status_text(&other, &story.state, &story.records, None, i64::MIN);
    assert!(status.contains("0 of 0 steps"), "{status}");
    let back = rollback_text(&other, &story.state, &RollbackTo::Step(step_id("no-such")), &actions, &nothing);
    assert!(back.contains("2. no-such/action: ?"), "{back}");
}
