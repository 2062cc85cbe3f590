//! The plan and the rollback plan as they are reviewed.

use super::fixture::{Story, origin, path, plan, sentences, step_id};
use super::{golden, golden_file};
use runbook::display::{PreflightLine, plan_json, plan_text, rollback_html, rollback_markdown, rollback_text};
use runbook::journal::{RecordKind, RollbackTo};
use runbook::model::{Failure, Finding, Found, Value, Values};
use runbook::plan::Order;

pub(crate) fn looks() -> Vec<(runbook::model::ActionPath, PreflightLine)> {
    let finding = |found, evidence: &str| {
        let (before, outputs) = (Value::Null, Values::new());
        PreflightLine::Seen(Finding {
            found,
            ours: false,
            before,
            outputs,
            evidence: evidence.into(),
            changes: Vec::new(),
            facts: runbook::model::Facts::new(),
        })
    };
    let refused = Failure::refused("`i-0123456789abcdef0` would be destroyed by a shutdown")
        .cause("its shutdown behaviour is `terminate`")
        .advise("set it to `stop` first");
    vec![
        (path("stop-cron/hide"), finding(Found::Absent, "the file has its plain name")),
        (path("shut-down/guest"), PreflightLine::Refused(refused)),
        (path("rds-multi-az/modify"), finding(Found::Holds, "it is Multi-AZ already")),
        (path("clone-server/run"), PreflightLine::NotYet),
    ]
}

#[test]
fn the_whole_plan() {
    golden("plan", &plan_text(&plan(Order::Article), &sentences, &[]));
}

#[test]
fn the_plan_after_looking() {
    golden("plan_preflight", &plan_text(&plan(Order::Overlap), &sentences, &looks()));
}

#[test]
fn the_plan_for_programs() {
    let json = plan_json(&plan(Order::Article), &sentences, &looks());
    assert_eq!(json["refused"], 1);
    assert_eq!(json["steps"][3]["actions"][1]["pending"], serde_json::json!(["image"]));
    assert_eq!(json["steps"][3]["actions"][1]["with"]["image"], "(known after step-4)");
    assert_eq!(json["steps"][1]["actions"][0]["preflight"]["look"], "refused");
    golden("plan_json", &format!("{json:#}\n"));
}

#[test]
fn a_secret_is_shown_as_a_reference_and_never_as_itself() {
    let mut leaky = plan(Order::Article);
    leaky.inputs.insert("password".into(), Value::from("hunter2"));
    let text = plan_text(&leaky, &sentences, &[]);
    assert!(!text.contains("hunter2") && text.contains("(not shown)"), "{text}");
}

#[test]
fn a_rollback_says_what_stays_and_how_the_site_comes_back() {
    let mut story = Story::three_steps();
    story.whole("clone-server/create-image", 420_000, "image `ami-0a` is `available`");
    story.start("clone-server/run");
    let (action, evidence) = (path("check/site"), "found".to_owned());
    story.add(1, RecordKind::Adopted { action, outputs: Values::new(), evidence });
    let queue = ["clone-server/run", "check/site", "clone-server/create-image"].map(path);
    let to = RollbackTo::Step(step_id("rds-multi-az"));
    golden("rollback", &rollback_text(&plan(Order::Article), &story.state, &to, &queue, &sentences));
    let sentences = &sentences;
    let page = rollback_html(&plan(Order::Article), &origin(), &story.state, &to, &queue, sentences);
    golden_file("rollback.html", &page);
    golden_file("rollback.md", &rollback_markdown(&plan(Order::Article), &story.state, &to, &queue, sentences));
    let start = rollback_text(&plan(Order::Article), &story.state, &RollbackTo::Start, &[], sentences);
    golden("rollback_nothing", &start);
}
