//! `archive.unpack`: a folder is there whole or not at all, and goes again.

use super::bench::Host;
use super::writes::{host_with, names};
use runbook::model::{Change, FailureKind, Foresight, Found, Phase, Value};
use serde_json::json;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

/// An archive of a folder `app` with a file, a folder, a link, a special bit and somebody's own.
fn archive(host: &Host, name: &str, packed: &str) {
    let from = tempfile::tempdir().unwrap();
    let app = from.path().join("app");
    fs::create_dir_all(app.join("bin")).unwrap();
    fs::write(app.join("version"), "1.1\n").unwrap();
    fs::write(app.join("bin/run"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(app.join("bin/run"), fs::Permissions::from_mode(0o6755)).unwrap();
    symlink("bin/run", app.join("start")).unwrap();
    let what = if packed == "." { app } else { from.path().to_owned() };
    let mut tar = std::process::Command::new("tar");
    let tar = tar.args(["--owner=33", "--group=33", "-czf"]).arg(host.path(name)).arg("-C").arg(what).arg(packed);
    assert!(tar.status().unwrap().success());
}

#[tokio::test]
async fn an_archive_becomes_a_folder_and_goes() {
    let host = host_with(None);
    archive(&host, "etc/app.tgz", "app");
    let folder = host.path("etc/1.1");
    let unpack = |more: Value| {
        let mut parameters =
            json!({"on": host.target(), "archive": host.text("etc/app.tgz"), "to": host.text("etc/1.1")});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        host.deed("archive.unpack", parameters)
    };
    let mut deed = unpack(json!({"strip": 1, "owner": "33"}));
    // A plan says what comes; at its turn nobody reads a large one for that.
    deed.call.ahead = Some(Foresight::WithoutCommands);
    let listed = deed.observe().await.evidence;
    assert!(listed.contains("bytes, with 5 names: app/") && listed.contains("app/bin/run"), "{listed}");
    deed.call.ahead = None;
    let finding = deed.observe().await;
    assert!(finding.found == Found::Absent && !finding.evidence.contains("names"), "{finding:?}");
    assert!(matches!(finding.changes.as_slice(), [Change::Command { argv, .. }] if argv[0] == "tar"), "{finding:?}");
    // What another try has left of it is no obstacle, and nothing beside the folder stays.
    fs::create_dir_all(host.path("etc/.1.1.runbook-r20260101-000000-test.new/left")).unwrap();
    deed.apply().await;
    deed.apply().await;
    deed.verify().await;
    assert_eq!(
        (names(&folder), names(&host.path("etc"))),
        (["bin", "start", "version"].map(str::to_owned).to_vec(), ["1.1", "app.tgz"].map(str::to_owned).to_vec())
    );
    let run = fs::metadata(folder.join("bin/run")).unwrap();
    assert_eq!((run.mode() & 0o7777, run.uid()), (0o755, 33), "no special bit, and whose it is to be");
    assert_eq!(fs::read_link(folder.join("start")).unwrap(), Path::new("bin/run"));
    let again = deed.observe().await;
    assert!(again.found == Found::Holds && again.ours, "{again:?}");
    fs::write(folder.join("pid"), "1").unwrap();
    deed.undo().await;
    deed.undo().await;
    assert_eq!(names(&host.path("etc")), ["app.tgz"]);

    // One that was there is taken for it where it has all of it, and stays.
    archive(&host, "etc/app.tgz", ".");
    let mut first = unpack(json!({}));
    first.observe().await;
    first.apply().await;
    let mut found = unpack(json!({}));
    let finding = found.observe().await;
    assert!(finding.found == Found::Holds && !finding.ours, "{finding:?}");
    found.undo().await;
    assert!(folder.join("version").exists());
    fs::write(folder.join("version"), "1.0\n").unwrap();
    let other = unpack(json!({})).fails(Phase::Observe).await;
    assert!(other.message.contains("is there already") && other.causes[0].contains("version"), "{other:?}");
    let stripped = unpack(json!({"strip": 1})).fails(Phase::Observe).await;
    assert!(stripped.causes[0].contains("cannot be told"), "{stripped:?}");
}

#[tokio::test]
async fn what_cannot_be_unpacked_leaves_nothing() {
    let host = host_with(None);
    let unpack = || {
        host.deed(
            "archive.unpack",
            json!({"on": host.target(), "archive": host.text("etc/app.tgz"), "to": host.text("etc/1.1")}),
        )
    };
    // Not there yet: an earlier action may bring it.
    let mut missing = unpack();
    assert!(missing.observe().await.evidence.contains("the archive is not there"));
    assert_eq!(missing.fails(Phase::Apply).await.kind, FailureKind::Refused);
    fs::write(host.path("etc/app.tgz"), "no archive").unwrap();
    let mut broken = unpack();
    broken.observe().await;
    assert!(broken.fails(Phase::Apply).await.message.contains("cannot unpack"));
    assert!(!host.path("etc/1.1").exists());
    broken.undo().await;
    assert_eq!(names(&host.path("etc")), ["app.tgz"]);
    // Names that lead out of it.
    let from = tempfile::tempdir().unwrap();
    fs::write(from.path().join("evil"), "x").unwrap();
    let mut tar = std::process::Command::new("tar");
    let tar = tar
        .args(["-czPf"])
        .arg(host.path("etc/app.tgz"))
        .arg("--transform=s,^,../,")
        .arg("-C")
        .arg(from.path())
        .arg("evil");
    assert!(tar.status().unwrap().success());
    let mut leads = unpack();
    leads.observe().await;
    leads.fails(Phase::Apply).await;
    assert!(!host.path("etc/evil").exists() && !host.path("etc/1.1").exists());
    // Something else than a folder is there.
    symlink("/etc", host.path("etc/1.1")).unwrap();
    assert!(unpack().fails(Phase::Observe).await.message.contains("is no folder but symbolic link"));
}
