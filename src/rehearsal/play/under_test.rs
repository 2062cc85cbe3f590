//! The commands under test: `runbook ...` as an operator would type it in the region, each a process of its own.
//!
//! They are the ordinary ones. Only those that are to be killed or to fail are started through the hidden `rehearsed`.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::process::Command;

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use crate::rehearsal::scenario::Report;

/// No command of a rehearsal may take longer, where things go as fast as they can.
const COMMAND_DEADLINE: Duration = Duration::from_secs(600);
/// The waits of a whole run, or of one taken back, all at their longest on AWS.
const WAITS_ON_AWS: Duration = Duration::from_secs(4 * 3600);
/// How often a command's memory is read. The kernel keeps the peak: only growth in a command's last moments is missed.
const MEMORY_ROUND: Duration = Duration::from_millis(20);

/// What starts commands.
#[derive(Clone, Copy)]
pub(in crate::rehearsal) struct UnderTest<'a> {
    pub(in crate::rehearsal) region: &'a Region,
    /// Whether they write JSON.
    pub(in crate::rehearsal) json: bool,
}

impl UnderTest<'_> {
    /// Runs a command to its end; `before` stands before its words. It writes where this process writes, and what it took
    /// is written down.
    pub(in crate::rehearsal) async fn run(
        self,
        before: &[String],
        words: &[&str],
        report: &mut Report,
    ) -> Result<ExitStatus, RehearsalError> {
        let format: &[&str] = if self.json { &["--format", "json"] } else { &[] };
        let mut command = self.command()?;
        let began = Instant::now();
        let mut child = command.args(before).args(format).args(words).spawn().map_err(unstartable)?;
        let pid = child.id();
        let patience = COMMAND_DEADLINE + self.region.pace().map_or(Duration::ZERO, |faster| WAITS_ON_AWS / faster);
        let deadline = tokio::time::sleep(patience);
        tokio::pin!(deadline);
        let status = loop {
            tokio::select! {
                status = child.wait() => break status.map_err(unstartable)?,
                () = &mut deadline => return Err(too_late(words, patience)),
                () = tokio::time::sleep(MEMORY_ROUND) => {
                    let peak = pid.and_then(peak_memory_kib).unwrap_or_default();
                    report.peak_memory_kib = report.peak_memory_kib.max(peak);
                }
            }
        };
        report.commands_s.push((words.join(" "), began.elapsed().as_secs_f64()));
        Ok(status)
    }

    /// What a command that only reads answers, as JSON.
    pub(in crate::rehearsal) async fn ask(self, words: &[&str]) -> Result<Value, RehearsalError> {
        let said = self.said(&[&["--format", "json"], words].concat()).await?;
        serde_json::from_str(&said).map_err(|error| {
            RehearsalError::Unsupported(format!("`runbook {}` does not answer JSON: {error}", words.join(" ")))
        })
    }

    /// What a command that only reads or decides writes; it must end well.
    pub(in crate::rehearsal) async fn said(self, words: &[&str]) -> Result<String, RehearsalError> {
        let mut command = self.command()?;
        let output = command.args(words).stderr(Stdio::piped()).output().await.map_err(unstartable)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(RehearsalError::ProgramFailed {
            command: format!("runbook {}", words.join(" ")),
            status: output.status.to_string(),
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }

    /// The newest run's id.
    pub(in crate::rehearsal) async fn newest_run(self) -> Result<String, RehearsalError> {
        let runs = self.ask(&["runs"]).await?;
        let newest = runs.get(0).and_then(|run| run.get("run")).and_then(Value::as_str);
        newest.map(str::to_owned).ok_or(RehearsalError::NoRun)
    }

    fn command(self) -> Result<Command, RehearsalError> {
        Ok(self.region.command(&[&own_program()?.display().to_string()]))
    }
}

/// The program that rehearses, which is also the one under test.
fn own_program() -> Result<PathBuf, RehearsalError> {
    std::env::current_exe().map_err(RehearsalError::file("find", "/proc/self/exe"))
}

fn unstartable(source: std::io::Error) -> RehearsalError {
    RehearsalError::ProgramUnstartable { program: "runbook".into(), source }
}

fn too_late(words: &[&str], after: Duration) -> RehearsalError {
    let what = format!("`runbook {}` did not end", words.join(" "));
    RehearsalError::TooLate { what, after, said: String::new() }
}

/// The most memory a process has held so far; nothing when it has ended.
fn peak_memory_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_of_a_process_is_read() {
        assert!(peak_memory_kib(std::process::id()).is_some_and(|kib| kib > 500));
        assert_eq!(peak_memory_kib(u32::MAX), None);
    }
}
