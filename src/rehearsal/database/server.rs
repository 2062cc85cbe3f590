//! One MariaDB at work: a storage, a cable, and one process tree in namespaces of its own.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use crate::rehearsal::error::{RehearsalError, tail};
use crate::rehearsal::file::write;
use crate::rehearsal::host::body::first_child_of;
use crate::rehearsal::host::layers::Volume;
use crate::rehearsal::machine::tool::PATH;
use crate::rehearsal::region::network;

/// The port of MySQL and MariaDB.
pub(in crate::rehearsal) const PORT: u16 = 3306;
/// A server starts in half a second, and with half-written storage in one or two; a loaded machine may take much longer.
const START_DEADLINE: Duration = Duration::from_secs(60);
/// How long an orderly end may take before the server is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes what the server expects around it over the storage given, and becomes the server.
const BOOT: &str = r#"set -e
mount --make-rprivate /
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=755 tmpfs "$1/run"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mkdir "$1/run/mysqld"
chown 101:101 "$1/run/mysqld"
exec env -i PATH="$PATH" chroot "$1" mariadbd --init-file=/etc/lab.sql"#;

/// Where a server serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) struct ServerPlace {
    /// The DB instance.
    pub(in crate::rehearsal) id: String,
    /// The address of the zone that serves.
    pub(in crate::rehearsal) address: Ipv4Addr,
    /// The number of this start, as the account counts them.
    pub(in crate::rehearsal) boot: u64,
}

/// A server that answers.
#[derive(Debug)]
pub(in crate::rehearsal) struct DatabaseServer {
    place: ServerPlace,
    child: Child,
    init: Pid,
}

impl DatabaseServer {
    /// Starts a server on a storage and returns when it answers. The statements are said before it lets anybody in.
    pub(in crate::rehearsal) async fn start(
        volume: &Volume,
        place: ServerPlace,
        statements: &str,
        log: &Path,
    ) -> Result<Self, RehearsalError> {
        let cable = cable(&place.id);
        volume.mount().await?;
        network::plug(&cable, place.address).await?;
        write(&volume.root().join("etc/lab.sql"), statements)?;
        let out =
            std::fs::File::options().create(true).append(true).open(log).map_err(RehearsalError::file("open", log))?;
        let copy = out.try_clone().map_err(RehearsalError::file("open", log))?;
        let mut child = Command::new("setsid")
            .args(["nsenter", &format!("--net=/run/netns/{cable}"), "unshare", "--mount", "--pid", "--fork"])
            .args(["--kill-child=SIGKILL", "bash", "-c", BOOT, "boot"])
            .arg(volume.root())
            .env_clear()
            .env("PATH", PATH)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(copy)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| RehearsalError::ProgramUnstartable { program: "setsid".to_owned(), source })?;
        let started = Instant::now();
        let mut init = None;
        loop {
            init = init.or_else(|| child.id().and_then(first_child_of));
            if let Some(init) = init
                && answers(place.address).await
            {
                return Ok(Self { place, child, init });
            }
            if child.try_wait().ok().flatten().is_some() || started.elapsed() > START_DEADLINE {
                let _ = child.start_kill();
                network::unplug(&cable).await;
                return Err(RehearsalError::TooLate {
                    what: format!("the DB instance `{}` did not answer on port {PORT}", place.id),
                    after: started.elapsed(),
                    said: tail(log, 15),
                });
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Where it serves.
    pub(in crate::rehearsal) fn place(&self) -> &ServerPlace {
        &self.place
    }

    /// Whether it ended by itself.
    pub(in crate::rehearsal) fn has_ended(&mut self) -> bool {
        self.child.try_wait().ok().flatten().is_some()
    }

    /// Ends it in order: what it holds in memory is written.
    pub(in crate::rehearsal) async fn stop(self: Box<Self>) {
        // A server that is gone already is what is wanted.
        let _ = kill_process(self.init, Signal::TERM);
        self.ended().await;
    }

    /// Ends it at once, as a host failure does.
    pub(in crate::rehearsal) async fn kill(self: Box<Self>) {
        let _ = kill_process(self.init, Signal::KILL); // as above
        self.ended().await;
    }

    async fn ended(mut self: Box<Self>) {
        if tokio::time::timeout(PATIENCE, self.child.wait()).await.is_err() {
            let _ = kill_process(self.init, Signal::KILL);
            let _ = self.child.wait().await;
        }
        network::unplug(&cable(&self.place.id)).await;
    }
}

/// A name for the namespace that no host has.
fn cable(id: &str) -> String {
    format!("db-{id}")
}

/// Whether a server greets at a name that the region's DNS knows.
pub(in crate::rehearsal) async fn answers_at(name: &str) -> bool {
    let Ok(mut found) = tokio::net::lookup_host((name, PORT)).await else { return false };
    match found.next().map(|address| address.ip()) {
        Some(std::net::IpAddr::V4(address)) => answers(address).await,
        _ => false,
    }
}

/// Whether a server greets: its first packet names version 10 of the protocol.
async fn answers(address: Ipv4Addr) -> bool {
    let greeting = async {
        let mut stream = network::look_in(address, PORT).await.ok()?;
        let mut start = [0_u8; 5];
        stream.read_exact(&mut start).await.ok()?;
        Some(start[4] == 10)
    };
    matches!(tokio::time::timeout(Duration::from_millis(500), greeting).await, Ok(Some(true)))
}
