//! A command for a host, and what it left.

use std::time::Duration;

/// A command for a host.
#[derive(Debug, Clone)]
pub struct RemoteCommand {
    argv: Vec<String>,
    pub(in crate::access) stdin: Vec<u8>,
    pub(in crate::access) limit: Duration,
}

/// What a command that ended left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteOutput {
    /// Its exit status, 0 to 255; [`RemoteOutput::BY_SIGNAL`] when a signal ended it.
    pub status: i32,
    /// What it printed.
    pub stdout: Vec<u8>,
    /// What it said on standard error, text.
    pub stderr: String,
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

    /// The program that does the work: the one that `sudo` starts, where it is asked to.
    #[must_use]
    pub fn program(&self) -> &str {
        let after_sudo = match self.argv.as_slice() {
            [sudo, flag, end, program, ..] if sudo == "sudo" && flag == "-n" && end == "--" => Some(program),
            argv => argv.first(),
        };
        after_sudo.map_or("", String::as_str)
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
    /// The status of a command that a signal ended. Which signal it was, ssh's multiplexing does not say.
    pub const BY_SIGNAL: i32 = -1;

    /// Whether it exited with 0.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.status == 0
    }

    /// How it ended, in an operator's words: `exit status 3`.
    #[must_use]
    pub fn ended(&self) -> String {
        match self.status {
            Self::BY_SIGNAL => "ended by a signal".to_owned(),
            127 => "exit status 127: no such program there".to_owned(),
            status => format!("exit status {status}"),
        }
    }

    /// Whether the program came to its own end: it was there, could be started, and no signal ended it. Only then does its
    /// status answer the question it was asked. (126 and 127 are a shell's own words for "cannot be executed" and "not
    /// found": POSIX, Shell Command Language, 2.8.2.)
    #[must_use]
    pub fn answers(&self) -> bool {
        !matches!(self.status, 126 | 127 | Self::BY_SIGNAL)
    }

    /// What it printed as text, without white space around.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_behind_sudo_is_meant() {
        assert_eq!(RemoteCommand::new(["php", "-l"]).program(), "php");
        assert_eq!(RemoteCommand::sudo(["nginx", "-t"]).program(), "nginx");
        assert_eq!(RemoteCommand::root_script("true", [""; 0]).program(), "sh");
        assert_eq!(RemoteCommand::new([""; 0]).program(), "");
    }
}
