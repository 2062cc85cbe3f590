//! A host to try actions on: a real sshd on a loopback port, in a mount namespace of its own, where nginx's, cron's and
//! systemd's places are the test's. Needs root (or sudo without a password), sshd, sudo, nginx, php and curl.

use runbook::access::{Access, Beat, Settings};
use runbook::action::perform;
use runbook::model::{ActionCall, ActionKind, Failure, Finding, Outcome, Phase, Value, Values};
use serde_json::json;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A stand-in for systemctl: a unit is a folder; `active` and `enabled` are files in it, and `stale` where its file has changed;
/// `starts` counts its starts.
const SYSTEMCTL: &str = r#"#!/bin/sh
units=UNITS; verb= unit= skip=
for a in "$@"; do
  if [ -n "$skip" ]; then skip=; [ "$a" != Unit ] || exit 0; continue; fi
  case $a in -p) skip=1;; -*) ;; *) if [ -z "$verb" ]; then verb=$a; else unit=$a; fi;; esac
done
d=$units/$unit
[ "$verb" = show ] || echo "$verb $unit" >>"$units/log"
case $verb in
  show) if [ -d "$d" ]; then echo LoadState=loaded; else echo LoadState=not-found; fi
    if [ -e "$d/active" ]; then echo ActiveState=active; else echo ActiveState=inactive; fi
    [ ! -e "$d/exec" ] || cat "$d/exec"
    case $unit in *.*) echo "Id=$unit";; *) echo "Id=$unit.service";; esac
    [ ! -e "$d/stale" ] || echo NeedDaemonReload=yes
    echo "MainPID=$(cat "$d/starts" 2>/dev/null || echo 0)";;
  daemon-reload) rm -f "$units"/*/stale;;
  is-enabled) [ -e "$d/enabled" ] && echo enabled || { echo disabled; exit 1; };;
  is-active) [ -e "$d/active" ];;
  start|restart) echo x >"$d/active"; echo $(($(cat "$d/starts" 2>/dev/null || echo 100) + 1)) >"$d/starts";;
  stop) rm -f "$d/active";;
  enable) : >"$d/enabled";;
  disable) rm -f "$d/enabled";;
  list-unit-files) for t in "$units"/*.timer; do [ -d "$t" ] && echo "${t##*/} enabled enabled"; done; exit 0;;
  cat) cat "$d/unit";;
  reload) [ -e "$d/active" ];;
esac
"#;

const NGINX_CONF: &str = "pid DIR/nginx.pid;\nerror_log DIR/error.log;\nevents {}\nhttp {\n  access_log off;\n  include /etc/nginx/conf.d/*.conf;\n}\n";

/// The host has a `/run` of its own: what its programs need there they get here, and nothing of another test's is found.
const MOUNTS: &str = r#"
mount -t tmpfs tmpfs /run
mkdir /run/sshd
if [ -e "$1/passwd" ]; then mount --bind "$1/passwd" /etc/passwd; fi
for place in nginx cron.d; do mkdir -p "/etc/$place"; mount --bind "$1/$place" "/etc/$place"; done
mount --bind "$1/spool" /var/spool
mkdir -p /opt
mount --bind "$1/opt" /opt
mkdir -p /var/lib/runbook
mount -t tmpfs -o mode=700 tmpfs /var/lib/runbook
mount --bind "$1/systemctl" "$(command -v systemctl)"
shift
exec "$@"
"#;

pub(super) struct Host {
    dir: TempDir,
    port: u16,
    sshd: Child,
    also: Vec<Child>,
    pub(super) access: Access,
}

fn sh(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}; the tests need it installed"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this process is root, as a test asks that changes owners. If not, the test of this name is run again as root, and
/// must pass.
pub(super) fn again_as_root(test: &str) -> bool {
    if !is_root() {
        sh(Command::new("sudo").args(["-n", "--"]).arg(std::env::current_exe().unwrap()).args(["--exact", test]));
    }
    is_root()
}

fn user() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

pub(super) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// What is special about a host and the way to it.
#[derive(Default)]
pub(super) struct Setup<'a> {
    /// More lines for sshd's configuration.
    pub(super) sshd: &'a str,
    /// Lines for the operator's ssh configuration, before all others; `DIR` is the host's folder, `PORT` its port.
    pub(super) ssh: &'a str,
    /// The name for which an authority vouches for the host; then known_hosts knows the authority alone.
    pub(super) vouched_for: Option<&'a str>,
    /// The login shell, and a home whose start-up files print a line on both outputs.
    pub(super) shell: Option<&'a str>,
    /// Options before the key in authorized_keys.
    pub(super) key_options: &'a str,
}

impl Host {
    pub(super) fn start() -> Self {
        Self::with(&Setup::default())
    }

    pub(super) fn with(setup: &Setup) -> Self {
        let dir = tempfile::Builder::new().prefix("runbook-host-").tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let text = |name: &str| at(name).display().to_string();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["nginx/conf.d", "cron.d", "spool/cron/crontabs", "units", "work", "opt/lab"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("nginx/nginx.conf"), NGINX_CONF.replace("DIR", &dir.path().display().to_string())).unwrap();
        fs::write(at("systemctl"), SYSTEMCTL.replace("UNITS", &text("units"))).unwrap();
        fs::set_permissions(at("systemctl"), fs::Permissions::from_mode(0o755)).unwrap();
        for key in ["host", "user", "other"] {
            sh(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &text(key)]));
        }
        let port = free_port();
        let sshd_config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPasswordAuthentication no\nMaxStartups 100\n{}\n",
            text("host"),
            text("authorized_keys"),
            setup.sshd.replace("DIR", &dir.path().display().to_string())
        );
        let user_key = fs::read_to_string(at("user.pub")).unwrap();
        fs::write(at("authorized_keys"), format!("{}{user_key}", setup.key_options)).unwrap();
        if let Some(shell) = setup.shell {
            noisy_home(dir.path(), shell);
        }
        fs::write(at("sshd_config"), sshd_config).unwrap();
        let host_key = fs::read_to_string(at("host.pub")).unwrap();
        fs::write(at("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        if let Some(name) = setup.vouched_for {
            sh(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &text("authority")]));
            sh(Command::new("ssh-keygen")
                .args(["-q", "-s", &text("authority"), "-I", "web", "-h", "-n", name])
                .arg(at("host.pub")));
            let authority = fs::read_to_string(at("authority.pub")).unwrap();
            fs::write(at("known_hosts"), format!("@cert-authority * {authority}")).unwrap();
            let all = fs::read_to_string(at("sshd_config")).unwrap();
            fs::write(at("sshd_config"), format!("{all}HostCertificate {}\n", text("host-cert.pub"))).unwrap();
        }
        let ssh_config = format!(
            "{}Host *\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  GlobalKnownHostsFile none\n",
            setup.ssh.replace("DIR", &dir.path().display().to_string()).replace("PORT", &port.to_string()),
            text("user"),
            text("known_hosts")
        );
        fs::write(at("ssh_config"), ssh_config).unwrap();
        let sshd = in_namespace(dir.path(), &["/usr/sbin/sshd", "-D", "-e", "-f", &text("sshd_config")]);
        let access = Access::new(Settings {
            ssh_config: Some(at("ssh_config")),
            trust: Some(at("ca.pem")).filter(|p| p.exists()),
            poll: Settings::POLL,
            pace: runbook::model::Pace::times(100).unwrap(),
            work_dir: at("work"),
            kept_dir: at("commands"),
        });
        wait_for(&format!("127.0.0.1:{port}"));
        Self { dir, port, sshd, also: Vec::new(), access }
    }

    /// Connections that trust the test's own certificate authority.
    pub(super) fn trust(&mut self, ca: PathBuf) {
        let settings = Settings { trust: Some(ca), ..self.access.settings().clone() };
        self.access = Access::new(settings);
    }

    /// Runs a program on the host until the host ends.
    pub(super) fn serve(&mut self, argv: &[&str], address: &str) {
        self.also.push(in_namespace(self.dir.path(), argv));
        wait_for(address);
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Kills what this host's sshd has started: the sessions, and nothing that has left them.
    pub(super) fn kill_sessions(&self) {
        let mut kill = if is_root() { Command::new("pkill") } else { Command::new("sudo") };
        if !is_root() {
            kill.args(["-n", "pkill"]);
        }
        sh(kill.args(["-KILL", "-P", &self.sshd.id().to_string()]));
    }

    /// Kills the operator's connections to this host.
    pub(super) fn cut_connections(&self) {
        let ours = self.text("work/ssh/");
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let words = fs::read_to_string(process.path().join("cmdline")).unwrap_or_default();
            if words.starts_with("ssh") && words.contains(&ours) {
                sh(Command::new("kill").arg("-KILL").arg(process.file_name()));
            }
        }
    }

    /// Another operator's process: it has no connection yet.
    pub(super) fn another_process(&mut self) {
        self.access = Access::new(self.access.settings().clone());
    }

    pub(super) fn target(&self) -> Value {
        json!({ "name": "web-1", "host": "127.0.0.1", "port": self.port, "user": user() })
    }

    pub(super) fn deed(&self, kind: &str, parameters: Value) -> Deed<'_> {
        let kind: ActionKind = serde_json::from_value(Value::from(kind)).unwrap();
        let call = ActionCall {
            run: "r20260101-000000-test".parse().unwrap(),
            runbook: "move".into(),
            by: "hana".into(),
            action: "step-one/deed".parse().unwrap(),
            kind,
            phase: Phase::Observe,
            attempt: 1,
            generation: 0,
            parameters,
            before: Value::Null,
            outputs: Values::new(),
            tags: Default::default(),
            region: None,
            deadline_s: 20,
            approved: Vec::new(),
            ahead: None,
        };
        Deed { host: self, call }
    }

    pub(super) fn unit(&self, name: &str, flags: &[&str]) {
        fs::create_dir_all(self.path("units").join(name)).unwrap();
        for flag in flags {
            fs::write(self.path("units").join(name).join(flag), "").unwrap();
        }
    }

    /// What systemctl was asked to do.
    pub(super) fn systemctl_log(&self) -> Vec<String> {
        let log = fs::read_to_string(self.path("units/log")).unwrap_or_default();
        let looks = |line: &&str| !line.starts_with("is-") && !line.starts_with("list-") && !line.starts_with("cat ");
        log.lines().filter(looks).map(str::to_owned).collect()
    }
}

/// A passwd in which the user has this login shell, and a home whose start-up files talk.
fn noisy_home(dir: &Path, shell: &str) {
    let home = dir.join("home");
    fs::create_dir_all(home.join(".config/fish")).unwrap();
    for file in [".bashrc", ".cshrc", ".tcshrc", ".profile", ".config/fish/config.fish"] {
        fs::write(home.join(file), "echo hello\nsh -c 'echo hello >&2'\n").unwrap();
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap();
    let lines = passwd.lines().map(|line| match line.split(':').collect::<Vec<_>>().as_slice() {
        [name, rest @ ..] if *name == user() => {
            format!("{name}:{}:{}:{shell}\n", rest[..4].join(":"), home.display())
        }
        _ => format!("{line}\n"),
    });
    fs::write(dir.join("passwd"), lines.collect::<String>()).unwrap();
}

fn in_namespace(dir: &Path, argv: &[&str]) -> Child {
    let mut command = if is_root() { Command::new("unshare") } else { Command::new("sudo") };
    if !is_root() {
        command.args(["-n", "unshare"]);
    }
    command.args(["--mount", "sh", "-euc", MOUNTS, "mounts"]).arg(dir).args(argv);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(fs::File::create(dir.join("server.log")).unwrap());
    command.spawn().unwrap()
}

fn wait_for(address: &str) {
    let end = Instant::now() + Duration::from_secs(60);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "nothing answers at {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        for child in self.also.iter_mut().chain([&mut self.sshd]) {
            let pid = rustix::process::Pid::from_child(child);
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            let _ = child.wait();
        }
    }
}

/// One action, carried through its phases as an engine does.
pub(super) struct Deed<'a> {
    host: &'a Host,
    pub(super) call: ActionCall,
}

impl Deed<'_> {
    pub(super) async fn phase(&mut self, phase: Phase) -> Outcome {
        self.call.phase = phase;
        let beat = Beat::silent(self.call.action.clone());
        let outcome = perform(&self.call, &self.host.access, &beat).await;
        match &outcome {
            Outcome::Observed(finding) => {
                self.call.before = finding.before.clone();
                self.call.outputs.extend(finding.outputs.clone());
            }
            Outcome::Applied { outputs } | Outcome::Verified { outputs, .. } => {
                self.call.outputs.extend(outputs.clone());
            }
            _ => {}
        }
        outcome
    }

    pub(super) async fn observe(&mut self) -> Finding {
        match self.phase(Phase::Observe).await {
            Outcome::Observed(finding) => finding,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn apply(&mut self) {
        let outcome = self.phase(Phase::Apply).await;
        assert!(matches!(outcome, Outcome::Applied { .. }), "{outcome:?}");
    }

    pub(super) async fn verify(&mut self) -> String {
        match self.phase(Phase::Verify).await {
            Outcome::Verified { evidence, .. } => evidence,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn undo(&mut self) -> String {
        match self.phase(Phase::Undo).await {
            Outcome::Undone { evidence } => evidence,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn fails(&mut self, phase: Phase) -> Failure {
        match self.phase(phase).await {
            Outcome::Failed(failure) => failure,
            other => panic!("{other:?}"),
        }
    }
}
