//! A guest that is shut down over a real SSH connection; its sudo, shutdown and systemctl are stand-ins, and its power is
//! the emulator's.

use super::{Account, Work};
use crate::support::stage::Stage;
use aws_sdk_ec2::types::AttributeValue;
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

both_halves! {
    "aws_compute::shut_down":
    shuts_down_and_starts_again,
    a_connection_that_goes_down_with_the_guest_is_no_failure,
    a_guest_that_lets_nobody_in_any_more_is_on_its_way_down,
    a_guest_that_refuses_is_told_at_once,
    a_guest_that_a_shutdown_would_destroy_is_refused,
    a_guest_that_hangs_on_its_way_down_is_not_forced,
}

const SUDO: &str = r#"#!/bin/sh
[ "$1" = -n ] && [ "$2" = -- ] || exit 99
if [ -e DIR/no-sudo ]; then echo "sudo: a password is required" >&2; exit 1; fi
shift 2; echo "$*" >>DIR/log; exec "$@"
"#;

/// Powers the emulated machine off, with `DIR/hangs` there never; with `DIR/cut` there, takes the connection down with it before it can answer.
const SHUTDOWN: &str = r#"#!/bin/sh
if [ -e DIR/hangs ]; then exit 0; fi
curl -sf -o DIR/answer -d '{"event": "guest-powered-off", "id": "INSTANCE"}' http://PLACE/plus/body
if [ -e DIR/cut ]; then kill -9 $PPID; fi
"#;

/// An sshd on a free loopback port; it ends with this value.
struct Guest {
    dir: TempDir,
    sshd: Child,
    account: Account,
    work: Work,
}

impl Guest {
    async fn new() -> Self {
        let mut account = Account::new().await;
        let dir = tempfile::Builder::new().prefix("runbook-guest-").tempdir().unwrap();
        let text = |name: &str| dir.path().join(name).display().to_string();
        let place = |text: &str| {
            let text = text.replace("DIR", &dir.path().display().to_string());
            text.replace("PLACE", account.lab.place()).replace("INSTANCE", &account.web())
        };
        fs::create_dir(dir.path().join("bin")).unwrap();
        for (name, script) in [("sudo", SUDO), ("shutdown", SHUTDOWN), ("systemctl", "#!/bin/sh\n")] {
            let path = dir.path().join("bin").join(name);
            fs::write(&path, place(script)).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        for key in ["host", "user"] {
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &text(key)]).status();
            assert!(made.unwrap().success());
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\nStrictModes no\n\
             SetEnv PATH={}:/usr/bin:/bin\n",
            text("host"),
            text("user.pub"),
            text("bin")
        );
        fs::write(dir.path().join("sshd_config"), config).unwrap();
        let mut sshd = crate::support::sshd::command(&["/usr/sbin/sshd", "-D", "-e", "-f", &text("sshd_config")]);
        sshd.stdin(Stdio::null()).stderr(Stdio::null());
        let sshd = sshd.spawn().expect("the tests need sshd installed");
        let end = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "sshd does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        let ssh = format!("Host i-*\n  HostName 127.0.0.1\n  IdentityFile {}\n  IdentitiesOnly yes\n", text("user"));
        fs::write(dir.path().join("ssh_config"), ssh).unwrap();
        account.stage = Rc::new(Stage::new().with_ssh(&dir.path().join("ssh_config")));
        let host_key = fs::read_to_string(dir.path().join("host.pub")).unwrap();
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let on = json!({
            "name": "web-1", "instance": account.web(), "address": "id", "port": port, "user": user.trim(),
            "host_key": host_key.split_whitespace().take(2).collect::<Vec<_>>().join(" "),
        });
        let parameters = json!({"on": on, "stop_after_undo": ["nginx", "certbot.timer"]});
        let work = account.work(ActionKind::InstanceShutDown, "shut-down/guest", parameters);
        Self { dir, sshd, account, work }
    }

    /// Makes a file that changes how the guest behaves.
    fn mark(&self, name: &str) {
        fs::write(self.dir.path().join(name), "").unwrap();
    }

    /// What sudo was asked to run.
    fn log(&self) -> Vec<String> {
        let text = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn state(&self) -> String {
        self.account.state(&self.account.web()).await
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn shuts_down_and_starts_again() {
        let mut guest = Guest::new().await;
        guest.account.lab.post("config", &json!({"stop_ticks": 4, "start_ticks": 4, "status_ticks": 4}));
        let evidence = guest.work.forward().await;
        assert!(evidence.contains("Client.InstanceInitiatedShutdown"), "{evidence}");
        guest.work.apply().await;
        guest.work.verify().await;
        assert_eq!((guest.log(), guest.state().await.as_str()), (vec!["shutdown -h now".to_owned()], "stopped"));
        for _ in 0..2 {
            let evidence = guest.work.undo().await;
            assert!(evidence.ends_with("`nginx` stopped, `certbot.timer` stopped"), "{evidence}");
            assert_eq!(guest.state().await, "running");
        }
        assert_eq!(guest.log()[1..3], ["systemctl stop nginx", "systemctl stop certbot.timer"]);
        assert_eq!(guest.account.lab.calls("StartInstances"), 1);
        assert_eq!(guest.account.lab.calls("StopInstances"), 0);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_connection_that_goes_down_with_the_guest_is_no_failure() {
        let mut guest = Guest::new().await;
        guest.mark("cut");
        guest.account.lab.post("config", &json!({"stop_ticks": 8}));
        assert_eq!(guest.work.observe().await.found, Found::Absent);
        guest.work.apply().await;
        assert_eq!(guest.work.observe().await.found, Found::InProgress);
        guest.work.verify().await;
        assert_eq!(guest.state().await, "stopped");
        // An undo in the middle of the next one finds the guest on its way down.
        guest.work.undo().await;
        guest.work.apply().await;
        guest.work.undo().await;
        assert_eq!(guest.state().await, "running");
    }

    /// The answer of the first attempt is lost, and sshd ends before EC2 sees anything: the next attempt waits for that.
    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_guest_that_lets_nobody_in_any_more_is_on_its_way_down() {
        let mut guest = Guest::new().await;
        guest.mark("hangs");
        guest.work.observe().await;
        guest.work.apply().await;
        guest.sshd.kill().unwrap();
        guest.sshd.wait().unwrap();
        guest.account.stage = Rc::new(Stage::new().with_ssh(&guest.dir.path().join("ssh_config")));
        let parameters = guest.work.deed.call.parameters.clone();
        let mut work = guest.account.work(ActionKind::InstanceShutDown, "shut-down/guest", parameters);
        assert_eq!(work.failure(Phase::Apply).await.kind, FailureKind::Transient, "nobody has asked it before");
        work.deed.call.attempt = 2;
        assert_eq!(work.observe().await.found, Found::Absent, "EC2 still calls it running");
        work.deed.call.deadline_s = 1;
        assert_eq!(work.failure(Phase::Apply).await.kind, FailureKind::Transient, "it does not go down");
        work.deed.call.deadline_s = 60;
        let (lab, id) = (&guest.account.lab, guest.account.web());
        let looked = lab.calls("DescribeInstanceAttribute");
        let off = async {
            while lab.calls("DescribeInstanceAttribute") == looked {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            lab.post("body", &json!({"event": "guest-powered-off", "id": id}));
        };
        tokio::join!(work.apply(), off);
        work.verify().await;
        assert_eq!(guest.state().await, "stopped");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_guest_that_refuses_is_told_at_once() {
        let mut guest = Guest::new().await;
        guest.mark("no-sudo");
        guest.work.observe().await;
        let failure = guest.work.failure(Phase::Apply).await;
        assert_eq!((failure.kind, failure.causes.len()), (FailureKind::Permanent, 1));
        assert_eq!(failure.causes[0], "sudo: a password is required");
        assert_eq!(guest.state().await, "running");
        guest.sshd.kill().unwrap();
        guest.sshd.wait().unwrap();
        guest.account.stage = Rc::new(Stage::new());
        let mut work = guest.account.work(
            ActionKind::InstanceShutDown,
            "shut-down/guest",
            guest.work.deed.call.parameters.clone(),
        );
        assert_eq!(work.failure(Phase::Apply).await.kind, FailureKind::Transient, "nothing was sent");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_guest_that_a_shutdown_would_destroy_is_refused() {
        let mut guest = Guest::new().await;
        guest.work.observe().await;
        let terminate = AttributeValue::builder().value("terminate").build();
        let modify = guest.account.aws.write.ec2.modify_instance_attribute().instance_id(guest.account.web());
        modify.instance_initiated_shutdown_behavior(terminate).send().await.unwrap();
        for phase in [Phase::Observe, Phase::Apply] {
            assert_eq!(guest.work.failure(phase).await.kind, FailureKind::Refused);
        }
        assert_eq!((guest.log().len(), guest.state().await.as_str()), (0, "running"));
    }

    /// systemd stops its services and one does not end: EC2 calls the instance `running` all the time, or `stopping` once it was
    /// asked. The operator is told where to look and what ends it; what was forced from outside is found as done.
    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_guest_that_hangs_on_its_way_down_is_not_forced() {
        let mut guest = Guest::new().await;
        guest.mark("hangs");
        guest.account.lab.post("config", &json!({"stop_ticks": 1_000}));
        guest.work.observe().await;
        guest.work.apply().await;
        guest.work.deed.call.deadline_s = 1;
        let id = guest.account.web();
        let (look, force) =
            ("aws ec2 get-console-output", format!("aws ec2 stop-instances --force --instance-ids {id}"));
        for asked in [false, true] {
            if asked {
                guest.account.aws.write.ec2.stop_instances().instance_ids(&id).send().await.unwrap();
            }
            let failure = guest.work.failure(Phase::Verify).await;
            assert_eq!(failure.kind, FailureKind::Deadline, "{failure:?}");
            let advice = failure.by_hand().concat();
            assert!(advice.contains(look) && advice.contains(&force), "{failure:?}");
            assert_eq!(advice.contains("asks EC2 too"), !asked, "{failure:?}");
        }
        assert_eq!(guest.account.lab.calls("StopInstances"), 1, "only the operator's own");

        guest.account.aws.write.ec2.stop_instances().instance_ids(&id).force(true).send().await.unwrap();
        for _ in 0..1_000 {
            guest.state().await; // the emulator counts looks, not seconds
        }
        guest.work.deed.call.deadline_s = 60;
        guest.work.verify().await;
        assert_eq!(guest.state().await, "stopped");
    }
}
