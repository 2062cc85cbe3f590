//! Commands of a world: on its hosts as root, and as its operator. Each ends in its time.

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How long one may take.
const WITHIN: Duration = Duration::from_secs(120);

/// Runs a command on a host as root, with this on its standard input.
pub(super) async fn on_host(
    region: &Region,
    name: &str,
    argv: &[&str],
    input: &[u8],
) -> Result<Output, RehearsalError> {
    let off = || RehearsalError::Unsupported(format!("the world's host `{name}` is off"));
    let host = region.account().hosts.get(name).and_then(|known| region.host(&known.instance)).ok_or_else(off)?;
    let command = host.command(argv).ok_or_else(off)?;
    ended(command, input, &format!("a command on the world's host {name}")).await
}

/// Runs a command as the world's operator does, in the operator's home.
pub(super) async fn by_operator(region: &Region, argv: &[&str]) -> Result<Output, RehearsalError> {
    ended(region.command(argv), b"", "a command of the world's operator").await
}

/// Refuses an end that is no good one; `what` is what was run.
pub(super) fn well(output: &Output, what: &str) -> Result<(), RehearsalError> {
    if output.status.success() {
        return Ok(());
    }
    Err(RehearsalError::ProgramFailed {
        command: what.to_owned(),
        status: output.status.to_string(),
        said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

async fn ended(mut command: Command, input: &[u8], what: &str) -> Result<Output, RehearsalError> {
    let unstartable = |source| RehearsalError::ProgramUnstartable { program: what.to_owned(), source };
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = piped.spawn().map_err(unstartable)?;
    let stdin = child.stdin.take();
    let fed = async move {
        if let Some(mut stdin) = stdin {
            // A program that reads nothing closes it; its status tells.
            let _ = stdin.write_all(input).await;
        }
    };
    let both = async { tokio::join!(fed, child.wait_with_output()).1 };
    match tokio::time::timeout(WITHIN, both).await {
        Ok(output) => output.map_err(unstartable),
        Err(_) => Err(RehearsalError::TooLate { what: what.to_owned(), after: WITHIN, said: String::new() }),
    }
}
