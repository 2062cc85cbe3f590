//! Files that are brought to a host: small and large ones and secrets, cut off in between, taken back.

use super::bench::Host;
use runbook::model::{Change, FailureKind, Found, Outcome, Phase};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Duration;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Bytes that no compression and no chance makes equal.
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(next).flatten().take(bytes).collect()
}

fn diff(changes: &[Change]) -> String {
    changes
        .iter()
        .map(|change| if let Change::File { diff, .. } = change { diff.clone() } else { String::new() })
        .collect()
}

#[tokio::test]
async fn a_text_is_shown_brought_and_taken_back() {
    let host = Host::start();
    fs::create_dir(host.path("etc")).unwrap();
    fs::write(host.path("app.conf"), "mode = new\n").unwrap();
    let with = json!({ "on": host.target(), "path": host.text("etc/app.conf"), "from": host.text("app.conf") });
    let mut deed = host.deed("file.upload", with.clone());
    let seen = deed.observe().await;
    assert!(seen.found == Found::Absent && diff(&seen.changes).contains("+mode = new"), "{seen:?}");
    assert_eq!(seen.facts["`app.conf` on this machine"].split(',').next(), Some("11 bytes"));
    deed.apply().await;
    deed.verify().await;
    assert_eq!(
        (fs::read(host.path("etc/app.conf")).unwrap(), mode(&host.path("etc/app.conf"))),
        (b"mode = new\n".to_vec(), 0o644)
    );
    assert_eq!(deed.observe().await.found, Found::Holds);
    deed.undo().await;
    assert!(!host.path("etc/app.conf").exists());
    // One that was there comes back to the byte, and one that somebody changed since stays.
    fs::write(host.path("etc/app.conf"), "mode = old\n").unwrap();
    fs::set_permissions(host.path("etc/app.conf"), fs::Permissions::from_mode(0o640)).unwrap();
    let mut deed = host.deed("file.upload", with);
    deed.observe().await;
    deed.apply().await;
    deed.verify().await;
    assert_eq!(mode(&host.path("etc/app.conf")), 0o640);
    let done = fs::read(host.path("etc/app.conf")).unwrap();
    fs::write(host.path("etc/app.conf"), "mode = mine\n").unwrap();
    assert_eq!(deed.fails(Phase::Undo).await.kind, FailureKind::Refused);
    fs::write(host.path("etc/app.conf"), done).unwrap();
    deed.undo().await;
    assert_eq!(fs::read_to_string(host.path("etc/app.conf")).unwrap(), "mode = old\n");
    assert_eq!(fs::read_dir(host.path("etc")).unwrap().count(), 1, "nothing is left beside it");
}

#[tokio::test]
async fn a_large_file_goes_on_where_it_stood() {
    let host = Host::start();
    fs::create_dir(host.path("srv")).unwrap();
    let content = noise(23 << 20, 7);
    fs::write(host.path("app.tgz"), &content).unwrap();
    let with = json!({ "on": host.target(), "path": host.text("srv/app.tgz"), "from": host.text("app.tgz") });
    let mut deed = host.deed("file.upload", with);
    let seen = deed.observe().await;
    assert!(diff(&seen.changes).contains("(23.0 MiB, SHA-256 "), "{seen:?}");
    let fresh = host.path("srv/.app.tgz.runbook-r20260101-000000-test.step-one.deed.new");
    // What is there of the same file counts.
    fs::write(&fresh, &content[..(5 << 20) + 17]).unwrap();
    let inode = fs::metadata(&fresh).unwrap().ino();
    let cut = async {
        while fs::metadata(&fresh).is_ok_and(|it| it.len() < 9 << 20) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        host.kill_sessions();
        host.cut_connections();
    };
    // A connection that is cut between two pieces is made anew; one that is cut in a piece ends the attempt.
    let (outcome, ()) = tokio::join!(deed.phase(Phase::Apply), cut);
    if let Outcome::Failed(failure) = outcome {
        assert!(failure.kind.may_pass() || failure.kind == FailureKind::Lost, "{failure:?}");
        let there = fs::metadata(&fresh).unwrap();
        assert!(there.ino() == inode && there.len() >= 7 << 20, "{}", there.len());
    }
    deed.apply().await;
    deed.verify().await;
    let done = fs::metadata(host.path("srv/app.tgz")).unwrap();
    assert!(done.ino() == inode && fs::read(host.path("srv/app.tgz")).unwrap() == content);
    deed.undo().await;
    assert_eq!(fs::read_dir(host.path("srv")).unwrap().count(), 0);
    // What is there of another file does not.
    let mut deed = host.deed("file.upload", deed.call.parameters.clone());
    fs::write(&fresh, noise(3 << 20, 9)).unwrap();
    deed.observe().await;
    deed.apply().await;
    deed.verify().await;
    assert!(fs::read(host.path("srv/app.tgz")).unwrap() == content);
}

#[tokio::test]
async fn a_secret_comes_to_its_file_and_nowhere_else() {
    let host = Host::start();
    let with = json!({ "on": host.target(), "path": host.text("tls.key"), "secret": { "command": ["printf", "%s\n", "hunter-2-hunter-2"] } });
    let mut deed = host.deed("file.upload", with);
    let seen = deed.observe().await;
    assert!(
        diff(&seen.changes).contains("(a secret, not shown)") && !format!("{seen:?}").contains("hunter"),
        "{seen:?}"
    );
    deed.apply().await;
    deed.verify().await;
    assert_eq!(fs::read_to_string(host.path("tls.key")).unwrap(), "hunter-2-hunter-2");
    assert_eq!(mode(&host.path("tls.key")), 0o600);
    assert!(!format!("{:?}{:?}", deed.call.outputs, deed.call.before).contains("hunter"));
    deed.undo().await;
    assert!(!host.path("tls.key").exists());
}

#[tokio::test]
async fn what_cannot_be_brought_is_told_by_the_plan() {
    let host = Host::start();
    fs::write(host.path("a"), "a").unwrap();
    let refused = async |more: Value| {
        let mut with = json!({ "on": host.target(), "path": host.text("b") });
        with.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        host.deed("file.upload", with).fails(Phase::Observe).await
    };
    let failure = refused(json!({ "from": host.text("none") })).await;
    assert!(failure.message.contains("cannot be read on this machine"), "{failure:?}");
    assert!(refused(json!({ "from": "/etc" })).await.message.contains("is no file"));
    assert_eq!(refused(json!({})).await.kind, FailureKind::Refused);
    assert_eq!(refused(json!({ "from": host.text("a"), "secret": { "env": "X" } })).await.kind, FailureKind::Refused);
    let nowhere = json!({ "from": host.text("a"), "path": host.text("none/b") });
    assert_eq!(refused(nowhere).await.kind, FailureKind::Refused);
}
