//! `ssh.run`: a command of the runbook's author, argument by argument.
//!
//! It is kept on its host under the action's token ([`KeptCommand`]), and its `undo` under another name: so each is begun
//! once, whatever becomes of the connection and of the executor, and is found again as long as it runs and when it has ended. It is
//! begun a second time only when the first does not run any more and its `check` says that it is not done, or the runbook
//! says `repeatable` or names its exit status in `retry_on`, or a person has said that it is not done; an undo also when somebody
//! resumes after being told that it failed.

use super::command::{KeptCommand, Stands, Trace};
use super::preview::{command_of, word};
use super::run_end::STATUS;
use crate::access::RemoteCommand;
use crate::action::lines::did_not_work;
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{
    Advice, Change, Failure, FailureKind, Finding, Found, Recourse, Resolution, SshRun, Text, Value, tell,
};
use serde_json::json;
use std::time::Duration;

/// How long a look may take at least, however near the deadline is.
const LOOK_LIMIT: Duration = Duration::from_secs(10);

/// What has become of a command.
enum Fate {
    /// It is to be begun, for this time.
    Begin(u32, String),
    /// It runs, or its end counts.
    Stands(String),
    /// It is done, as its check says.
    Done(String),
    /// A person must say.
    Doubt(String),
}

impl SshRun {
    fn as_root(&self) -> bool {
        self.sudo == Some(true)
    }

    fn asking(&self, argv: &[Text]) -> RemoteCommand {
        let argv = argv.iter().map(Text::as_str);
        if self.as_root() { RemoteCommand::sudo(argv) } else { RemoteCommand::new(argv) }
    }

    fn deed(&self, cx: &Context<'_>) -> KeptCommand<'_> {
        KeptCommand::new(&self.on, self.as_root(), cx.call().token())
    }

    fn way_back(&self, cx: &Context<'_>) -> KeptCommand<'_> {
        KeptCommand::new(&self.on, self.as_root(), format!("{}.undo", cx.call().token()))
    }

    /// Whether the deed is done, as the check says; nothing without a check.
    async fn is_done(&self, cx: &Context<'_>) -> Result<Option<bool>, Failure> {
        let Some(check) = &self.check else { return Ok(None) };
        must_be_a_command(check)?;
        let output = cx.run(&self.on, self.asking(check).limit(cx.time_left().max(LOOK_LIMIT))).await?;
        if output.answers() {
            return Ok(Some(output.ok()));
        }
        // Neither yes nor no: what is in doubt must not be run again for that.
        let program = check.first().map_or("", Text::as_str);
        Err(did_not_work(&format!("the check `{program}`"), &self.on, program, output))
    }

    /// What is to become of a command that stands like this, of which so many beginnings are settled.
    async fn fate(&self, cx: &Context<'_>, trace: &Trace, settled: Option<u32>) -> Result<Fate, Failure> {
        let next = trace.last + 1;
        let begun = trace.has_begun(settled.unwrap_or(0));
        let told = format!("`{}` on {}: {}", self.program(), self.on.name, trace.ended());
        if begun && (trace.goes_on() || trace.stands == Stands::Ended(0)) {
            return Ok(Fate::Stands(told));
        }
        Ok(match self.is_done(cx).await? {
            Some(true) => Fate::Done(format!("{told}; its check says that it is done")),
            Some(false) => Fate::Begin(next, format!("{told}; its check says that it is not done")),
            // A run of an earlier version kept nothing on the host.
            None if !begun && settled.is_none() => {
                Fate::Doubt("it has no check: it cannot be told whether it ran".into())
            }
            None if !begun => Fate::Begin(next, format!("{told}; it has no check")),
            None if self.repeatable == Some(true) || self.is_to_be_retried(trace) => {
                Fate::Begin(next, format!("{told}; it may be repeated"))
            }
            None => Fate::Doubt(format!("{told}; it has no check, and the runbook does not call it `repeatable`")),
        })
    }

    /// Whether it ended with an exit status after which it is run again.
    fn is_to_be_retried(&self, trace: &Trace) -> bool {
        let Stands::Ended(status) = trace.stands else { return false };
        trace.stopped.is_none() && self.retry_on.iter().flatten().any(|retried| i32::from(*retried) == status)
    }

    pub(super) fn program(&self) -> &str {
        self.argv.first().map_or("", Text::as_str)
    }
}

/// A command as it can be typed into a shell.
fn typed(argv: &[Text]) -> Text {
    // What is not known yet is told in words, which nobody types.
    let quoted = |argument: &Text| argument.known().map_or_else(|| argument.clone(), |known| word(known).into());
    Text::joined(argv.iter().map(quoted), " ")
}

fn must_be_a_command(argv: &[Text]) -> Result<(), Failure> {
    match argv.first().map(Text::as_str) {
        None | Some("") => Err(Failure::refused("a command needs at least a program")),
        Some(program) if program.starts_with('-') => Err(Failure::refused(format!("`{program}` is no program"))),
        Some(_) => Ok(()),
    }
}

/// How many beginnings were settled when this one was first looked at: what came before, a person has said is not done. Nothing of
/// an action that a version began which kept nothing on hosts.
fn settled(cx: &Context<'_>) -> Option<u32> {
    let settled = cx.call().before.get("settled")?.as_u64()?;
    u32::try_from(settled).ok()
}

impl Perform for SshRun {
    fn sentence(&self) -> Text {
        let root = if self.as_root() { " as root" } else { "" };
        tell!("run `{}` on {}{}", typed(&self.argv), self.on.name, root)
    }

    fn undo_sentence(&self) -> Option<Text> {
        let root = if self.as_root() { " as root" } else { "" };
        self.undo.as_ref().map(|argv| tell!("run `{}` on {}{}", typed(argv), self.on.name, root))
    }

    fn changes(&self) -> Vec<Change> {
        vec![command_of(&self.on, &self.asking(&self.argv))]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        must_be_a_command(&self.argv)?;
        let trace = self.deed(cx).look(cx).await?;
        if cx.call().before.is_null() {
            return self.first_look(cx, &trace).await;
        }
        let settled = settled(cx);
        let finding = |found, evidence: String| Finding::new(found, found != Found::Absent, evidence);
        let finding = match self.fate(cx, &trace, settled).await? {
            Fate::Begin(_, evidence) => finding(Found::Absent, evidence),
            Fate::Stands(evidence) if trace.goes_on() => finding(Found::InProgress, evidence),
            Fate::Stands(evidence) => finding(Found::Holds, evidence),
            // It is done although it ended otherwise: `verify` shall know that this was judged.
            Fate::Done(evidence) => {
                let status = if let Stands::Ended(status) = trace.stands { Some(status) } else { None };
                let outputs = status.map(|status| (STATUS.to_owned(), Value::from(status))).into_iter().collect();
                Finding { outputs, ..finding(Found::Holds, evidence) }
            }
            Fate::Doubt(evidence) => Finding::new(Found::Unknown, false, evidence),
        };
        Ok(Finding { before: cx.call().before.clone(), ..finding })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        must_be_a_command(&self.argv)?;
        let deed = self.deed(cx);
        let trace = deed.look(cx).await?;
        // What was observed may have been overtaken by a beginning that was on its way: it is judged again.
        let number = if trace.has_begun(settled(cx).unwrap_or(0)) {
            match self.fate(cx, &trace, settled(cx)).await? {
                Fate::Begin(number, _) => number,
                Fate::Stands(_) | Fate::Done(_) | Fate::Doubt(_) => return Ok(Applied::new()),
            }
        } else {
            trace.last + 1
        };
        deed.begin(cx, number, &self.argv).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let deed = self.deed(cx);
        let trace = self.end_of(cx, &deed, self.program()).await?;
        let judged = cx.call().outputs.contains_key(STATUS);
        let by_check = format!("the check of `{}` says that it is done", self.program());
        match trace.stands {
            Stands::Ended(status) if status == 0 || judged => {
                let (outputs, told) = self.given(cx, &deed, &trace, status).await?;
                if self.check.is_none() {
                    return Ok(Verified { outputs, evidence: told });
                }
                self.wait_for_check(cx).await?;
                Ok(Verified { outputs, evidence: format!("{told}; {by_check}") })
            }
            Stands::Ended(_) => {
                let mut failure = self.failed(cx, &deed, &self.argv, &trace).await;
                if self.is_to_be_retried(&trace) {
                    failure.kind = FailureKind::Transient;
                }
                Err(failure.into())
            }
            _ if self.is_done(cx).await? == Some(true) => Ok(Verified::by(by_check)),
            _ => {
                let told = format!("`{}` on {} is {}", self.program(), self.on, trace.ended());
                Err(Failure::new(FailureKind::Lost, told)
                    .cause("the host went down, or all its processes were killed, before its end was written down")
                    .into())
            }
        }
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let Some(undo) = &self.undo else {
            return Err(Failure::permanent(format!("`{}` on {} cannot be undone", typed(&self.argv), self.on))
                .cause("the runbook gives it no `undo` command")
                .advise(
                    Advice::by_hand("take it back by hand")
                        .then(Recourse::Resolve(cx.call().action.clone(), Resolution::Undone)),
                )
                .into());
        };
        must_be_a_command(undo)?;
        let deed = self.deed(cx);
        let mut trace = deed.close(cx).await?;
        let mut ended = "";
        if trace.goes_on() {
            trace = deed.end(cx, "its undo").await?;
            ended = "it still ran and was ended; ";
        }
        if trace.goes_on() {
            let told = format!("`{}` on {} does not let itself be ended, and still runs", self.program(), self.on);
            return Err(Failure::transient(told).advise(format!("see {} there", trace.folder)).into());
        }
        // Half done or wholly, whatever its check says: it is taken back when it had begun. Done and its traces gone, too.
        let was_done = cx.call().outputs.contains_key(STATUS);
        if !was_done && settled(cx).is_some_and(|settled| !trace.has_begun(settled)) {
            return Ok("it had not begun".into());
        }
        let told = self.take_back(cx, undo).await?;
        deed.tidy(cx).await?;
        Ok(format!("{ended}{told}"))
    }
}

impl SshRun {
    /// The look at a command of which this run knows no beginning: there is none, or a person has said that it is not done.
    async fn first_look(&self, cx: &Context<'_>, trace: &Trace) -> Result<Finding, Failure> {
        if trace.goes_on() {
            let before = json!({ "settled": trace.last - 1 });
            let told = format!("`{}` runs on {}", self.program(), self.on.name);
            return Ok(Finding { before, ..Finding::new(Found::InProgress, true, told) });
        }
        let before = json!({ "settled": trace.last });
        let (found, evidence) = match self.is_done(cx).await? {
            Some(true) => (Found::Holds, "its check says that it is done"),
            Some(false) => (Found::Absent, "its check says that it is not done"),
            None => (Found::Absent, "it has not been run, and has no check"),
        };
        Ok(Finding { before, ..Finding::new(found, false, evidence) })
    }

    async fn wait_for_check(&self, cx: &Context<'_>) -> Result<(), Failure> {
        let what = format!("`{}` has ended on {}, and its check says that it is done", self.program(), self.on);
        wait_until(cx, &what, async || {
            Ok(match self.is_done(cx).await? {
                Some(false) => Glance::NotYet("its check says that it is not done".into()),
                Some(true) | None => Glance::Done(()),
            })
        })
        .await
    }

    async fn take_back(&self, cx: &Context<'_>, undo: &[Text]) -> Result<String, Failure> {
        let back = self.way_back(cx);
        let trace = back.look(cx).await?;
        let again = trace.told || self.repeatable == Some(true);
        let begin = match trace.stands {
            Stands::Never | Stands::Void => true,
            Stands::Ended(0) | Stands::Starting | Stands::Running => false,
            Stands::Ended(_) | Stands::Gone => again,
        };
        if begin {
            back.begin(cx, trace.last + 1, undo).await?;
        }
        let program = undo.first().map_or("", Text::as_str);
        let trace = match self.end_of(cx, &back, program).await {
            Err(late) if late.kind == FailureKind::Deadline => {
                // Where that cannot be noted, the next attempt tells it once more.
                let _ = back.told(cx).await;
                return Err(late);
            }
            trace => trace?,
        };
        match trace.stands {
            Stands::Ended(0) => {
                back.tidy(cx).await?;
                Ok(format!("`{}` exited with 0", typed(undo)))
            }
            Stands::Ended(_) | Stands::Gone => {
                back.told(cx).await?;
                let failure = self.failed(cx, &back, undo, &trace).await;
                let by_hand = Recourse::Resolve(cx.call().action.clone(), Resolution::Undone);
                Err(failure
                    .advise(Advice::resume("runs it once more"))
                    .advise(Advice::by_hand("or take it back by hand").then(by_hand)))
            }
            _ => Err(Failure::new(FailureKind::Lost, format!("`{program}` on {} did not begin", self.on))),
        }
    }
}
