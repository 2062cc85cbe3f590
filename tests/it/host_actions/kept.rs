//! Commands that are begun once, whatever is cut off: their bodies count themselves.

use super::bench::{Deed, Host, Setup};
use crate::support::desk::Desk;
use runbook::model::{FailureKind, Found, Phase};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A command that counts itself, and takes so many seconds.
fn counting(host: &Host, name: &str, seconds: u32, then: &str) -> Value {
    let body = format!("echo x >>{}; sleep {seconds}; {then}", host.text(name));
    json!(["sh", "-c", body])
}

fn count(host: &Host, name: &str) -> usize {
    fs::read_to_string(host.path(name)).unwrap_or_default().lines().count()
}

async fn has_begun(host: &Host, name: &str) {
    let end = Instant::now() + Duration::from_secs(20);
    while count(host, name) == 0 {
        assert!(Instant::now() < end, "{name} does not begin");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn begun<'a>(host: &'a Host, parameters: &Value) -> Deed<'a> {
    let mut deed = host.deed("ssh.run", parameters.clone());
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed
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

/// A host on which nothing is found but busybox's shell and tools.
fn with_busybox() -> Host {
    let host = Host::with(&Setup { sshd: "SetEnv PATH=DIR/busybox", ..Setup::default() });
    fs::create_dir(host.path("busybox")).unwrap();
    let installed = Command::new("busybox").args(["--install", "-s"]).arg(host.path("busybox")).status();
    assert!(installed.expect("busybox is installed").success());
    host
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
    for host in [Host::start(), with_busybox()] {
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
    let host = Host::start();
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

#[tokio::test]
async fn another_executor_joins_it() {
    let mut host = Host::start();
    let argv = counting(&host, "n", 4, "echo end");
    let parameters = json!({"on": host.target(), "argv": argv});
    let before = {
        let mut deed = begun(&host, &parameters).await;
        // An executor that was cut off calls once more.
        deed.apply().await;
        deed.call.before.clone()
    };
    host.another_process();
    let mut deed = host.deed("ssh.run", parameters);
    deed.call.before = before;
    assert_eq!(deed.observe().await.found, Found::InProgress);
    deed.apply().await;
    deed.verify().await;
    let again = deed.observe().await;
    assert!(again.found == Found::Holds && again.ours, "{again:?}");
    deed.apply().await;
    assert_eq!(count(&host, "n"), 1);
}

#[tokio::test]
async fn at_its_deadline_it_is_ended_with_all_its_processes() {
    let host = Host::start();
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

#[tokio::test]
async fn what_came_to_a_bad_end_is_told_with_its_words() {
    let host = Host::start();
    let ends = [
        (json!(["no-such-program"]), "exit status 127: no such program there", "not found"),
        (json!(["/etc/passwd"]), "exit status 126: the program cannot be executed", "ermission denied"),
        (json!(["sh", "-c", "echo out of memory >&2; kill -KILL $$"]), "9 (KILL)", "out of memory"),
        (json!(["sh", "-c", "echo only this; exit 3"]), "(exit status 3)", "only this"),
    ];
    for (generation, (argv, says, cause)) in (0..).zip(ends) {
        let mut deed = host.deed("ssh.run", json!({"on": host.target(), "argv": argv}));
        deed.call.generation = generation;
        deed.observe().await;
        deed.apply().await;
        let failure = deed.fails(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Permanent, "{failure:?}");
        assert!(failure.message.contains(says) && failure.causes[0].contains(cause), "{failure:?}");
    }
    // A host that cannot be reached is told before a run, with and without a check.
    let nowhere = json!({"name": "web-2", "host": "127.0.0.2", "port": host.port()});
    let failure = host.deed("ssh.run", json!({"on": nowhere, "argv": ["true"]})).fails(Phase::Observe).await;
    assert!(failure.causes[0].contains("cannot be reached"), "{failure:?}");
    let odd = host.deed("ssh.run", json!({"on": host.target(), "argv": ["-x"]})).fails(Phase::Observe).await;
    assert_eq!(odd.kind, FailureKind::Refused);
}

#[tokio::test]
async fn it_is_run_again_after_the_exit_statuses_that_say_so() {
    let host = Host::start();
    let body = format!("echo x >>{0}; [ $(wc -l <{0}) -ge 2 ] || exit 75; exit 3", host.text("n"));
    let mut deed = begun(&host, &json!({"on": host.target(), "argv": ["sh", "-c", body], "retry_on": [75]})).await;
    let failure = deed.fails(Phase::Verify).await;
    assert_eq!(failure.kind, FailureKind::Transient, "{failure:?}");
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    assert_eq!(deed.fails(Phase::Verify).await.kind, FailureKind::Permanent);
    assert_eq!(deed.observe().await.found, Found::Unknown);
    assert_eq!(count(&host, "n"), 2);
}

#[tokio::test]
async fn a_check_is_waited_for_when_it_has_ended() {
    let host = Host::start();
    let (mark, late) = (host.text("mark"), format!("(sleep 3; touch {}) >/dev/null 2>&1 &", host.text("mark")));
    let parameters = json!({"on": host.target(), "argv": ["sh", "-c", late], "check": ["test", "-e", mark]});
    let mut deed = begun(&host, &parameters).await;
    let evidence = deed.verify().await;
    assert!(evidence.ends_with("the check of `sh` says that it is done") && host.path("mark").exists(), "{evidence}");
    // What never comes is a failure, and is not begun again for that.
    fs::remove_file(host.path("mark")).unwrap();
    deed.call.deadline_s = 1;
    let failure = deed.fails(Phase::Verify).await;
    assert!(failure.kind == FailureKind::Deadline && failure.causes[0].contains("not done"), "{failure:?}");
    assert_eq!(deed.observe().await.found, Found::Holds);
}

#[tokio::test]
async fn an_undo_ends_what_runs_and_takes_back_what_is_half_done() {
    let host = Host::start();
    let half = format!("echo x >>{0}; touch {1}-a; sleep 60; touch {1}-b", host.text("n"), host.text("half"));
    let parameters = json!({
        "on": host.target(), "argv": ["sh", "-c", half], "check": ["test", "-e", host.text("half-b")],
        "undo": ["rm", host.text("half-a")],
    });
    let mut deed = begun(&host, &parameters).await;
    has_begun(&host, "n").await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(deed.undo().await.starts_with("it still ran and was ended"));
    assert!(!host.path("half-a").exists());
    // Undone once: `rm` would fail.
    deed.undo().await;
}

#[tokio::test]
async fn an_undo_that_is_cut_off_is_joined_and_one_that_failed_waits_for_a_person() {
    let mut host = Host::start();
    let undo = counting(&host, "u", 4, "[ -e $0 ]");
    let undo: Vec<Value> = undo.as_array().unwrap().iter().cloned().chain([json!(host.text("ok"))]).collect();
    let parameters = json!({"on": host.target(), "argv": ["true"], "undo": undo, "sudo": true});
    let (before, outputs) = {
        let mut deed = begun(&host, &parameters).await;
        deed.verify().await;
        let cut = async { has_begun(&host, "u").await };
        let undone = tokio::select! { told = deed.undo() => Some(told), () = cut => None };
        assert_eq!(undone, None);
        (deed.call.before.clone(), deed.call.outputs.clone())
    };
    has_begun(&host, "u").await;
    host.cut_connections();
    host.another_process();
    let mut deed = host.deed("ssh.run", parameters);
    (deed.call.before, deed.call.outputs) = (before, outputs);
    let failure = deed.fails(Phase::Undo).await;
    assert_eq!((count(&host, "u"), failure.kind), (1, FailureKind::Permanent), "{failure:?}");
    fs::write(host.path("ok"), "").unwrap();
    deed.undo().await;
    assert_eq!(count(&host, "u"), 2, "somebody has been told, and tries again");
    deed.undo().await;
    assert_eq!(count(&host, "u"), 2);
}

#[tokio::test]
async fn what_had_not_begun_is_not_taken_back_and_never_begins() {
    let host = Host::start();
    let parameters = json!({
        "on": host.target(), "argv": counting(&host, "n", 0, ":"), "undo": ["touch", host.text("undone")],
    });
    let mut deed = host.deed("ssh.run", parameters);
    deed.observe().await;
    assert_eq!(deed.undo().await, "it had not begun");
    // A beginning that was on its way for long.
    deed.apply().await;
    assert_eq!(deed.fails(Phase::Verify).await.kind, FailureKind::Lost);
    assert_eq!((count(&host, "n"), host.path("undone").exists()), (0, false));
}

#[tokio::test]
async fn what_is_too_long_or_no_text_is_not_given_on() {
    let host = Host::start();
    for (body, says) in [
        ("head -c 70000 /dev/zero | tr '\\0' x", "70000 bytes, which is too much"),
        ("printf 'a\\377b'", "what it printed is no text"),
    ] {
        let mut deed = host.deed("ssh.run", json!({"on": host.target(), "argv": ["sh", "-c", body]}));
        deed.call.action = if says.starts_with('7') { "step/long" } else { "step/odd" }.parse().unwrap();
        deed.observe().await;
        deed.apply().await;
        let evidence = deed.verify().await;
        assert!(evidence.contains(says), "{evidence}");
        assert!(!deed.call.outputs.contains_key("stdout"));
    }
    let mut deed = host.deed("ssh.run", json!({"on": host.target(), "argv": ["seq", "10000"]}));
    deed.observe().await;
    deed.apply().await;
    deed.verify().await;
    assert_eq!(deed.call.outputs["stdout"].as_str().unwrap().lines().count(), 10_000);
}

/// What an operator types, with the host's own ssh configuration.
fn typed<'a>(host: &Host, command: &'a [&'a str]) -> Vec<String> {
    let more = ["--ssh-config".to_owned(), host.text("ssh_config"), "--poll-interval".into(), "1s".into()];
    command.iter().map(|word| (*word).to_owned()).chain(more).collect()
}

#[tokio::test]
async fn the_program_is_killed_or_interrupted_and_goes_on_with_the_same_command() {
    let host = Host::start();
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
