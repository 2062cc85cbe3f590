//! One host: a disk, a cable, and a process tree in namespaces of its own whose pid 1 is an init (`init.rs`) that runs
//! real sshd, nginx, php-fpm and cron.
//!
//! First boots are told from later ones as cloud-init does: by the instance id written on the disk. A first boot
//! makes new SSH host keys and a new machine id, so a clone is another machine than its original.

use crate::model::sha256;
use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use crate::rehearsal::error::{RehearsalError, tail};
use crate::rehearsal::host::init::{Ended, Init};
use crate::rehearsal::host::layers::Volume;
use crate::rehearsal::machine::tool::{PATH, Tool};
use crate::rehearsal::region::network;

/// How long a host may take until its sshd answers.
const BOOT_DEADLINE: Duration = Duration::from_secs(30);
/// How long an orderly power-off may take before the host is killed, as EC2 does in the end.
const POWER_OFF_PATIENCE: Duration = Duration::from_secs(15);
/// The kinds of SSH keys a host has; RSA ones take seconds to make and nobody needs them here.
pub(in crate::rehearsal) const HOST_KEY_KINDS: [&str; 2] = ["ecdsa", "ed25519"];
/// Runs a program in a control group, or where this one is when none is named.
const IN_GROUP: &str = r#"[ -z "$1" ] || echo 0 >"$1/cgroup.procs" || exit 1; shift; exec "$@""#;

/// What a host is made from, apart from its disk.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct HostMachine {
    pub(in crate::rehearsal) id: String,
    pub(in crate::rehearsal) hostname: String,
    pub(in crate::rehearsal) address: Ipv4Addr,
    pub(in crate::rehearsal) public: Option<Ipv4Addr>,
}

/// The files of the region a boot needs.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct BootFiles {
    pub(in crate::rehearsal) boot_script: PathBuf,
    pub(in crate::rehearsal) logs: PathBuf,
    pub(in crate::rehearsal) init: Init,
}

/// A host that is up.
#[derive(Debug)]
pub(in crate::rehearsal) struct Running {
    child: Child,
    /// Its pid 1 as the region sees it.
    process: Pid,
    init: Init,
    id: String,
    /// The host's public SSH keys; only after its first boot, when it shows them on its console.
    pub(in crate::rehearsal) new_keys: Option<Vec<String>>,
}

/// Boots a host and returns when its sshd answers.
pub(in crate::rehearsal) async fn boot(
    machine: &HostMachine,
    volume: &Volume,
    files: &BootFiles,
) -> Result<Running, RehearsalError> {
    let (mounted, plugged) = tokio::join!(volume.mount(), network::plug(&machine.id, machine.address));
    mounted?;
    plugged?;
    if let Some(public) = machine.public {
        network::publish(&machine.id, machine.address, public).await?;
    }
    let root = volume.root();
    let new_keys = identify(machine, &root).await?;
    let console = files.logs.join(format!("{}.console", machine.id));
    let log =
        fs::File::options().create(true).append(true).open(&console).map_err(RehearsalError::file("open", &console))?;
    let copy = log.try_clone().map_err(RehearsalError::file("open", &console))?;
    let netns = format!("--net=/run/netns/{}", machine.id);
    let group = files.init.group(&machine.id)?.unwrap_or_default();
    let mut child = Command::new("setsid")
        .args(["bash", "-c", IN_GROUP, "in-group"])
        .arg(group)
        .args(["nsenter", &netns, "unshare", "--mount", "--pid", "--uts", "--ipc", "--cgroup", "--fork"])
        .args(["--kill-child=SIGKILL", "bash"])
        .arg(&files.boot_script)
        .arg(&root)
        .args([&machine.hostname, files.init.word()])
        .env_clear()
        .env("PATH", PATH)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(copy)
        .spawn()
        .map_err(|source| RehearsalError::ProgramUnstartable { program: "setsid".to_owned(), source })?;
    let late = || RehearsalError::TooLate {
        what: format!("host `{}` ({}) did not answer on port 22", machine.hostname, machine.id),
        after: BOOT_DEADLINE,
        said: tail(&console, 15),
    };
    let started = Instant::now();
    let mut process = None;
    while started.elapsed() < BOOT_DEADLINE {
        if child.try_wait().ok().flatten().is_some() {
            return Err(late());
        }
        process = process.or_else(|| child.id().and_then(first_child_of));
        if let Some(process) = process
            && sshd_answers(machine.address).await
        {
            return Ok(Running { child, process, init: files.init.clone(), id: machine.id.clone(), new_keys });
        }
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    let _ = child.start_kill();
    Err(late())
}

impl Running {
    /// The host's pid 1 as the region sees it.
    pub(in crate::rehearsal) fn init(&self) -> Pid {
        self.process
    }

    /// Whether, and how, the host ended by itself.
    pub(in crate::rehearsal) fn ended(&mut self) -> Option<Ended> {
        let status = self.child.try_wait().ok().flatten()?;
        self.init.forget(&self.id);
        Some(Init::ended(status))
    }

    /// Powers the host off: in order if it hears, hard if it does not.
    pub(in crate::rehearsal) async fn power_off(mut self) {
        self.init.press(self.process).await;
        if tokio::time::timeout(POWER_OFF_PATIENCE, self.child.wait()).await.is_err() {
            self.kill().await;
        }
        self.init.forget(&self.id);
    }

    /// Ends the host at once, as a host failure does.
    pub(in crate::rehearsal) async fn kill(&mut self) {
        // A pid 1 that is gone already is what is wanted.
        let _ = kill_process(self.process, Signal::KILL);
        let _ = tokio::time::timeout(POWER_OFF_PATIENCE, self.child.wait()).await;
        self.init.forget(&self.id);
    }
}

/// Writes what makes this host itself; answers the new public keys when this is its first boot.
async fn identify(machine: &HostMachine, root: &Path) -> Result<Option<Vec<String>>, RehearsalError> {
    let write = |path: &str, text: String| {
        let path = root.join(path);
        fs::write(&path, text).map_err(RehearsalError::file("write", path))
    };
    let name = &machine.hostname;
    write("etc/resolv.conf", format!("nameserver {}\n", network::REGION_ADDRESS))?;
    let identity = root.join("var/lib/cloud/data");
    let known = fs::read_to_string(identity.join("instance-id")).unwrap_or_default();
    if known.trim() == machine.id {
        return Ok(None);
    }
    write("etc/hostname", format!("{name}\n"))?;
    write("etc/hosts", format!("127.0.0.1 localhost\n127.0.1.1 {name}\n"))?;
    fs::create_dir_all(&identity).map_err(RehearsalError::file("create", &identity))?;
    write("etc/machine-id", format!("{}\n", machine_id(&machine.id)))?;
    let keys = new_host_keys(name, &root.join("etc/ssh")).await?;
    write("var/lib/cloud/data/instance-id", format!("{}\n", machine.id))?;
    Ok(Some(keys))
}

async fn new_host_keys(hostname: &str, folder: &Path) -> Result<Vec<String>, RehearsalError> {
    let make = |kind: &'static str| async move {
        let file = folder.join(format!("ssh_host_{kind}_key"));
        for old in [file.clone(), file.with_extension("pub")] {
            let _ = fs::remove_file(old); // there is none on a first boot from a bare image
        }
        Tool::new("ssh-keygen")
            .args(["-q", "-t", kind, "-N", "", "-C", &format!("root@{hostname}"), "-f"])
            .arg(&file)
            .run()
            .await?;
        let public = file.with_extension("pub");
        fs::read_to_string(&public).map(|text| text.trim().to_owned()).map_err(RehearsalError::file("read", public))
    };
    let [first, second] = HOST_KEY_KINDS;
    let (first, second) = tokio::join!(make(first), make(second));
    Ok(vec![first?, second?])
}

fn machine_id(instance: &str) -> String {
    sha256(instance).chars().take(32).collect()
}

/// The host keys as cloud-init shows them on an instance's console, which is how an operator can know them.
pub(in crate::rehearsal) fn console_text(hostname: &str, keys: &[String]) -> String {
    format!(
        "[    0.000000] Linux version (rehearsal lab)\n\n{hostname} login: \n\
         -----BEGIN SSH HOST KEY KEYS-----\n{}\n-----END SSH HOST KEY KEYS-----\n\
         Cloud-init finished.\n",
        keys.join("\n")
    )
}

async fn sshd_answers(address: Ipv4Addr) -> bool {
    let greeting = async {
        let mut stream = network::look_in(address, 22).await.ok()?;
        let mut start = [0_u8; 4];
        stream.read_exact(&mut start).await.ok()?;
        Some(start == *b"SSH-")
    };
    matches!(tokio::time::timeout(Duration::from_millis(500), greeting).await, Ok(Some(true)))
}

/// The one child of a process, if it has one yet.
pub(in crate::rehearsal) fn first_child_of(process: u32) -> Option<Pid> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    Pid::from_raw(children.split_whitespace().next()?.parse().ok()?)
}

/// Runs a program below a shell that waits for its end and for nothing else.
///
/// nsenter's own waiting stops itself when the program is stopped (util-linux, `continue_as_child`), and a host that goes
/// down stops all that runs on it before it ends it (systemd, `broadcast_signal`): nobody outside would wake nsenter up.
const BELOW: &str = r#""$@"; exit "$?""#;

/// A program to be run inside a host, as root, seeing what the host sees. It ends with the host.
pub(in crate::rehearsal) fn command_in(init: Pid, arguments: &[&str]) -> Command {
    let mut command = Command::new("nsenter");
    command
        .args(["-t", &init.as_raw_nonzero().to_string(), "-m", "-p", "-u", "-i", "-n", "--no-fork", "--"])
        .args(["sh", "-c", BELOW, "below"])
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("HOME", "/root")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

#[cfg(test)]
mod tests {
    use super::{console_text, machine_id};

    #[test]
    fn a_machine_id_has_the_form_systemd_wants() {
        let id = machine_id("i-0123456789abcdef0");
        assert_eq!(id.len(), 32);
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(id, machine_id("i-0123456789abcdef1"));
    }

    #[test]
    fn the_console_shows_host_keys_between_the_lines_cloud_init_writes() {
        let text = console_text("web-2", &["ssh-ed25519 AAAA root@web-2".to_owned()]);
        let keys = text
            .split("-----BEGIN SSH HOST KEY KEYS-----\n")
            .nth(1)
            .and_then(|rest| rest.split("\n-----END SSH HOST KEY KEYS-----").next());
        assert_eq!(keys, Some("ssh-ed25519 AAAA root@web-2"));
    }
}
