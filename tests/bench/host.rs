//! A host to run commands on: a real sshd on a loopback port, of this process's own, which ends with it.

#[path = "../it/support/sshd.rs"]
mod sshd;

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a run is waited for.
const LIMIT: Duration = Duration::from_secs(300);

/// The host, and the way to it.
pub struct Host {
    folder: TempDir,
    sshd: Child,
}

impl Host {
    /// What ssh calls it.
    pub const NAME: &'static str = "bench";

    /// Starts it.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("runbook-bench-").tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        for key in ["host", "user"] {
            ends_well(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &at(key)]));
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host_key = fs::read_to_string(at("host.pub")).unwrap();
        fs::copy(at("user.pub"), at("authorized_keys")).unwrap();
        fs::write(at("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        // Without SHLVL bash reads the start-up files of whoever runs this for each command (bash(1), INVOCATION): not to be measured.
        let sshd_config = format!(
            "SetEnv SHLVL=1\nPort {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\nStrictModes no\n\
             PasswordAuthentication no\n",
            at("host"),
            at("authorized_keys")
        );
        fs::write(at("sshd_config"), sshd_config).unwrap();
        let ssh_config = format!(
            "Host {}\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {}\n  IdentitiesOnly yes\n  UserKnownHostsFile {}\n  \
             GlobalKnownHostsFile none\n  BatchMode yes\n  ConnectTimeout 10\n  ServerAliveInterval 5\n",
            Self::NAME,
            at("user"),
            at("known_hosts")
        );
        fs::write(at("ssh_config"), ssh_config).unwrap();
        let mut sshd = sshd::command(&["/usr/sbin/sshd", "-D", "-f", &at("sshd_config")]);
        let sshd = sshd.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let host = Self { folder, sshd };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "no sshd on port {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
        host
    }

    /// A file of this name in the host's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// ssh with this host's configuration, on the master connection once there is one.
    pub fn ssh(&self) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.arg("-F").arg(self.path("ssh_config")).arg("-S").arg(self.path("master")).stdin(Stdio::null());
        ssh
    }

    /// Makes the master connection, which ends when this is dropped.
    pub fn connect(&self) -> Master<'_> {
        ends_well(self.ssh().args(["-M", "-f", "-N", Self::NAME]).stdout(Stdio::null()).stderr(Stdio::null()));
        Master(self)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

/// A master connection.
pub struct Master<'h>(&'h Host);

impl Drop for Master<'_> {
    fn drop(&mut self) {
        let _ = self.0.ssh().args(["-O", "exit", Host::NAME]).stderr(Stdio::null()).status();
    }
}

/// Runs a program to its end, which is to be a good one. ssh gives a host up by itself.
pub fn ends_well(command: &mut Command) {
    let status = command.status().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(status.success(), "{command:?}: {status}");
}

/// The same of a program that is to end in time.
pub fn ends_in_time(command: &mut Command) {
    let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begun.elapsed() > LIMIT => {
                let _ = child.kill();
                panic!("{command:?} did not end within {} s", LIMIT.as_secs());
            }
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    assert!(status.success(), "{command:?}: {status}");
}
