//! What commands are given, what they give, and which end of theirs is a good one: on a real host, and where the tool runs.

use super::bench::{Deed, Host};
use runbook::model::{FailureKind, Foresight, Found, Phase};
use serde_json::{Value, json};
use std::fs;

/// A secret that a program prints, as a vault's client does.
fn secret(value: &str) -> Value {
    json!({ "command": ["printf", "%s", value] })
}

async fn runs(mut deed: Deed<'_>) -> Deed<'_> {
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    deed
}

/// All that a run writes down of a command.
fn written(deed: &Deed<'_>) -> String {
    format!("{} {:?}", deed.call.before, deed.call.outputs)
}

#[tokio::test]
async fn a_command_runs_where_as_whom_and_with_what_it_is_told() {
    let host = Host::start();
    fs::create_dir(host.path("a folder")).unwrap();
    let body = r#"pwd; printf '%s|%s\n' "$PGHOST" "$PGPORT"; cat; id -un; printf '%s' "${HOME:-}""#;
    let with = json!({
        "on": host.target(), "shell": body, "cwd": host.text("a folder"), "stdin": "in\n",
        "env": { "PGHOST": "it's \"here\" $HOME", "PGPORT": 5432 },
    });
    let deed = runs(host.deed("ssh.run", with)).await;
    let printed = deed.call.outputs["stdout"].as_str().unwrap();
    let expected = format!("{}\nit's \"here\" $HOME|5432\nin\n", host.text("a folder"));
    assert!(printed.starts_with(&expected), "{printed}");
    // Another user, in their home or at the root, with nothing of root's.
    let with = json!({ "on": host.target(), "shell": "id -un; pwd; printf '%s' \"${SUDO_USER:-none} $A\"; cat",
        "user": "nobody", "env": { "A": "1" }, "stdin": "2" });
    let mut deed = host.deed("ssh.run", with);
    deed.call.generation = 1;
    let deed = runs(deed).await;
    let printed = deed.call.outputs["stdout"].as_str().unwrap();
    assert!(printed.starts_with("nobody\n/") && printed.ends_with("\nnone 12"), "{printed}");
    let mut nobody = host.deed("ssh.run", json!({ "on": host.target(), "argv": ["true"], "user": "no-such-user" }));
    nobody.call.generation = 2;
    nobody.observe().await;
    nobody.apply().await;
    let failure = nobody.fails(Phase::Verify).await;
    assert!(failure.causes[0].contains("no user no-such-user"), "{failure:?}");
    let both = json!({ "on": host.target(), "argv": ["true"], "user": "nobody", "sudo": true });
    assert_eq!(host.deed("ssh.run", both).fails(Phase::Observe).await.kind, FailureKind::Refused);
}

#[tokio::test]
async fn a_secret_reaches_the_command_and_nothing_else() {
    for (generation, sudo) in [(0, false), (1, true)] {
        let host = Host::start();
        // Its own process list and what is kept of it are looked through while it runs.
        let body = format!(
            r#"[ "$PW" = hunter-2 ] && [ "$(cat)" = hunter-3 ] || exit 9
            ps -eww -o args >{0}; grep -rl hunter- /var/lib/runbook "$HOME/.local/state/runbook" >>{1} 2>/dev/null || :
            echo "it is $PW" >&2; echo "$PW and hunter-3""#,
            host.text("ps"),
            host.text("kept")
        );
        let with = json!({
            "on": host.target(), "shell": body, "sudo": sudo,
            "env": { "PW": secret("hunter-2") }, "stdin": secret("hunter-3"),
            "outputs": { "said": { "regex": "^(.*) and" } },
            "undo": "[ \"$PW\" = hunter-2 ]; echo \"$PW\" >&2; exit 1",
        });
        let mut deed = host.deed("ssh.run", with);
        deed.call.generation = generation;
        let mut deed = runs(deed).await;
        assert_eq!(deed.call.outputs["stdout"], json!("(secret) and (secret)"));
        assert_eq!(deed.call.outputs["said"], json!("(secret)"));
        assert!(!written(&deed).contains("hunter"), "{}", written(&deed));
        let listed = fs::read_to_string(host.path("ps")).unwrap();
        let listed: Vec<&str> =
            listed.lines().filter(|line| line.contains("hunter-2") && !line.contains("exit 9")).collect();
        assert_eq!(listed, Vec::<&str>::new(), "the process list");
        assert_eq!(fs::read_to_string(host.path("kept")).unwrap(), "", "files beside the command");
        let failure = deed.fails(Phase::Undo).await;
        assert!(failure.causes[0].contains("(secret)") && !format!("{failure:?}").contains("hunter"), "{failure:?}");
    }
    let host = Host::start();
    let with = json!({ "on": host.target(), "argv": ["true"], "env": { "PW": { "env": "NO_SUCH_VARIABLE_HERE" } } });
    let mut deed = host.deed("ssh.run", with);
    deed.observe().await;
    let failure = deed.fails(Phase::Apply).await;
    assert!(failure.message.contains("`PW`") && failure.causes[0].contains("NO_SUCH_VARIABLE_HERE"), "{failure:?}");
}

#[tokio::test]
async fn what_a_command_printed_is_given_by_name_and_type() {
    let host = Host::start();
    let with = json!({
        "on": host.target(), "argv": ["printf", "%s\n", "{\"rows\": [{\"n\": 4711}], \"v\": \"16.2\"}"],
        "outputs": { "rows": { "json": "/rows/0/n", "type": "int" }, "version": { "json": "/v" } },
    });
    let deed = runs(host.deed("ssh.run", with.clone())).await;
    assert_eq!((&deed.call.outputs["rows"], &deed.call.outputs["version"]), (&json!(4711), &json!("16.2")));
    let mut other = host.deed("ssh.run", with);
    other.call.generation = 1;
    other.call.parameters["outputs"]["rows"]["json"] = json!("/rows/1/n");
    other.observe().await;
    other.apply().await;
    let failure = other.fails(Phase::Verify).await;
    assert!(failure.message.contains("output `rows`: nothing is at `/rows/1/n`"), "{failure:?}");
}

#[tokio::test]
async fn the_runbook_says_which_end_is_a_good_one() {
    let host = Host::start();
    let good = [
        (json!({ "shell": "exit 3", "expect": { "status": [0, 3] } })),
        (json!({ "shell": "echo ready", "expect": { "stdout": "^ready$", "not_stdout": "error" } })),
        (json!({ "shell": "echo 4711", "expect": { "equals": "4711" } })),
    ];
    let bad = [
        (json!({ "shell": "exit 0", "expect": { "status": [3] } }), "exit status 0"),
        (json!({ "shell": "echo not yet", "expect": { "stdout": "^ready$" } }), "did not print what matches `^ready$`"),
        (json!({ "shell": "echo an error", "expect": { "not_stdout": "error" } }), "printed what matches `error`"),
        (json!({ "shell": "echo 4710", "expect": { "equals": "4711" } }), "did not print `4711`"),
    ];
    let deed = |generation, with: &Value| {
        let mut deed = host.deed("ssh.run", with.clone());
        deed.call.parameters["on"] = host.target();
        deed.call.generation = generation;
        deed
    };
    for (generation, with) in (0..).zip(&good) {
        runs(deed(generation, with)).await;
    }
    for (generation, (with, why)) in (10..).zip(&bad) {
        let mut deed = deed(generation, with);
        deed.observe().await;
        deed.apply().await;
        let failure = deed.fails(Phase::Verify).await;
        assert!(failure.kind == FailureKind::Permanent && failure.message.contains(why), "{failure:?}");
        // It came to a bad end: a person decides, or `repeatable`.
        assert_eq!(deed.observe().await.found, Found::Unknown);
    }
}

#[tokio::test]
async fn what_it_said_decides_whether_it_is_run_again() {
    let host = Host::start();
    let with = json!({
        "on": host.target(), "retry_on": [75, "(?i)connection refused"],
        "shell": format!("echo x >>{0}; [ $(wc -l <{0}) -gt 1 ] || {{ echo 'db: Connection refused' >&2; exit 2; }}", host.text("n")),
    });
    let mut deed = host.deed("ssh.run", with);
    deed.observe().await;
    deed.apply().await;
    assert_eq!(deed.fails(Phase::Verify).await.kind, FailureKind::Transient);
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    assert_eq!(fs::read_to_string(host.path("n")).unwrap().lines().count(), 2);
}

#[tokio::test]
async fn what_only_looks_is_run_for_a_plan_where_that_is_allowed() {
    let host = Host::start();
    let body = format!("echo x >>{0}; echo rows: 4711; [ -e {1} ]", host.text("n"), host.text("there"));
    let mut deed = host.deed("ssh.run", json!({ "on": host.target(), "shell": body, "reads": true }));
    let times = || fs::read_to_string(host.path("n")).unwrap_or_default().lines().count();
    deed.call.ahead = Some(Foresight::WithoutCommands);
    assert!(deed.observe().await.evidence.starts_with("not run: ") && times() == 0);
    deed.call.ahead = Some(Foresight::WithCommands);
    deed.call.before = Value::Null;
    let seen = deed.observe().await;
    assert_eq!((seen.found, seen.evidence.as_str()), (Found::Absent, "exit status 1: rows: 4711"));
    // At its turn it is asked again as often as need be, and leaves nothing.
    deed.call.ahead = None;
    deed.call.before = Value::Null;
    deed.observe().await;
    deed.apply().await;
    assert_eq!(deed.fails(Phase::Verify).await.kind, FailureKind::Transient);
    fs::write(host.path("there"), "").unwrap();
    assert_eq!(deed.observe().await.found, Found::Absent);
    deed.apply().await;
    deed.verify().await;
    assert_eq!((times(), deed.undo().await.as_str()), (3, "it only looks"));
    // Nor is a check, which is the author's command too.
    let checked = json!({ "on": host.target(), "argv": ["true"], "check": format!("echo x >>{}", host.text("n")) });
    let mut deed = host.deed("ssh.run", checked);
    deed.call.generation = 5;
    deed.call.ahead = Some(Foresight::WithoutCommands);
    assert!(deed.observe().await.evidence.contains("its check was not run") && times() == 3);
}

#[tokio::test]
async fn a_command_where_the_tool_runs_is_kept_and_bound_to_the_machine() {
    let mut host = Host::start();
    let body = format!("echo x >>{}; cat; sleep 1; echo \"$A\"", host.text("n"));
    let with = json!({ "shell": body, "env": { "A": secret("hunter-2") }, "stdin": "read ", "cwd": "/tmp",
        "undo": format!("echo back >>{}", host.text("n")) });
    let mut deed = host.deed("local.run", with.clone());
    deed.call.run = format!("r20260101-000000-l{}", std::process::id() % 1000).parse().unwrap();
    let (run, seen) = (deed.call.run.clone(), deed.observe().await);
    assert_eq!(seen.found, Found::Absent);
    deed.apply().await;
    let before = deed.call.before.clone();
    drop(deed);
    // Another executor on this machine joins it.
    host.another_process();
    let mut deed = host.deed("local.run", with);
    (deed.call.run, deed.call.before) = (run, before);
    assert!(matches!(deed.observe().await.found, Found::InProgress | Found::Holds));
    deed.apply().await;
    deed.verify().await;
    assert_eq!(deed.call.outputs["stdout"], json!("read (secret)"));
    // One on another machine knows that it cannot tell.
    let here = deed.call.before["machine"].clone();
    deed.call.before["machine"] = json!("elsewhere 0123abcd");
    let seen = deed.observe().await;
    assert!(seen.found == Found::Unknown && seen.evidence.contains("elsewhere 0123abcd"), "{seen:?}");
    assert_eq!(deed.fails(Phase::Undo).await.kind, FailureKind::Refused);
    deed.call.before["machine"] = here;
    deed.undo().await;
    assert_eq!(fs::read_to_string(host.path("n")).unwrap(), "x\nback\n");
}
