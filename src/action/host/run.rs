//! `ssh.run`: a command of the runbook's author, argument by argument.
//!
//! Only its `check` can tell whether a command in doubt has run; without one the operator is asked. What it prints is
//! kept as far as 4 KiB.

use super::preview::command_of;
use crate::access::{RemoteCommand, RemoteOutput};
use crate::action::lines::did_not_work;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Advice, Change, Failure, Finding, Found, Recourse, Resolution, SshRun, Text, Value, tell};
use serde_json::json;

/// How much of a command's output is kept: outputs go into the journal.
const KEPT: usize = 4096;

impl SshRun {
    async fn command(&self, cx: &Context<'_>, argv: &[Text]) -> Result<RemoteOutput, Failure> {
        if argv.is_empty() {
            return Err(Failure::refused("a command needs at least a program"));
        }
        Ok(cx.run(&self.on, self.asking(argv).limit(cx.time_left())).await?)
    }

    fn asking(&self, argv: &[Text]) -> RemoteCommand {
        let argv = argv.iter().map(Text::as_str);
        if self.sudo == Some(true) { RemoteCommand::sudo(argv) } else { RemoteCommand::new(argv) }
    }

    /// Whether the deed is done, as the check says; nothing without a check.
    async fn is_done(&self, cx: &Context<'_>) -> Result<Option<bool>, Failure> {
        match &self.check {
            Some(check) => {
                let output = self.command(cx, check).await?;
                if output.answers() {
                    return Ok(Some(output.ok()));
                }
                // Neither yes nor no: what is in doubt must not be run again for that.
                let program = check.first().map_or("", Text::as_str);
                Err(did_not_work(&format!("the check `{program}`"), &self.on, program, output))
            }
            None => Ok(None),
        }
    }

    fn failed(&self, argv: &[Text], output: &RemoteOutput) -> Failure {
        let program = argv.first().map_or("", Text::as_str);
        let cut = |text: &[u8]| head(&String::from_utf8_lossy(text)).into_bytes();
        let output = RemoteOutput { status: output.status, stdout: cut(&output.stdout), stderr: head(&output.stderr) };
        did_not_work(&format!("`{program}`"), &self.on, program, output)
    }
}

/// The words of a command, one after the other.
fn line(argv: &[Text]) -> Text {
    Text::joined(argv.iter().cloned(), " ")
}

/// The first 4 KiB of a text.
fn head(text: &str) -> String {
    match text.char_indices().find(|(at, c)| at + c.len_utf8() > KEPT) {
        Some((end, _)) => format!("{}\n[cut after {KEPT} bytes]", &text[..end]),
        None => text.to_owned(),
    }
}

impl Perform for SshRun {
    fn sentence(&self) -> Text {
        let root = if self.sudo == Some(true) { " as root" } else { "" };
        tell!("run `{}` on {}{}", line(&self.argv), self.on.name, root)
    }

    fn undo_sentence(&self) -> Option<Text> {
        self.undo.as_ref().map(|argv| tell!("run `{}` on {}", line(argv), self.on.name))
    }

    fn changes(&self) -> Vec<Change> {
        vec![command_of(&self.on, &self.asking(&self.argv))]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let started = !cx.call().before.is_null();
        let (found, evidence) = match (self.is_done(cx).await?, started) {
            (Some(true), _) => (Found::Holds, "its check says that it is done".to_owned()),
            (Some(false), _) => (Found::Absent, "its check says that it is not done".to_owned()),
            (None, false) => (Found::Absent, "it has not been run, and has no check".to_owned()),
            (None, true) => (Found::Unknown, "it has no check: it cannot be told whether it ran".to_owned()),
        };
        let ours = started && found == Found::Holds;
        Ok(Finding { before: json!({ "run": "not yet" }), ..Finding::new(found, ours, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let output = self.command(cx, &self.argv).await?;
        if !output.ok() {
            return Err(self.failed(&self.argv, &output).into());
        }
        Ok(Applied::from([("stdout".to_owned(), Value::from(head(&output.text())))]))
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let program = self.argv.first().map_or("", Text::as_str);
        match self.is_done(cx).await? {
            Some(true) => Ok(Verified::by(format!("the check of `{program}` says that it is done"))),
            Some(false) => Err(Failure::permanent(format!(
                "`{program}` ran on {}, but its check says that it is not done",
                self.on
            ))
            .into()),
            None => Ok(Verified::by(format!("`{program}` exited with 0"))),
        }
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let Some(undo) = &self.undo else {
            return Err(Failure::permanent(format!("`{}` on {} cannot be undone", line(&self.argv), self.on))
                .cause("the runbook gives it no `undo` command")
                .advise(
                    Advice::by_hand("take it back by hand")
                        .then(Recourse::Resolve(cx.call().action.clone(), Resolution::Undone)),
                )
                .into());
        };
        if self.is_done(cx).await? == Some(false) {
            return Ok("its check says that it is not done".into());
        }
        let output = self.command(cx, undo).await?;
        if !output.ok() {
            return Err(self.failed(undo, &output).into());
        }
        Ok(format!("`{}` exited with 0", line(undo)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_outputs_are_cut_between_letters() {
        assert_eq!(head("short"), "short");
        let long = format!("{}{}", "x".repeat(KEPT - 1), "äöü");
        assert!(head(&long).starts_with(&"x".repeat(KEPT - 1)) && head(&long).ends_with("4096 bytes]"));
    }
}
