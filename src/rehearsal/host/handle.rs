//! A look at one host from the region: its disk, its keys, and programs run inside it.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use tokio::process::Command;

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::body::{self, HOST_KEY_KINDS};
use crate::rehearsal::machine::tool::PATH;
use crate::rehearsal::region::view::HostView;

/// A look at one host.
#[derive(Debug, Clone)]
pub struct HostHandle {
    /// Its host name.
    pub hostname: String,
    /// Its private address.
    pub address: Ipv4Addr,
    root: PathBuf,
    init: Option<rustix::process::Pid>,
}

impl HostHandle {
    pub(in crate::rehearsal) fn of(view: HostView) -> Self {
        Self { hostname: view.hostname, address: view.address, root: view.root, init: view.init }
    }

    /// Whether it is up.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.init.is_some()
    }

    /// Where a file of its disk is seen from the region, whether the host runs or not. Links with absolute targets
    /// lead out of the host: read what they point at instead.
    #[must_use]
    pub fn disk(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// A program to run in it as root; none when it is off.
    #[must_use]
    pub fn command(&self, argv: &[&str]) -> Option<Command> {
        Some(body::command_in(self.init?, argv))
    }

    /// A program to run in it as root; while it is off, with its disk as the root and nothing of it running.
    pub(in crate::rehearsal) fn command_or_off(&self, argv: &[&str]) -> Command {
        self.command(argv).unwrap_or_else(|| {
            let mut command = Command::new("chroot");
            command.arg(&self.root).args(argv).env_clear().env("PATH", PATH);
            command
        })
    }

    /// The public SSH keys it has now.
    ///
    /// # Errors
    /// When it has none, because it never came up.
    pub fn ssh_keys(&self) -> Result<Vec<String>, RehearsalError> {
        HOST_KEY_KINDS
            .iter()
            .map(|kind| {
                let path = self.root.join(format!("etc/ssh/ssh_host_{kind}_key.pub"));
                let key = std::fs::read_to_string(&path).map_err(RehearsalError::file("read", path))?;
                Ok(key.trim().to_owned())
            })
            .collect()
    }
}
