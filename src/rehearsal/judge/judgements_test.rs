//! Every judgement sees what is wrong: the world as it must be after the last step passes, and each way of doctoring it
//! fails the row that is to notice.

use serde_json::json;

use super::*;
use crate::rehearsal::balancer::health::ServerHealth;

const WEB: &str = "i-1";

fn before() -> Value {
    json!({
        "instances": [{ "id": WEB, "state": "running", "type": "t3.medium", "az": "a", "public_ip": "10.77.0.9" }],
        "db_instances": [{ "multi_az": false, "status": "available", "pending": {} }],
        "security_groups": [{ "id": "sg-1", "ingress": [{ "port": 443 }] }],
    })
}

fn after() -> Value {
    let listener = |protocol: &str, port: u16, kind: &str| json!({ "protocol": protocol, "port": port, "default_actions": [{ "Type": kind }] });
    json!({
        "instances": [
            { "id": WEB, "state": "running", "type": "t3.small", "az": "a", "public_ip": "10.77.0.9", "tags": {} },
            { "id": "i-2", "state": "running", "type": "t3.small", "az": "b", "tags": { "runbook:run": "r1" } },
            { "id": "i-0", "state": "terminated", "type": "t3.small", "az": "b", "tags": { "runbook:run": "r1" } },
        ],
        "db_instances": [{ "multi_az": true, "status": "available", "pending": {} }],
        "load_balancers": [{
            "state": "active",
            "listeners": [listener("HTTPS", 443, "forward"), listener("HTTP", 80, "redirect")],
        }],
        "target_groups": [{ "arn": "tg" }],
        "certificates": [{ "status": "ISSUED", "in_use_by": ["alb"] }],
        "images": [{ "id": "ami-1" }],
        "snapshots": [{ "id": "snap-1" }],
        "security_groups": [{ "id": "sg-1", "ingress": [{ "port": 443 }] }, { "id": "sg-2", "name": "" }],
    })
}

/// The rows that come from the account alone.
fn all(picture: &Value, expected: &ExpectedWorld) -> Vec<VerdictRow> {
    let (facts, start) = (WorldFacts::of(picture.clone()), WorldFacts::of(before()));
    let mut rows =
        vec![servers(&facts, &start, WEB, expected), database(&facts, expected), certificate(&facts, expected)];
    rows.extend(balancer(&facts, expected));
    rows.push(leftovers(&facts, &start, WEB, expected));
    if expected.at_the_start() {
        rows.extend(account_as_at_the_start(&facts, &start, WEB, Ipv4Addr::new(10, 77, 0, 9)));
    }
    rows
}

/// As in the order written, after the step of this number.
fn after_step(number: usize) -> ExpectedWorld {
    let text = include_str!("../../../runbooks/single-to-ha.yaml");
    let runbook = crate::validate::parse_runbook("single-to-ha", text).unwrap();
    let done = runbook.steps.iter().filter(|step| step.number <= number).flat_map(|step| &step.actions);
    ExpectedWorld::when(done.map(|action| action.path.to_string()))
}

fn wrong(picture: &Value, expected: &ExpectedWorld) -> Vec<String> {
    all(picture, expected).into_iter().filter(|row| !row.ok).map(|row| row.what).collect()
}

#[test]
fn a_world_as_it_must_be_passes() {
    assert_eq!(wrong(&after(), &ExpectedWorld::finished()), [""; 0]);
    assert_eq!(wrong(&before(), &after_step(0)), [""; 0]);
}

#[test]
fn each_way_of_doctoring_the_end_is_noticed_by_its_row() {
    let servers = "two servers of the smaller type run in two zones";
    let database = "the database is Multi-AZ, nothing pending";
    let balancer = "exactly one balancer, active, with one target group";
    let listeners = "its listeners are those of this step";
    let certificate = "one certificate, issued and in use";
    let leftovers = "exactly one of everything made, none of what was undone";
    for (place, value, noticed) in [
        ("/instances/0/type", json!("t3.medium"), servers),
        ("/instances/0/state", json!("stopped"), servers),
        ("/instances/1/az", json!("a"), servers),
        ("/instances/1/state", json!("terminated"), servers),
        ("/instances/2/state", json!("running"), servers),
        ("/db_instances/0/multi_az", json!(false), database),
        ("/db_instances/0/pending", json!({ "multi_az": true }), database),
        ("/db_instances/0/status", json!("modifying"), database),
        ("/load_balancers", json!([]), balancer),
        ("/load_balancers/0/state", json!("provisioning"), balancer),
        ("/target_groups", json!([{ "arn": "tg" }, { "arn": "tg-2" }]), balancer),
        ("/load_balancers/0/listeners/1/default_actions/0/Type", json!("forward"), listeners),
        ("/load_balancers/0/listeners/0/port", json!(8443), listeners),
        ("/certificates/0/status", json!("PENDING_VALIDATION"), certificate),
        ("/certificates/0/in_use_by", json!([]), certificate),
        ("/certificates", json!([]), certificate),
        ("/images", json!([{ "id": "ami-1" }, { "id": "ami-2" }]), leftovers),
        ("/snapshots", json!([]), leftovers),
        ("/security_groups", json!([{ "id": "sg-1" }]), leftovers),
        ("/instances/0/tags", json!({ "runbook:claim": "r1" }), leftovers),
        ("/security_groups/1/name", json!("runbook-claim-i-1"), leftovers),
    ] {
        let mut doctored = after();
        *doctored.pointer_mut(place).unwrap_or_else(|| panic!("nothing at {place}")) = value.clone();
        let noticed_by = wrong(&doctored, &ExpectedWorld::finished());
        assert!(noticed_by.iter().any(|row| row == noticed), "{place} = {value}: {noticed_by:?}");
    }
}

#[test]
fn what_a_rollback_leaves_is_noticed() {
    for (list, left) in [
        ("images", json!([{ "id": "ami-1", "tags": { "runbook:run": "r1" } }])),
        ("snapshots", json!([{ "id": "snap-1" }])),
        ("load_balancers", json!([{ "state": "active" }])),
        ("target_groups", json!([{ "arn": "tg" }])),
        ("certificates", json!([{ "status": "ISSUED" }])),
        ("security_groups", json!([{ "id": "sg-1" }])),
    ] {
        let mut doctored = before();
        doctored[list] = left;
        assert!(!wrong(&doctored, &after_step(0)).is_empty(), "{list}");
    }
    let mut claimed = before();
    claimed["instances"][0]["tags"] = json!({ "runbook:claim": "r1" });
    assert_eq!(wrong(&claimed, &after_step(0)).len(), 2, "the claim, and a mark");
    let mut moved = before();
    moved["instances"][0]["public_ip"] = json!("10.77.0.10");
    assert_eq!(wrong(&moved, &after_step(0)), ["the server has its Elastic IP"]);
}

#[test]
fn the_start_is_not_the_end_nor_a_step_between() {
    for step in 1..=11 {
        assert!(!wrong(&before(), &after_step(step)).is_empty(), "as if step {step} were done");
    }
    for step in 0..11 {
        assert!(!wrong(&after(), &after_step(step)).is_empty(), "as if only step {step} were done");
    }
}

#[test]
fn an_accepted_old_type_is_wanted_only_where_it_was_accepted() {
    let accepted = ExpectedWorld::finished().with_the_original_as_it_was();
    let mut old = after();
    old["instances"][0]["type"] = json!("t3.medium");
    assert_eq!(wrong(&old, &accepted), [""; 0]);
    assert!(!wrong(&old, &ExpectedWorld::finished()).is_empty());
    assert!(!wrong(&after(), &accepted).is_empty());
    old["instances"][1]["type"] = json!("t3.medium");
    assert!(!wrong(&old, &accepted).is_empty(), "the clone has the smaller type all the same");
}

#[test]
fn a_run_that_offers_no_way_on_is_noticed() {
    let start = Start::of(WorldFacts::of(before()));
    let offers = "step  4  shut-down  done\n  runbook resume r1\n  runbook resolve r1 a/b\n  runbook rollback r1";
    let status = &format!("  5 of 11 steps are done; the site is\n  down\n{offers}");
    let told = |picture: Value, status: &str| {
        fallen_back(&WorldFacts::of(picture), &start, status).into_iter().filter(|row| !row.ok).count()
    };
    assert_eq!(told(before(), status), 0);
    assert_eq!(told(before(), "runbook resume"), 2);
    assert_eq!(told(before(), &format!("  5 of 11 steps are done; the site is up\n{offers}")), 1);
    let mut stopped = before();
    stopped["instances"][0]["state"] = json!("stopped");
    assert_eq!(told(stopped, status), 1);
}

#[test]
fn what_is_asked_of_hosts_and_site_can_fail() {
    let at = |last: u8| BTreeSet::from([IpAddr::from([10, 77, 0, last])]);
    let home = Ipv4Addr::new(10, 77, 0, 9);
    assert!(name_at_home(&at(9), home, Some(true)).ok && name_at_home(&at(9), home, None).ok);
    assert!(!name_at_home(&at(9), home, Some(false)).ok && !name_at_home(&at(8), home, Some(true)).ok);
    assert!(!name_at_home(&BTreeSet::new(), home, Some(true)).ok && !name_at_home(&at(8), home, None).ok);
    assert!(name_at_balancer(&at(1), &at(1)).ok);
    assert!(!name_at_balancer(&at(9), &at(1)).ok && !name_at_balancer(&BTreeSet::new(), &BTreeSet::new()).ok);

    let check = |state: &'static str| TargetCheck {
        target_group: "tg".into(),
        id: WEB.into(),
        port: 80,
        health: ServerHealth { state, reason: "", description: String::new() },
    };
    assert!(targets(&[check("healthy"), check("healthy")]).ok);
    assert!(!targets(&[check("healthy")]).ok && !targets(&[check("healthy"), check("initial")]).ok);

    let answer = |status: u16, location: &str| Ok((status, location.to_owned()));
    assert!(redirect("a.b", answer(301, "https://a.b:443/")).ok);
    assert!(!redirect("a.b", answer(302, "https://a.b:443/")).ok && !redirect("a.b", answer(301, "https://c.d/")).ok);
    assert!(!redirect("a.b", Err("refused".into())).ok);
    assert!(answers(answer(200, "")).ok && !answers(answer(503, "")).ok && !answers(Err("refused".into())).ok);
    assert!(round_trip(Ok(())).ok && !round_trip(Err("download gave another content".into())).ok);

    assert!(version("29.0.6", Ok("29.0.6".into())).ok && !version("29.0.6", Ok("17.0.2".into())).ok);
    assert!(!version("29.0.6", Err("no answer".into())).ok);
    let users = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    assert!(let_in("nc", &users(&["nc@10.%", "nc@10.%"])).ok);
    for seen in [&["nc@10.%", ""][..], &["nc@10.%", "Access denied for user 'nc'@'10.77.2.5'"], &["nc2@%"], &[]] {
        assert!(!let_in("nc", &users(seen)).ok, "{seen:?}");
    }

    let (active, hidden) = ((true, false), (false, true));
    assert!(cron(&[active, hidden], true).ok && cron(&[hidden, hidden], false).ok);
    for files in [&[active, active][..], &[hidden, hidden], &[(true, true), hidden], &[active, (false, false)], &[]] {
        assert!(!cron(files, true).ok, "{files:?}");
    }
    assert!(!cron(&[active, hidden], false).ok && !cron(&[], false).ok);

    let texts = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
    assert!(hunks(&texts(&["10,23d9", "65c51", "68c54"])).ok);
    assert!(!hunks(&texts(&["10,23d9", "65c51"])).ok && !hunks(&[]).ok);
    assert!(keys(texts(&["trusted_proxies", "overwritehost", "overwriteprotocol"])).ok);
    assert!(!keys(texts(&["overwritehost", "overwriteprotocol"])).ok);
    assert!(!keys(texts(&["overwritehost", "overwriteprotocol", "secret", "trusted_proxies"])).ok);
    assert!(!keys_in_text("'overwritehost' => 'x'").ok);
    assert!(unchanged("/etc/x", &[]).ok && !unchanged("/etc/x", &["mtime"]).ok);
}
