//! The policies where they count: users with nothing but them plan, run and roll the flagship back in a region whose
//! emulated account enforces IAM.
//!
//! The emulator judges actions only, those that services call in the caller's name among them; resources and conditions are
//! for `documents`.

use crate::support::region::{Lab, in_a_region, region};
use runbook::action::policy::is_read;
use runbook::rehearsal::Region;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Output;
use std::time::Duration;

/// What a run's policy has and a smooth run does not call, and why it is there all the same.
const NOT_CALLED: &[(&str, &str)] = &[
    ("acm:ListTagsForCertificate", "whose a certificate for the name is, where there is one already"),
    ("ec2:DeleteSnapshot", "what is left of an image that failed is removed"),
    ("ec2:DeregisterImage", "what is left of an image that failed is removed"),
    ("ec2:GetInstanceMetadataDefaults", "whether the account forbids the metadata options of a server without tokens"),
    ("kms:DescribeKey", "whose the keys of encrypted volumes are"),
    ("ec2:DescribeNetworkInterfaceAttribute", "whether a stopped server without an elastic address had a public one"),
    ("elasticloadbalancing:DeleteLoadBalancer", "a balancer whose provisioning failed is replaced"),
    ("iam:GetRole", "whether the account has the balancers' own role, for a caller who may not create it"),
];

/// The same of a rollback's policy.
const NOT_CALLED_BACK: &[(&str, &str)] = &[
    ("ec2:DeleteVolume", "volumes that did not go with the clone"),
    ("ec2:DescribeInstanceAttribute", IN_DOUBT),
    ("ec2:DescribeNetworkInterfaces", "what still holds a security group that cannot be deleted yet"),
    ("ec2:DescribeVpcs", IN_DOUBT),
    ("elasticloadbalancing:DescribeLoadBalancerAttributes", IN_DOUBT),
    ("elasticloadbalancing:DescribeTags", IN_DOUBT),
    ("elasticloadbalancing:DescribeTargetGroupAttributes", IN_DOUBT),
    ("elasticloadbalancing:ModifyLoadBalancerAttributes", "a balancer that somebody has protected since"),
];

const IN_DOUBT: &str = "an action in doubt is looked at before it is undone";

/// Sixty plans take their time.
const LIMIT: Duration = Duration::from_secs(900);

macro_rules! in_regions {
    ($($name:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            in_a_region(concat!("iam::enforced::inside::", stringify!($name)), LIMIT).await;
        }
    )+};
}

in_regions!(
    the_flagship_goes_there_and_back_with_its_policies_alone,
    each_permission_of_run_and_rollback_is_missed_before_anything_is_changed,
    a_plan_says_which_action_is_missing_and_changes_nothing,
);

/// A region whose account judges who calls.
struct Enforced<'r> {
    region: &'r Region,
}

/// A call as the emulator logged it.
struct Logged {
    /// The IAM action.
    name: String,
    code: Value,
    dry_run: bool,
}

/// A user's key.
type Key = [String; 2];

/// Runs `body` in a region whose account enforces IAM.
async fn enforced(body: impl AsyncFnOnce(&Enforced<'_>)) {
    region(async |Lab { region, .. }| {
        let inputs = runbook::rehearsal::inputs(region);
        std::fs::write(region.folder().join("home/site.yaml"), inputs).unwrap();
        region.emulator().configure(json!({"enforce_iam": true})).await.unwrap();
        body(&Enforced { region }).await;
    })
    .await;
}

impl Enforced<'_> {
    /// `runbook` in the operator's shell, with a user's key.
    async fn runbook(&self, arguments: &[&str], key: Option<&Key>) -> Output {
        let mut argv = vec![env!("CARGO_BIN_EXE_runbook")];
        argv.extend(arguments);
        let mut command = self.region.command(&argv);
        if let Some([id, secret]) = key {
            command.env("AWS_ACCESS_KEY_ID", id).env("AWS_SECRET_ACCESS_KEY", secret);
        }
        command.output().await.unwrap()
    }

    /// The documents for each purpose.
    async fn policies(&self) -> Value {
        let told =
            self.runbook(&["iam-policy", "single-to-ha", "--inputs", "site.yaml", "--format", "json"], None).await;
        assert!(told.status.success(), "{}", said(&told));
        serde_json::from_slice(&told.stdout).unwrap()
    }

    /// Makes a user who may do what these documents say, or gives it these in place of those it had.
    async fn user(&self, name: &str, documents: &Value) -> Key {
        let wanted = json!({"name": name, "documents": documents});
        let key = self.region.emulator().call("POST", "/plus/user", Some(wanted)).await.unwrap();
        ["id", "secret"].map(|part| key[part].as_str().unwrap().to_owned())
    }

    async fn calls(&self) -> Vec<Logged> {
        let calls = self.region.emulator().call("GET", "/plus/calls", None).await.unwrap();
        let service = |name: &str| match name {
            "elbv2" => "elasticloadbalancing".to_owned(),
            "service-quotas" => "servicequotas".to_owned(),
            same => same.to_owned(),
        };
        let logged = |call: &Value| {
            let called = call[1].as_str().unwrap();
            let name = format!("{}:{called}", service(call[0].as_str().unwrap()));
            Logged { name, code: call[2].clone(), dry_run: call[4] == "dry run" }
        };
        calls.as_array().unwrap().iter().map(logged).collect()
    }

    /// The IAM actions called by a command, which must be allowed all of them.
    async fn watched(&self, arguments: &[&str], key: &Key) -> BTreeSet<String> {
        let from = self.calls().await.len();
        let done = self.runbook(arguments, Some(key)).await;
        assert!(done.status.success(), "{arguments:?}: {}", said(&done));
        let calls = self.calls().await.split_off(from);
        let denied =
            |code: &Value| code.as_str().is_some_and(|c| c.contains("AccessDenied") || c.contains("Unauthorized"));
        let denied: BTreeSet<&String> = calls.iter().filter(|c| denied(&c.code)).map(|c| &c.name).collect();
        assert!(denied.is_empty(), "{arguments:?} was refused {denied:?}, and went on");
        calls.into_iter().map(|call| call.name).collect()
    }

    /// Every file of the web server that a plan could touch: name, size, mode, owner, time of the last change. cron is
    /// stopped first, for the site's own jobs write too.
    async fn files(&self) -> String {
        let host = self.region.host(&self.region.account().hosts["nextcloud-web-1"].instance).unwrap();
        // A job that began just before writes its log when it likes: it is waited for.
        let list = "systemctl stop cron; while pgrep -f '[n]extcloud/cron.php' >/dev/null; do sleep 0.1; done; \
                    find /etc /var/www /usr /root /home -printf '%p %s %m %U %T@\\n' | sort";
        let output = host.command(&["bash", "-ec", list]).expect("the host is up").output().await.unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    async fn state(&self) -> Value {
        self.region.emulator().call("GET", "/plus/state", None).await.unwrap()
    }
}

fn lines(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}

/// A text without its line breaks: a name may be at the end of a line.
fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Documents that do not allow these IAM actions, and are else the same.
fn without(documents: &Value, fewer: &[&str]) -> Value {
    let mut documents = documents.clone();
    for document in documents.as_array_mut().unwrap() {
        let statements = document["Statement"].as_array_mut().unwrap();
        for statement in statements.iter_mut() {
            statement["Action"].as_array_mut().unwrap().retain(|action| !fewer.contains(&action.as_str().unwrap()));
        }
        statements.retain(|s| s["Action"] != json!([]));
    }
    documents
}

/// The names of IAM actions that a plan tells as missing or unchecked.
fn named(permissions: &Value, list: &str) -> BTreeSet<String> {
    let all = permissions[list].as_array().unwrap_or_else(|| panic!("no list `{list}`: {permissions}"));
    all.iter().map(|lack| lack["permission"].as_str().unwrap().to_owned()).collect()
}

fn actions(documents: &Value) -> BTreeSet<String> {
    let statements = documents.as_array().unwrap().iter().flat_map(|d| d["Statement"].as_array().unwrap());
    let actions = statements.flat_map(|s| s["Action"].as_array().unwrap());
    actions.map(|a| a.as_str().unwrap().to_owned()).collect()
}

/// What is allowed and was not called must be known, each with its reason.
fn idle(allowed: &BTreeSet<String>, called: &BTreeSet<String>, known: &[(&str, &str)]) {
    let reasons: BTreeMap<&str, &str> = known.iter().copied().collect();
    let undeclared: Vec<_> = called.difference(allowed).collect();
    assert!(undeclared.is_empty(), "called and not in the policy: {undeclared:?}");
    let idle: Vec<_> = allowed.difference(called).collect();
    for action in &idle {
        eprintln!("not called: {action}: {}", reasons.get(action.as_str()).unwrap_or(&"?"));
    }
    let unknown: Vec<_> = idle.iter().filter(|action| !reasons.contains_key(action.as_str())).collect();
    assert!(unknown.is_empty(), "in the policy and never called: {unknown:?}");
    let stale: Vec<_> = reasons.keys().filter(|action| called.contains(**action)).collect();
    assert!(stale.is_empty(), "called after all: {stale:?}");
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn the_flagship_goes_there_and_back_with_its_policies_alone() {
        enforced(async |lab| {
            let policies = lab.policies().await;
            let (run, rollback) = (actions(&policies["run"]), actions(&policies["rollback"]));
            let forward = ["run", "single-to-ha", "--inputs", "site.yaml", "--yes"];

            // Not even a permission that only the way back needs may be missing when a run begins.
            let state = lab.state().await;
            let short = without(&policies["all"], &["elasticloadbalancing:DeleteLoadBalancer"]);
            let key = lab.user("operator", &short).await;
            let refused = lab.runbook(&forward, Some(&key)).await;
            let told = said(&refused);
            assert_eq!(refused.status.code(), Some(3), "{told}");
            for part in ["nothing was changed", "load-balancer/balancer", "missing going back", "DeleteLoadBalancer"] {
                assert!(told.contains(part), "no `{part}`: {told}");
            }
            let key = lab.user("operator", &policies["plan"]).await;
            let refused = lab.runbook(&forward, Some(&key)).await;
            assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
            let runs = lab.runbook(&["runs", "--format", "json"], None).await;
            assert_eq!(String::from_utf8_lossy(&runs.stdout).trim(), "[]", "no run was opened");
            assert_eq!(lab.state().await, state);

            let key = lab.user("operator", &policies["all"]).await;
            let begin = [&forward[..], &["--until", "step-1"]].concat();
            let mut called = lab.watched(&begin, &key).await;

            // Nor when what has not run is planned anew in the middle.
            lab.user("operator", &short).await;
            let refused = lab.runbook(&["resume", "--replan", "--yes"], Some(&key)).await;
            let told = said(&refused);
            assert_eq!(refused.status.code(), Some(3), "{told}");
            for part in ["nothing was changed", "load-balancer/balancer", "missing going back", "DeleteLoadBalancer"] {
                assert!(told.contains(part), "no `{part}`: {told}");
            }
            lab.user("operator", &policies["all"]).await;
            called.extend(lab.watched(&["resume"], &key).await);
            idle(&run, &called, NOT_CALLED);

            let called = lab.watched(&["rollback", "--to", "start", "--yes"], &key).await;
            idle(&rollback, &called, NOT_CALLED_BACK);
        })
        .await;
    }

    /// The permissions the check itself needs, which no action of the runbook does.
    const OWN: [&str; 4] =
        ["iam:GetInstanceProfile", "iam:GetRole", "iam:SimulatePrincipalPolicy", "sts:GetCallerIdentity"];

    /// Those that only the runbook's checks need: a check that may not ask is told as not checkable, as
    /// `a_plan_says_which_action_is_missing_and_changes_nothing` shows of each.
    const OF_CHECKS: [&str; 10] = [
        "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeRouteTables",
        "ec2:GetInstanceMetadataDefaults",
        "elasticloadbalancing:DescribeAccountLimits",
        "kms:DescribeKey",
        "rds:DescribeOrderableDBInstanceOptions",
        "route53:GetHostedZone",
        "route53:ListHostedZonesByVPC",
        "servicequotas:GetServiceQuota",
    ];

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn each_permission_of_run_and_rollback_is_missed_before_anything_is_changed() {
        enforced(async |lab| {
            let all = &lab.policies().await["all"];
            let (files, state) = (lab.files().await, lab.state().await);
            // Hosts are not asked here, or it would take minutes: what refuses is told apart by what it says.
            std::fs::write(lab.region.folder().join("home/no-way.conf"), "Host *\n  ProxyCommand /bin/false\n")
                .unwrap();
            let plan_as = async |name: &str, documents: &Value| {
                let key = lab.user(name, documents).await;
                let plan = ["plan", "single-to-ha", "--inputs", "site.yaml", "--format", "json"];
                let apart = ["--ssh-config", "no-way.conf", "--state", name];
                let told = lab.runbook(&[&plan[..], &apart].concat(), Some(&key)).await;
                assert_eq!(told.status.code(), Some(3), "{}", said(&told));
                let json: Value = serde_json::from_slice(&told.stdout).unwrap_or_else(|_| panic!("{}", said(&told)));
                (json["permissions"].clone(), String::from_utf8_lossy(&told.stderr).into_owned())
            };
            let plan = async |documents: &Value| plan_as("operator", documents).await;
            let none = BTreeSet::new();

            let (whole, told) = plan(all).await;
            assert_eq!((named(&whole, "missing"), named(&whole, "unchecked")), (none.clone(), none), "{told}");
            assert!(!told.contains("missing"), "{told}");
            assert_eq!(whole["judged"]["by"], "simulation");
            let needed: BTreeSet<String> = serde_json::from_value(whole["allowed"].clone()).unwrap();
            let granted = actions(all);
            let unasked: BTreeSet<&str> = granted.difference(&needed).map(String::as_str).collect();
            assert_eq!(unasked, OWN.into_iter().chain(OF_CHECKS).collect(), "nothing else goes unasked");

            let check = async |name: &str, missing: &String| {
                let (permissions, told) = plan_as(name, &without(all, &[missing])).await;
                assert_eq!(named(&permissions, "missing"), BTreeSet::from([missing.clone()]), "{told}");
                let why = ["to look", "going forward", "going back"].map(|purpose| format!("missing {purpose}: "));
                assert!(told.contains("nothing was changed") && told.contains(missing), "without {missing}: {told}");
                assert!(why.iter().any(|why| told.contains(why)), "without {missing}: {told}");
                assert!(told.contains("runbook iam-policy single-to-ha"), "{told}");
            };
            // Two at a time, for there are sixty.
            let needed: Vec<&String> = needed.iter().collect();
            for pair in needed.chunks(2) {
                match pair {
                    [one, other] => drop(tokio::join!(check("operator", one), check("deputy", other))),
                    last => check("operator", last[0]).await,
                }
            }

            // Where the caller may not ask IAM, dry runs tell of EC2 what can be told, and the rest is open.
            let fewer = ["ec2:StopInstances", "ec2:CreateImage", "ec2:DescribeVolumes"];
            let blind = without(all, &OWN);
            let (permissions, told) = plan(&blind).await;
            assert!(!told.contains("missing"), "{told}");
            let open = named(&permissions, "unchecked");
            assert!(
                permissions["judged"]["why"].as_str().unwrap().contains("needs `iam:SimulatePrincipalPolicy` on `arn:")
            );
            assert!(open.contains("rds:ModifyDBInstance") && open.contains("ec2:TerminateInstances"), "{open:?}");
            assert!(!open.contains("ec2:StopInstances"), "{open:?}");
            let (permissions, told) = plan(&without(&blind, &fewer)).await;
            assert_eq!(named(&permissions, "missing"), fewer.map(str::to_owned).into(), "{told}");

            let changing: Vec<_> = lab.calls().await.into_iter().filter(|call| !is_read(&call.name)).collect();
            assert!(changing.len() > 10, "dry runs were made");
            for call in changing {
                assert!(call.dry_run, "{} was called in earnest: {}", call.name, call.code);
            }
            assert_eq!(lab.state().await, state, "the account is as it was");
            let now = lab.files().await;
            let changed: Vec<_> = lines(&now).symmetric_difference(&lines(&files)).copied().collect();
            assert!(changed.is_empty(), "files of the server changed: {changed:?}");
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_plan_says_which_action_is_missing_and_changes_nothing() {
        enforced(async |lab| {
            let policies = lab.policies().await;
            let planner = lab.user("planner", &policies["plan"]).await;
            let (files, state) = (lab.files().await, lab.state().await);
            let plan = ["plan", "single-to-ha", "--inputs", "site.yaml"];

            let called = lab.watched(&plan, &planner).await;
            let allowed = actions(&policies["plan"]);
            assert!(called.is_subset(&allowed), "{:?}", called.difference(&allowed).collect::<Vec<_>>());
            assert!(called.iter().all(|action| is_read(action)), "{called:?}");
            assert!(called.len() > 8, "{called:?}");

            // Who may not run it is no reason against a plan, and is told.
            let told = said(&lab.runbook(&plan, Some(&planner)).await);
            assert!(told.contains("may plan and not run") && told.contains("ModifyDBInstance"), "{told}");
            let blind = lab.user("planner", &without(&policies["plan"], &OWN)).await;
            let blind = lab.runbook(&plan, Some(&blind)).await;
            assert_eq!(blind.status.code(), Some(0), "{}", said(&blind));
            assert!(said(&blind).contains("not checkable") && said(&blind).contains("iam:SimulatePrincipalPolicy"));

            for missing in called.iter().filter(|action| !OWN.contains(&action.as_str())) {
                let short = lab.user("planner", &without(&policies["plan"], &[missing])).await;
                let refused = lab.runbook(&plan, Some(&short)).await;
                if refused.status.success() {
                    // Only a check asks it: the plan says that it could not be asked, and why.
                    let told = words(&refused.stdout);
                    assert!(
                        told.contains("not checkable") && told.contains(missing.as_str()),
                        "without {missing}: {told}"
                    );
                    continue;
                }
                assert_eq!(refused.status.code(), Some(3), "without {missing}: {}", said(&refused));
                let told = words(&refused.stderr);
                assert!(
                    told.contains("nothing was changed") && told.contains(missing.as_str()),
                    "without {missing}: {told}"
                );
            }
            let (reads, others): (Vec<_>, Vec<_>) = lab.calls().await.into_iter().partition(|call| is_read(&call.name));
            assert!(others.iter().all(|call| call.dry_run), "{:?}", others.iter().map(|c| &c.name).collect::<Vec<_>>());
            assert!(reads.len() > called.len() * called.len());
            assert_eq!(lab.state().await, state, "the account is as it was");
            let now = lab.files().await;
            let changed: Vec<_> = lines(&now).symmetric_difference(&lines(&files)).copied().collect();
            assert!(changed.is_empty(), "files of the server changed: {changed:?}");
        })
        .await;
    }
}
