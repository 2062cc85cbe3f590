//! What a command on a host is besides: joined, looked at, taken back, told.

use super::bench::Host;
use super::once::{begun, count, counting, has_begun};
use runbook::model::{FailureKind, Found, Phase};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

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
