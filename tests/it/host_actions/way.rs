//! The way to a host: what is said on it, whose word on host keys counts, and that nothing on it asks anybody.

use super::bench::{Host, Setup};
use crate::support::desk::Desk;
use runbook::access::{RemoteCommand, RemoteOutput, SshError, SshTrouble};
use runbook::model::{Decode, Failure, FailureKind, Found, Phase, Target, Value};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

const RUNBOOK: &str = "runbook: reach\ntitle: reach a host\nabout: It only looks.\ninputs:\n  host: { type: string, about: where }\n  \
                       user: { type: string, about: who, default: root }\ntargets:\n  web: { host: \"${{ inputs.host }}\", user: \
                       \"${{ inputs.user }}\" }\nsteps:\n  - id: first\n    title: learn its key\n    why: To know it.\n    \
                       actions:\n      - id: pin\n        do: ssh.pin-host-key\n        with: { on: web, by: known-hosts }\n";

async fn try_to(host: &Host, target: Value) -> Result<RemoteOutput, SshError> {
    let target = Target::decode(&target.into()).unwrap();
    host.access.ssh().run(&target, "127.0.0.1", RemoteCommand::new(["true"])).await
}

async fn failure_of(setup: &Setup<'_>) -> Failure {
    let host = Host::with(setup);
    try_to(&host, host.target()).await.unwrap_err().failure()
}

/// The target with this key pinned; `which` is the name of one of the host's key files.
fn pinned(host: &Host, which: &str) -> Value {
    let key = fs::read_to_string(host.path(which)).unwrap();
    let mut target = host.target();
    target["host_key"] = key.split_whitespace().take(2).collect::<Vec<_>>().join(" ").into();
    target
}

#[tokio::test]
async fn what_a_proxy_says_is_shown_and_decides_whether_it_is_tried_again() {
    for (words, kind) in [
        ("An error occurred (ExpiredTokenException) when calling the StartSession operation: x", FailureKind::Refused),
        ("Error loading SSO Token: Token for corp does not exist", FailureKind::Refused),
        ("An error occurred (TargetNotConnected) when calling the StartSession operation: x", FailureKind::Transient),
        ("nc: connect to 10.0.0.7 port 22 (tcp) timed out", FailureKind::Transient),
    ] {
        let ssh = format!("Host 127.0.0.1\n  ProxyCommand sh -c 'echo \"{words}\" >&2; exit 1'\n");
        let failure = failure_of(&Setup { ssh: &ssh, ..Setup::default() }).await;
        assert_eq!(failure.kind, kind, "{failure:?}");
        assert!(failure.causes.concat().contains(words), "{failure:?}");
    }
    let ssh = "Host 127.0.0.1\n  ProxyCommand no-such-proxy %h\n";
    let failure = failure_of(&Setup { ssh, ..Setup::default() }).await;
    assert!(failure.kind == FailureKind::Refused && failure.causes.concat().contains("no-such-proxy"), "{failure:?}");
    let ssh = "Host 127.0.0.1\n  UseTheForce yes\n";
    let failure = failure_of(&Setup { ssh, ..Setup::default() }).await;
    assert!(failure.kind == FailureKind::Refused && failure.causes.concat().contains("usetheforce"), "{failure:?}");
}

const BASTION: &str =
    "Host 127.0.0.1\n  Port PORT\n  ProxyJump bastion\nHost bastion\n  HostName 127.0.0.1\n  Port PORT\n";

#[tokio::test]
async fn a_bastion_that_refuses_is_told_from_the_host() {
    let host = Host::with(&Setup { ssh: BASTION, ..Setup::default() });
    assert!(try_to(&host, host.target()).await.unwrap().ok());
    for (line, words) in [
        ("  User no-such-user\n", "Permission denied (publickey"),
        ("  UserKnownHostsFile /dev/null\n", "Host key verification failed"),
    ] {
        let failure = failure_of(&Setup { ssh: &format!("{BASTION}{line}"), ..Setup::default() }).await;
        assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");
        let said = failure.causes.concat();
        assert!(said.contains("refused on the way") && said.contains(words), "{failure:?}");
    }
}

#[tokio::test]
async fn nothing_on_the_way_asks_at_the_terminal() {
    let ssh = format!("{BASTION}  UserKnownHostsFile /dev/null\n  StrictHostKeyChecking ask\n  BatchMode no\n");
    let host = Host::with(&Setup { ssh: &ssh, ..Setup::default() });
    let desk = Desk::new();
    desk.write("reach.yaml", RUNBOOK);
    let config = host.text("ssh_config");
    let arguments = ["--ssh-config", &config, "plan", "reach.yaml", "--set", "host=127.0.0.1"];
    let said = desk.types_at_a_terminal("hana", &arguments).answers("").stdout;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("Host key verification failed"), "{said}");
    assert!(!said.contains("authenticity") && !said.contains("continue connecting"), "{said}");
}

#[tokio::test]
async fn the_machines_own_configuration_counts_where_the_operators_is_the_usual_one() {
    let host = Host::start();
    let desk = Desk::new();
    desk.write("reach.yaml", RUNBOOK);
    let block = format!(
        "Host web.example\n  HostName 127.0.0.1\n  Port {}\n{}",
        host.port(),
        fs::read_to_string(host.path("ssh_config")).unwrap()
    );
    desk.write("machine_config", &block);
    let script = "mount --bind \"$1\" /etc/ssh/ssh_config; shift; exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--mount", "sh", "-euc", script, "x"])
        .arg(desk.path("machine_config"))
        .args([env!("CARGO_BIN_EXE_runbook"), "plan", "reach.yaml", "--set", "host=web.example"])
        .env("RUNBOOK_STATE", desk.path("state"))
        .env_remove("RUNBOOK_SSH_CONFIG")
        .current_dir(desk.folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("logged in to web"), "{said}");
}

#[test]
fn a_targets_fields_cannot_carry_configuration() {
    let desk = Desk::new();
    desk.write("reach.yaml", RUNBOOK);
    let mark = desk.path("mark").display().to_string();
    for (field, value) in [
        ("user", format!("user=root\n  ProxyCommand touch {mark}")),
        ("user", "user=-oProxyCommand=x".into()),
        ("host", format!("host=x\n  ProxyCommand touch {mark}")),
        ("host", "host=* !y".into()),
        ("host", "host=-oProxyCommand=x".into()),
        ("host", "host=root@web".into()),
    ] {
        let mut arguments = vec!["plan", "reach.yaml", "--set", &value];
        if field == "user" {
            arguments.extend(["--set", "host=127.0.0.1"]);
        }
        desk.types("hana", &arguments).exits(2).says(&format!("`{field}` of target `web`"));
    }
    assert!(!desk.path("mark").exists());
    for (field, value) in [("user", "root\n  ProxyCommand touch x"), ("host", "a b"), ("host_key", "ssh-rsa AA\n* x y")]
    {
        let mut target = json!({ "name": "web", "host": "web" });
        target[field] = value.into();
        Target::decode(&target.into()).unwrap_err();
    }
    for (user, host) in [("anna.b-c_1", "web-1"), ("CORP\\anna", "10.0.0.7"), ("anna@corp.example", "2001:db8::7")] {
        Target::decode(&json!({ "name": "web", "host": host, "user": user }).into()).unwrap();
    }
}

#[tokio::test]
async fn an_ssh_configuration_that_is_not_there_is_an_error_and_a_relative_one_is_found() {
    let host = Host::start();
    let desk = Desk::new();
    desk.write("reach.yaml", RUNBOOK);
    let plan = ["plan", "reach.yaml", "--set", "host=web.example"];
    desk.types("hana", &[&["--ssh-config", "nonexistent"], plan.as_slice()].concat()).exits(2).says("nonexistent");
    let all = fs::read_to_string(host.path("ssh_config")).unwrap();
    desk.write("mine", &format!("Host web.example\n  HostName 127.0.0.1\n  Port {}\n{all}", host.port()));
    desk.types("hana", &[&["--ssh-config", "mine"], plan.as_slice()].concat()).exits(0).says("logged in to web");
}

#[tokio::test]
async fn an_authority_in_known_hosts_vouches_for_a_host_that_has_no_key_there() {
    let host = Host::with(&Setup { vouched_for: Some("127.0.0.1"), ..Setup::default() });
    let mut deed = host.deed("ssh.pin-host-key", json!({ "on": host.target(), "by": "known-hosts" }));
    let finding = deed.observe().await;
    assert_eq!(finding.found, Found::Holds, "{finding:?}");
    assert!(finding.evidence.contains("authority"), "{finding:?}");
    let pin = finding.outputs["host_key"].as_str().unwrap().to_owned();
    let mut target = host.target();
    target["host_key"] = pin.clone().into();
    assert!(try_to(&host, target.clone()).await.unwrap().ok());
    assert!(host.deed("ssh.run", json!({ "on": target, "argv": ["true"] })).observe().await.found == Found::Absent);
    // What the operator has revoked stays revoked under the authority's word.
    let key = fs::read_to_string(host.path("host.pub")).unwrap();
    let known = fs::read_to_string(host.path("known_hosts")).unwrap();
    fs::write(host.path("known_hosts"), format!("{known}@revoked * {key}")).unwrap();
    let mut deed = host.deed("ssh.pin-host-key", json!({ "on": host.target(), "by": "known-hosts" }));
    let failure = deed.fails(Phase::Observe).await;
    assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");
    // Another authority's host, and a name for which it does not vouch.
    let stranger = Host::with(&Setup { vouched_for: Some("127.0.0.1"), ..Setup::default() });
    let mut target = stranger.target();
    target["host_key"] = pin.into();
    let error = try_to(&stranger, target).await.unwrap_err();
    assert!(matches!(error.trouble, SshTrouble::HostKey(_)), "{error}");
    let other = Host::with(&Setup { vouched_for: Some("db.example"), ..Setup::default() });
    let mut deed = other.deed("ssh.pin-host-key", json!({ "on": other.target(), "by": "known-hosts" }));
    assert_eq!(deed.fails(Phase::Observe).await.kind, FailureKind::Refused);
}

#[tokio::test]
async fn beside_a_pin_nothing_vouches_for_a_host() {
    let ssh = "Host *\n  KnownHostsCommand /bin/cat DIR/any\n  VerifyHostKeyDNS yes\n";
    let host = Host::with(&Setup { ssh, ..Setup::default() });
    fs::write(host.path("any"), format!("* {}", fs::read_to_string(host.path("host.pub")).unwrap())).unwrap();
    assert!(try_to(&host, pinned(&host, "host.pub")).await.unwrap().ok());
    let error = try_to(&host, pinned(&host, "other.pub")).await.unwrap_err();
    assert!(matches!(error.trouble, SshTrouble::HostKey(_)), "{error}");
}

#[tokio::test]
async fn a_quiet_configuration_hides_no_refusal() {
    let host = Host::with(&Setup { ssh: "Host *\n  LogLevel QUIET\n", ..Setup::default() });
    let error = try_to(&host, pinned(&host, "other.pub")).await.unwrap_err();
    assert!(matches!(error.trouble, SshTrouble::HostKey(_)), "{error}");
}

#[tokio::test]
async fn the_advice_on_sudo_names_the_user_and_is_a_file_that_sudo_reads() {
    let host = Host::with(&Setup { sshd: "SetEnv PATH=DIR/bin:/usr/sbin:/usr/bin:/sbin:/bin", ..Setup::default() });
    fs::create_dir(host.path("bin")).unwrap();
    for words in [
        "sudo: a password is required",
        "sudo: interactive authentication is required",
        "sudo: I'm sorry anna. I'm afraid I can't do that",
        "Sorry, user anna may not run /bin/sh on web-1.",
    ] {
        fs::write(host.path("bin/sudo"), format!("#!/bin/sh\necho \"{words}\" >&2\nexit 1\n")).unwrap();
        fs::set_permissions(host.path("bin/sudo"), fs::Permissions::from_mode(0o755)).unwrap();
        let mut target = host.target();
        target.as_object_mut().unwrap().remove("user");
        let with = json!({ "on": target, "command": "never-there" });
        let failure = host.deed("process.wait-gone", with).fails(Phase::Observe).await;
        assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let advice = failure.by_hand().concat();
        assert!(advice.contains(&format!("{} ALL=(ALL) NOPASSWD:ALL", user.trim())), "{failure:?}");
        let typed = advice.split('`').nth(1).unwrap().replace("/etc/sudoers.d/runbook", &host.text("sudoers"));
        let done =
            Command::new("sh").args(["-c", &typed]).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").output().unwrap();
        assert!(done.status.success(), "{typed}: {}", String::from_utf8_lossy(&done.stderr));
        let checked = Command::new("/usr/sbin/visudo").args(["-cf", &host.text("sudoers")]).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    }
}

#[tokio::test]
async fn a_host_that_does_not_let_users_in_yet_is_waited_for() {
    let host = Host::start();
    let keys = fs::read(host.path("authorized_keys")).unwrap();
    fs::write(host.path("authorized_keys"), "").unwrap();
    let mut deed = host.deed("ssh.pin-host-key", json!({ "on": host.target(), "by": "console" }));
    let target = pinned(&host, "host.pub");
    deed.call.outputs.insert("host_key".into(), target["host_key"].clone());
    let file = host.path("authorized_keys");
    let opens = async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        fs::write(file, keys).unwrap();
    };
    let (evidence, ()) = tokio::join!(deed.verify(), opens);
    assert!(evidence.starts_with("logged in to web-1"), "{evidence}");
}
