//! Where a command runs: on a host, over SSH, or on the machine where this tool runs; and as whom.

use super::given::Given;
use crate::access::{RemoteCommand, RemoteOutput};
use crate::action::Lines;
use crate::action::lines::did_not_work;
use crate::model::{Account, Failure, Target};
use std::time::Duration;

const BECOME: &str = include_str!("become.sh");
const ENTER: &str = include_str!("enter.sh");

/// Where a command runs.
pub(super) struct Station<'a> {
    /// The host; nothing for this machine.
    pub(super) host: Option<&'a Target>,
    /// As whom.
    pub(super) user: RunsAs<'a>,
}

/// As whom a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunsAs<'a> {
    /// Whoever logs in, or has started this tool.
    Login,
    /// Root.
    Root,
    /// Another user; root keeps it, who can become anybody and has where to keep things.
    User(&'a Account),
}

/// As whom a command runs that says so in one of two ways.
///
/// # Errors
/// When it says both.
pub(super) fn station_user(sudo: bool, user: Option<&Account>) -> Result<RunsAs<'_>, Failure> {
    match (user, sudo) {
        (Some(_), true) => Err(Failure::refused("a command has either `sudo` or `user`, not both")),
        (Some(user), false) => Ok(RunsAs::User(user)),
        (None, true) => Ok(RunsAs::Root),
        (None, false) => Ok(RunsAs::Login),
    }
}

impl Station<'_> {
    /// What it is called: `web-1`.
    pub(super) fn name(&self) -> &str {
        self.host.map_or("this machine", |host| host.name.as_str())
    }

    /// The same in a failure, which names the host's address: `on web-1 (10.0.0.7)`.
    pub(super) fn on(&self) -> String {
        self.host.map_or_else(|| "on this machine".to_owned(), |host| format!("on {host}"))
    }

    /// As whom, in a sentence: ` as root`, or nothing.
    pub(super) fn told_as(&self) -> String {
        match self.user {
            RunsAs::Login => String::new(),
            RunsAs::Root => " as root".to_owned(),
            RunsAs::User(user) => format!(" as {user}"),
        }
    }

    /// A command for this place, as whoever keeps things there. Where this tool is root's, that is root already.
    pub(super) fn command<I, S>(&self, argv: I) -> RemoteCommand
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let is_it = self.user == RunsAs::Login || (self.host.is_none() && is_root());
        if is_it { RemoteCommand::new(argv) } else { RemoteCommand::sudo(argv) }
    }

    /// Whether what is kept of a command here is the same person's as the journal.
    pub(super) fn keeps_beside_journal(&self) -> bool {
        self.host.is_none() && (self.user == RunsAs::Login || is_root())
    }

    /// A command as somebody who logs in there types it, so that it runs as the right user.
    pub(super) fn as_typed(&self, argv: Vec<&str>) -> Vec<String> {
        let before: &[&str] = match self.user {
            RunsAs::Login | RunsAs::Root => return self.command(argv).argv().to_vec(),
            RunsAs::User(user) => &["sudo", "-n", "-u", user.as_str(), "--"],
        };
        before.iter().copied().chain(argv).map(str::to_owned).collect()
    }

    /// A program and its arguments with what makes them run as the right user, in the right folder, with what they are given.
    pub(super) fn wrapped(&self, argv: &[&str], given: &Given) -> Vec<String> {
        let mut words: Vec<&str> = Vec::new();
        if let RunsAs::User(user) = self.user {
            words.extend(["sh", "-c", BECOME, "become", user.as_str()]);
        }
        let folder = match (&given.cwd, self.user) {
            (Some(cwd), _) => Some(cwd.as_str()),
            (None, RunsAs::User(_)) => Some(""),
            (None, _) => (!given.is_nothing()).then_some("."),
        };
        if let Some(folder) = folder {
            words.extend(["sh", "-c", ENTER, "enter", folder]);
        }
        words.into_iter().chain(argv.iter().copied()).map(str::to_owned).collect()
    }

    /// Runs a command to its end, beside what is kept: it must only look.
    pub(super) async fn look(
        &self,
        lines: &Lines<'_>,
        (argv, given): (&[&str], &Given),
        limit: Duration,
    ) -> Result<RemoteOutput, Failure> {
        let command = self.command(self.wrapped(argv, given)).stdin(given.input()).limit(limit);
        self.run(lines, command).await
    }

    /// Runs a command to its end.
    pub(super) async fn run(&self, lines: &Lines<'_>, command: RemoteCommand) -> Result<RemoteOutput, Failure> {
        match self.host {
            Some(host) => Ok(lines.run(host, command).await?),
            None => here(&command).await,
        }
    }

    /// Runs a command that must succeed, and answers what it printed.
    pub(super) async fn run_ok(
        &self,
        lines: &Lines<'_>,
        command: RemoteCommand,
        what: &str,
    ) -> Result<String, Failure> {
        match self.host {
            Some(host) => lines.run_ok(host, command, what).await,
            None => {
                let output = here(&command).await?;
                if output.ok() { Ok(output.text()) } else { Err(self.did_not_work(what, command.program(), output)) }
            }
        }
    }

    /// The failure of a command that ran and did not work.
    pub(super) fn did_not_work(&self, what: &str, program: &str, output: RemoteOutput) -> Failure {
        match self.host {
            Some(host) => did_not_work(what, host, program, output),
            None => {
                let failure = Failure::permanent(format!("{what} failed on this machine ({})", output.ended()));
                let said = if output.stderr.is_empty() { output.text() } else { output.stderr };
                failure.cause(said)
            }
        }
    }
}

/// Whether this tool is root's.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Runs a command on this machine.
async fn here(command: &RemoteCommand) -> Result<RemoteOutput, Failure> {
    crate::access::run_here(command).await.map_err(|error| {
        Failure::transient(format!("`{}` could not be run on this machine", command.program())).cause(error.to_string())
    })
}
