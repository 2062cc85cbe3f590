//! How commands reach a host: what they leave, through which login shell, over how few sessions.

use super::bench::{Host, Setup};
use runbook::access::{RemoteCommand, RemoteOutput, SshError, SshTrouble};
use runbook::model::{Decode, FailureKind, Phase, Target};
use serde_json::json;

/// A text in which each shell finds something to change.
const AWKWARD: &str = "it's \\ \\\\ !! !x \"$HOME\" `id` $(id)\n~ * ? [a] {a,b} # ; & | < > \t é € ^ % %s -n \\";

/// Ends the session's sshd, whatever stands between it and the command.
const CUT: &str =
    "p=$$; while [ \"$(cat /proc/$p/comm)\" != sshd ]; do p=$(cut -d' ' -f4 /proc/$p/stat); done; kill -9 $p";

fn target(host: &Host) -> Target {
    Target::decode(&host.target().into()).unwrap()
}

async fn run(host: &Host, command: RemoteCommand) -> Result<RemoteOutput, SshError> {
    host.access.ssh().run(&target(host), "127.0.0.1", command).await
}

fn sh(script: &str) -> RemoteCommand {
    RemoteCommand::new(["sh", "-c", script])
}

#[tokio::test]
async fn each_exit_status_is_an_answer() {
    let host = Host::start();
    for status in [0, 1, 2, 126, 127, 128, 137, 254, 255] {
        let output = run(&host, sh(&format!("echo out; echo err >&2; exit {status}"))).await.unwrap();
        assert_eq!((output.status, output.text().as_str(), output.stderr.as_str()), (status, "out", "err"));
    }
    let killed = run(&host, sh("echo out; kill -9 $$")).await.unwrap();
    assert_eq!((killed.status, killed.text().as_str()), (RemoteOutput::BY_SIGNAL, "out"));
    let lost = run(&host, sh(CUT)).await.unwrap_err();
    assert!(matches!(lost.trouble, SshTrouble::Lost(_)), "{lost}");
    assert_eq!(run(&host, sh("echo again")).await.unwrap().text(), "again");
}

#[tokio::test]
async fn a_program_that_is_not_there_is_no_lost_connection() {
    let host = Host::start();
    let with = json!({ "on": host.target(), "argv": ["no-such-program"] });
    let mut deed = host.deed("ssh.run", with);
    deed.observe().await;
    deed.apply().await;
    let failure = deed.fails(Phase::Verify).await;
    assert_eq!(failure.kind, FailureKind::Permanent, "{failure:?}");
    assert!(failure.message.contains("`no-such-program`") && failure.message.contains("127"), "{failure:?}");
    assert!(failure.by_hand().concat().contains("install"), "{failure:?}");
    // A check that cannot be made says neither that it is done nor that it is not.
    let with = json!({ "on": host.target(), "argv": ["true"], "check": ["no-such-program"] });
    let failure = host.deed("ssh.run", with).fails(Phase::Observe).await;
    assert!(failure.message.contains("check"), "{failure:?}");
}

#[tokio::test]
async fn what_is_read_and_written_at_the_same_time_does_not_jam() {
    let host = Host::start();
    let much = vec![b'x'; 4 << 20];
    let output = run(&host, RemoteCommand::new(["cat"]).stdin(much.clone())).await.unwrap();
    assert!(output.stdout == much, "{} bytes", output.stdout.len());
}

#[tokio::test]
async fn few_sessions_on_a_connection_are_enough() {
    for most in ["1", "2"] {
        let host = Host::with(&Setup { sshd: &format!("MaxSessions {most}"), ..Setup::default() });
        for _ in 0..3 {
            let all: Vec<String> = (0..12).map(|n| format!("echo {n}")).collect();
            let commands = all.iter().map(|script| run(&host, sh(script)));
            let done = futures(commands).await;
            for (n, output) in done.into_iter().enumerate() {
                assert_eq!(output.unwrap().text(), n.to_string(), "MaxSessions {most}");
            }
        }
    }
    let host = Host::with(&Setup { sshd: "MaxSessions 0", ..Setup::default() });
    let busy = run(&host, sh("true").limit(std::time::Duration::from_secs(3))).await.unwrap_err();
    assert!(matches!(busy.trouble, SshTrouble::Busy(_)), "{busy}");
}

/// All of them at once.
async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        for (future, done) in all.iter_mut().zip(&mut done) {
            if done.is_none()
                && let std::task::Poll::Ready(value) = future.as_mut().poll(cx)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

#[tokio::test]
async fn each_login_shell_hands_a_command_on_as_it_is() {
    for shell in ["/bin/bash", "/bin/dash", "/bin/bsd-csh", "/usr/bin/tcsh", "/usr/bin/fish"] {
        let host = Host::with(&Setup { shell: Some(shell), ..Setup::default() });
        let told = run(&host, RemoteCommand::new(["sh", "-c", "printf %s \"$1\"", "x", AWKWARD])).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&told.stdout), AWKWARD, "{shell}");
        assert_eq!((told.status, told.stderr.as_str()), (0, ""), "{shell}");
        let long = "line of a script\n".repeat(1500);
        let told = run(&host, RemoteCommand::new(["printf", "%s", &long])).await.unwrap();
        assert!(told.stdout == long.as_bytes(), "{shell}: {:?}", told.stderr);
        let script = RemoteCommand::root_script("cat\nprintf '%s' \"$1\"\nexit 3\n", ["\\"]).stdin("in\n");
        let told = run(&host, script).await.unwrap();
        assert_eq!((told.status, String::from_utf8_lossy(&told.stdout).as_ref()), (3, "in\n\\"), "{shell}");
    }
}

#[tokio::test]
async fn an_account_that_runs_no_commands_is_told_and_nothing_taken_for_done() {
    let forced = "command=\"echo 'Please login as the user \\\"admin\\\".'\" ";
    let nologin = Setup { shell: Some("/usr/sbin/nologin"), ..Setup::default() };
    let other = Setup { key_options: forced, ..Setup::default() };
    for (setup, said) in [(nologin, "This account is currently not available."), (other, "Please login as the user")] {
        let host = Host::with(&setup);
        let error = run(&host, RemoteCommand::new(["true"])).await.unwrap_err();
        let failure = error.failure();
        assert_eq!(failure.kind, FailureKind::Refused, "{failure:?}");
        assert!(failure.causes.concat().contains(said), "{failure:?}");
        let with = json!({ "on": host.target(), "argv": ["touch", host.text("never")] });
        host.deed("ssh.run", with).fails(Phase::Apply).await;
        assert!(!host.path("never").exists());
    }
}
