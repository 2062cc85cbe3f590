//! `process.wait-gone`: waits until no process has a text in its command line.

use crate::access::RemoteCommand;
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, wait_until};
use crate::model::{Advice, Failure, Finding, Found, ProcessWaitGone, Text, tell};

/// Reads the text from standard input, for as an argument it would be found in this script's own command line, and in
/// sudo's. Only process ids are told: command lines may hold passwords.
const SCAN: &str = r#"
IFS= read -r text
for d in /proc/[0-9]*; do
  line=$(tr '\0' ' ' 2>/dev/null <"$d/cmdline") || continue
  case $line in *"$text"*) echo "${d#/proc/}";; esac
done 2>/dev/null
"#;

impl ProcessWaitGone {
    async fn processes(&self, cx: &Context<'_>) -> Result<Vec<String>, Failure> {
        if self.command.as_str().is_empty() || self.command.as_str().contains(char::is_control) {
            return Err(Failure::refused("`command` must be a part of one command line"));
        }
        let command = RemoteCommand::root_script(SCAN, [""; 0]).stdin(format!("{}\n", self.command));
        let text = cx.run_ok(&self.on, command, "looking at the processes").await?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    fn told(&self, processes: &[String]) -> String {
        match processes {
            [] => format!("no process on {} has `{}` in its command line", self.on.name, self.command),
            [one] => format!("process {one} on {} has `{}` in its command line", self.on.name, self.command),
            all => format!("processes {} on {} have `{}`", all.join(", "), self.on.name, self.command),
        }
    }
}

impl Perform for ProcessWaitGone {
    fn sentence(&self) -> Text {
        tell!("wait until no process on {} has `{}` in its command line", self.on.name, self.command)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let processes = self.processes(cx).await?;
        let found = if processes.is_empty() { Found::Holds } else { Found::Absent };
        let evidence = self.told(&processes);
        Ok(Finding::new(found, false, evidence))
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let what = format!("`{}` ends on {}", self.command, self.on.name);
        let evidence = wait_until(cx, &what, async || {
            let processes = self.processes(cx).await?;
            let told = self.told(&processes);
            Ok(if processes.is_empty() { Glance::Done(told) } else { Glance::NotYet(told) })
        })
        .await
        .map_err(|f| f.advise(Advice::then_resume("if it hangs, look at it (`ps`, `strace -p`) and end it by hand")))?;
        Ok(Verified::by(evidence))
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it only waits".into())
    }
}
