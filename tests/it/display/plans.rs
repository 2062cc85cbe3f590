//! The plan and the rollback plan as they are reviewed.

use super::fixture::{Story, origin, path, plan, sentences, step_id};
use super::{golden, golden_file, golden_page};
use runbook::display::{
    RollbackShown, left_text, plan_html, plan_json, plan_markdown, plan_text, rollback_html, rollback_markdown,
    rollback_text,
};
use runbook::journal::{RecordKind, RollbackTo};
use runbook::model::{ActionPath, Failure, Finding, Found, Value, Values};
use runbook::plan::Look;
use runbook::plan::Order;

pub(crate) fn looks() -> Vec<(runbook::model::ActionPath, Look)> {
    let finding = |found, evidence: &str| {
        let (before, outputs) = (Value::Null, Values::new());
        Look::Seen(Finding {
            found,
            ours: false,
            before,
            outputs,
            evidence: evidence.into(),
            changes: Vec::new(),
            facts: runbook::model::Facts::new(),
            brought_by: None,
        })
    };
    let refused = Failure::refused("`i-0123456789abcdef0` would be destroyed by a shutdown")
        .cause("its shutdown behaviour is `terminate`")
        .advise("set it to `stop` first");
    vec![
        (path("stop-cron/hide"), finding(Found::Absent, "the file has its plain name")),
        (path("shut-down/guest"), Look::Refused(refused)),
        (path("rds-multi-az/modify"), finding(Found::Holds, "it is Multi-AZ already")),
        (path("clone-server/run"), Look::NotYet),
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
fn every_form_says_each_reason_once() {
    let failure = Failure::refused("no room").cause("no room").cause("the disk is full").cause("the disk is full ");
    let looks = [(path("stop-cron/hide"), Look::Refused(failure.advise("make room").advise("make room")))];
    let (plan, origin) = (plan(Order::Article), origin());
    let text = plan_text(&plan, &sentences, &looks);
    let markdown = plan_markdown(&plan, &origin, &sentences, &looks);
    let page = plan_html(&plan, &origin, &sentences, &looks);
    let action = |form: &str, from: &str| form.split_once(from).unwrap().1.to_owned();
    for (form, because, advice) in [
        (text, "because: the disk is full", "try: make room"),
        (action(&markdown, "#### `stop-cron/hide`"), "because: the disk is full", "try: make room"),
        (action(&page, "id=\"steps\""), "class=\"because\"", "class=\"try\""),
    ] {
        assert_eq!((form.matches(because).count(), form.matches(advice).count()), (1, 1), "{form}");
    }
}

/// The run has done so many of the steps.
fn done(steps: usize) -> Vec<(runbook::model::ActionPath, Look)> {
    let plan = plan(Order::Article);
    let actions = plan.runbook.steps.iter().take(steps).flat_map(|step| &step.actions);
    actions.map(|a| (a.path.clone(), Look::Done(Finding::new(Found::Holds, true, "done: it is")))).collect()
}

#[test]
fn of_a_run_that_has_begun_every_form_tells_how_long_the_rest_takes() {
    let plan = plan(Order::Article);
    let whole = plan_json(&plan, &sentences, &[]);
    let step = |n: usize| whole["steps"][n]["usual_s"].as_u64().unwrap();
    assert_eq!((&whole["done"], &whole["usual_s"]), (&Value::from(0), &Value::from((0..5).map(step).sum::<u64>())));
    // The third step leaves the site down: it is down until the end of the fourth, though that one leaves it up.
    for (done_steps, left, down) in [(3, step(3) + step(4), step(3)), (4, step(4), 0)] {
        let lines = done(done_steps);
        let json = plan_json(&plan, &sentences, &lines);
        assert_eq!((json["usual_s"].as_u64(), json["downtime_s"].as_u64()), (Some(left), Some(down)));
        assert_eq!(json["done"], lines.len());
        let rough = runbook::display::rough;
        let size = format!("5 steps with 9 actions, {} done; the rest usually takes {}", lines.len(), rough(left));
        let site_down = format!(", the site is down for {} ", rough(down));
        for text in [plan_text(&plan, &sentences, &lines), left_text(&plan, &sentences, &lines)] {
            assert!(text.contains(&size) && (down == 0) != text.contains(&site_down), "{text}");
        }
        let markdown = plan_markdown(&plan, &origin(), &sentences, &lines);
        assert!(markdown.contains(&format!("| Usually takes | {} (default) |", rough(left))), "{markdown}");
        assert!(markdown.contains("| Site down | not at all |") == (down == 0), "{markdown}");
        assert_eq!(markdown.matches("| done |").count(), done_steps, "{markdown}");
        let page = plan_html(&plan, &origin(), &sentences, &lines);
        assert!(page.contains(&format!("<dd class=\"value\">{}</dd>", rough(left))), "{page}");
    }
}

#[test]
fn what_is_left_of_a_plan_is_shown_without_what_is_done() {
    let text = left_text(&plan(Order::Article), &sentences, &done(3));
    assert!(!text.contains("step 3 of 5") && text.contains("step 4 of 5") && text.contains("step 5 of 5"), "{text}");
    assert!(!text.contains("looked at 4"), "what the run did was not looked at: {text}");
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

/// A run that goes back to its third step: how it stands, what is undone, and where it goes.
fn going_back() -> (Story, [ActionPath; 3], RollbackTo) {
    let mut story = Story::three_steps();
    story.whole("clone-server/create-image", 420_000, "image `ami-0a` is `available`");
    story.start("clone-server/run");
    let (action, evidence) = (path("check/site"), "found".to_owned());
    story.add(1, RecordKind::Adopted { action, outputs: Values::new(), evidence });
    let queue = ["clone-server/run", "check/site", "clone-server/create-image"].map(path);
    (story, queue, RollbackTo::Step(step_id("rds-multi-az")))
}

/// Its page.
pub(crate) fn rollback_page() -> String {
    let (story, queue, to) = going_back();
    let plan = plan(Order::Article);
    let back = RollbackShown { plan: &plan, state: &story.state, to: &to, queue: &queue, sentences: &sentences };
    rollback_html(&origin(), &back)
}

#[test]
fn a_rollback_says_what_stays_and_how_the_site_comes_back() {
    let (story, queue, to) = going_back();
    golden("rollback", &rollback_text(&plan(Order::Article), &story.state, &to, &queue, &sentences));
    let sentences = &sentences;
    golden_page("rollback.html", &rollback_page());
    golden_file("rollback.md", &rollback_markdown(&plan(Order::Article), &story.state, &to, &queue, sentences));
    let start = rollback_text(&plan(Order::Article), &story.state, &RollbackTo::Start, &[], sentences);
    golden("rollback_nothing", &start);
}
