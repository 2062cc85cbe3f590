//! The section on checks in all four forms, and what `status` says of accepted refusals.

use super::fixture::{Story, origin, plan, sentences};
use super::golden_file;
use super::plans::looks;
use runbook::display::{plan_html, plan_json, plan_markdown, plan_text, status_json, status_text};
use runbook::model::{Acceptance, CheckRow, CheckVerdict, accept};
use runbook::plan::{Order, Plan};

fn row(id: &str, verdict: CheckVerdict, evidence: &str, advice: &[&str], acceptable: bool) -> CheckRow {
    CheckRow {
        id: id.into(),
        verdict,
        evidence: evidence.into(),
        advice: advice.iter().map(|a| (*a).to_owned()).collect(),
        acceptable,
        accepted: None,
    }
}

/// A plan whose checks have found a bit of everything.
pub(crate) fn checked(accepted: &[(&str, &str)]) -> Plan {
    use CheckVerdict::{NotCheckable, Pass, Refuse, Warn};
    let mut plan = plan(Order::Article);
    plan.checks = vec![
        row("server.running", Pass, "`i-0123456789abcdef0` (t3.medium) is `running`", &[], false),
        row("dns.ttl", Warn, "TTL of `cloud.example.org`, of its record: 3600 s", &["lower it to 60 s"], false),
        row("dns.elastic-ip", Refuse, "203.0.113.7 is no <Elastic> IP", &["give it an Elastic IP first"], true),
        row("type.vcpu-quota", NotCheckable, "two `t3.small` need 4 vCPUs", &["compare with the quota"], false),
        row("balancer.zones", Refuse, "they are in one Availability Zone", &["add a subnet"], false),
    ];
    let accepted: Vec<Acceptance> =
        accepted.iter().map(|(id, reason)| Acceptance { id: (*id).into(), reason: (*reason).into() }).collect();
    accept(&mut plan.checks, &accepted);
    plan
}

/// From the section's begin to the next one's.
fn cut<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let at = text.find(from).unwrap_or_else(|| panic!("no `{from}` in:\n{text}"));
    let end = text[at + from.len()..].find(to).map_or(text.len(), |n| at + from.len() + n);
    &text[at..end]
}

#[test]
fn refusals_come_first_in_every_form() {
    let plan = checked(&[]);
    let text = plan_text(&plan, &sentences, &looks());
    let page = plan_html(&plan, &origin(), &sentences, &looks());
    let markdown = plan_markdown(&plan, &origin(), &sentences, &looks());
    golden_file("checks.txt", cut(&text, "checks before the run", "\nstep 1"));
    golden_file("checks.html", cut(&page, "<section id=\"checks\"", "<section"));
    golden_file("checks.md", cut(&markdown, "## Checks before the run", "## Timeline"));
    for form in [&text, &page, &markdown] {
        // The text is wrapped.
        let words = form.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("1 action and 2 checks refuse: the run must not begin"), "{form}");
    }
    assert!(page.contains("&lt;Elastic&gt;") && !page.contains("<Elastic>"), "evidence is no markup");
    let json = plan_json(&plan, &sentences, &[]);
    assert_eq!(json["refused_checks"], 2);
    assert_eq!(json["checks"][2]["verdict"], "refuse");
    assert_eq!(json["checks"][3]["verdict"], "not-checkable");
    assert_eq!(json["checks"][2]["accepted"], serde_json::Value::Null);
}

#[test]
fn an_accepted_refusal_stays_in_sight() {
    // What cannot be accepted stays a refusal, whoever says what.
    let plan = checked(&[("dns.elastic-ip", "ours until March"), ("balancer.zones", "no matter")]);
    assert_eq!(plan_json(&plan, &sentences, &[])["refused_checks"], 1);
    let text = plan_text(&plan, &sentences, &[]);
    assert!(text.contains("ACCEPTED") && text.contains("accepted: ours until March"), "{text}");
    assert!(!text.contains("--accept dns.elastic-ip") && !text.contains("no matter"), "{text}");
    let markdown = plan_markdown(&plan, &origin(), &sentences, &[]);
    let warnings = cut(&markdown, "## Warnings", "## Checks");
    assert!(warnings.contains("ours until March") && warnings.contains("3600 s"), "{warnings}");

    let stored = Plan::read(&plan.to_value().unwrap()).unwrap();
    assert_eq!(stored, plan, "reasons are stored with the plan");
    let story = Story::three_steps();
    let status = status_text(&stored, &story.state, &[], None, 0);
    assert!(
        status.contains("accepted: `dns.elastic-ip` (203.0.113.7 is no <Elastic> IP): ours until March"),
        "{status}"
    );
    assert_eq!(status_json(&stored, &story.state, &[], None, 0)["accepted"][0]["reason"], "ours until March");
}

#[test]
fn a_plan_of_before_there_were_checks_is_read() {
    let mut stored = plan(Order::Article).to_value().unwrap();
    assert!(stored.get("checks").is_none());
    stored["runbook"].as_object_mut().unwrap().remove("preflight");
    assert!(Plan::read(&stored).unwrap().checks.is_empty());
}
