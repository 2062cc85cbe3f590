//! Checks of an account before a run: an account that is ready, and one thing wrong at a time.

mod network;
mod servers;

both_halves!(
    "aws_checks":
    an_account_that_is_ready_passes,
    an_account_whose_lists_come_entry_by_entry_passes_too,
    what_may_not_be_asked_does_not_refuse,
    an_accepted_refusal_is_kept_with_the_run,
    what_was_accepted_holds_for_the_saved_plan_and_for_a_new_one_under_way,
    what_a_person_says_is_done_is_looked_at_for_what_it_gives,
);

use crate::support::emulator::{Emulator, REGION};
use crate::support::names::Names;
use crate::support::stage::Stage;
use runbook::access::Aws;
use runbook::journal::{Journal, RecordKind};
use runbook::model::CheckVerdict::{self, NotCheckable, Pass, Refuse, Warn};
use runbook::model::{CheckKind, CheckRow, Value};
use serde_json::json;

struct World {
    emulator: Emulator,
    names: Names,
    stage: Stage,
    seed: Value,
    aws: Aws,
}

impl World {
    async fn new() -> Self {
        let emulator = Emulator::here();
        emulator.post("config", &json!({"start_ticks": 0}));
        let seed = emulator.seed();
        let names = Names::of(&emulator);
        let stage = Stage::new().asking(names.place);
        Self { emulator, names, stage, seed, aws: Aws::connect(REGION).await }
    }

    fn id(&self, name: &str) -> String {
        self.seed[name].as_str().unwrap().to_owned()
    }

    fn subnet(&self, letter: &str) -> String {
        self.seed["subnets"][letter].as_str().unwrap().to_owned()
    }

    async fn check(&self, kind: &str, parameters: Value) -> Vec<CheckRow> {
        let kind: CheckKind = serde_json::from_value(Value::from(kind)).unwrap();
        let rows = self.stage.check(kind, parameters).await;
        let declared: Vec<String> = kind.spec().rows.iter().map(|row| format!("it.{}", row.name)).collect();
        let given: Vec<&String> = rows.iter().map(|row| &row.id).collect();
        assert!(given.into_iter().eq(&declared), "every row of the kind, in order: {rows:?}");
        for row in &rows {
            assert!(!row.evidence.is_empty() && !row.evidence.contains('\n'), "{row:?}");
            assert!(row.verdict != Refuse || !row.advice.is_empty(), "a refusal says what to do: {row:?}");
        }
        rows
    }

    /// Everything passes, but for the port that the whole world is let in by.
    async fn is_ready(&self) {
        let both = [self.subnet("a"), self.subnet("b")];
        let all = [
            self.server().await,
            self.place("b").await,
            self.kind("t3.small").await,
            self.balancer(&both).await,
            self.check("balancer.quota", json!({})).await,
            self.database().await,
            self.free_names().await,
            self.name(&self.id("zone")).await,
            self.rules(&[self.id("web_group")]).await,
            self.keys().await,
        ];
        for rows in &all {
            assert!(rows.iter().all(|row| row.verdict == Pass), "{rows:#?}");
        }
        assert_eq!(verdicts(&self.port_80().await), [Warn]);
    }

    async fn server(&self) -> Vec<CheckRow> {
        self.check("instance.running", json!({"instance": self.id("instance")})).await
    }

    async fn place(&self, letter: &str) -> Vec<CheckRow> {
        let with = json!({"like": self.id("instance"), "subnet": self.subnet(letter)});
        self.check("instance.clone-place", with).await
    }

    async fn kind(&self, name: &str) -> Vec<CheckRow> {
        let with = json!({"instance": self.id("instance"), "subnet": self.subnet("b"), "instance_type": name});
        self.check("instance.type", with).await
    }

    /// The image the server was launched from.
    async fn image(&self) -> String {
        let answer = self.aws.read.ec2.describe_instances().instance_ids(self.id("instance")).send().await.unwrap();
        answer.reservations()[0].instances()[0].image_id().unwrap().to_owned()
    }

    async fn balancer(&self, subnets: &[String]) -> Vec<CheckRow> {
        let servers = [self.subnet("a"), self.subnet("b")];
        self.check("balancer.subnets", json!({"subnets": subnets, "server_subnets": servers})).await
    }

    async fn database(&self) -> Vec<CheckRow> {
        let places = [self.subnet("a"), self.subnet("b")];
        let with = json!({"db": self.id("db"), "clients": [self.id("web_group")], "client_subnets": places});
        self.check("rds.ready", with).await
    }

    async fn free_names(&self) -> Vec<CheckRow> {
        let with = json!({
            "balancer": "nc-alb", "target_group": "nc-web", "group": "nc-alb", "vpc": self.id("vpc"), "instance": "nc-web-2",
        });
        self.check("names.free", with).await
    }

    async fn name(&self, zone: &str) -> Vec<CheckRow> {
        let with = json!({"fqdn": self.id("fqdn"), "zone": zone, "instance": self.id("instance")});
        self.check("dns.name", with).await
    }

    async fn rules(&self, groups: &[String]) -> Vec<CheckRow> {
        let with = json!({"groups": groups, "group": self.id("web_group"), "sources": ["0.0.0.0/0"]});
        self.check("security-group.rules", with).await
    }

    async fn keys(&self) -> Vec<CheckRow> {
        self.check("instance.volume-keys", json!({"instance": self.id("instance")})).await
    }

    async fn port_80(&self) -> Vec<CheckRow> {
        self.check("security-group.closed", json!({"groups": [self.id("web_group")], "port": 80})).await
    }
}

fn verdicts(rows: &[CheckRow]) -> Vec<CheckVerdict> {
    rows.iter().map(|row| row.verdict).collect()
}

fn row<'r>(rows: &'r [CheckRow], name: &str) -> &'r CheckRow {
    rows.iter().find(|row| row.id == format!("it.{name}")).unwrap()
}

mod inside {
    use super::*;
    use aws_sdk_ec2::types::Tag;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_account_that_is_ready_passes() {
        let w = World::new().await;
        let caller = w.check("account.caller", json!({})).await;
        assert!(caller[0].verdict == Pass && caller[0].evidence.contains("123456789012"), "{caller:?}");
        w.is_ready().await;
        let read = |name: &str| ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb));
        let calls = w.emulator.get("calls");
        let calls: Vec<&str> = calls.as_array().unwrap().iter().map(|call| call[1].as_str().unwrap()).collect();
        assert!(calls.len() > 15 && calls.iter().all(|name| read(name)), "{calls:?}");
    }

    /// Some of them begin with a page of nothing but a token, as AWS's may.
    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_account_whose_lists_come_entry_by_entry_passes_too() {
        let w = World::new().await;
        w.emulator.post("config", &json!({"page_size": 1}));
        w.is_ready().await;
        w.emulator.post("config", &json!({"empty_pages": true}));
        w.is_ready().await;
        let name = Tag::builder().key("Name").value("nc-web-2").build();
        w.aws.write.ec2.create_tags().resources(w.id("instance")).tags(name).send().await.unwrap();
        assert_eq!(row(&w.free_names().await, "instance").verdict, Warn, "what comes on a later page counts too");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_may_not_be_asked_does_not_refuse() {
        let w = World::new().await;
        for (service, action) in [
            ("ec2", "DescribeAddresses"),
            ("route53", "ListResourceRecordSets"),
            ("rds", "DescribeOrderableDBInstanceOptions"),
            ("elbv2", "DescribeAccountLimits"),
            ("ec2", "DescribeInstanceTypeOfferings"),
        ] {
            w.emulator.refuse(service, action, "AccessDenied", 100);
        }
        let name = w.name(&w.id("zone")).await;
        assert_eq!(verdicts(&name), [Pass, Pass, Pass, Pass, NotCheckable, NotCheckable, Pass, Pass]);
        assert!(row(&name, "elastic-ip").evidence.contains("AccessDenied"), "{name:?}");
        assert_eq!(row(&w.database().await, "engine").verdict, NotCheckable);
        assert_eq!(row(&w.kind("t3.small").await, "offered").verdict, NotCheckable);
        assert_eq!(verdicts(&w.check("balancer.quota", json!({})).await), [NotCheckable, NotCheckable]);
    }

    const TINY: &str = r#"
runbook: tiny
title: look a server up, if a check lets us
about: a check that refuses, and two actions that look
region: us-east-1
inputs:
  instance: { type: instance-id, about: the server }
preflight:
  - { id: server, do: instance.clone-place, with: { like: "${{ inputs.instance }}", subnet: SUBNET } }
  - { id: server-up, do: instance.running, with: { instance: "${{ inputs.instance }}" } }
steps:
  - id: look
    title: look
    why: to know
    actions:
      - { id: up, do: instance.look-up, with: { instance: "${{ inputs.instance }}" } }
  - id: again
    title: look again
    why: to know it twice
    actions:
      - { id: up, do: instance.look-up, with: { instance: "${{ inputs.instance }}" } }
"#;

    /// A folder with `tiny.yaml` in it, whose check refuses the subnet.
    struct Tiny {
        folder: tempfile::TempDir,
        instance: String,
    }

    impl Tiny {
        fn of(w: &World) -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("tiny.yaml"), TINY.replace("SUBNET", &w.subnet("a"))).unwrap();
            Self { folder, instance: format!("instance={}", w.id("instance")) }
        }

        /// The exit code, and what was said.
        fn types(&self, arguments: &[&str]) -> (i32, String) {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_runbook"));
            command.current_dir(&self.folder).args(["--state", "state"]).args(arguments);
            let output = command.output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8(text).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
            (output.status.code().unwrap(), text)
        }

        fn says(&self, arguments: &[&str], code: i32, words: &[&str]) {
            let (exit, told) = self.types(arguments);
            assert_eq!(exit, code, "{arguments:?}: {told}");
            for word in words {
                assert!(told.contains(word), "`{word}` is not in: {told}");
            }
        }
    }

    const MADE: &str = r#"
runbook: made
title: make a group, and ask whether it is the one
about: an action whose output the next one needs
region: us-east-1
inputs:
  instance: { type: instance-id, about: the server }
steps:
  - id: look
    title: look
    why: to know
    actions:
      - { id: up, do: instance.look-up, with: { instance: "${{ inputs.instance }}" } }
  - id: make
    title: make it
    why: to have it
    actions:
      - { id: group, do: security-group.create, with: { vpc: "${{ steps.look.up.vpc }}", name: of-made, description: of a test } }
  - id: ask
    title: ask
    why: to be sure
    actions:
      - { id: it, do: gate.approve, with: { prompt: "is it ${{ steps.make.group.group }}?" } }
"#;

    /// Killed after its effect and before that was recorded: what it gives is learnt by looking, when a person says it is done.
    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_a_person_says_is_done_is_looked_at_for_what_it_gives() {
        let w = World::new().await;
        let tiny = Tiny::of(&w);
        std::fs::write(tiny.folder.path().join("made.yaml"), MADE).unwrap();
        tiny.says(&["run", "made.yaml", "--set", tiny.instance.as_str(), "--yes"], 4, &["is it sg-"]);
        let records = {
            let journal = Journal::open(&tiny.folder.path().join("state")).unwrap();
            let run = journal.runs().unwrap()[0].run.clone();
            journal.records(&run, 0).unwrap()
        };
        std::fs::remove_dir_all(tiny.folder.path().join("state")).unwrap();
        let mut journal = Journal::open(&tiny.folder.path().join("state")).unwrap();
        let run = records[0].run.to_string();
        let mut state = journal.open_run(&records[0].run, records[0].at, records[0].kind.clone()).unwrap();
        let applied =
            |kind: &RecordKind| matches!(kind, RecordKind::Applied { action, .. } if action.name() == "group");
        for record in records.iter().skip(1).take_while(|record| !applied(&record.kind)) {
            (_, state) = journal.append(&state, None, record.at, record.kind.clone()).unwrap();
        }
        drop(journal);

        let resolve = ["resolve", run.as_str(), "make/group", "--as", "done", "--reason", "seen in the console"];
        w.emulator.refuse("ec2", "DescribeSecurityGroups", "AccessDenied", 1);
        tiny.says(&resolve, 3, &["`group` is not known, and is used by `ask/it`", "--output group=GROUP-ID"]);
        tiny.says(&[&resolve[..], &["--output", "group=i-0"]].concat(), 2, &["`group` of `make/group`"]);
        tiny.says(&resolve, 0, &["and gives group = sg-"]);
        tiny.says(&["resume"], 4, &["is it sg-"]);
    }

    const REASON: &str = "server.zone=only one zone is left";

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_accepted_refusal_is_kept_with_the_run() {
        let w = World::new().await;
        let tiny = Tiny::of(&w);
        let run = ["run", "tiny.yaml", "--set", tiny.instance.as_str(), "--yes"];
        let words = ["nothing was changed", "check server.zone", "us-east-1a", "--accept server.zone=\"REASON\""];
        tiny.says(&run, 3, &words);
        assert_eq!(tiny.types(&["runs", "--format", "json"]), (0, "[]".into()), "no run was opened");

        tiny.says(&[&run[..], &["--accept", REASON]].concat(), 0, &[]);
        tiny.says(&["status"], 0, &["accepted: `server.zone`", "only one zone is left"]);
        tiny.says(&["log", "--verify"], 0, &[]);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_was_accepted_holds_for_the_saved_plan_and_for_a_new_one_under_way() {
        let w = World::new().await;
        let tiny = Tiny::of(&w);
        let plan = ["plan", "tiny.yaml", "--set", tiny.instance.as_str(), "--out", "plan.json", "--until", "look"];
        tiny.says(&plan, 3, &["check server.zone"]);
        assert!(!tiny.folder.path().join("plan.json").exists(), "what refuses is not saved");
        tiny.says(&[&plan[..], &["--accept", REASON]].concat(), 0, &["sha256: "]);
        tiny.says(&["show", "plan.json"], 0, &["server.zone", "only one zone is left"]);
        let run = ["run", "--plan", "plan.json", "--yes"];
        tiny.says(&[&run[..], &["--accept", "server.zone=me too"]].concat(), 3, &["when a plan is made"]);

        // What refuses since, nobody has accepted.
        w.emulator.post("config", &json!({"stop_ticks": 0, "status_ticks": 0}));
        let (ec2, instance) = (&w.aws.write.ec2, w.id("instance"));
        ec2.stop_instances().instance_ids(&instance).send().await.unwrap();
        tiny.says(&run, 3, &["nothing was changed", "check server-up.running"]);
        ec2.start_instances().instance_ids(&instance).send().await.unwrap();
        tiny.says(&run, 0, &["rests after step 1"]);
        let accepted = ["accepted: `server.zone`", "only one zone is left"];
        tiny.says(&["status"], 0, &accepted);

        let text = std::fs::read_to_string(tiny.folder.path().join("tiny.yaml")).unwrap();
        std::fs::write(tiny.folder.path().join("tiny.yaml"), text.replace("to know it twice", "to be sure")).unwrap();
        tiny.says(&["resume"], 3, &["--replan"]);
        tiny.says(&["resume", "--replan", "--yes"], 0, &["what has not run of"]);
        tiny.says(&["status"], 0, &accepted);
    }
}
