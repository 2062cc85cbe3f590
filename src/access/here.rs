//! Commands on the machine where this tool runs.

use super::program::{apart, end_group};
use super::{RemoteCommand, RemoteOutput};
use rustix::system::uname;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

/// Runs a command on this machine, apart from the terminal, to its end or its limit; then it is ended with all that it has
/// started.
///
/// # Errors
/// When it cannot be run, or does not end in its time.
pub async fn run_here(command: &RemoteCommand) -> std::io::Result<RemoteOutput> {
    let [program, arguments @ ..] = command.argv() else {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "no program"));
    };
    let mut child = match apart(program) {
        Ok(mut command) => {
            command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?
        }
        // As a shell says it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(RemoteOutput { status: 127, stdout: Vec::new(), stderr: error.to_string() });
        }
        Err(error) => return Err(error),
    };
    let (pid, stdin) = (child.id(), child.stdin.take());
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A program that does not read its input closes it: its exit status tells, not this.
            let _ = stdin.write_all(&command.stdin).await;
            let _ = stdin.shutdown().await;
        }
    };
    let ended = tokio::time::timeout(command.limit, async { tokio::join!(feed, child.wait_with_output()).1 }).await;
    let Ok(output) = ended else {
        end_group(pid);
        let limit = command.limit.as_secs();
        return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, format!("it did not end within {limit} s")));
    };
    let output = output?;
    let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(RemoteOutput { status: output.status.code().unwrap_or(RemoteOutput::BY_SIGNAL), stdout: output.stdout, stderr })
}

/// How this machine is known again: its name, and the beginning of its id.
#[must_use]
pub fn this_machine() -> String {
    let name = uname().nodename().to_string_lossy().into_owned();
    let id = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    format!("{name} {}", id.trim().get(..8).unwrap_or_default()).trim().to_owned()
}
