//! The policies where they count: users with nothing but them plan, run and roll the flagship back in a region whose
//! emulated account enforces IAM.
//!
//! The emulator judges actions only; resources and conditions are for `documents`.

use runbook::action::policy::is_read;
use runbook::rehearsal::{Cache, Region, RegionSpec, enter, setup};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

const SPEC: &str = "RUNBOOK_TEST_IAM_REGION";

/// What a run's policy has and a smooth run does not call, and why it is there all the same.
const NOT_CALLED: &[(&str, &str)] = &[
    ("acm:AddTagsToCertificate", "asked for beside RequestCertificate with tags"),
    ("acm:ListTagsForCertificate", "whose a certificate for the name is, where there is one already"),
    ("ec2:DeleteSnapshot", "what is left of an image that failed is removed"),
    ("ec2:DeregisterImage", "what is left of an image that failed is removed"),
    ("ec2:DescribeNetworkInterfaceAttribute", "whether a stopped server without an elastic address had a public one"),
    ("elasticloadbalancing:AddTags", "asked for beside every creating call with tags"),
    ("elasticloadbalancing:DeleteLoadBalancer", "a balancer whose provisioning failed is replaced"),
    ("iam:CreateServiceLinkedRole", "asked for at the first balancer of an account"),
    ("iam:PassRole", "asked for beside RunInstances with an instance profile"),
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

/// Makes a user with a policy; prints its key.
const GIVE: &str = r#"
import boto3, json, sys
name, *documents = sys.argv[1:]
iam = boto3.client("iam", endpoint_url="http://10.77.0.1:5000", region_name="us-east-1")
iam.create_user(UserName=name)
for number, document in enumerate(documents):
    iam.put_user_policy(UserName=name, PolicyName=f"part-{number}", PolicyDocument=document)
key = iam.create_access_key(UserName=name)["AccessKey"]
print(json.dumps([key["AccessKeyId"], key["SecretAccessKey"]]))
"#;

/// Runs the ignored test `inside::NAME` as a region of its own.
async fn in_a_region(name: &str) {
    let say = |what: &str| eprintln!("{what}");
    let prepared =
        setup::ensure(&Cache::of_account().unwrap(), false, &say).await.unwrap_or_else(|error| panic!("{error}"));
    let folder = tempfile::tempdir().unwrap();
    let spec = RegionSpec {
        dir: folder.path().to_path_buf(),
        image: prepared.image,
        venv: prepared.venv,
        rootless: prepared.rootless,
        ticks: 1,
    };
    let program = std::env::current_exe().unwrap();
    let test = format!("iam::enforced::inside::{name}");
    let mut command = enter::command(prepared.rootless, &program, &[&test, "--exact", "--ignored", "--nocapture"]);
    command.env(SPEC, serde_json::to_string(&spec).unwrap());
    let status = tokio::time::timeout(Duration::from_secs(400), enter::run(command)).await;
    let log = std::fs::read_to_string(folder.path().join("logs/region.log")).unwrap_or_default();
    assert_eq!(status.expect("the region ends in time").unwrap(), 0, "the region's log:\n{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_flagship_goes_there_and_back_with_its_policies_alone() {
    in_a_region("the_flagship_goes_there_and_back_with_its_policies_alone").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_says_which_action_is_missing_and_changes_nothing() {
    in_a_region("a_plan_says_which_action_is_missing_and_changes_nothing").await;
}

/// A region whose account judges who calls.
struct Enforced {
    region: Region,
    venv: PathBuf,
}

/// A user's key.
type Key = [String; 2];

/// Runs `body` as the region's one process beside pid 1; nothing when this process only is pid 1.
async fn region(body: impl AsyncFnOnce(&Enforced)) {
    let spec = std::env::var(SPEC).expect("only the test of the same name starts this one");
    if enter::is_init() {
        let status = enter::be_init().await.unwrap();
        assert_eq!(status, 0, "the test inside failed");
        return;
    }
    let spec: RegionSpec = serde_json::from_str(&spec).unwrap();
    let region = Region::start(&spec, &|_| ()).await.unwrap_or_else(|error| panic!("{error}"));
    let lab = Enforced { region, venv: spec.venv };
    lab.write_inputs();
    body(&lab).await;
    assert_eq!(lab.region.troubles(), Vec::<String>::new());
    lab.region.stop().await;
}

impl Enforced {
    fn write_inputs(&self) {
        let account = self.region.account();
        let inputs = json!({
            "region": account.region, "instance": account.instance, "db_instance": account.db, "fqdn": account.fqdn,
            "zone": account.zone, "clone_subnet": account.subnets["b"],
            "alb_subnets": [account.subnets["a"], account.subnets["b"]],
            "site_user": "admin", "site_password": {"env": "NEXTCLOUD_PASSWORD"},
        });
        std::fs::write(self.region.folder().join("home/site.yaml"), inputs.to_string()).unwrap();
    }

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

    /// Makes a user who may do what these documents say.
    async fn user(&self, name: &str, documents: &Value) -> Key {
        self.enforce(false).await;
        let python = self.venv.join("bin/python");
        let documents: Vec<String> = documents.as_array().unwrap().iter().map(ToString::to_string).collect();
        let mut argv = vec![python.to_str().unwrap(), "-c", GIVE, name];
        argv.extend(documents.iter().map(String::as_str));
        let made = self.region.command(&argv).output().await.unwrap();
        assert!(made.status.success(), "{}", said(&made));
        self.enforce(true).await;
        serde_json::from_slice(&made.stdout).unwrap()
    }

    async fn enforce(&self, on: bool) {
        self.region.emulator().configure(json!({"enforce_iam": on})).await.unwrap();
    }

    async fn calls(&self) -> Vec<(String, Value)> {
        let calls = self.region.emulator().call("GET", "/plus/calls", None).await.unwrap();
        let service = |name: &str| if name == "elbv2" { "elasticloadbalancing".to_owned() } else { name.to_owned() };
        let name = |call: &Value| {
            let called = call[1].as_str().unwrap();
            (format!("{}:{called}", service(call[0].as_str().unwrap())), call[2].clone())
        };
        calls.as_array().unwrap().iter().map(name).collect()
    }

    /// The IAM actions called by a command, which must be allowed all of them.
    async fn watched(&self, arguments: &[&str], key: &Key) -> BTreeSet<String> {
        let from = self.calls().await.len();
        let done = self.runbook(arguments, Some(key)).await;
        assert!(done.status.success(), "{arguments:?}: {}", said(&done));
        let calls = self.calls().await.split_off(from);
        let denied =
            |code: &Value| code.as_str().is_some_and(|c| c.contains("AccessDenied") || c.contains("Unauthorized"));
        let denied: BTreeSet<&String> = calls.iter().filter(|(_, code)| denied(code)).map(|(name, _)| name).collect();
        assert!(denied.is_empty(), "{arguments:?} was refused {denied:?}, and went on");
        calls.into_iter().map(|(name, _)| name).collect()
    }

    /// Every file of the web server that a plan could touch: name, size, mode, owner, time of the last change. cron is
    /// stopped first, for the site's own jobs write too.
    async fn files(&self) -> String {
        let host = self.region.host(&self.region.account().instance).unwrap();
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
        region(async |lab| {
            let policies = lab.policies().await;
            let (run, rollback) = (actions(&policies["run"]), actions(&policies["rollback"]));
            let runner = lab.user("runner", &policies["run"]).await;
            let undoer = lab.user("undoer", &policies["rollback"]).await;

            let forward = ["run", "single-to-ha", "--inputs", "site.yaml", "--yes"];
            let called = lab.watched(&forward, &runner).await;
            idle(&run, &called, NOT_CALLED);

            let called = lab.watched(&["rollback", "--to", "start", "--yes"], &undoer).await;
            idle(&rollback, &called, NOT_CALLED_BACK);
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_plan_says_which_action_is_missing_and_changes_nothing() {
        region(async |lab| {
            let policies = lab.policies().await;
            let planner = lab.user("planner", &policies["plan"]).await;
            let (files, state) = (lab.files().await, lab.state().await);
            let plan = ["plan", "single-to-ha", "--inputs", "site.yaml"];

            let called = lab.watched(&plan, &planner).await;
            let allowed = actions(&policies["plan"]);
            assert!(called.is_subset(&allowed), "{:?}", called.difference(&allowed).collect::<Vec<_>>());
            assert!(called.iter().all(|action| is_read(action)), "{called:?}");
            assert!(called.len() > 8, "{called:?}");

            // AWS allows everybody to ask who they are.
            let needed = called.iter().filter(|action| *action != "sts:GetCallerIdentity");
            for (number, missing) in needed.enumerate() {
                let mut fewer = policies["plan"].clone();
                for statement in fewer[0]["Statement"].as_array_mut().unwrap() {
                    statement["Action"].as_array_mut().unwrap().retain(|action| action != missing.as_str());
                }
                fewer[0]["Statement"].as_array_mut().unwrap().retain(|s| s["Action"] != json!([]));
                let short = lab.user(&format!("short-{number}"), &fewer).await;
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
            let (reads, all): (Vec<_>, Vec<_>) = lab.calls().await.into_iter().partition(|(name, _)| is_read(name));
            let own = |name: &String| name.starts_with("iam:");
            assert!(all.iter().all(|(name, _)| own(name)), "{all:?}");
            assert!(reads.len() > called.len() * called.len());
            assert_eq!(lab.state().await, state, "the account is as it was");
            let now = lab.files().await;
            let changed: Vec<_> = lines(&now).symmetric_difference(&lines(&files)).copied().collect();
            assert!(changed.is_empty(), "files of the server changed: {changed:?}");
        })
        .await;
    }
}
