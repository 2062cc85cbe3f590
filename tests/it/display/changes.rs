//! What each action changes, in the four forms; and how long it is expected to take.

use super::fixture::{Story, origin, path, plan as fixture_plan, step_id};
use super::{golden, golden_file, golden_page};
use runbook::display::{plan_html, plan_json, plan_markdown, plan_text, rollback_json, rollback_text};
use runbook::journal::{Record, RecordKind, RollbackTo};
use runbook::model::{
    ActionKind, ActionPath, Change, Description, Expr, Facts, Finding, Found, KeyChange, StepAction, Value, Values,
};
use runbook::plan::Look;
use runbook::plan::{Estimate, Expected, Order, Plan, Source};
use serde_json::json;

/// A diff with what a form must not stumble over: markup, fences, tabs, lines that look like headings, CRLF.
const DIFF: &str = "--- /etc/nginx/conf.d/nextcloud.conf\n+++ /etc/nginx/conf.d/nextcloud.conf\n\
                    @@ -7,8 +7,6 @@\n # <script>alert(1)</script>\n \n server {\n-    listen 443 ssl;\n\
                    -    listen [::]:443 ssl;\n+    listen 80;\n+    listen [::]:80;\n     server_name cloud.example.org;\n\
                    --- no heading\n-\tssl_certificate a.pem;\n     # ```\n@@ -65 +63 @@\n\
                    -      return 301 $scheme://$host:$server_port/dav;\r\n\
                    +      return 301 https://cloud.example.org/dav;\r\n";

/// The fixture with a file that is edited, a file with secrets, and a rename that only looks done.
pub(crate) fn plan() -> Plan {
    let mut plan = fixture_plan(Order::Article);
    let step = &mut plan.runbook.steps[0];
    let like = step.actions[0].clone();
    let action = |name: &str, kind| StepAction { path: path(&format!("stop-cron/{name}")), kind, ..like.clone() };
    step.actions.push(action("offload", ActionKind::NginxOffloadTls));
    step.actions.push(action("config", ActionKind::PhpSetConfig));
    step.actions.push(action("back", ActionKind::FileRename));
    for action in &mut step.actions[2..] {
        action.with = [("on".to_owned(), Expr::Literal(json!("web-1")))].into();
    }
    let called = |id: &str, name: &str| (id.to_owned(), name.to_owned());
    let names = [called("subnet-0c1d2e3f", "private-c"), called("sg-1", "web")].into();
    Plan { names, ..Plan::make(plan.runbook, plan.inputs, plan.account, Order::Article).unwrap() }
}

fn command(argv: &[&str]) -> Change {
    Change::Command { on: "web-1".into(), argv: argv.iter().map(|word| (*word).to_owned()).collect() }
}

fn request(operation: &str, with: Value) -> Change {
    Change::Request {
        operation: operation.into(),
        with: serde_json::from_value(with).unwrap(),
        later: Default::default(),
    }
}

/// A launch from an image that is not made yet.
fn launch() -> Change {
    let mut change = request(
        "ec2:RunInstances",
        json!({
            "ImageId": "(known after step-4)",
            "SubnetId": "subnet-0c1d2e3f",
            "SecurityGroupIds": ["sg-1", "sg-2"],
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "UserData": "",
        }),
    );
    if let Change::Request { later, .. } = &mut change {
        later.insert("ImageId".to_owned());
    }
    change
}

pub(crate) fn sentences(action: &ActionPath) -> Option<Description> {
    let (does, changes): (&str, Vec<Change>) = match action.name() {
        "hide" => ("rename `/a` to `/.a` on web-1", vec![command(&["sudo", "-n", "--", "mv", "/a", "/it's"])]),
        "offload" => ("make the site answer plain HTTP on port 80", Vec::new()),
        "config" => ("set `overwriteprotocol` = \"https\"", Vec::new()),
        "back" => ("rename `/.a` to `/a` on web-1", vec![command(&["mv", "/.a", "/a"])]),
        "modify" => (
            "make `nextcloud` Multi-AZ",
            vec![request("rds:ModifyDBInstance", json!({"DBInstanceIdentifier": "nextcloud", "MultiAZ": true}))],
        ),
        "run" => ("clone web-1", vec![launch()]),
        _ => return None,
    };
    Some(Description { parameters: Value::Null.into(), does: does.into(), undo: Some("take it back".into()), changes })
}

pub(crate) fn looks() -> Vec<(ActionPath, Look)> {
    let finding = |found, evidence: &str, changes: Vec<Change>, facts: &[(&str, &str)]| {
        let facts: Facts = facts.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned())).collect();
        let (before, outputs, evidence) = (Value::Null, Values::new(), evidence.to_owned());
        Look::Seen(Finding { found, ours: false, before, outputs, evidence, changes, facts, brought_by: None })
    };
    let key = |key: &str, from: Option<&str>, to: Option<&str>| KeyChange {
        key: key.into(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    let site = Change::File { on: "web-1".into(), path: "/etc/nginx/conf.d/nextcloud.conf".into(), diff: DIFF.into() };
    let keys = vec![
        key("trusted_proxies", Some("['192.0.2.1']"), Some("['192.0.2.1', '10.0.0.0/16']")),
        key("overwriteprotocol", None, Some("'https'")),
    ];
    let config = Change::Keys { on: "web-1".into(), path: "/var/www/config.php".into(), keys };
    let reload = command(&["sudo", "-n", "--", "systemctl", "reload", "php8.2-fpm"]);
    let file = ("`/a` on web-1", "sha256 0123456789ab, mode 644, owner 0:0");
    vec![
        (path("stop-cron/hide"), finding(Found::Absent, "the file has its plain name", vec![], &[file])),
        (path("stop-cron/offload"), finding(Found::Absent, "it is understood", vec![site], &[])),
        (path("stop-cron/config"), finding(Found::Absent, "it is understood", vec![config, reload], &[])),
        (path("stop-cron/back"), finding(Found::Holds, "the file has its plain name", vec![], &[file])),
        (path("rds-multi-az/modify"), finding(Found::Holds, "it is Multi-AZ", vec![], &[])),
        (path("clone-server/run"), Look::NotYet),
    ]
}

#[test]
fn every_form_says_what_each_action_changes() {
    let plan = plan();
    golden("changes", &plan_text(&plan, &sentences, &looks()));
    golden_file("changes.md", &plan_markdown(&plan, &origin(), &sentences, &looks()));
    golden_page("changes.html", &plan_html(&plan, &origin(), &sentences, &looks()));
}

#[test]
fn what_is_as_wanted_changes_nothing_unless_an_earlier_action_changes_it_first() {
    let json = plan_json(&plan(), &sentences, &looks());
    let actions = |step: usize| json["steps"][step]["actions"].as_array().unwrap().clone();
    assert_eq!(actions(2)[0]["changes"], json!([]), "it holds");
    let back = &actions(0)[4];
    assert_eq!(back["changed_before_by"], "stop-cron/hide");
    assert_eq!(back["changes"], json!([{"change": "command", "on": "web-1", "argv": ["mv", "/.a", "/a"]}]));
    assert_eq!(actions(0)[0]["changed_before_by"], Value::Null);
    assert_eq!(actions(3)[1]["changes"][0]["with"]["ImageId"], "(known after step-4)");
    assert_eq!(
        actions(0)[3]["changes"][0]["keys"][1],
        json!({"key": "overwriteprotocol", "from": null, "to": "'https'"})
    );
}

/// The records of a story, as those of a run of this plan.
fn records(plan: &Plan, story: &Story) -> Vec<Record> {
    let mut records = story.records.clone();
    if let RecordKind::RunOpened { plan: stored, .. } = &mut records[0].kind {
        *stored = plan.to_value().unwrap();
    }
    records
}

/// A run whose database took this long, that was interrupted while it waited for the clone, and was rolled back.
fn history(rds_ms: i64) -> Story {
    let mut story = Story::open();
    story.forward().whole("rds-multi-az/modify", rds_ms, "it is so").start("clone-server/run");
    story.rest(runbook::journal::Rest::Interrupted { unfinished: vec![path("clone-server/run")] });
    story.forward().applied("clone-server/run").done(9_000_000, "clone-server/run", "it runs");
    story.start("clone-server/start").fail("clone-server/start", super::fixture::throttled(), Some(1));
    story.whole("clone-server/start", 30_000, "it runs");
    story.back(RollbackTo::Start);
    story.add(1, RecordKind::UndoStarted { action: path("clone-server/run"), attempt: 1 });
    story.add(61_400, RecordKind::Undone { action: path("clone-server/run"), evidence: "it is gone".into() });
    story
}

fn measured() -> Expected {
    let plan = fixture_plan(Order::Article);
    let runs: Vec<Vec<Record>> = [400_000, 90_000, 100_000].iter().map(|ms| records(&plan, &history(*ms))).collect();
    Expected::of_runs(&plan, runs.iter().map(Vec::as_slice))
}

#[test]
fn durations_are_the_medians_of_this_journal_and_else_the_defaults() {
    let expected = measured();
    let from = |seconds, runs| Estimate { seconds, source: Source::Runs(runs) };
    // 0.6 s until it is applied, then as long as it waits.
    assert_eq!(expected.forward(ActionKind::RdsSetMultiAz), from(101, 3));
    assert_eq!(expected.forward(ActionKind::InstanceStartAs), from(31, 3), "the failed attempt does not count");
    assert_eq!(expected.undo(ActionKind::InstanceClone), from(61, 3));
    let shipped = |seconds| Estimate { seconds, source: Source::Shipped };
    assert_eq!(expected.forward(ActionKind::InstanceClone), shipped(200), "nobody was at it in between");
    assert_eq!(expected.undo(ActionKind::RdsSetMultiAz), shipped(640));

    let elsewhere = Plan { account: Some("999999999999".into()), ..fixture_plan(Order::Article) };
    let run = records(&fixture_plan(Order::Article), &history(1));
    assert!(Expected::of_runs(&elsewhere, [run.as_slice()]).is_empty(), "another account");
    assert!(Expected::of_runs(&elsewhere, [Story::open().records.as_slice()]).is_empty(), "no plan");
}

/// A command is another deed each time.
#[test]
fn what_one_command_took_says_nothing_of_another() {
    let mut story = Story::open();
    story.forward().whole("rds-multi-az/modify", 400_000, "it is so");
    for (kind, told) in [(ActionKind::RdsSetMultiAz, true), (ActionKind::SshRun, false)] {
        let mut plan = fixture_plan(Order::Article);
        let mut actions = plan.runbook.steps.iter_mut().flat_map(|step| &mut step.actions);
        actions.find(|action| action.path == path("rds-multi-az/modify")).unwrap().kind = kind;
        let expected = Expected::of_runs(&plan, [records(&plan, &story).as_slice()]);
        assert_eq!(!expected.is_empty(), told, "{kind:?}");
    }
}

#[test]
fn what_waits_for_a_person_is_not_the_actions_own_time() {
    let plan = fixture_plan(Order::Article);
    let mut story = Story::open();
    story.forward().start("check/record");
    let (action, gate) = (path("check/record"), "check-record".to_owned());
    story.add(500, RecordKind::GateOpened { action, gate: gate.clone(), prompt: "publish it".into() });
    story.add(60_000_000, RecordKind::GateAnswered { gate, approved: true, by: "kenji".into() });
    story.applied("check/record").done(1_000, "check/record", "it is there");
    assert!(Expected::of_runs(&plan, [records(&plan, &story).as_slice()]).is_empty());
}

#[test]
fn every_duration_says_where_it_comes_from() {
    let plan = Plan { expected: measured(), ..plan() };
    let text = plan_text(&plan, &sentences, &[]);
    for wanted in [
        "usually takes 7 min (from 3 runs here, and defaults)",
        "rds-multi-az  Make the database Multi-AZ, usually 2 min (from 3 runs here)",
        "clone web-1, usually 3 min (default)",
        "usually 31 s (from 3 runs here)",
    ] {
        assert!(text.contains(wanted), "`{wanted}` is not in:\n{text}");
    }
    let json = plan_json(&plan, &sentences, &[]);
    assert_eq!(json["usual_from"], json!({"source": "both", "runs": 3}));
    assert_eq!(json["steps"][2]["usual_from"], json!({"source": "runs", "runs": 3}));
    assert_eq!(json["steps"][2]["actions"][0]["usual_s"], 101);
    assert_eq!(json["steps"][1]["actions"][0]["usual_from"], json!({"source": "default"}));
    // A plan that is stored keeps what it was reckoned with; one that has none is stored as ever.
    assert_eq!(Plan::read(&plan.to_value().unwrap()).unwrap(), plan);
    assert!(fixture_plan(Order::Article).to_value().unwrap().get("expected").is_none());
}

/// Where ten or more were measured, the slow tail stands beside the median: of an action, not of what is made of several.
#[test]
fn one_in_ten_is_told_where_that_is_known() {
    let fixture = fixture_plan(Order::Article);
    let with = |times: &[i64]| {
        let runs: Vec<Vec<Record>> = times.iter().map(|ms| records(&fixture, &history(*ms))).collect();
        Plan { expected: Expected::of_runs(&fixture, runs.iter().map(Vec::as_slice)), ..plan() }
    };
    let mut times = vec![420_000; 10];
    times.extend([900_000, 950_000]);
    let many = with(&times);
    let text = plan_text(&many, &sentences, &[]);
    assert!(text.contains("usually 7 min, 1 in 10 takes 15 min (from 12 runs here)"), "{text}");
    // All alike: there is no tail to be told.
    assert!(text.contains("usually 31 s (from 12 runs here)"), "{text}");
    let json = plan_json(&many, &sentences, &[]);
    assert_eq!(json["steps"][2]["actions"][0]["usual_slow_s"], 901);
    assert_eq!(json["steps"][1]["actions"][0]["usual_slow_s"], Value::Null, "a default");
    assert!(plan_markdown(&many, &origin(), &sentences, &[]).contains("1 in 10 takes 15 min"));
    assert_eq!(Plan::read(&many.to_value().unwrap()).unwrap(), many);
    assert!(!plan_text(&with(&times[3..]), &sentences, &[]).contains("1 in 10"), "nine are too few");
}

#[test]
fn a_rollback_says_how_long_it_takes_what_is_down_and_the_way_back() {
    let plan = Plan { expected: measured(), ..fixture_plan(Order::Article) };
    let mut story = Story::three_steps();
    story.whole("clone-server/create-image", 420_000, "it is there").whole("clone-server/run", 200_000, "it runs");
    let queue = ["clone-server/run", "clone-server/create-image"].map(path);
    let to = RollbackTo::Step(step_id("rds-multi-az"));
    let json = rollback_json(&plan, &story.state, &to, &queue, &super::fixture::sentences);
    assert_eq!(json["usual_s"], 61 + 5);
    assert_eq!(json["usual_from"], json!({"source": "both", "runs": 3}));
    assert_eq!(json["actions"][0]["usual_from"], json!({"source": "runs", "runs": 3}));
    assert_eq!((&json["downtime_s"], &json["site"]), (&json!(66), &json!("down")));
    assert_eq!(json["stays_stopped"], json!(["shut-down/guest"]));
    // Forward: image 10, clone 200, start 31. Back: the start of the server, 200 by default; the database is only cleaned up.
    let ways: Vec<_> = json["ways_back"].as_array().unwrap().iter().map(|way| way["usual_s"].clone()).collect();
    assert_eq!(ways, [json!(241), json!(200)]);
    let text = rollback_text(&plan, &story.state, &to, &queue, &super::fixture::sentences);
    for wanted in [
        "2 actions are undone, which usually takes 66 s (from 3 runs here, and defaults), in this order",
        "the site is down for 66 s (from 3 runs here, and defaults) of it, and it stays down",
        "stays stopped: shut web-1 down (shut-down/guest)",
        "brings the site back, as it was after step 1, stop-cron, usually in 3 min (default)",
    ] {
        assert!(text.contains(wanted), "`{wanted}` is not in:\n{text}");
    }
    let start = rollback_json(&plan, &story.state, &RollbackTo::Start, &queue, &super::fixture::sentences);
    assert_eq!((&start["site"], &start["ways_back"]), (&json!("up"), &json!([])));
}
