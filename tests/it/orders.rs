//! The orders of a plan: what each lets run beside what, what it says of the downtime, and what it refuses.

use runbook::display::{plan_json, plan_text};
use runbook::model::{ActionPath, Runbook, Values};
use runbook::plan::{Order, Plan, PlanError, Resource, Sequence};
use std::path::Path;

fn golden(name: &str, text: &str) {
    crate::support::golden(&format!("orders/{name}"), text);
}

fn flagship(order: Order) -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    let runbook = runbook::validate::parse_runbook("single-to-ha", &read("single-to-ha.yaml")).unwrap();
    let inputs = read("single-to-ha.inputs.example.yaml");
    let inputs = runbook::validate::parse_inputs(&runbook, Some(("inputs", &inputs)), &[]).unwrap();
    Plan::make(runbook, inputs, None, order).unwrap()
}

fn down_s(plan: &Plan) -> u64 {
    plan_json(plan, &|_| None, &[])["downtime_s"].as_u64().unwrap()
}

#[test]
fn the_flagships_downtime_is_predicted_for_every_order() {
    let down = [Order::Article, Order::Overlap, Order::LeastDowntime].map(|order| down_s(&flagship(order)));
    assert!(down[2] <= 165, "2:45 at most from the shipped durations: {} s", down[2]);
    assert!(down[0] > 25 * 60 && down[0] < 34 * 60, "as written: {} s", down[0]);
    assert!(down[1] < down[0] && down[1] > down[2], "side by side, but begun at once: {} s", down[1]);
}

/// What a plan says of who works when: the end of its text.
#[test]
fn each_order_says_who_works_when() {
    for (name, order) in
        [("article", Order::Article), ("overlap", Order::Overlap), ("least-downtime", Order::LeastDowntime)]
    {
        let text = plan_text(&flagship(order), &|_| None, &[]);
        let head: String = text.lines().filter(|line| line.contains("order  ") || line.contains("size  ")).collect();
        let when = text.split_once("\nwhen, ").map_or("", |(_, when)| when);
        golden(&format!("{name}.txt"), &format!("{head}\n{when}"));
    }
}

/// Whether an action waits for another, however far.
fn waits(plan: &Plan, later: &str, earlier: &str) -> bool {
    let sequence = Sequence::of(plan);
    let place = |path: &str| sequence.place(&path.parse::<ActionPath>().unwrap()).unwrap();
    sequence.leads_to(place(earlier), place(later))
}

#[test]
fn what_opens_the_downtime_waits_for_all_that_can_be_done_before_and_the_rest_for_its_end() {
    let plan = flagship(Order::LeastDowntime);
    let (begins, ends) = ("edit-nginx/stop-nginx", "certificate/point-name");
    for before in ["rds-multi-az/multi-az", "load-balancer/balancer", "certificate/issued", "redirect/http-listener"] {
        assert!(waits(&plan, begins, before), "{before}");
    }
    for after in ["clone-server/image-available", "clone-server/clone", "clone-server/original-checked"] {
        assert!(waits(&plan, after, ends), "{after}");
    }
    for inside in ["clone-server/create-image", "load-balancer/register-web-1"] {
        assert!(waits(&plan, inside, begins) && waits(&plan, ends, inside), "{inside}");
    }
    let side_by_side = flagship(Order::Overlap);
    assert!(!waits(&side_by_side, begins, "rds-multi-az/multi-az"));
    assert!(!waits(&side_by_side, "clone-server/image-available", ends));
}

fn runbook_of(steps: &str) -> Runbook {
    let text = format!(
        "runbook: x\ntitle: x\nabout: x\nregion: eu-central-1\ntargets:\n  one: {{ host: one }}\n  two: {{ host: two }}\n\
         steps:\n{steps}"
    );
    runbook::validate::parse_runbook("x", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn step(id: &str, needs: &str, actions: &str) -> String {
    format!("  - id: {id}\n    title: x\n    why: x\n    needs: [{needs}]\n    actions:\n{actions}")
}

fn conflict(one: &str, other: &str, needs: &str) -> Option<Resource> {
    let text = step("a", "", &format!("      - {{ id: x, {one} }}\n"))
        + &step("b", needs, &format!("      - {{ id: y, {other} }}\n"));
    let runbook = runbook_of(&text);
    assert!(
        Plan::make(runbook.clone(), Values::new(), None, Order::Article).is_ok(),
        "one at a time nothing conflicts"
    );
    match Plan::make(runbook, Values::new(), None, Order::Overlap) {
        Ok(_) => None,
        Err(PlanError::Conflict(conflict)) => {
            assert_eq!((conflict.earlier.to_string(), conflict.later.to_string()), ("a/x".into(), "b/y".into()));
            Some(conflict.resource)
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn two_that_work_on_the_same_and_do_not_wait_for_each_other_are_refused() {
    let file = |name: &str| format!("do: file.rename, with: {{ on: one, from: /a/{name}, to: /a/.{name} }}");
    let run = |on: &str| format!("do: ssh.run, with: {{ on: {on}, argv: [x], undo: [y] }}");
    let db = |name: &str| format!("do: rds.set-multi-az, with: {{ db: {name}, multi_az: true }}");
    let stop = |service: &str| format!("do: service.stop, with: {{ on: one, service: {service} }}");
    for (one, other) in [
        (file("x"), file("x")),
        (run("one"), run("one")),
        (run("one"), file("x")),
        (db("d"), db("d")),
        (stop("s"), stop("s")),
    ] {
        assert!(conflict(&one, &other, "").is_some(), "{one} beside {other}");
        assert!(conflict(&other, &one, "").is_some(), "{other} beside {one}");
        assert_eq!(conflict(&one, &other, "a"), None, "one waits for the other");
    }
    for (one, other) in [(file("x"), file("y")), (run("one"), run("two")), (db("d"), db("e")), (stop("s"), file("x"))] {
        assert_eq!(conflict(&one, &other, ""), None, "{one} beside {other}");
    }
}
