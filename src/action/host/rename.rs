//! `file.rename`: gives a file another name, and refuses when that name is taken.

use super::file;
use super::preview::{command_of, fact_of_file};
use crate::access::RemoteCommand;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Change, Facts, Failure, FileRename, Finding, Found};

/// Exit status 3: nothing to rename; 4: the new name is taken. `mv -n` alone would say neither. On one line, for a plan
/// shows it.
const RENAME: &str =
    r#"[ -e "$1" ] || [ -L "$1" ] || exit 3; if [ -e "$2" ] || [ -L "$2" ]; then exit 4; fi; mv -nT -- "$1" "$2""#;

const LOOK: &str = r#"
for f in "$1" "$2"; do if [ -e "$f" ] || [ -L "$f" ]; then echo there; else echo missing; fi; done
"#;

impl FileRename {
    /// Whether the old and the new name are there.
    async fn look(&self, cx: &Context<'_>) -> Result<(bool, bool), Failure> {
        let (from, to) = (self.from.to_string(), self.to.to_string());
        let text = cx.run_ok(&self.on, RemoteCommand::root_script(LOOK, [from, to]), "looking for the file").await?;
        let mut words = text.lines().map(|l| l.trim() == "there");
        Ok((words.next().unwrap_or(false), words.next().unwrap_or(false)))
    }

    async fn rename(&self, cx: &Context<'_>, from: &str, to: &str) -> Result<(), Failure> {
        let output = cx.run(&self.on, renaming(from, to)).await?;
        match output.status {
            0 => Ok(()),
            3 => Err(Failure::refused(format!("`{from}` is not on {}", self.on))),
            4 => Err(Failure::refused(format!("`{to}` is already on {}", self.on))
                .advise("compare the two files and move the one that is not needed out of the way")),
            status => Err(Failure::permanent(format!("cannot rename `{from}` on {} (exit status {status})", self.on))
                .cause(output.stderr)),
        }
    }
}

fn renaming(from: &str, to: &str) -> RemoteCommand {
    RemoteCommand::root_script(RENAME, [from, to])
}

impl Perform for FileRename {
    fn sentence(&self) -> String {
        format!("rename `{}` to `{}` on {}", self.from, self.to, self.on.name)
    }

    fn undo_sentence(&self) -> Option<String> {
        Some(format!("rename `{}` back to `{}` on {}", self.to, self.from, self.on.name))
    }

    fn changes(&self) -> Vec<Change> {
        vec![command_of(&self.on, &renaming(self.from.as_str(), self.to.as_str()))]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (old, new) = self.look(cx).await?;
        // In one order, so that renaming there and back tells the same trouble in the same words.
        let (first, second) =
            if self.from.as_str() < self.to.as_str() { (&self.from, &self.to) } else { (&self.to, &self.from) };
        let mut facts = Facts::new();
        for path in [self.from.as_str(), self.to.as_str()] {
            facts.extend([fact_of_file(&self.on, path, &file::look(cx, &self.on, path).await?)]);
        }
        let (found, evidence) = match (old, new) {
            (true, false) => (Found::Absent, format!("`{}` is there, `{}` is not", self.from, self.to)),
            (false, true) => (Found::Holds, format!("`{}` is there, `{}` is not", self.to, self.from)),
            (true, true) => (Found::Unknown, format!("both `{first}` and `{second}` are on {}", self.on)),
            (false, false) => (Found::Unknown, format!("neither `{first}` nor `{second}` is on {}", self.on)),
        };
        Ok(Finding { facts, ..Finding::new(found, false, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        self.rename(cx, self.from.as_str(), self.to.as_str()).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        match self.look(cx).await? {
            (false, true) => Ok(Verified::by(format!("`{}` is there, `{}` is gone", self.to, self.from))),
            _ => Err(Failure::permanent(format!("`{}` is not what was renamed on {}", self.to, self.on)).into()),
        }
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        match self.look(cx).await? {
            (true, false) => {}
            (false, true) => self.rename(cx, self.to.as_str(), self.from.as_str()).await?,
            (true, true) => {
                return Err(Failure::refused(format!("both `{}` and `{}` are on {}", self.from, self.to, self.on))
                    .advise("somebody made the old name again: keep the right one, remove the other, then resume")
                    .into());
            }
            (false, false) => {
                return Err(Failure::refused(format!("neither `{}` nor `{}` is on {}", self.from, self.to, self.on))
                    .advise("bring the file back by hand, then resume")
                    .into());
            }
        }
        Ok(format!("`{}` is there again", self.from))
    }
}
