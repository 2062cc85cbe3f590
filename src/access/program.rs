//! Programs of this machine that must not ask anybody anything.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::OnceLock;
use tokio::process::Command;

/// A program in a session of its own, without a terminal: `/dev/tty` cannot be opened there, nor is a window shown instead
/// (`SSH_ASKPASS`, ssh(1)). Where `setsid` (util-linux) is not installed, in a process group of its own: a question for the
/// terminal stops it before it is shown, and the time limit ends it.
///
/// # Errors
/// When the program is not installed.
pub fn apart(program: &str) -> std::io::Result<Command> {
    static SETSID: OnceLock<Option<PathBuf>> = OnceLock::new();
    let path = find(program).ok_or_else(|| {
        std::io::Error::new(std::io::ErrorKind::NotFound, format!("`{program}` is not installed on this machine"))
    })?;
    let mut command = match SETSID.get_or_init(|| find("setsid")) {
        Some(setsid) => {
            let mut command = Command::new(setsid);
            command.arg(path);
            command
        }
        None => {
            let mut command = Command::new(path);
            command.process_group(0);
            command
        }
    };
    command.env("SSH_ASKPASS_REQUIRE", "never");
    Ok(command)
}

/// Ends a program started [`apart`] with all that it has started.
pub(super) fn end_group(pid: Option<u32>) {
    let pid = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(rustix::process::Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended by itself.
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let runs =
        |path: &PathBuf| std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
    // Without a PATH the C library looks here.
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/bin:/usr/bin".into());
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(runs)
}
