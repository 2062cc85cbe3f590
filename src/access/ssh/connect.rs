//! Making a connection: OpenSSH's own client, as the master of a multiplexed session.
//!
//! ssh is started without a terminal, so that nobody is asked anything in the middle of a display: not by ssh itself, nor by a
//! ProxyCommand or the ssh to a bastion, which know nothing of our `BatchMode`. What these programs say on the way goes to a
//! file beside ssh's own log, and both are read when no connection comes about.

use super::SshTrouble;
use super::failure::judge;
use super::left_over::{PREFIX, sweep};
use crate::access::program;
use openssh::Session;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Once;
use std::time::{Duration, SystemTime};

/// How long a connection may take until it can be used: ssh's own `ConnectTimeout` ends with the key exchange, before the
/// login, and does not limit a ProxyCommand.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// How many seconds a connection outlives its last command. Nobody is there to close it when this process was killed.
const IDLE_S: u32 = 60;

/// What others have left is removed once in a process.
static SWEPT: Once = Once::new();

/// Connects by this configuration.
pub(super) async fn connect(config: &Path, address: &str) -> Result<Session, SshTrouble> {
    let here = |e: std::io::Error| SshTrouble::Here(e.to_string());
    // `Session` wants the socket to be called `master`.
    let owner_only = std::fs::Permissions::from_mode(0o700);
    SWEPT.call_once(|| sweep(&std::env::temp_dir(), SystemTime::now()));
    let folder = tempfile::Builder::new().prefix(PREFIX).permissions(owner_only).tempdir().map_err(here)?;
    let (log, said) = (folder.path().join("log"), folder.path().join("said"));
    let mut ssh = program::apart("ssh").map_err(here)?;
    ssh.stdin(Stdio::null()).stdout(Stdio::null()).stderr(std::fs::File::create(&said).map_err(here)?);
    ssh.arg("-E").arg(&log).arg("-S").arg(folder.path().join("master")).args(["-M", "-f", "-N"]);
    ssh.args(["-o", &format!("ControlPersist={IDLE_S}s"), "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=5"]);
    // Without `-v` ssh closes the standard error of a ProxyCommand when the connection is to persist (sshconnect.c, `debug_flag`).
    ssh.arg("-v").arg("-F").arg(config).arg("--").arg(address);
    let mut child = ssh.kill_on_drop(true).spawn().map_err(here)?;
    let group = child.id();
    let ended = tokio::time::timeout(CONNECT_LIMIT, child.wait()).await;
    let read = |file: &Path| String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned();
    match ended {
        // It goes on in the background.
        Ok(Ok(status)) if status.success() => Ok(Session::new_native_mux(folder)),
        Ok(Ok(_)) => Err(judge(&read(&log), &read(&said))),
        Ok(Err(e)) => Err(here(e)),
        Err(_) => {
            program::end_group(group);
            let limit = CONNECT_LIMIT.as_secs();
            let late = format!("no login within {limit} s (ssh's ProxyCommand counts too)");
            Err(judge(&late, &[read(&log), read(&said)].join("\n")))
        }
    }
}
