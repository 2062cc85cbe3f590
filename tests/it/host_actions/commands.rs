//! Commands, host keys and gates.

use super::bench::Host;
use runbook::model::{FailureKind, Found, Outcome, Phase};
use serde_json::json;
use std::fs;

#[tokio::test]
async fn a_command_in_doubt_is_decided_by_its_check() {
    let host = Host::start();
    let mark = host.text("mark");
    let parameters = json!({
        "on": host.target(), "argv": ["touch", mark], "check": ["test", "-e", mark], "undo": ["rm", mark], "sudo": true,
    });
    let mut deed = host.deed("ssh.run", parameters);
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    assert_eq!(deed.observe().await.found, Found::Holds);
    deed.undo().await;
    deed.undo().await;
    assert!(!host.path("mark").exists());
}

#[tokio::test]
async fn a_command_without_a_check_goes_to_the_operator() {
    let host = Host::start();
    let awkward = "a'b \"c\" $HOME; echo *";
    let mut deed = host.deed("ssh.run", json!({"on": host.target(), "argv": ["printf", "%s", awkward]}));
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    assert_eq!(deed.call.outputs["stdout"], awkward, "arguments arrive as they are");
    assert_eq!(deed.observe().await.found, Found::Unknown);
    assert_eq!(deed.fails(Phase::Undo).await.kind, FailureKind::Permanent);
    let failure =
        host.deed("ssh.run", json!({"on": host.target(), "argv": ["ls", "/nothing/here"]})).fails(Phase::Apply).await;
    assert!(failure.causes[0].contains("/nothing/here"), "{failure:?}");
}

#[tokio::test]
async fn a_known_host_key_is_pinned_and_another_refused() {
    let host = Host::start();
    let mut deed = host.deed("ssh.pin-host-key", json!({"on": host.target(), "by": "known-hosts"}));
    deed.observe().await;
    deed.apply().await;
    deed.verify().await;
    let key = fs::read_to_string(host.path("host.pub")).unwrap();
    let words: Vec<&str> = key.split_whitespace().take(2).collect();
    assert_eq!(deed.call.outputs["host_key"], words.join(" "));
    assert!(deed.call.outputs["fingerprint"].as_str().unwrap().starts_with("SHA256:"));

    // The host shows another key than the one that was pinned.
    let other = fs::read_to_string(host.path("other.pub")).unwrap();
    let wrong: Vec<&str> = other.split_whitespace().take(2).collect();
    deed.call.outputs.insert("host_key".into(), wrong.join(" ").into());
    let failure = deed.fails(Phase::Verify).await;
    assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");

    fs::write(host.path("known_hosts"), "").unwrap();
    let failure = deed.fails(Phase::Observe).await;
    assert!(failure.kind == FailureKind::Refused && failure.advice[0].contains("ssh -p"), "{failure:?}");
}

#[tokio::test]
async fn a_key_seen_at_first_contact_needs_approval() {
    let host = Host::start();
    fs::write(host.path("known_hosts"), "").unwrap();
    let mut deed = host.deed("ssh.pin-host-key", json!({"on": host.target(), "by": "approve"}));
    deed.observe().await;
    deed.apply().await;
    let Outcome::Waiting { gate, prompt } = deed.phase(Phase::Verify).await else { panic!("a gate") };
    assert_eq!(gate, "host-key-web-1");
    assert!(prompt.contains(deed.call.outputs["fingerprint"].as_str().unwrap()), "{prompt}");
    deed.call.approved.push(gate);
    deed.verify().await;
}

#[tokio::test]
async fn an_approved_key_covers_no_other() {
    let host = Host::start();
    fs::write(host.path("known_hosts"), "").unwrap();
    let mut deed = host.deed("ssh.pin-host-key", json!({"on": host.target(), "by": "approve"}));
    let other = fs::read_to_string(host.path("other.pub")).unwrap();
    let shown: Vec<&str> = other.split_whitespace().take(2).collect();
    deed.call.outputs.insert("host_key".into(), shown.join(" ").into());
    deed.call.approved.push("host-key-web-1".into());
    // A further attempt, at a host that shows another key by now than the one that was approved.
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    assert_eq!(deed.call.outputs["host_key"], shown.join(" "));
    let failure = deed.fails(Phase::Verify).await;
    assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");
    assert!(failure.advice.iter().any(|a| a.contains("step-one/deed --as not-done")), "{failure:?}");
}

#[tokio::test]
async fn a_gate_opens_with_its_approval() {
    let host = Host::start();
    let mut deed = host.deed("gate.approve", json!({"prompt": "is the backup there?"}));
    assert_eq!(deed.observe().await.found, Found::Absent);
    let expected = Outcome::Waiting { gate: "deed".into(), prompt: "is the backup there?".into() };
    assert_eq!(deed.phase(Phase::Apply).await, expected);
    deed.call.approved.push("deed".into());
    deed.apply().await;
    deed.verify().await;
    assert_eq!(deed.observe().await.found, Found::Holds);
}
