//! What can go wrong with the lab itself, as opposed to with the runbook rehearsed in it.
//!
//! Every message names the thing that failed and, where a program or a server was involved, the end of what
//! it said: the lab's logs are in a directory nobody looks into by himself.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why the lab could not be set up, started, or kept running.
#[derive(Debug, thiserror::Error)]
pub enum RehearsalError {
    /// A file or directory of the lab could not be read or written.
    #[error("cannot {doing} `{}`", path.display())]
    File {
        /// The verb: `read`, `write`, `create`.
        doing: &'static str,
        /// The file in question.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A program the lab needs is not installed.
    #[error("`{program}` is not installed; `runbook doctor` says which packages the lab needs")]
    ProgramMissing {
        /// The program looked for in PATH.
        program: String,
    },
    /// A program could not be started at all.
    #[error("cannot start `{program}`")]
    ProgramUnstartable {
        /// The program.
        program: String,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A program ended with another status than success.
    #[error("`{command}` ended with {status}: {said}")]
    ProgramFailed {
        /// The command line, shortened.
        command: String,
        /// Its exit status in words.
        status: String,
        /// The end of its standard error.
        said: String,
    },
    /// Something did not happen in the time allowed for it.
    #[error("{what} within {} s{}", after.as_secs(), tail_of(said))]
    TooLate {
        /// What did not happen: `host web-1 did not answer on port 22`.
        what: String,
        /// The time allowed.
        after: Duration,
        /// The end of the log that may say why; empty when there is none.
        said: String,
    },
    /// The emulated account gave no answer, or one that cannot be used.
    #[error("the emulator's `{call}` {why}{}", tail_of(said))]
    Emulator {
        /// Method and path of the call.
        call: String,
        /// What was wrong with the answer.
        why: String,
        /// The end of the emulator's log; empty when there is none.
        said: String,
    },
    /// Packages that a world asks for and Debian does not have.
    #[error("{} {}", no_package(names), crate::rehearsal::machine::recipe::SUITE)]
    NoPackage {
        /// Their names.
        names: Vec<String>,
    },
    /// The lab is as the world file says, and the runbook was refused in it.
    #[error("no run was begun in the lab: why it was refused stands above")]
    NoRun,
    /// The lab cannot work on this machine, or not in the way asked for.
    #[error("{0}")]
    Unsupported(String),
}

fn no_package(names: &[String]) -> String {
    let named: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("there {} no package {} in Debian's", if names.len() == 1 { "is" } else { "are" }, named.join(", "))
}

fn tail_of(said: &str) -> String {
    if said.trim().is_empty() { String::new() } else { format!("; the log ends:\n{}", said.trim_end()) }
}

impl RehearsalError {
    /// For `map_err`: a failed file operation with its verb and path.
    pub(in crate::rehearsal) fn file(doing: &'static str, path: impl AsRef<Path>) -> impl FnOnce(io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::File { doing, path, source }
    }

    /// What helps, where the lab itself, or what it was asked for, is the reason.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::ProgramMissing { .. }
            | Self::ProgramUnstartable { .. }
            | Self::Unsupported(_)
            | Self::File { .. } => Some("`runbook doctor` says what the lab needs; `--setup` installs it"),
            Self::NoPackage { .. } => Some("correct `packages` in the world file, and type the same command again"),
            Self::NoRun => Some(
                "mend the runbook, or its world file; with `--shell` you get a shell in the lab and can look around",
            ),
            Self::ProgramFailed { .. } | Self::TooLate { .. } | Self::Emulator { .. } => None,
        }
    }

    /// The message with all its causes, as one line for a log.
    pub(in crate::rehearsal) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// The last `lines` lines of a file; empty when it cannot be read.
pub(in crate::rehearsal) fn tail(path: &Path, lines: usize) -> String {
    let text = String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}
