//! Commands that are begun once, whatever is cut off: their bodies count themselves. With Debian's shell and tools, and with
//! busybox's alone.

use super::bench::{Deed, Host, Setup};
use crate::support::desk::Desk;
use runbook::model::{FailureKind, Found, Phase};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command that counts itself, and takes so many seconds.
pub(super) fn counting(host: &Host, name: &str, seconds: u32, then: &str) -> Value {
    let body = format!("echo x >>{}; sleep {seconds}; {then}", host.text(name));
    json!(["sh", "-c", body])
}

pub(super) fn count(host: &Host, name: &str) -> usize {
    fs::read_to_string(host.path(name)).unwrap_or_default().lines().count()
}

pub(super) async fn has_begun(host: &Host, name: &str) {
    let end = Instant::now() + Duration::from_secs(20);
    while count(host, name) == 0 {
        assert!(Instant::now() < end, "{name} does not begin");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(super) async fn begun<'a>(host: &'a Host, parameters: &Value) -> Deed<'a> {
    let mut deed = host.deed("ssh.run", parameters.clone());
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed
}

/// A host on which nothing is found but busybox's shell and tools.
fn with_busybox() -> Host {
    let host = Host::with(&Setup { sshd: "SetEnv PATH=DIR/busybox", ..Setup::default() });
    fs::create_dir(host.path("busybox")).unwrap();
    let installed = Command::new("busybox").args(["--install", "-s"]).arg(host.path("busybox")).status();
    assert!(installed.expect("busybox is installed").success());
    host
}

/// One with Debian's tools, and one with busybox's alone.
fn hosts() -> [Host; 2] {
    [Host::start(), with_busybox()]
}

/// The connection, and the session of sshd, are cut off in the middle of a command.
async fn cut_off(host: &Host, name: &str) {
    has_begun(host, name).await;
    host.cut_connections();
    tokio::time::sleep(Duration::from_millis(500)).await;
    host.kill_sessions();
}

/// Forward and back, whatever is cut off, with Debian's tools and with busybox's alone: each body begins once.
#[tokio::test]
async fn each_way_is_begun_once_with_busybox_alone_too() {
    for host in hosts() {
        let (argv, undo) = (counting(&host, "n", 5, "echo end; readlink /proc/$$/exe"), counting(&host, "u", 5, ":"));
        let mut deed = begun(&host, &json!({"on": host.target(), "argv": argv, "undo": undo})).await;
        let (evidence, ()) = tokio::join!(deed.verify(), cut_off(&host, "n"));
        assert!(evidence.starts_with("`sh` exited with 0"), "{evidence}");
        let shell = deed.call.outputs["stdout"].as_str().unwrap().to_owned();
        assert_eq!(shell.contains("busybox"), host.path("busybox").exists(), "{shell}");
        let (undone, ()) = tokio::join!(deed.undo(), cut_off(&host, "u"));
        assert!(undone.contains("exited with 0"), "{undone}");
        assert_eq!((count(&host, "n"), count(&host, "u")), (1, 1), "{shell}");
    }
}

/// What keeps a command does not run on for ever on a host whose tools have gone.
#[tokio::test]
async fn who_keeps_a_command_ends_where_nothing_can_be_waited_for() {
    let host = with_busybox();
    begun(&host, &json!({"on": host.target(), "argv": counting(&host, "n", 2, ":")})).await;
    has_begun(&host, "n").await;
    fs::remove_dir_all(host.path("busybox")).unwrap();
    let kept = || Command::new("pgrep").args(["-f", &host.text("n")]).output().unwrap().stdout;
    let end = Instant::now() + Duration::from_secs(30);
    while !kept().is_empty() {
        assert!(Instant::now() < end, "it still runs: {}", String::from_utf8_lossy(&kept()));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// One of a minute, once.
#[tokio::test]
async fn one_of_a_minute_is_begun_once() {
    let host = Host::start();
    let mut deed = begun(&host, &json!({"on": host.target(), "argv": counting(&host, "n", 60, "echo end")})).await;
    deed.call.deadline_s = 300;
    let cuts = async {
        for _ in 0..3 {
            cut_off(&host, "n").await;
            tokio::time::sleep(Duration::from_secs(15)).await;
        }
    };
    let (evidence, ()) = tokio::join!(deed.verify(), cuts);
    assert_eq!((evidence.as_str(), count(&host, "n")), ("`sh` exited with 0: end", 1));
}

/// An undo that takes too long is ended with all its processes, and is run once more only by somebody who was told.
#[tokio::test]
async fn an_undo_is_ended_at_its_deadline_too() {
    for host in hosts() {
        let undo = json!(["sh", "-c", format!("echo $$ >>{}; sleep 60 & sleep 60; :", host.text("u"))]);
        let mut deed = begun(&host, &json!({"on": host.target(), "argv": ["true"], "undo": undo})).await;
        deed.verify().await;
        deed.call.deadline_s = 3;
        let failure = deed.fails(Phase::Undo).await;
        assert_eq!(failure.kind, FailureKind::Deadline, "{failure:?}");
        assert!(failure.message.contains("was ended with all its processes"), "{failure:?}");
        let pid = fs::read_to_string(host.path("u")).unwrap();
        assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists(), "it still runs");
        assert_eq!(count(&host, "u"), 1);
    }
}

#[tokio::test]
async fn a_cut_connection_and_a_killed_session_leave_it_running() {
    for sudo in [false, true] {
        let host = Host::start();
        let argv = counting(&host, "n", 5, "echo end");
        let mut deed = begun(&host, &json!({"on": host.target(), "argv": argv, "sudo": sudo})).await;
        has_begun(&host, "n").await;
        let cut = async {
            tokio::time::sleep(Duration::from_millis(700)).await;
            host.cut_connections();
            tokio::time::sleep(Duration::from_millis(900)).await;
            host.kill_sessions();
        };
        let (evidence, ()) = tokio::join!(deed.verify(), cut);
        assert_eq!(evidence, "`sh` exited with 0: end");
        assert_eq!((&deed.call.outputs["stdout"], &deed.call.outputs["status"]), (&json!("end"), &json!(0)));
        assert_eq!(count(&host, "n"), 1);
    }
}

#[tokio::test]
async fn at_its_deadline_it_is_ended_with_all_its_processes() {
    for host in hosts() {
        let body = format!("echo $$ >>{}; sleep 60 & sleep 60; :", host.text("n"));
        let mut deed = host.deed("ssh.run", json!({"on": host.target(), "argv": ["sh", "-c", body]}));
        deed.call.deadline_s = 3;
        deed.observe().await;
        deed.apply().await;
        let failure = deed.fails(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Deadline, "{failure:?}");
        assert!(failure.message.contains("was ended with all its processes"), "{failure:?}");
        let pid = fs::read_to_string(host.path("n")).unwrap();
        assert!(!std::path::Path::new(&format!("/proc/{}", pid.trim())).exists(), "it still runs");
        // Nothing begins it again but a person's word, or the runbook's.
        let again = deed.observe().await;
        assert!(again.found == Found::Unknown && again.evidence.contains("because of its deadline"), "{again:?}");
        deed.call.parameters["repeatable"] = json!(true);
        assert_eq!(deed.observe().await.found, Found::Absent);
        deed.call.parameters["repeatable"] = json!(false);
        deed.call.before = Value::Null;
        assert_eq!(deed.observe().await.found, Found::Absent, "a person has said that it is not done");
        deed.call.deadline_s = 30;
        deed.apply().await;
        assert_eq!(deed.observe().await.found, Found::InProgress);
        assert_eq!(count(&host, "n"), 2);
        assert_eq!(deed.fails(Phase::Undo).await.kind, FailureKind::Permanent, "it has no undo");
    }
}

/// What an operator types, with the host's own ssh configuration.
fn typed<'a>(host: &Host, command: &'a [&'a str]) -> Vec<String> {
    let more = ["--ssh-config".to_owned(), host.text("ssh_config"), "--poll-interval".into(), "1s".into()];
    command.iter().map(|word| (*word).to_owned()).chain(more).collect()
}

#[tokio::test]
async fn the_program_is_killed_or_interrupted_and_goes_on_with_the_same_command() {
    for host in hosts() {
        let desk = Desk::new();
        let action = |name: &str| {
            let argv = counting(&host, name, 5, ":");
            let undo = counting(&host, &format!("{name}-undo"), 5, ":");
            format!("      - {{ id: {name}, do: ssh.run, with: {{ on: here, argv: {argv}, undo: {undo} }} }}\n")
        };
        let text = format!(
            "runbook: mine\ntitle: x\nabout: x\ntargets:\n  here: {{ host: 127.0.0.1, port: {} }}\nsteps:\n  - id: one\n    \
             title: x\n    why: x\n    actions:\n{}{}",
            host.port(),
            action("a"),
            action("b")
        );
        desk.write("mine.yaml", &text);
        let begins = |words: &[&str]| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
            let command = desk.dressed(&mut command).args(typed(&host, words));
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let mut run = begins(&["run", "mine.yaml", "--yes"]);
        has_begun(&host, "a").await;
        run.kill().unwrap();
        run.wait().unwrap();
        let mut run = begins(&["resume"]);
        has_begun(&host, "b").await;
        for _ in 0..2 {
            tokio::time::sleep(Duration::from_millis(300)).await;
            let pid = rustix::process::Pid::from_child(&run);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        }
        assert_ne!(run.wait().unwrap().code(), Some(0));
        let words = typed(&host, &["resume"]);
        desk.types("hana", &words.iter().map(String::as_str).collect::<Vec<_>>()).exits(0);
        assert_eq!((count(&host, "a"), count(&host, "b")), (1, 1));
        let mut run = begins(&["rollback", "--to", "start", "--yes"]);
        has_begun(&host, "b-undo").await;
        run.kill().unwrap();
        run.wait().unwrap();
        desk.types("hana", &words.iter().map(String::as_str).collect::<Vec<_>>()).exits(0);
        assert_eq!((count(&host, "a-undo"), count(&host, "b-undo")), (1, 1));
    }
}
