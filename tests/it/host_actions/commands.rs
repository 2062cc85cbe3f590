//! Commands, host keys and gates.

use super::bench::Host;
use crate::support::told;
use runbook::model::{FailureKind, Found, Outcome, Phase};
use serde_json::json;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

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
async fn arguments_arrive_as_they_are() {
    let host = Host::start();
    let awkward = "a'b \"c\" $HOME; echo *";
    let mut deed = host.deed("ssh.run", json!({"on": host.target(), "argv": ["printf", "%s", awkward]}));
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    assert_eq!(deed.call.outputs["stdout"], awkward);
    assert_eq!(deed.observe().await.found, Found::Holds);
    assert_eq!(deed.fails(Phase::Undo).await.kind, FailureKind::Permanent);
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
    assert!(failure.kind == FailureKind::Refused && failure.by_hand()[0].contains("ssh -p"), "{failure:?}");
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
    assert!(told(&failure).concat().contains("step-one/deed --as not-done"), "{failure:?}");
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

/// An SSH server that begins the key exchange and sends a byte of it now and then: ssh itself never gives it up.
fn endless_login() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            std::thread::spawn(move || {
                let _ = connection.write_all(b"SSH-2.0-endless\r\n\x00\x00\x07\xfc\x04\x14");
                while connection.write_all(&[0]).is_ok() {
                    std::thread::sleep(Duration::from_secs(1));
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_login_without_an_end_is_given_up_and_holds_up_no_other_host() {
    let host = Host::start();
    let endless = json!({"name": "web-2", "host": "localhost", "port": endless_login()});
    let mut never = host.deed("ssh.run", json!({"on": endless, "argv": ["true"]}));
    let mut at_once = host.deed("ssh.run", json!({"on": host.target(), "argv": ["true"]}));
    let began = Instant::now();
    let other = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        at_once.apply().await;
        began.elapsed()
    };
    let (failure, other) = tokio::join!(never.fails(Phase::Apply), other);
    assert!(other < Duration::from_secs(10), "{other:?}");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(failure.kind, FailureKind::Transient, "{failure:?}");
    assert!(failure.causes[0].contains("no login within 20 s"), "{failure:?}");
}

#[tokio::test]
async fn a_connection_outlives_its_process_by_a_minute_at_most() {
    let host = Host::start();
    host.deed("ssh.run", json!({"on": host.target(), "argv": ["true"]})).apply().await;
    let ours = host.text("work/ssh/127.0.0.1.");
    let masters: Vec<String> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|process| fs::read_to_string(process.unwrap().path().join("cmdline")).ok())
        .filter(|words| words.contains(&ours))
        .collect();
    assert!(!masters.is_empty() && masters.iter().all(|words| words.contains("ControlPersist=60s")), "{masters:?}");
}
