//! Running the outside programs the lab is made of (`ip`, `mount`, `openssl`, `ssh-keygen`, ...): always with a
//! deadline, always without a terminal, and with what they said on standard error kept for the message.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::rehearsal::error::RehearsalError;

/// What a small local program may take before it counts as hanging; generous, for a loaded machine.
const USUAL_DEADLINE: Duration = Duration::from_secs(20);
/// The programs' own folders; an operator's PATH often lacks the `sbin` ones.
pub(in crate::rehearsal) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// One call of one program.
pub(in crate::rehearsal) struct Tool {
    program: OsString,
    arguments: Vec<OsString>,
    input: Vec<u8>,
    deadline: Duration,
}

impl Tool {
    pub(in crate::rehearsal) fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            arguments: Vec::new(),
            input: Vec::new(),
            deadline: USUAL_DEADLINE,
        }
    }

    pub(in crate::rehearsal) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub(in crate::rehearsal) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// What the program reads from its standard input; nothing otherwise.
    pub(in crate::rehearsal) fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    pub(in crate::rehearsal) fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs to the end and answers what the program wrote; any status but 0 is an error.
    pub(in crate::rehearsal) async fn run(self) -> Result<Output, RehearsalError> {
        let command = self.line();
        let output = self.output().await?;
        if output.status.success() {
            return Ok(output);
        }
        Err(RehearsalError::ProgramFailed {
            command,
            status: output.status.to_string(),
            said: last_words(&output.stderr, &output.stdout),
        })
    }

    /// Runs to the end whatever the status.
    pub(in crate::rehearsal) async fn output(self) -> Result<Output, RehearsalError> {
        let program = self.program.to_string_lossy().into_owned();
        let line = self.line();
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .env("PATH", PATH)
            .env("LC_ALL", "C.UTF-8")
            .stdin(if self.input.is_empty() { Stdio::null() } else { Stdio::piped() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| unstartable(&program, source))?;
        let stdin = child.stdin.take();
        let work = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read to the end says so by its status.
                let _ = stdin.write_all(&self.input).await;
            }
            child.wait_with_output().await
        };
        match tokio::time::timeout(self.deadline, work).await {
            Ok(output) => output.map_err(|source| RehearsalError::ProgramUnstartable { program, source }),
            Err(_) => Err(RehearsalError::TooLate {
                what: format!("`{line}` did not end"),
                after: self.deadline,
                said: String::new(),
            }),
        }
    }

    fn line(&self) -> String {
        let mut line = self.program.to_string_lossy().into_owned();
        for argument in &self.arguments {
            line.push(' ');
            line.push_str(&argument.to_string_lossy());
        }
        if line.chars().count() > 160 {
            line = line.chars().take(157).collect::<String>() + "...";
        }
        line
    }
}

/// Where a program is, looking into the usual folders and the caller's PATH.
pub(in crate::rehearsal) fn find(program: &str) -> Option<std::path::PathBuf> {
    let own = std::env::var("PATH").unwrap_or_default();
    own.split(':').chain(PATH.split(':')).map(|folder| Path::new(folder).join(program)).find(|path| path.is_file())
}

fn unstartable(program: &str, source: io::Error) -> RehearsalError {
    if source.kind() == io::ErrorKind::NotFound {
        RehearsalError::ProgramMissing { program: program.to_owned() }
    } else {
        RehearsalError::ProgramUnstartable { program: program.to_owned(), source }
    }
}

fn last_words(stderr: &[u8], stdout: &[u8]) -> String {
    let said = if stderr.iter().any(|byte| !byte.is_ascii_whitespace()) { stderr } else { stdout };
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    match lines[lines.len().saturating_sub(12)..].join("\n") {
        words if words.is_empty() => "it said nothing".to_owned(),
        words => words,
    }
}
