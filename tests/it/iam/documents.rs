//! The policies as documents: golden files for the flagship, and what must be so whatever the runbook.
//!
//! `BLESS=1` writes the golden files anew.

use runbook::action::policy::{
    CheckDeed, Deed, InstanceRole, Origin, Policy, PolicySurroundings, Purpose, SIZE_LIMIT, is_read, policy,
    policy_with_checks,
};
use runbook::action::{observe_permissions, permissions, permissions_of_check};
use runbook::model::{ActionKind, CheckKind, Foretold, Reference};
use runbook::rehearsal::{Cache, setup};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Command;

/// What the command prints and notes, from the flagship's example inputs.
fn told(arguments: &[&str]) -> (String, String) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let inputs = root.join("runbooks/single-to-ha.inputs.example.yaml");
    let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
    command.args(["iam-policy", "single-to-ha", "--inputs"]).arg(inputs).args(arguments);
    // Neither credentials nor a home: it must not need them.
    let output = command.env_clear().output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    (text(&output.stdout), text(&output.stderr))
}

const KNOWN: &[&str] = &[
    "--account",
    "111122223333",
    "--instance-role",
    "nextcloud-web",
    "--kms-key",
    "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "--principal",
    "arn:aws:iam::111122223333:role/nextcloud-operator",
];

fn golden(name: &str, text: &str) {
    crate::support::golden(&format!("iam/{name}"), text);
}

#[test]
fn the_flagships_documents_are_as_reviewed() {
    for purpose in ["plan", "run", "rollback", "all"] {
        let (document, notes) = told(&[KNOWN, &["--for", purpose]].concat());
        golden(&format!("single-to-ha.{purpose}.json"), &document);
        golden(&format!("single-to-ha.{purpose}.notes.txt"), &notes);
    }
}

#[test]
fn what_is_not_known_is_said() {
    let (document, notes) = told(&["--set", "zone=external"]);
    assert!(!document.contains("route53:"), "records kept elsewhere need no Route 53");
    assert!(document.contains("arn:aws:iam::*:role/*"));
    for missing in ["--account", "--instance-role", "--kms-key", "--principal", "ServerGroups", "key pair"] {
        assert!(notes.contains(missing), "no note on {missing}: {notes}");
    }
    let (_, fewer) = told(KNOWN);
    for known in ["--account", "--instance-role", "--kms-key", "--principal"] {
        assert!(!fewer.contains(known), "{fewer}");
    }
    let (document, _) = told(&["--instance-role", "none"]);
    assert!(!document.contains("iam:PassRole"));
}

#[test]
fn as_json_all_four_come_together() {
    let (text, notes) = told(&[KNOWN, &["--format", "json"]].concat());
    assert_eq!(notes, "");
    let all: Value = serde_json::from_str(&text).unwrap();
    let actions = |name: &str| -> BTreeSet<String> {
        let statements = all[name].as_array().unwrap().iter().flat_map(|d| d["Statement"].as_array().unwrap());
        let actions = statements.flat_map(|s| s["Action"].as_array().unwrap());
        actions.map(|a| a.as_str().unwrap().to_owned()).collect()
    };
    let (plan, run, rollback) = (actions("plan"), actions("run"), actions("rollback"));
    assert!(plan.iter().all(|action| is_read(action)), "{plan:?}");
    assert!(plan.is_subset(&run));
    let only_asked: Vec<_> = plan.difference(&rollback).map(String::as_str).collect();
    for asked in ["iam:GetInstanceProfile", "iam:SimulatePrincipalPolicy", "elasticloadbalancing:DescribeAccountLimits"]
    {
        assert!(only_asked.contains(&asked), "only before a run, not for a rollback: {asked} in {only_asked:?}");
    }
    assert_eq!(actions("all"), run.union(&rollback).cloned().collect());
    assert!(!run.contains("ec2:TerminateInstances") && rollback.contains("ec2:TerminateInstances"));
    assert!(!rollback.contains("ec2:RunInstances") && run.contains("ec2:RunInstances"));
    for name in ["plan", "run", "rollback", "all"] {
        assert!(all["notes"][name].is_array());
        for document in all[name].as_array().unwrap() {
            let size = document.to_string().chars().filter(|c| !c.is_whitespace()).count();
            assert!(size <= SIZE_LIMIT, "{name} is of {size} characters");
            let sids: Vec<_> = document["Statement"].as_array().unwrap().iter().map(|s| s["Sid"].to_string()).collect();
            assert_eq!(sids.iter().collect::<BTreeSet<_>>().len(), sids.len(), "{sids:?}");
            assert!(sids.iter().all(|s| s.trim_matches('"').chars().all(|c| c.is_ascii_alphanumeric())), "{sids:?}");
        }
    }
}

fn around() -> PolicySurroundings {
    PolicySurroundings {
        region: "eu-west-1".into(),
        account: Some("111122223333".into()),
        instance_role: InstanceRole::Unknown,
        kms_key: None,
        principal: Some("arn:aws:iam::111122223333:user/hana".into()),
    }
}

/// Parameters of which this one is known only when an action has run.
fn later(name: &str, known: &Value) -> Foretold {
    let known = known.as_object().unwrap().clone().into_iter().map(|(name, it)| (name, it.into()));
    let later = Reference::parse("steps.a.b.c").unwrap().unknown("(known after step-6)".into());
    known.chain([(name.to_owned(), later)]).collect()
}

fn deed(kind: ActionKind, parameters: impl Into<Foretold>) -> Deed {
    Deed { path: "some/action".into(), kind, parameters: parameters.into(), origins: BTreeMap::new() }
}

/// Where an IAM action may be used: resources and condition of each statement that has it.
fn places(policy: &Policy, action: &str) -> Vec<(Vec<String>, Value)> {
    let statements = policy.documents.iter().flat_map(|d| d.statements());
    let with = statements.filter(|s| s.action.contains(action));
    with.map(|s| (s.resource.iter().cloned().collect(), s.condition.clone())).collect()
}

#[test]
fn whatever_a_kind_declares_is_in_its_policy_and_changes_nothing_unnamed() {
    for kind in ActionKind::ALL {
        let (forward, undo) = permissions(*kind);
        assert!(observe_permissions(*kind).iter().all(|a| is_read(a)), "{kind} observes by changing");
        assert!(observe_permissions(*kind).iter().all(|a| forward.contains(a)), "{kind}");
        let all = policy(&[deed(*kind, json!({}))], &around(), Purpose::All);
        for action in forward.iter().chain(undo) {
            // Needed for parameters that are not given here.
            let ruled_out = match kind {
                ActionKind::DnsPointAtBalancer => *action == "ec2:DescribeInstances",
                ActionKind::NextcloudCheck | ActionKind::WaitFor => true,
                _ => false,
            };
            assert!(ruled_out || all.actions().contains(action), "{kind}: {action}");
        }
        for action in all.actions().into_iter().filter(|action| !is_read(action)) {
            for (resources, condition) in places(&all, action) {
                let bounded = resources != ["*"] || action == "acm:RequestCertificate" && !condition.is_null();
                assert!(bounded, "{kind}: {action} on everything");
            }
        }
    }
}

/// What services call in the caller's name, and what a call with tags or a profile asks for beside: the rows by which the
/// emulated account judges too. Without them a run is refused in its middle although each call of its own is allowed.
#[test]
fn what_services_call_in_the_callers_name_is_in_the_policy_of_who_makes_them_call() {
    let rows = include_str!("../../../src/rehearsal/emulator/callers_name.json");
    let rows: Vec<Value> = serde_json::from_str(rows).unwrap();
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let mut judged = 0;
    let actions = ActionKind::ALL.iter().map(|kind| {
        let (forward, undo) = permissions(*kind);
        (kind.to_string(), vec![(forward, &[][..]), (undo, observe_permissions(*kind))])
    });
    let checks = CheckKind::ALL.iter().map(|kind| (kind.to_string(), vec![(permissions_of_check(*kind), &[][..])]));
    for (kind, lists) in actions.chain(checks) {
        for (actions, also) in lists {
            let has = |action: &str| actions.contains(&action) || also.contains(&action);
            for row in rows.iter().filter(|row| has(&text(row, "call"))) {
                assert!(!text(row, "source").is_empty());
                for need in row["needs"].as_array().unwrap().iter().map(|need| need.as_str().unwrap()) {
                    judged += 1;
                    // Whether a key is the customer's no kind can know: `--kms-key` grants it.
                    let by_option = text(row, "when") == "customer-key";
                    let call = text(row, "call");
                    assert!(by_option || has(need), "{kind}: {call} makes AWS call {need} in the caller's name");
                }
            }
        }
    }
    assert!(judged > 20, "{judged}");
    let called: BTreeSet<String> = rows.iter().map(|row| text(row, "call")).collect();
    let of_actions = ActionKind::ALL.iter().flat_map(|kind| permissions(*kind).0);
    let of_checks = CheckKind::ALL.iter().flat_map(|kind| permissions_of_check(*kind));
    let known: BTreeSet<&str> = of_actions.chain(of_checks).copied().collect();
    assert!(called.iter().all(|call| known.contains(call.as_str())), "{called:?}");
}

#[test]
fn with_a_key_of_ones_own_every_use_of_it_is_allowed() {
    let rows = include_str!("../../../src/rehearsal/emulator/callers_name.json");
    let rows: Vec<Value> = serde_json::from_str(rows).unwrap();
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".to_owned();
    let around = PolicySurroundings { kms_key: Some(key), ..around() };
    let mut judged = 0;
    for row in rows.iter().filter(|row| row["when"] == "customer-key") {
        for kind in ActionKind::ALL {
            let call = row["call"].as_str().unwrap();
            let of = |purpose| policy(&[deed(*kind, json!({}))], &around, purpose);
            for policy in [of(Purpose::Run), of(Purpose::Rollback)].iter().filter(|p| p.actions().contains(call)) {
                for need in row["needs"].as_array().unwrap().iter().map(|need| need.as_str().unwrap()) {
                    judged += 1;
                    assert!(policy.actions().contains(need), "{kind}: {call} uses the key by {need}");
                }
            }
        }
    }
    assert!(judged > 8, "{judged}");
}

/// Known actions, resources of a type that the action knows, keys that its conditions are judged by.
#[tokio::test]
async fn awss_own_tables_know_every_statement() {
    let say = |what: &str| eprintln!("{what}");
    let prepared = setup::ensure(&Cache::of_account().unwrap(), false, setup::Carry::default(), &say).await;
    let prepared = prepared.unwrap_or_else(|e| panic!("{e}"));
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let judge = |documents: &[PathBuf]| {
        let mut python = Command::new(prepared.venv.join("bin/python"));
        let output = python.arg("-B").arg(root.join("tests/data/aws_actions.py")).args(documents).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let golden: Vec<PathBuf> = ["plan", "run", "rollback", "all"]
        .map(|purpose| root.join(format!("tests/golden/iam/single-to-ha.{purpose}.json")))
        .into();
    assert_eq!(judge(&golden), "");
    let folder = tempfile::tempdir().unwrap();
    let wrong = json!({"Statement": [{
        "Sid": "Wrong",
        "Action": ["ec2:StopInstance", "ec2:StopInstances"],
        "Resource": ["arn:aws:ec2:eu-west-1:111122223333:vpc/vpc-1"],
        "Condition": {"Null": {"acm:DomainNames": "true"}},
    }]});
    let file = folder.path().join("wrong.json");
    std::fs::write(&file, wrong.to_string()).unwrap();
    let said = judge(&[file]);
    for part in
        ["StopInstance is no action", "StopInstances knows none", "not judged by acm:DomainNames", "no action of it"]
    {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_known_instance_is_named() {
    let id = "i-0123456789abcdef0";
    let stop = policy(&[deed(ActionKind::InstanceStop, json!({"instance": id}))], &around(), Purpose::All);
    let arn = format!("arn:aws:ec2:eu-west-1:111122223333:instance/{id}");
    for action in ["ec2:StopInstances", "ec2:StartInstances"] {
        assert_eq!(places(&stop, action), [(vec![arn.clone()], Value::Null)]);
    }
    let two = [id, "i-0123456789abcdef1"].map(|id| deed(ActionKind::InstanceStop, json!({"instance": id})));
    assert_eq!(places(&policy(&two, &around(), Purpose::Run), "ec2:StopInstances")[0].0.len(), 2);
}

#[test]
fn a_check_may_start_the_server_stopped_for_it_and_no_other() {
    let id = "i-0123456789abcdef0";
    let check = |parameters| policy(&[deed(ActionKind::NextcloudCheck, parameters)], &around(), Purpose::Run);
    let starts = check(json!({"start_if_it_fails": id}));
    let arn = format!("arn:aws:ec2:eu-west-1:111122223333:instance/{id}");
    assert_eq!(places(&starts, "ec2:StartInstances"), [(vec![arn], Value::Null)]);
    assert!(starts.actions().contains("ec2:DescribeInstanceStatus"), "it waits until the server is up");
    assert!(check(json!({})).actions().is_empty(), "a check that starts none needs nothing of AWS");
}

#[test]
fn regions_of_other_partitions_have_their_own_arns() {
    let id = "i-0123456789abcdef0";
    let partitions = [
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
        ("eu-west-1", "aws"),
    ];
    for (region, partition) in partitions {
        let around = PolicySurroundings { region: region.into(), ..around() };
        let stop = policy(&[deed(ActionKind::InstanceStop, json!({"instance": id}))], &around, Purpose::Run);
        let arn = format!("arn:{partition}:ec2:{region}:111122223333:instance/{id}");
        assert_eq!(places(&stop, "ec2:StopInstances")[0].0, [arn]);
    }
}

#[test]
fn what_a_run_makes_must_bear_its_tag() {
    let made = json!({"Null": {"aws:ResourceTag/runbook:run": "false"}});
    let clone = later("image", &json!({"instance_type": "t3.small", "subnet": "subnet-0123456789abcdef0"}));
    let origin = Origin { kind: ActionKind::ImageCreate, parameters: json!({}).into() };
    let origins = BTreeMap::from([("image".to_owned(), origin)]);
    let clone = Deed { origins, ..deed(ActionKind::InstanceClone, clone) };
    let both = policy(&[clone], &around(), Purpose::All);
    assert_eq!(places(&both, "ec2:TerminateInstances")[0].1, made);
    let launches = places(&both, "ec2:RunInstances");
    let on = |what: &str| launches.iter().find(|(r, _)| r.iter().any(|r| r.contains(what))).unwrap();
    assert_eq!(on(":image/").1, made);
    assert_eq!(on(":instance/").1["StringEquals"], json!({"ec2:InstanceType": "t3.small"}));
    assert_eq!(on(":instance/").1["Null"], json!({"aws:RequestTag/runbook:run": "false"}));
    assert_eq!(on(":instance/").0.len(), 1, "no other kind of thing shares the statement");
    let tags = places(&both, "ec2:CreateTags");
    assert_eq!(tags.len(), 1);
    assert_eq!(tags[0].1, json!({"StringEquals": {"ec2:CreateAction": "RunInstances"}}));
}

#[test]
fn what_exists_can_be_given_no_tag_but_the_claims() {
    let claim = deed(ActionKind::InstanceClaim, json!({"instance": "i-0123456789abcdef0"}));
    let claim = policy(&[claim], &around(), Purpose::All);
    for action in ["ec2:CreateTags", "ec2:DeleteTags"] {
        let (resources, condition) = places(&claim, action).remove(0);
        assert_eq!(resources, ["arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"]);
        assert_eq!(condition["ForAllValues:StringEquals"], json!({"aws:TagKeys": ["runbook:claim"]}));
    }
}

#[test]
fn only_the_sites_records_can_be_changed() {
    let names = "route53:ChangeResourceRecordSetsNormalizedRecordNames";
    let point = json!({"zone": "Z0123456789", "fqdn": "Cloud.Example.org"});
    let origin =
        Origin { kind: ActionKind::CertificateRequest, parameters: json!({"fqdn": "cloud.example.org"}).into() };
    let put = later("name", &json!({"zone": "Z0123456789"}));
    let put = Deed { origins: BTreeMap::from([("name".to_owned(), origin)]), ..deed(ActionKind::DnsPutCname, put) };
    let both = policy(&[deed(ActionKind::DnsPointAtBalancer, point), put], &around(), Purpose::Run);
    let mut places = places(&both, "route53:ChangeResourceRecordSets");
    assert_eq!(places.len(), 2);
    assert!(places.iter().all(|(zone, _)| zone == &["arn:aws:route53:::hostedzone/Z0123456789"]));
    let (validation, site) = (places.pop().unwrap().1, places.pop().unwrap().1);
    assert_eq!(site["ForAllValues:StringEquals"][names], json!(["cloud.example.org"]));
    assert_eq!(validation["ForAllValues:StringLike"][names], json!(["_*.cloud.example.org"]));
}

#[test]
fn a_target_by_its_instance_needs_its_address_looked_up() {
    let on = |target: Value| {
        let deed = deed(ActionKind::ServiceStop, json!({"on": target, "service": "nginx"}));
        policy(&[deed], &around(), Purpose::Plan).actions().contains("ec2:DescribeInstances")
    };
    let id = "i-0123456789abcdef0";
    assert!(on(json!({"name": "web-1", "instance": id, "address": "public"})));
    assert!(!on(json!({"name": "web-1", "instance": id, "address": "id"})), "ssh knows the way by itself");
    assert!(!on(json!({"name": "web-1", "host": "web-1"})));
}

#[test]
fn too_long_a_policy_is_split_and_says_so() {
    let stop = |n: u32| {
        let mut deed = deed(ActionKind::RdsSetMultiAz, json!({"db": format!("database-number-{n}")}));
        deed.path = format!("some/action-{n}");
        deed
    };
    let short = policy(&[stop(0)], &around(), Purpose::All);
    assert_eq!((short.documents.len(), short.notes.len()), (1, 0));
    let names: Vec<Deed> = (0..60)
        .flat_map(|n| {
            let zone = json!({"zone": format!("Z{n:012}"), "fqdn": format!("host-{n}.example.org")});
            [stop(n), deed(ActionKind::DnsPointAtBalancer, zone)]
        })
        .collect();
    let long = policy(&names, &around(), Purpose::All);
    assert!(long.documents.len() > 1);
    assert!(long.documents.iter().all(|d| d.size() <= SIZE_LIMIT), "{:?}", long.documents.iter().map(|d| d.size()));
    assert!(long.notes.iter().any(|note| note.contains("attach all of them")), "{:?}", long.notes);
}

/// What is probed decides what is asked: a port needs nothing of AWS.
#[test]
fn a_probe_asks_aws_only_where_it_says_so() {
    let actions = |parameters: Value| {
        let check = CheckDeed { id: "c".into(), kind: CheckKind::ProbeHolds, parameters: parameters.clone().into() };
        let wait = deed(ActionKind::WaitFor, parameters);
        let of = |deeds: &[Deed], checks: &[CheckDeed]| {
            let policy = policy_with_checks(deeds, checks, &around(), Purpose::Plan);
            policy.actions().contains("elasticloadbalancing:DescribeTargetHealth")
        };
        (of(&[wait], &[]), of(&[], &[check]))
    };
    let group = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/0123456789abcdef";
    let health = json!({"target_health": {"target_group": group, "instances": ["i-0123456789abcdef0"]}});
    assert_eq!(actions(health), (true, true));
    assert_eq!(actions(json!({"port": {"port": 443}})), (false, false));
}
