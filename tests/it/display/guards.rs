//! Guards as people read them: in a plan of each form, in a rest, in the status and in the log.

use super::console::told;
use super::fixture::{BEGIN, Story, holder, origin, plan, sentences};
use super::{golden, golden_file, golden_page};
use crate::support::fake::guard;
use runbook::display::{
    log_text, plan_html, plan_json, plan_markdown, plan_text, rest_json, rest_text, status_json, status_text,
};
use runbook::journal::{RecordKind, Rest};
use runbook::model::{BrokenGuard, Expr, Guard};
use runbook::plan::{Order, Plan};
use std::collections::BTreeMap;

fn guarded() -> Plan {
    let mut plan = plan(Order::Article);
    let site = Guard {
        title: Some("the site `answers`".into()),
        with: BTreeMap::from([("url".to_owned(), Expr::parse_text("https://${{ inputs.fqdn }}/").unwrap())]),
        times: 3,
        ..guard("site-up", Some("clone-server"), Some("check"))
    };
    let whole = Guard { every_ms: 60_000, times: 1, ..guard("whole", None, None) };
    plan.runbook.guards.extend([site, whole]);
    plan
}

fn broken(seen: &str) -> BrokenGuard {
    let (guard, seen) = ("site-up".to_owned(), seen.to_owned());
    BrokenGuard { guard, seen, advice: vec!["look at the balancer".into()], since: BEGIN + 720_000 }
}

/// Broken while the image is made, which comes to its end.
fn story() -> Story {
    let mut story = Story::three_steps();
    story.start("clone-server/create-image").applied("clone-server/create-image");
    story.add(4_000, RecordKind::GuardBroke { broken: broken("`http://a.example/` answers 502, not 200") });
    story
}

#[test]
fn a_plan_tells_them_in_each_form() {
    let plan = guarded();
    golden("guards_plan", &plan_text(&plan, &sentences, &[]));
    golden_page("guards_plan.html", &plan_html(&plan, &origin(), &sentences, &[]));
    golden_file("guards_plan.md", &plan_markdown(&plan, &origin(), &sentences, &[]));
    let json = plan_json(&plan, &sentences, &[]);
    golden("guards_plan_json", &format!("{:#}\n", json["guards"]));
}

#[test]
fn a_run_that_goes_on_and_one_that_rests_tell_which_is_broken_and_what_to_type() {
    let (plan, mut story) = (guarded(), story());
    let now = story.now + 5_000;
    golden("guards_running", &status_text(&plan, &story.state, &story.records, Some(&holder()), now));
    let json = status_json(&plan, &story.state, &story.records, Some(&holder()), now);
    assert_eq!(json["broken_guards"][0]["guard"], "site-up");
    story.done(60_000, "clone-server/create-image", "image `ami-0a` is `available`");
    story.rest(Rest::GuardBroken { guards: vec![broken("`http://a.example/` gives no answer: connection refused")] });
    let rest = story.state.rest.clone().unwrap();
    golden("guards_rest", &rest_text(&plan, &story.state, &rest));
    golden("guards_status", &status_text(&plan, &story.state, &story.records, None, now + 65_000));
    let json = rest_json(&plan, &story.state, &rest);
    assert_eq!(
        (&json["rest"]["reason"], &json["rest"]["guards"][0]["guard"]),
        (&"guard_broken".into(), &"site-up".into())
    );
    let mended = RecordKind::GuardMended { guard: "site-up".into(), seen: "`http://a.example/` answers 200".into() };
    story.forward().add(2_000, mended);
    golden("guards_log", &log_text(&story.records));
    let status = status_text(&plan, &story.state, &story.records, Some(&holder()), story.now);
    assert!(!status.contains("broken"), "{status}");
}

#[test]
fn the_display_tells_it_when_it_happens() {
    let mut story = story();
    let mended = RecordKind::GuardMended { guard: "site-up".into(), seen: "`http://a.example/` answers 200".into() };
    story.add(2_000, mended);
    golden("guards_lines", &told(false, Order::Article, &story.events));
}
