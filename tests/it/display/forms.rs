//! The plan's page and its Markdown, compared with golden files.

use super::fixture::{origin, path, plan, sentences, step_id};
use super::plans::looks;
use super::{golden_file, golden_page};
use runbook::display::{PlanOrigin, plan_html, plan_markdown};
use runbook::model::{ActionKind, Expr, Value};
use runbook::plan::Look;
use runbook::plan::{Order, Plan};
use std::collections::BTreeMap;

/// What was looked at, without what refuses.
fn clear() -> Vec<(runbook::model::ActionPath, Look)> {
    looks().into_iter().filter(|(_, line)| !matches!(line, Look::Refused(_))).collect()
}

/// The fixture with a command that cannot be taken back, and one that can only partly be.
fn with_commands() -> Plan {
    let mut plan = plan(Order::Article);
    let step = &mut plan.runbook.steps[1];
    for (name, irreversible) in [("purge", Some("the old files are of no use")), ("note", None)] {
        let mut command = step.actions[0].clone();
        command.path = path(&format!("shut-down/{name}"));
        command.kind = ActionKind::SshRun;
        command.irreversible = irreversible.map(str::to_owned);
        command.with = BTreeMap::from([("argv".to_owned(), Expr::Literal(Value::from(vec!["true"])))]);
        step.actions.push(command);
    }
    Plan::make(plan.runbook, plan.inputs, plan.account, Order::Article).unwrap()
}

#[test]
fn the_page_of_a_plan_that_is_clear() {
    golden_page("plan.html", &plan_html(&plan(Order::Article), &origin(), &sentences, &clear()));
}

#[test]
fn the_page_of_a_plan_that_refuses_and_overlaps() {
    golden_page("plan_refused.html", &plan_html(&plan(Order::Overlap), &origin(), &sentences, &looks()));
}

#[test]
fn the_markdown_of_a_plan() {
    golden_file("plan.md", &plan_markdown(&plan(Order::Article), &origin(), &sentences, &clear()));
    golden_file("plan_refused.md", &plan_markdown(&plan(Order::Overlap), &origin(), &sentences, &looks()));
}

/// Of a runbook that takes no site down nothing is said of one.
#[test]
fn without_a_site_there_is_no_word_of_it() {
    let mut plan = plan(Order::Overlap);
    let forms = |plan: &Plan| {
        [
            runbook::display::plan_text(plan, &sentences, &[]),
            plan_markdown(plan, &origin(), &sentences, &[]),
            plan_html(plan, &origin(), &sentences, &[]),
        ]
    };
    let says = |form: &String| ["site up", "site down", "| Site |", ">Site<"].iter().any(|words| form.contains(words));
    assert!(forms(&plan).iter().all(says));
    plan.runbook.steps.iter_mut().for_each(|step| step.site_down = false);
    for form in forms(&plan) {
        assert!(!says(&form), "{form}");
    }
}

#[test]
fn what_cannot_be_taken_back_is_marked_in_every_form() {
    let plan = with_commands();
    let origin = PlanOrigin { until: Some(step_id("rds-multi-az")), ..origin() };
    let page = plan_html(&plan, &origin, &sentences, &[]);
    let markdown = plan_markdown(&plan, &origin, &sentences, &[]);
    for form in [&page, &markdown] {
        for wanted in [
            "cannot be undone",
            "the old files are of no use",
            "no rollback reaches the time before it",
            "only as far as its",
            "with a loss",
            "Nothing was looked at yet",
            "step 3, rds-multi-az",
        ] {
            assert!(form.contains(wanted), "`{wanted}` is not in:\n{form}");
        }
    }
    assert_eq!(page.matches("point of no return").count(), 2, "in the timeline and at its step");
    let text = runbook::display::plan_text(&plan, &sentences, &[]);
    assert!(text.contains("undo: cannot be undone: the old files are of no use"), "{text}");
    let json = runbook::display::plan_json(&plan, &sentences, &[]);
    assert_eq!(json["steps"][1]["actions"][1]["reversibility"]["is"], "irreversible");
}

#[test]
fn both_forms_say_how_long_the_site_is_down_and_between_which_steps() {
    let plan = plan(Order::Article);
    let markdown = plan_markdown(&plan, &origin(), &sentences, &clear());
    let down =
        "| Site down | 15 min (default): from step 2, `shut-down/guest` until step 4, `clone-server/start` is done |";
    assert!(markdown.contains(down), "{markdown}");
    let page = plan_html(&plan, &origin(), &sentences, &clear());
    assert!(page.contains(r#"<dd class="value">15 min</dd>"#), "{page}");
}

#[test]
fn a_secret_is_shown_as_a_reference_and_never_as_itself() {
    let mut leaky = plan(Order::Article);
    leaky.inputs.insert("password".into(), Value::from("hunter2"));
    for form in
        [plan_html(&leaky, &origin(), &sentences, &looks()), plan_markdown(&leaky, &origin(), &sentences, &looks())]
    {
        assert!(!form.contains("hunter2") && form.contains("(not shown)"), "{form}");
    }
}
