//! The way back of what is shipped: in which order things are undone, in every order of the way there.

use runbook::journal::{ExecutorId, RecordKind, RollbackTo, RunState};
use runbook::model::{ActionPath, Value, Values};
use runbook::plan::{Order, Plan};
use std::path::Path;

const ORDERS: [Order; 3] = [Order::Article, Order::Overlap, Order::LeastDowntime];

fn planned(name: &str, order: Order) -> Plan {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks");
    let read = |file: String| std::fs::read_to_string(folder.join(file)).unwrap();
    let runbook = runbook::validate::parse_runbook(name, &read(format!("{name}.yaml"))).unwrap();
    let inputs = read(format!("{name}.inputs.example.yaml"));
    let inputs = runbook::validate::parse_inputs(&runbook, Some(("inputs", &inputs)), &[]).unwrap();
    Plan::make(runbook, inputs, None, order).unwrap()
}

/// A run in which all is done, one after the other.
fn finished(plan: &Plan) -> RunState {
    let mut state = RunState::open(&crate::support::fake::opened(plan)).unwrap();
    let mut add = |kind| state = state.follow(kind, 1).unwrap().1;
    let executor = ExecutorId { by: "kim".into(), host: "here".into(), pid: 1, fence: 1 };
    add(RecordKind::ForwardBegan { until: None, executor });
    for action in plan.actions.iter().map(|planned| planned.action.clone()) {
        let (outputs, evidence) = (Values::new(), "x".to_owned());
        let (before, token) = (Value::from("before"), "t".to_owned());
        add(RecordKind::Started { action: action.clone(), attempt: 1, token, before, evidence: evidence.clone() });
        add(RecordKind::Applied { action: action.clone(), outputs: outputs.clone() });
        add(RecordKind::Done { action, outputs, evidence });
    }
    state
}

fn undone(name: &str, order: Order, to: &str) -> Vec<String> {
    let plan = planned(name, order);
    let to = if to == "start" { RollbackTo::Start } else { RollbackTo::Step(to.parse().unwrap()) };
    plan.undo_queue(&finished(&plan), &to).iter().map(ActionPath::to_string).collect()
}

fn place(queue: &[String], action: &str) -> usize {
    queue.iter().position(|it| it == action).unwrap_or_else(|| panic!("{action} is not in {queue:?}"))
}

#[test]
fn the_site_is_back_before_anything_is_cleaned_up() {
    for order in ORDERS {
        let queue = undone("single-to-ha", order, "start");
        let back = place(&queue, "edit-nginx/stop-nginx");
        for cleaned in [
            "rds-multi-az/multi-az",
            "certificate/request",
            "load-balancer/balancer",
            "clone-server/clone",
            "clone-server/create-image",
            "stop-cron/claim",
        ] {
            assert!(back < place(&queue, cleaned), "{order:?}: {cleaned} is removed before the site is back");
        }
        assert!(
            place(&queue, "certificate/point-name") < back,
            "{order:?}: the name moves before nginx ends TLS again"
        );
        assert!(place(&queue, "shut-down/shut-down") < back, "{order:?}");
        assert_eq!(queue.last().unwrap(), "stop-cron/claim", "{order:?}: the mark goes when nothing is left");
    }
}

#[test]
fn what_is_cleaned_up_is_cleaned_up_after_what_stands_on_it() {
    for order in ORDERS {
        let queue = undone("single-to-ha", order, "start");
        for (first, then) in [
            ("certificate/https-listener", "load-balancer/balancer"),
            ("load-balancer/balancer", "load-balancer/balancer-group"),
            ("load-balancer/admit-balancer", "load-balancer/balancer-group"),
            ("certificate/https-listener", "certificate/request"),
            ("load-balancer/register-web-2", "clone-server/clone"),
            ("clone-server/clone", "clone-server/create-image"),
            ("certificate/point-name", "certificate/https-listener"),
        ] {
            assert!(place(&queue, first) < place(&queue, then), "{order:?}: {then} before {first}");
        }
    }
}

#[test]
fn what_puts_in_what_was_taken_out_is_undone_before_the_taking_out() {
    for order in ORDERS {
        let queue = undone("restart-web-node", order, "start");
        assert!(place(&queue, "put-back/put-back") < place(&queue, "drain/take-out"), "{order:?}: {queue:?}");
    }
}

#[test]
fn what_has_given_something_is_undone_after_all_that_use_it() {
    for (name, order) in
        ["single-to-ha", "restart-web-node"].into_iter().flat_map(|name| ORDERS.map(|order| (name, order)))
    {
        let plan = planned(name, order);
        let queue = undone(name, order, "start");
        for action in plan.runbook.actions() {
            for giving in plan.runbook.referred(action) {
                let (user, giver) = (place(&queue, &action.path.to_string()), place(&queue, &giving.to_string()));
                assert!(user < giver, "{name}, {order:?}: {} uses what {giving} has given", action.path);
            }
        }
    }
}

#[test]
fn a_place_keeps_all_that_came_before_it_in_the_plans_own_sequence() {
    // In this order the database comes before the site goes down.
    let plan = planned("single-to-ha", Order::LeastDowntime);
    let kept = plan.kept(&RollbackTo::Step("edit-nginx".parse().unwrap()));
    for (action, stays) in [
        ("rds-multi-az/multi-az", true),
        ("load-balancer/balancer", true),
        ("edit-nginx/nginx-drop-in", true),
        ("shut-down/shut-down", false),
        ("load-balancer/register-web-1", false),
    ] {
        assert_eq!(kept.contains(&action.parse().unwrap()), stays, "{action}");
    }
    let written = planned("single-to-ha", Order::Article).kept(&RollbackTo::Step("edit-nginx".parse().unwrap()));
    assert!(written.iter().all(|action| ["stop-cron", "edit-nginx"].contains(&action.step().as_str())));
}
