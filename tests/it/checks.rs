//! Checks before a run: that all of them are made, at the same time and in order, and what a person may accept.

use runbook::access::Beat;
use runbook::engine::{Examiner, Lookout, Performer, preflight_with_checks};
use runbook::model::{
    Acceptance, AcceptanceError, ActionCall, CheckCall, CheckKind, CheckRow, CheckVerdict, Failure, Finding, Found,
    GuardCall, LookAhead, Outcome, Runbook, Sighting, Value, Values,
};
use runbook::plan::{Order, Plan};
use runbook::validate;
use serde_json::json;
use std::process::Command;
use std::time::Duration;
use tokio::sync::Barrier;

const TEXT: &str = r#"
runbook: checked
title: checks of every sort
about: what the engine must bring together
region: ${{ inputs.region }}
inputs:
  region: { type: region, about: the region }
  instance: { type: instance-id, about: the server }
targets:
  web-1: { instance: "${{ inputs.instance }}", host_key: "${{ steps.look.pin.host_key }}" }
preflight:
  - { id: group, do: security-group.closed, with: { groups: "${{ steps.look.up.groups }}", port: 80 } }
  - { id: server, do: instance.running, with: { instance: "${{ inputs.instance }}" } }
  - { id: login, do: ssh.login, with: { on: web-1 } }
steps:
  - id: look
    title: look
    why: to know
    actions:
      - { id: up, do: instance.look-up, with: { instance: "${{ inputs.instance }}" } }
      - { id: pin, do: ssh.pin-host-key, with: { on: web-1, by: known-hosts } }
"#;

fn plan() -> Plan {
    let runbook = validate::parse_runbook("checked.yaml", TEXT).unwrap_or_else(|p| panic!("{p}"));
    let inputs = Values::from([
        ("region".to_owned(), json!("eu-west-1")),
        ("instance".to_owned(), json!("i-0123456789abcdef0")),
    ]);
    Plan::make(runbook, inputs, None, Order::Article).unwrap()
}

/// A world in which the look-up gives a group or fails, and in which the checks that the inputs tell and the look-up must
/// meet before any of them answers.
struct World {
    found: bool,
    meet: Barrier,
}

impl Performer for World {
    async fn perform(&self, call: ActionCall, _: Beat) -> Outcome {
        if call.action.name() != "up" {
            return Failure::permanent("not here").into();
        }
        self.meet.wait().await;
        if !self.found {
            return Failure::permanent("EC2 does not answer").into();
        }
        Outcome::Observed(Finding {
            found: Found::Holds,
            ours: false,
            before: Value::Null,
            outputs: Values::from([("groups".to_owned(), json!(["sg-0123456789abcdef0"]))]),
            evidence: "looked up".into(),
            changes: Vec::new(),
            facts: runbook::model::Facts::new(),
            brought_by: None,
        })
    }

    async fn look(&self, call: GuardCall) -> Sighting {
        panic!("no run goes on here, and `{}` is asked", call.guard)
    }
}

impl Lookout for World {
    async fn look_ahead(&self, ahead: LookAhead, _: Beat) -> Outcome {
        panic!("`{}` can be looked at only when all of it is known", ahead.call.action)
    }
}

impl Examiner for World {
    async fn examine(&self, call: CheckCall) -> Vec<CheckRow> {
        if call.kind != CheckKind::SecurityGroupClosed {
            self.meet.wait().await;
        }
        let row = CheckRow {
            id: format!("{}.it", call.id),
            verdict: CheckVerdict::Refuse,
            evidence: call.parameters.shown().to_string(),
            advice: Vec::new(),
            acceptable: false,
            accepted: None,
        };
        vec![row]
    }
}

async fn checked(found: bool) -> Vec<CheckRow> {
    let world = World { found, meet: Barrier::new(3) };
    let run = "r1".parse().unwrap();
    let plan = plan();
    let all = preflight_with_checks(&plan, &run, &world, 1);
    let (looks, rows) = tokio::time::timeout(Duration::from_secs(60), all).await.expect("all at the same time");
    assert_eq!(looks.len(), 2, "every action was looked at, whatever the checks say");
    rows
}

#[tokio::test]
async fn all_are_made_at_the_same_time_and_told_in_order() {
    let rows = checked(true).await;
    let ids: Vec<&str> = rows.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(ids, ["group.it", "server.it", "login.it"], "one refusal does not keep the next from being told");
    assert!(rows[0].evidence.contains("sg-0123456789abcdef0"), "what was looked up is used: {}", rows[0].evidence);
    assert!(
        !rows[2].evidence.contains("host_key"),
        "a key not pinned yet is left to known_hosts: {}",
        rows[2].evidence
    );
}

#[tokio::test]
async fn what_could_not_be_looked_up_is_said() {
    let rows = checked(false).await;
    assert_eq!((rows[0].id.as_str(), rows[0].verdict), ("group.open", CheckVerdict::NotCheckable));
    assert!(rows[0].evidence.contains("steps.look.up.groups"), "{}", rows[0].evidence);
    assert_eq!(rows.len(), 3);
}

fn flagship() -> Runbook {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/single-to-ha.yaml");
    validate::parse_runbook("single-to-ha.yaml", &std::fs::read_to_string(path).unwrap())
        .unwrap_or_else(|p| panic!("{p}"))
}

#[test]
fn only_refusals_that_are_a_persons_to_accept_are_accepted() {
    let runbook = flagship();
    let judge = |ids: &[&str]| {
        let all: Vec<Acceptance> =
            ids.iter().map(|id| Acceptance { id: (*id).into(), reason: "I know".into() }).collect();
        Acceptance::check(&runbook, &all)
    };
    assert_eq!(judge(&["nextcloud.data-directory", "dns.elastic-ip"]), Ok(()));
    for unknown in ["nextcloud", "nextcloud.data", "dns.elastic-ip.x", ""] {
        assert_eq!(judge(&[unknown]), Err(AcceptanceError::Unknown(unknown.into())));
    }
    assert_eq!(judge(&["balancer.zones"]), Err(AcceptanceError::Final("balancer.zones".into())));
    assert_eq!(judge(&["dns.ttl"]), Err(AcceptanceError::NeverRefuses("dns.ttl".into())));
    let twice = "dns.elastic-ip";
    assert_eq!(judge(&[twice, twice]), Err(AcceptanceError::Twice(twice.into())));
}

/// A check that its runbook only warns with has nothing to accept.
#[test]
fn a_check_that_only_warns_refuses_nothing() {
    let text = "runbook: r\ntitle: t\nabout: a\npreflight:\n  \
                - { id: room, do: probe.holds, with: { shell: 'true', verdict: warn } }\n  \
                - { id: up, do: probe.holds, with: { shell: 'true' } }\n\
                steps: [{ id: s, title: t, why: w, actions: [{ id: a, do: local.run, with: { shell: 'true', reads: true } }] }]\n";
    let runbook = validate::parse_runbook("r.yaml", text).unwrap_or_else(|p| panic!("{p}"));
    let judge = |id: &str| Acceptance::check(&runbook, &[Acceptance { id: id.into(), reason: "I know".into() }]);
    assert_eq!(judge("room.holds"), Err(AcceptanceError::NeverRefuses("room.holds".into())));
    assert_eq!(judge("up.holds"), Ok(()));
}

#[test]
fn what_cannot_be_accepted_is_told_before_anything_is_looked_at() {
    for (given, said) in [
        ("dns.elastik-ip=ours", "there is no check `dns.elastik-ip`"),
        ("balancer.zones=no matter", "cannot be accepted"),
        ("dns.ttl=no matter", "only warns"),
        ("dns.elastic-ip=  ", "say why"),
        ("dns.elastic-ip", "say why"),
        ("=why", "name the check"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
        command.args(["plan", "single-to-ha", "--inputs"]);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/single-to-ha.inputs.example.yaml"));
        // Without credentials and without a way out: it must not come so far.
        let output = command.args(["--accept", given]).env_clear().output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{given}: {told}");
        assert!(told.contains(said), "{given}: {told}");
    }
}
