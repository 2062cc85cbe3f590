//! The flagship's plan with nothing looked at yet: most of its values are known only later, and none may be shown as
//! something else.

use super::fixture::{Story, origin, path, step_id};
use runbook::action::describe;
use runbook::display::{plan_html, plan_json, plan_markdown, plan_text, rollback_json};
use runbook::engine::preview_parameters;
use runbook::journal::RollbackTo;
use runbook::model::{ActionPath, Change, Description, Value};
use runbook::plan::{Order, Plan};
use runbook::validate::{parse_inputs, parse_runbook};
use std::collections::BTreeMap;

fn flagship() -> Plan {
    shipped("single-to-ha", &[])
}

/// A shipped runbook's plan with its example's inputs, but for these.
fn shipped(name: &str, sets: &[(&str, &str)]) -> Plan {
    let read = |name: &str| std::fs::read_to_string(format!("{}/runbooks/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let runbook = parse_runbook("x.yaml", &read(&format!("{name}.yaml"))).unwrap();
    let example = format!("{name}.inputs.example.yaml");
    let sets: Vec<(String, String)> = sets.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let inputs = parse_inputs(&runbook, Some((&example, &read(&example))), &sets).unwrap();
    Plan::make(runbook, inputs, Some("123456789012".into()), Order::Article).unwrap()
}

fn descriptions(plan: &Plan) -> BTreeMap<ActionPath, Description> {
    let told = |action: &runbook::model::StepAction| {
        let parameters = preview_parameters(plan, None, &BTreeMap::new(), action);
        let told = describe(action.kind, &parameters);
        (action.path.clone(), told.unwrap_or_else(|e| panic!("{} is not described: {e}", action.path)))
    };
    plan.runbook.actions().map(told).collect()
}

/// Every text in a value with where it is; what is no value at all is told as such.
fn texts(at: &str, value: &Value, all: &mut Vec<(String, String)>) {
    match value {
        Value::Null => all.push((at.to_owned(), String::new())),
        Value::String(text) => all.push((at.to_owned(), text.clone())),
        Value::Array(items) if items.is_empty() => all.push((at.to_owned(), String::new())),
        Value::Array(items) => items.iter().for_each(|it| texts(at, it, all)),
        Value::Object(fields) => fields.iter().for_each(|(name, it)| texts(&format!("{at}.{name}"), it, all)),
        Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether each `(known after` in a text names a step of the plan, and nothing else stands for a value.
fn is_honest(plan: &Plan, text: &str) -> bool {
    let known = |rest: &str| {
        let step = rest.strip_prefix("step-").and_then(|rest| rest.split_once(')')).map(|(number, _)| number);
        step.and_then(|number| number.parse::<usize>().ok())
            .is_some_and(|n| (1..=plan.runbook.steps.len()).contains(&n))
    };
    let lower = text.to_ascii_lowercase();
    text.split("(known after ").skip(1).all(known)
        && !["``", "\"\"", "null", "none)", "none,", "${{", "undefined", "unknown"]
            .iter()
            .any(|bad| lower.contains(bad))
}

#[test]
fn no_change_has_an_empty_or_an_invented_value() {
    let plan = flagship();
    let (mut all, mut later, mut brought) = (Vec::new(), 0, 0);
    for (path, told) in descriptions(&plan) {
        all.push((format!("{path} does"), told.does.to_string()));
        all.extend(told.undo.map(|undo| (format!("{path} undo"), undo.to_string())));
        for change in &told.changes {
            match change {
                Change::File { .. } | Change::Keys { .. } => panic!("{path}: parameters cannot tell what is in a file"),
                Change::Command { on, argv } => {
                    assert!(!on.is_empty() && !argv.is_empty(), "{path}: {change:?}");
                    all.extend(argv.iter().map(|word| (format!("{path} argv"), word.clone())));
                }
                Change::Request { operation, with, later } => {
                    assert!(operation.contains(':') && !with.is_empty(), "{path}: {change:?}");
                    assert!(later.iter().all(|name| with.contains_key(name)), "{path}: {change:?}");
                    brought += later.len();
                    for (name, value) in with {
                        texts(&format!("{path} {operation}.{name}"), value, &mut all);
                    }
                }
            }
        }
    }
    for (at, text) in &all {
        assert!(!text.trim().is_empty() && is_honest(&plan, text), "{at}: `{text}`");
        later += usize::from(text.contains("(known after step-"));
    }
    assert!(later > 20, "only {later} values of the flagship are known later");
    assert!(brought > 5, "only {brought} parameters of requests are known later as a whole");
}

#[test]
fn no_line_of_any_form_shows_an_empty_or_an_invented_value() {
    let plan = flagship();
    let told = descriptions(&plan);
    let sentences = |path: &ActionPath| told.get(path).cloned();
    let text = plan_text(&plan, &sentences, &[]);
    let markdown = plan_markdown(&plan, &origin(), &sentences, &[]);
    let page = plan_html(&plan, &origin(), &sentences, &[]);
    let body = page.split_once("</style>").unwrap().1.split_once("<script>").unwrap().0;
    for form in [&text, &markdown] {
        for line in form.lines().filter(|line| !line.trim_start().starts_with("```")) {
            let ends_open =
                line.ends_with(": ") || line.ends_with("= ") || line.contains("| |") || line.contains("|  |");
            let is_heading = line == "| | |" || line.starts_with("|  |") || line.starts_with("| | ");
            assert!((!ends_open || is_heading) && is_honest(&plan, line), "{line}");
        }
    }
    for cell in body.split("<td").skip(1).map(|rest| rest.split_once("</td>").unwrap().0) {
        let inner = cell.split_once('>').unwrap().1;
        let is_about = inner.is_empty() && cell.starts_with('>');
        assert!(!inner.trim().is_empty() || is_about, "an empty cell: {cell}");
        assert!(is_honest(&plan, inner), "{inner}");
    }
    let json = plan_json(&plan, &sentences, &[]);
    for action in json["steps"].as_array().unwrap().iter().flat_map(|step| step["actions"].as_array().unwrap()) {
        let mut all = Vec::new();
        for field in ["sentence", "with"] {
            texts(field, &action[field], &mut all);
        }
        for (at, text) in all {
            assert!(!text.trim().is_empty() && is_honest(&plan, &text), "{} {at}: `{text}`", action["action"]);
        }
        // What the plan says is pending is shown as such, and the other way round.
        for name in action["pending"].as_array().unwrap() {
            let shown = action["with"][name.as_str().unwrap()].as_str().unwrap();
            assert!(shown.contains("(known after step-"), "{name}: {shown}");
        }
    }
}

/// What stays stopped when everything of a plan is done and the steps after `to` are undone.
fn stays_stopped(plan: &Plan, to: &str) -> Vec<String> {
    let mut story = Story::open();
    story.forward();
    for action in plan.runbook.actions() {
        story.whole(&action.path.to_string(), 1_000, "it is so");
    }
    let to = RollbackTo::Step(step_id(to));
    let json = rollback_json(plan, &story.state, &to, &[], &|_| None);
    json["stays_stopped"].as_array().unwrap().iter().map(|path| path.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_start_brings_back_what_starts_at_boot_and_nothing_else() {
    let plan = flagship();
    let (certbot, nginx) = ("edit-nginx/stop-certbot", "edit-nginx/stop-nginx");
    assert_eq!(stays_stopped(&plan, "shut-down"), [certbot, nginx, "shut-down/shut-down"]);
    assert_eq!(stays_stopped(&plan, "clone-server"), [certbot], "its timer was kept from starting at boot");
}

#[test]
fn a_restart_brings_back_that_service_of_that_host_alone() {
    let action = |id: &str, kind: &str, on: &str, service: &str| {
        format!("      - {{ id: {id}, do: {kind}, with: {{ on: {on}, service: {service} }} }}\n")
    };
    let text = [
        "runbook: x\ntitle: x\nabout: x\ntargets: { a: { host: a }, b: { host: b } }\n".to_owned(),
        "steps:\n  - id: one\n    title: x\n    why: x\n    site_down: true\n    actions:\n".to_owned(),
        action("stop-nginx", "service.stop", "a", "nginx"),
        action("stop-php", "service.stop", "a", "php-fpm"),
        action("restart-php", "service.restart", "a", "php-fpm"),
        action("restart-other", "service.restart", "b", "nginx"),
    ];
    let runbook = parse_runbook("x.yaml", &text.concat()).unwrap_or_else(|problems| panic!("{problems}"));
    let plan = Plan::make(runbook, Default::default(), None, Order::Article).unwrap();
    assert!(plan.definition(&path("one/stop-php")).is_some());
    assert_eq!(stays_stopped(&plan, "one"), ["one/stop-nginx"]);
}

#[test]
fn the_plan_warns_of_every_wait_for_a_person_and_of_no_other() {
    let waits = |name: &str, sets: &[(&str, &str)]| {
        let markdown = plan_markdown(&shipped(name, sets), &origin(), &|_| None, &[]);
        let of = |line: &str| {
            line.split_once(" waits for a person (`").map(|(_, rest)| rest.split('`').next().unwrap().to_owned())
        };
        markdown.lines().filter_map(of).collect::<Vec<_>>()
    };
    assert_eq!(waits("single-to-ha", &[("clone_host_key", "console")]), [""; 0]);
    assert_eq!(waits("single-to-ha", &[("clone_host_key", "approve")]), ["clone-server/pin-clone-host-key"]);
    let external = waits("single-to-ha", &[("zone", "external")]);
    assert!(!external.is_empty() && external.iter().all(|path| path.starts_with("certificate/")), "{external:?}");
    assert_eq!(waits("restart-web-node", &[("host_key", "console")]), [""; 0]);
    assert_eq!(waits("restart-web-node", &[("host_key", "approve")]).len(), 1);
}
