//! A connection and the commands on it, as many at once as the host's sshd allows.

use super::login_shell::{Mark, line};
use super::{RemoteCommand, RemoteOutput, SshTrouble};
use crate::model::{HostKeys, Target};
use openssh::{Session, Stdio};
use std::io::ErrorKind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// How many commands run at once at first: sshd's `MaxSessions` is 10 unless it is set (sshd_config(5)).
const SLOTS: usize = 8;
/// How long ssh may take to say whether a connection still is one; it asks no host.
const CHECK_LIMIT: Duration = Duration::from_secs(5);
/// The first wait before a refused session is asked for again. A session counts a little longer than its command runs.
const PAUSE: Duration = Duration::from_millis(20);
/// The longest of these waits, each twice the one before.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// One connection.
#[derive(Debug)]
pub(super) struct Line {
    address: String,
    host_key: Option<HostKeys>,
    session: Session,
    slots: Slots,
}

/// Places for commands. They get fewer when the host refuses a session, never more; at least one stays.
#[derive(Debug)]
struct Slots {
    free: Semaphore,
    all: AtomicUsize,
}

impl Slots {
    fn new(all: usize) -> Self {
        Self { free: Semaphore::new(all), all: AtomicUsize::new(all) }
    }

    /// Gives a place up for good, unless it is the last one.
    fn give_up(&self, place: SemaphorePermit<'_>) {
        let fewer = |all: usize| (all > 1).then(|| all - 1);
        if self.all.fetch_update(Ordering::AcqRel, Ordering::Acquire, fewer).is_ok() {
            place.forget();
        }
    }
}

impl Line {
    pub(super) fn new(target: &Target, address: &str, session: Session) -> Self {
        let host_key = target.host_key.clone();
        Self { address: address.to_owned(), host_key, session, slots: Slots::new(SLOTS) }
    }

    /// Whether it leads to this target at this address, with this host key.
    pub(super) fn is_for(&self, target: &Target, address: &str) -> bool {
        self.address == address && self.host_key == target.host_key
    }

    /// Whether the connection still is one.
    pub(super) async fn lives(&self) -> bool {
        matches!(timeout(CHECK_LIMIT, self.session.check()).await, Ok(Ok(())))
    }

    /// Runs a command, when there is a place for it. A session that the host refuses is asked for again, for nothing was run.
    pub(super) async fn run(&self, command: &RemoteCommand) -> Result<RemoteOutput, SshTrouble> {
        let end = Instant::now() + command.limit;
        let mut pause = PAUSE;
        loop {
            let place = match timeout_at(end, self.slots.free.acquire()).await {
                Err(_) => {
                    let limit = command.limit.as_secs();
                    return Err(SshTrouble::Busy(format!("no command ended within {limit} s")));
                }
                Ok(place) => place.map_err(|e| SshTrouble::Busy(e.to_string()))?,
            };
            match timeout(command.limit, self.execute(command)).await {
                Err(_) => return Err(SshTrouble::TimedOut(command.limit.as_secs())),
                Ok(Err(SshTrouble::Busy(_))) if Instant::now() + pause < end => self.slots.give_up(place),
                Ok(outcome) => return outcome,
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn execute(&self, command: &RemoteCommand) -> Result<RemoteOutput, SshTrouble> {
        let mark = Mark::new();
        let mut remote = self.session.raw_command(line(command.argv(), &mark));
        remote.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = remote.spawn().await.map_err(|error| trouble_of(&error))?;
        let (stdin, stdout, stderr) = (child.stdin().take(), child.stdout().take(), child.stderr().take());
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read its input closes it: its exit status tells, not this.
                let _ = stdin.write_all(&command.stdin).await;
                let _ = stdin.shutdown().await;
            }
        };
        let ((), stdout, stderr) = tokio::join!(feed, all_of(stdout), all_of(stderr));
        let (stdout, stderr) = (stdout?, stderr?);
        let status = match child.wait().await {
            Ok(status) => status.code().unwrap_or(RemoteOutput::BY_SIGNAL),
            // The crate's word for exit status 127.
            Err(openssh::Error::Remote(e)) if e.kind() == ErrorKind::NotFound => 127,
            // The session was closed without an exit status. While the connection lives only the host can have done that, and
            // it does so for a command that a signal has ended (RFC 4254, 6.10, `exit-signal`, which ssh does not pass on).
            Err(openssh::Error::RemoteProcessTerminated) if self.lives().await => RemoteOutput::BY_SIGNAL,
            Err(error) => return Err(trouble_of(&error)),
        };
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let (out, err) = (mark.after(&stdout), mark.after(&stderr));
        if out.is_none() && err.is_none() {
            let said = words(&[stdout.as_slice(), b"\n", stderr.as_slice()].concat());
            return Err(match status {
                RemoteOutput::BY_SIGNAL => SshTrouble::Lost("the session was ended on the host".into()),
                _ => SshTrouble::Shell(if said.is_empty() { format!("exit status {status}") } else { said }),
            });
        }
        let stderr = words(err.unwrap_or(&stderr));
        Ok(RemoteOutput { status, stdout: out.map_or_else(|| stdout.clone(), <[u8]>::to_vec), stderr })
    }
}

/// All that comes out of a pipe.
async fn all_of(pipe: Option<impl AsyncRead + Unpin>) -> Result<Vec<u8>, SshTrouble> {
    let mut bytes = Vec::new();
    if let Some(mut pipe) = pipe {
        pipe.read_to_end(&mut bytes).await.map_err(|e| SshTrouble::Lost(e.to_string()))?;
    }
    Ok(bytes)
}

fn trouble_of(error: &openssh::Error) -> SshTrouble {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    if text.to_lowercase().contains("session open refused") { SshTrouble::Busy(text) } else { SshTrouble::Lost(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_get_fewer_and_one_stays() {
        let slots = Slots::new(2);
        for left in [1, 1] {
            let place = slots.free.acquire().await.unwrap();
            slots.give_up(place);
            assert_eq!(slots.free.available_permits(), left);
        }
    }
}
