//! SSH sessions: one multiplexed connection a target, commands as lists of arguments, `sudo -n` on request.
//!
//! Promises: host keys are always checked; an argument reaches the program as it is (no shell of ours interprets it);
//! at most eight commands run at once on a host (sshd's MaxSessions is 10); the remote shell's start-up noise on standard
//! error is never parsed. The keys used are the target's pinned ones, else the operator's known_hosts. Every wait has an
//! end, and one host that does not answer holds up no other. A connection whose process was killed closes by itself.

use super::ssh_failure::classify_connect;
use super::{Settings, SshError, SshTrouble, ssh_config};
use crate::model::Target;
use openssh::{ControlPersist, KnownHosts, Session, SessionBuilder, Stdio};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Mutex, Semaphore};

/// How long a connection may take until it can be used: ssh's own `ConnectTimeout` ends with the key exchange, before the
/// login, and does not limit a ProxyCommand.
const CONNECT_LIMIT: Duration = Duration::from_secs(20);
/// How long ssh may take to say whether a connection still is one; it asks no host.
const CHECK_LIMIT: Duration = Duration::from_secs(5);
/// How many seconds a connection outlives its last command. Nobody is there to close it when this process was killed.
const IDLE_S: NonZeroUsize = NonZeroUsize::new(60).expect("a constant above 0");

/// A command for a host.
#[derive(Debug, Clone)]
pub struct RemoteCommand {
    argv: Vec<String>,
    stdin: Vec<u8>,
    limit: Duration,
}

/// What a command that ended left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteOutput {
    /// Its exit status; 128 + n when a signal ended it.
    pub status: i32,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said on standard error, text.
    pub stderr: String,
}

/// The sessions of this process.
#[derive(Debug)]
pub struct Ssh {
    settings: Settings,
    lines: Mutex<BTreeMap<String, Place>>,
}

/// Where a target's connection is kept; locked while it is made, so that there is one of them.
type Place = Arc<Mutex<Option<Arc<Line>>>>;

#[derive(Debug)]
struct Line {
    address: String,
    host_key: Option<String>,
    session: Session,
    slots: Semaphore,
}

impl RemoteCommand {
    /// A program with its arguments.
    pub fn new<I, S>(argv: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        Self { argv: argv.into_iter().map(Into::into).collect(), stdin: Vec::new(), limit: Duration::from_secs(60) }
    }

    /// The same, as root by `sudo -n`.
    pub fn sudo<I, S>(argv: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let mut all = vec!["sudo".to_owned(), "-n".to_owned(), "--".to_owned()];
        all.extend(argv.into_iter().map(Into::into));
        Self::new(all)
    }

    /// A constant script for `sh`, run as root; values are given as arguments `$1`, `$2`, ... and never pasted in.
    pub fn root_script<I, S>(script: &'static str, arguments: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let head = ["sh", "-euc", script, "runbook"].map(str::to_owned);
        Self::sudo(head.into_iter().chain(arguments.into_iter().map(Into::into)))
    }

    /// Program and arguments, as they reach the host; what it reads on standard input is not among them.
    #[must_use]
    pub fn argv(&self) -> &[String] {
        &self.argv
    }

    /// What it reads on standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// How long it may take; 60 s unless said.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }
}

impl RemoteOutput {
    /// Whether it exited with 0.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.status == 0
    }

    /// What it printed as text, without white space around.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

impl Ssh {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, lines: Mutex::new(BTreeMap::new()) }
    }

    /// Runs a command on `target`, which is at `address` now.
    ///
    /// # Errors
    /// When there is no answer; the trouble says whether the command may have run.
    pub async fn run(&self, target: &Target, address: &str, command: RemoteCommand) -> Result<RemoteOutput, SshError> {
        let fail = |trouble| SshError { host: target.to_string(), trouble };
        let limit = command.limit;
        let line = self.line(target, address).await?;
        let _slot = match tokio::time::timeout(limit, line.slots.acquire()).await {
            Err(_) => return Err(fail(SshTrouble::Busy(format!("no command ended within {} s", limit.as_secs())))),
            Ok(slot) => slot.map_err(|e| fail(SshTrouble::Busy(e.to_string())))?,
        };
        let result = tokio::time::timeout(limit, execute(&line.session, command)).await;
        let outcome = match result {
            Err(_) => Err(SshTrouble::TimedOut(limit.as_secs())),
            Ok(Err(error)) => Err(trouble_of(&error)),
            Ok(Ok(output)) => Ok(output),
        };
        if let Err(SshTrouble::Lost(_) | SshTrouble::TimedOut(_)) = &outcome {
            // Another command may have connected anew already.
            let place = self.place(target).await;
            place.lock().await.take_if(|kept| Arc::ptr_eq(kept, &line));
        }
        outcome.map_err(fail)
    }

    /// Drops the connection to a target: it is going away, or its address has changed.
    pub async fn forget(&self, target: &Target) {
        let place = self.place(target).await;
        *place.lock().await = None;
    }

    async fn place(&self, target: &Target) -> Place {
        Arc::clone(self.lines.lock().await.entry(target.alias().to_owned()).or_default())
    }

    async fn line(&self, target: &Target, address: &str) -> Result<Arc<Line>, SshError> {
        let place = self.place(target).await;
        let mut kept = place.lock().await;
        if let Some(line) = &*kept
            && line.address == address
            && line.host_key == target.host_key
            && line.lives().await
        {
            return Ok(Arc::clone(line));
        }
        *kept = None;
        let line = Arc::new(self.connect(target, address).await?);
        *kept = Some(Arc::clone(&line));
        Ok(line)
    }

    async fn connect(&self, target: &Target, address: &str) -> Result<Line, SshError> {
        let fail = |trouble| SshError { host: target.to_string(), trouble };
        let config =
            ssh_config::write(&self.settings, target, address).map_err(|e| fail(SshTrouble::Here(e.to_string())))?;
        let mut builder = SessionBuilder::default();
        builder
            .known_hosts_check(KnownHosts::Strict)
            .connect_timeout(Duration::from_secs(10))
            .server_alive_interval(Duration::from_secs(5))
            .control_directory(std::env::temp_dir())
            .control_persist(ControlPersist::IdleFor(IDLE_S))
            .config_file(config);
        let connected = tokio::time::timeout(CONNECT_LIMIT, builder.connect_mux(address)).await.map_err(|_| {
            let limit = CONNECT_LIMIT.as_secs();
            fail(SshTrouble::Unreachable(format!("no login within {limit} s (ssh's ProxyCommand counts too)")))
        })?;
        let session = connected.map_err(|e| {
            let mut text = e.to_string();
            let mut source = std::error::Error::source(&e);
            while let Some(cause) = source {
                text = format!("{text}\n{cause}");
                source = cause.source();
            }
            fail(classify_connect(&text))
        })?;
        Ok(Line { address: address.to_owned(), host_key: target.host_key.clone(), session, slots: Semaphore::new(8) })
    }
}

impl Line {
    /// Whether the connection still is one.
    async fn lives(&self) -> bool {
        matches!(tokio::time::timeout(CHECK_LIMIT, self.session.check()).await, Ok(Ok(())))
    }
}

async fn execute(session: &Session, command: RemoteCommand) -> Result<RemoteOutput, openssh::Error> {
    let mut argv = command.argv.iter();
    let mut remote = session.command(argv.next().map_or("true", String::as_str));
    remote.args(argv);
    remote.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = remote.spawn().await?;
    if let Some(mut stdin) = child.stdin().take() {
        // A program that does not read its input closes it: its exit status tells, not this.
        let _ = stdin.write_all(&command.stdin).await;
        let _ = stdin.shutdown().await;
    }
    let output = child.wait_with_output().await?;
    let status = output
        .status
        .code()
        .unwrap_or_else(|| 128 + std::os::unix::process::ExitStatusExt::signal(&output.status).unwrap_or_default());
    Ok(RemoteOutput {
        status,
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

fn trouble_of(error: &openssh::Error) -> SshTrouble {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    if text.contains("Session open refused") || text.contains("session open refused") {
        SshTrouble::Busy(text)
    } else {
        SshTrouble::Lost(text)
    }
}
