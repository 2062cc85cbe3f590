//! A command as the runbook says it: where, what, with what, and what its end is to be.

use super::{Given, KeptCommand, Station};
use crate::action::Context;
use crate::model::{
    Argument, Change, CommandLine, DeclaredOutputs, Environment, Expectation, Failure, HostPath, Retried, Text,
    TextOrSecret, TimeSpan, tell,
};
use tokio::sync::OnceCell;

/// The output by which a command that came to its end is known.
pub(super) const STATUS: &str = "status";
/// How much of the end of what it said is shown of a command that failed.
pub(super) const SHOWN: usize = 4096;

/// A command as the runbook says it.
pub(super) struct Errand<'a> {
    pub(super) place: Station<'a>,
    pub(super) line: CommandLine,
    pub(super) reads: bool,
    pub(super) cwd: Option<&'a HostPath>,
    pub(super) env: Option<&'a Environment>,
    pub(super) stdin: Option<&'a TextOrSecret>,
    pub(super) expect: Expectation,
    pub(super) outputs: DeclaredOutputs,
    pub(super) check: Option<&'a CommandLine>,
    pub(super) every: Option<TimeSpan>,
    pub(super) undo: Option<&'a CommandLine>,
    pub(super) repeatable: bool,
    pub(super) retry_on: &'a [Retried],
    /// What it is given, once it was fetched: a secret's command is run once for that.
    pub(super) given: OnceCell<Given>,
}

impl<'a> Errand<'a> {
    /// A command at a place, of which nothing more is said.
    ///
    /// # Errors
    /// When neither or both of `argv` and `shell` are given, or it can be no command.
    pub(super) fn new(place: Station<'a>, argv: Option<&[Argument]>, shell: Option<&Text>) -> Result<Self, Failure> {
        let line = CommandLine::of(argv, shell).map_err(Failure::refused)?;
        line.is_one().map_err(Failure::refused)?;
        Ok(Self {
            place,
            line,
            reads: false,
            cwd: None,
            env: None,
            stdin: None,
            expect: Expectation::default(),
            outputs: DeclaredOutputs::default(),
            check: None,
            every: None,
            undo: None,
            repeatable: false,
            retry_on: &[],
            given: OnceCell::new(),
        })
    }

    pub(super) fn sentence(&self) -> Text {
        let verb = if self.reads { "look by" } else { "run" };
        tell!("{} `{} on {}{}", verb, self.line.told(), self.place.name(), self.place.told_as())
    }

    pub(super) fn undo_sentence(&self) -> Option<Text> {
        let run = |line: &CommandLine| tell!("run `{} on {}{}", line.told(), self.place.name(), self.place.told_as());
        self.undo.map(run)
    }

    /// The command as it reaches its place; of what it is given only the names.
    pub(super) fn changes(&self) -> Vec<Change> {
        if self.reads {
            return Vec::new();
        }
        vec![Change::Command { on: self.place.name().to_owned(), argv: self.place.as_typed(self.line.argv()) }]
    }

    pub(super) fn kept(&self, cx: &Context<'_>) -> KeptCommand<'_> {
        KeptCommand::new(&self.place, cx.call().token())
    }

    /// What it is given, with its secrets.
    pub(super) async fn given(&self) -> Result<&Given, Failure> {
        self.given.get_or_try_init(|| Given::of(self.cwd, self.env, self.stdin)).await
    }

    /// The same without what it reads: what its `check` and its `undo` are given.
    pub(super) async fn given_beside(&self) -> Result<Given, Failure> {
        Given::of(self.cwd, self.env, None).await
    }
}
