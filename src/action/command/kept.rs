//! Commands that are kept on their host: begun under a name, apart from the connection, with their output and their end in files.
//!
//! A command has a folder `NAME.NUMBER` below one that is its user's alone (`/var/lib/runbook` of root, else
//! `~/.local/state/runbook`), which survives a reboot. Whoever makes the folder begins it: `mkdir` lets one of many do so.
//! `keeper.sh` runs it in a session of its own and writes down, in this order: `run` (from here on it counts as begun), `group`
//! (process group, and what tells it from a later one of that number), `out` and `err`, `status`. `host.sh` answers how it stands.
//!
//! Promises: a beginning has at most one process, whoever asks how often; what has been made `void` never begins; a command
//! whose connection or executor is gone runs on and is found again; whoever is told that it ended has its status; what it leaves
//! behind in its group is ended before another beginning, and when it is ended or taken back.
//! Not handled: processes that leave the command's group (daemons); a folder that somebody removes by hand; a host whose disk is
//! put back to an earlier state.

use super::given::Given;
use super::station::Station;
use super::trace::Trace;
use crate::access::RemoteCommand;
use crate::action::Context;
use crate::model::Failure;

const HOST: &str = concat!(include_str!("../kept_folder.sh"), include_str!("others.sh"), include_str!("host.sh"));
const KEEPER: &str = concat!(include_str!("others.sh"), include_str!("keeper.sh"));

/// A command on its host, by the name under which it is kept there.
pub(super) struct KeptCommand<'a> {
    place: &'a Station<'a>,
    name: String,
}

impl<'a> KeptCommand<'a> {
    pub(super) fn new(place: &'a Station<'a>, name: String) -> Self {
        Self { place, name }
    }

    /// How its last beginning stands.
    pub(super) async fn look(&self, cx: &Context<'_>) -> Result<Trace, Failure> {
        self.trace(cx, "look", &[]).await
    }

    /// Begins it for the `number`th time, unless somebody has, and answers how it stands.
    pub(super) async fn begin(
        &self,
        cx: &Context<'_>,
        number: u32,
        (argv, given): (&[&str], &Given),
    ) -> Result<Trace, Failure> {
        let number = number.to_string();
        let wrapped = self.place.wrapped(argv, given);
        let words: Vec<&str> =
            [number.as_str(), KEEPER].into_iter().chain(wrapped.iter().map(String::as_str)).collect();
        let asked = self.asking(cx, "begin", &words).stdin(given.input());
        let told = self.place.run_ok(&cx.lines(), asked, "beginning a command").await?;
        self.read(told)
    }

    /// Sees to it that this beginning never comes, unless it has.
    pub(super) async fn void(&self, cx: &Context<'_>, number: u32) -> Result<Trace, Failure> {
        self.trace(cx, "void", &[&number.to_string()]).await
    }

    /// Sees to it that it never begins again under this name, and answers how it stands.
    pub(super) async fn close(&self, cx: &Context<'_>) -> Result<Trace, Failure> {
        self.trace(cx, "close", &[]).await
    }

    /// Ends it with all its processes, by TERM and, where that does not help within ten seconds, by KILL; `why` is written down.
    pub(super) async fn end(&self, cx: &Context<'_>, why: &str) -> Result<Trace, Failure> {
        self.trace(cx, "end", &[why]).await
    }

    /// Notes that somebody has been told how it ended.
    pub(super) async fn told(&self, cx: &Context<'_>) -> Result<(), Failure> {
        self.trace(cx, "told", &[]).await.map(drop)
    }

    /// Removes what it has printed.
    pub(super) async fn tidy(&self, cx: &Context<'_>) -> Result<(), Failure> {
        self.ask(cx, "tidy", &[]).await.map(drop)
    }

    /// Removes all that is kept of it but that it had begun, and sees to it that it never begins again under this name.
    pub(super) async fn clear(&self, cx: &Context<'_>) -> Result<(), Failure> {
        self.ask(cx, "clear", &[]).await.map(drop)
    }

    /// What it has printed: the first of so many bytes.
    pub(super) async fn printed(&self, cx: &Context<'_>, bytes: usize) -> Result<Vec<u8>, Failure> {
        let asked = self.asking(cx, "read", &["out", &bytes.to_string()]);
        Ok(self.place.run(&cx.lines(), asked).await?.stdout)
    }

    /// The end of what it said, on standard error or else on standard output.
    pub(super) async fn last_words(&self, cx: &Context<'_>, bytes: usize) -> Result<String, Failure> {
        let bytes = bytes.to_string();
        let said = self.ask(cx, "last", &["err", &bytes]).await?;
        if said.is_empty() { self.ask(cx, "last", &["out", &bytes]).await } else { Ok(said) }
    }

    async fn trace(&self, cx: &Context<'_>, question: &str, words: &[&str]) -> Result<Trace, Failure> {
        let told = self.ask(cx, question, words).await?;
        self.read(told)
    }

    fn read(&self, told: String) -> Result<Trace, Failure> {
        Trace::read(&told).ok_or_else(|| {
            Failure::permanent(format!("how a command stands {} cannot be read", self.place.on())).cause(told)
        })
    }

    async fn ask(&self, cx: &Context<'_>, question: &str, words: &[&str]) -> Result<String, Failure> {
        let what = match question {
            "end" => "ending a command",
            "clear" | "tidy" => "removing what a command has left",
            _ => "looking for a command",
        };
        self.place.run_ok(&cx.lines(), self.asking(cx, question, words), what).await
    }

    fn asking(&self, cx: &Context<'_>, question: &str, words: &[&str]) -> RemoteCommand {
        // Root keeps nothing in a folder that is somebody else's.
        let folder = match self.place.keeps_beside_journal() {
            false => "runbook".to_owned(),
            true => cx.access().settings().kept_dir.display().to_string(),
        };
        let head = ["sh", "-c", HOST, folder.as_str(), question, self.name.as_str()];
        self.place.command(head.into_iter().chain(words.iter().copied()))
    }
}

#[cfg(test)]
#[path = "test.rs"]
mod tests;
