//! Files in a directory that is a user's: worked on as that user, over a real sshd and sudo, also while he attacks; and files
//! that a rename cannot replace, which are refused before anything is made.
//!
//! Attackers change owners and become another user, so these tests need root; who is not root gets there by `sudo -n`.

use super::bench::{Deed, Host, again_as_root};
use runbook::model::{Change, FailureKind, Found, Phase};
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// `www-data`.
const WEB: u32 = 33;
const CANARY: &str = "canary.of.root";
const CONFIG: &str = "<?php\n$CONFIG = array (\n  'secret' => 'hunter2',\n  'overwriteprotocol' => 'http',\n);\n";

fn make(path: &Path, content: &str, owner: u32, mode: u32) {
    fs::write(path, content).unwrap();
    chown(path, Some(owner), Some(owner)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A host whose `config` is the web server's, as Nextcloud's is.
fn host_of_web() -> Host {
    let host = Host::start();
    fs::create_dir(host.path("config")).unwrap();
    chown(host.path("config"), Some(WEB), Some(WEB)).unwrap();
    fs::set_permissions(host.path("config"), fs::Permissions::from_mode(0o750)).unwrap();
    make(&host.path("config/config.php"), CONFIG, WEB, 0o640);
    host
}

fn set_config(host: &Host) -> Deed<'_> {
    let parameters = json!({
        "on": host.target(), "file": host.text("config/config.php"),
        "set": {"overwriteprotocol": "https", "overwritehost": "cloud.nextcloud.example"},
        "append": {"trusted_proxies": ["10.77.0.0/16"]},
    });
    host.deed("php.set-config", parameters)
}

/// A file as it is: path, content, owner, group, mode, time of modification.
type Entry = (PathBuf, Vec<u8>, u32, u32, u32, i64, i64);

/// Everything in a folder.
fn picture(folder: &Path) -> Vec<Entry> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let content = if meta.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
            (path, content, meta.uid(), meta.gid(), meta.mode(), meta.mtime(), meta.mtime_nsec())
        })
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn what_is_the_web_servers_is_done_as_the_web_server() {
    if !again_as_root("host_actions::attacks::what_is_the_web_servers_is_done_as_the_web_server") {
        return;
    }
    let host = host_of_web();
    let before = picture(&host.path("config"));
    let mut deed = set_config(&host);
    assert_eq!(deed.observe().await.found, Found::Absent);
    assert_eq!(picture(&host.path("config")), before, "looking makes nothing");
    deed.apply().await;
    deed.verify().await;
    let now = picture(&host.path("config"));
    let names: Vec<String> = now.iter().map(|it| it.0.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names, [".config.php.runbook-r20260101-000000-test.php", "config.php"]);
    assert_eq!(now[0].1, before[0].1);
    assert!(now.iter().all(|it| (it.2, it.3, it.4 & 0o7777) == (WEB, WEB, 0o640)), "{now:?}");
    assert_eq!((now[0].5, now[0].6), (before[0].5, before[0].6), "the copy keeps the time");
    deed.call.outputs.clear();
    deed.undo().await;
    assert_eq!(picture(&host.path("config")), before);

    // A rename, which the plan tells as it is made.
    let parameters =
        json!({"on": host.target(), "from": host.text("config/config.php"), "to": host.text("config/.hidden")});
    let mut rename = host.deed("file.rename", parameters);
    let finding = rename.observe().await;
    let [Change::Command { argv, .. }] = finding.changes.as_slice() else { panic!("{finding:?}") };
    assert!(argv.join(" ").starts_with("sudo -n -- setpriv --reuid=33 --regid=33 --init-groups"), "{argv:?}");
    rename.apply().await;
    rename.verify().await;
    assert!(host.path("config/.hidden").exists());
    rename.undo().await;
    assert_eq!(picture(&host.path("config")), before);
}

/// An attacker at work; he ends with the test at the latest.
struct Attacker(Child);

impl Attacker {
    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        self.end();
    }
}

fn attack(host: &Host, program: &Path, arguments: &[String]) -> Attacker {
    let mut child = Command::new(program)
        .arg(WEB.to_string())
        .args(arguments)
        .current_dir(host.path(""))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "ready\n");
    Attacker(child)
}

#[tokio::test]
async fn an_attacked_run_changes_nothing_of_roots_and_tells_nothing_of_it() {
    if !again_as_root("host_actions::attacks::an_attacked_run_changes_nothing_of_roots_and_tells_nothing_of_it") {
        return;
    }
    let host = host_of_web();
    let program = host.path("attacker");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/attacks/attacker.c");
    assert!(Command::new("cc").arg("-O1").arg("-o").arg(&program).arg(source).status().unwrap().success());
    fs::create_dir(host.path("roots")).unwrap();
    make(&host.path("roots/passwd"), "root's", 0, 0o644);
    make(&host.path("roots/secret.php"), &CONFIG.replace("'http'", &format!("'{CANARY}'")), 0, 0o600);
    let before = picture(&host.path("roots"));
    let name = |name: &str| host.text(&format!("config/{name}"));
    let of_run = |is: &str| name(&format!(".config.php.runbook-r20260101-000000-test{is}.php"));
    let mut said = Vec::new();
    for round in 0..6 {
        let _ = fs::remove_dir_all(host.path("config"));
        fs::create_dir(host.path("config")).unwrap();
        chown(host.path("config"), Some(WEB), Some(WEB)).unwrap();
        make(&host.path("config/config.php"), CONFIG, WEB, 0o640);
        for (link, to) in [("to-passwd", "roots/passwd"), ("to-secret", "roots/secret.php")] {
            symlink(host.path(to), host.path("config").join(link)).unwrap();
            std::os::unix::fs::lchown(host.path("config").join(link), Some(WEB), Some(WEB)).unwrap();
        }
        let arguments = match round % 3 {
            0 => vec!["swap".to_owned(), name("config.php"), name("to-secret")],
            1 => vec!["follow".to_owned(), of_run(".new"), name("to-passwd")],
            _ => {
                make(Path::new(&of_run(".part")), "planted", WEB, 0o644);
                vec!["plant".to_owned(), of_run(".part"), host.text("roots/passwd")]
            }
        };
        let mut attacker = attack(&host, &program, &arguments);
        let mut deed = set_config(&host);
        for phase in [Phase::Observe, Phase::Apply, Phase::Verify, Phase::Undo] {
            said.push(format!("{:?}", deed.phase(phase).await));
        }
        attacker.end();
        assert_eq!(picture(&host.path("roots")), before, "{arguments:?}: {said:#?}");
    }
    for text in &said {
        assert!(!text.contains(CANARY), "{text}");
    }
}

#[tokio::test]
async fn what_a_rename_cannot_replace_is_refused_before_anything_is_made() {
    if !again_as_root("host_actions::attacks::what_a_rename_cannot_replace_is_refused_before_anything_is_made") {
        return;
    }
    let host = host_of_web();
    let (folder, config) = (host.path("config"), host.path("config/config.php"));
    let refused = async |why: &str, advice: &str| {
        let before = picture(&folder);
        let mut deed = set_config(&host);
        for phase in [Phase::Observe, Phase::Apply] {
            let failure = deed.fails(phase).await;
            assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");
            assert!(failure.causes.iter().any(|cause| cause.contains(why)), "{why}: {failure:?}");
            assert!(failure.by_hand().iter().any(|it| it.contains(advice)), "{advice}: {failure:?}");
            // As an engine has it that begins: what was found.
            deed.call.before =
                json!({"path": config, "sha256": "", "owner": 33, "group": 33, "mode": "640", "mtime": "0.0"});
        }
        assert_eq!(picture(&folder), before, "{why}: something was left");
    };

    fs::hard_link(&config, host.path("config/other")).unwrap();
    refused("it has 2 names (hard links)", "-samefile").await;
    fs::remove_file(host.path("config/other")).unwrap();

    chown(&config, Some(0), Some(WEB)).unwrap();
    refused("its directory is user 33's, the file is user 0's", "chown 33 ").await;
    chown(&config, Some(WEB), Some(0)).unwrap();
    refused("its group is 0, in which its owner, user 33, is not", "chgrp").await;
    chown(&config, Some(WEB), Some(WEB)).unwrap();

    fs::set_permissions(&config, fs::Permissions::from_mode(0o4640)).unwrap();
    refused("its mode is 4640", "chmod u-s").await;
    fs::set_permissions(&config, fs::Permissions::from_mode(0o640)).unwrap();

    fs::set_permissions(&folder, fs::Permissions::from_mode(0o550)).unwrap();
    refused("cannot be written in by user 33", "ls -ld").await;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();

    // A container that has the file alone mounted, in a mount namespace of its own.
    fs::write(host.path("inside"), "").unwrap();
    let mount = r#"mount --bind "$1" "$2"; echo mounted; exec sleep 60"#;
    let mut container = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-euc", mount, "container"])
        .args([&config, &host.path("inside")])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(container.stdout.as_mut().unwrap()).read_line(&mut said).unwrap();
    let pid = container.id();
    refused(&format!("it is mounted by itself for process {pid}"), &format!("/proc/{pid}/mountinfo")).await;
    container.kill().unwrap();
    container.wait().unwrap();

    for (it, why) in [(&config, "config.php` is fixed"), (&folder, "config` is fixed")] {
        if !Command::new("chattr").arg("+i").arg(it).status().unwrap().success() {
            eprintln!("this file system knows no `chattr +i`: not tried");
            continue;
        }
        refused(why, "chattr -i -a ").await;
        assert!(Command::new("chattr").arg("-i").arg(it).status().unwrap().success());
    }

    // None of it is left: the edit is made.
    let mut deed = set_config(&host);
    deed.observe().await;
    deed.apply().await;
    deed.undo().await;
}

#[tokio::test]
async fn where_two_can_plant_nothing_is_done() {
    if !again_as_root("host_actions::attacks::where_two_can_plant_nothing_is_done") {
        return;
    }
    let host = host_of_web();
    fs::set_permissions(host.path("config"), fs::Permissions::from_mode(0o777)).unwrap();
    let failure = set_config(&host).fails(Phase::Observe).await;
    assert!(failure.causes[0].contains("everybody may write in"), "{failure:?}");
    let advice = &failure.by_hand()[0];
    assert!(advice.contains("chmod g-w,o-w"), "{advice}");
}
