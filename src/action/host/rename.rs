//! `file.rename`: gives a file another name, and refuses when that name is taken.
//!
//! A link is renamed itself. As everywhere, root follows no name that another user can put there ([`HostPlace`]): in a user's
//! directory the rename is that user's.

use super::file;
use super::place::{Hand, HostPlace, LastLink};
use super::preview::{command_of, fact_of_file};
use crate::access::RemoteCommand;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Advice, Change, Facts, Failure, FileRename, Finding, Found, HostPath, Text, tell};

/// Exit status 3: nothing to rename; 4: the new name is taken. `mv -n` alone would say neither. On one line, for a plan
/// shows it.
pub(super) const RENAME: &str =
    r#"[ -e "$1" ] || [ -L "$1" ] || exit 3; if [ -e "$2" ] || [ -L "$2" ]; then exit 4; fi; mv -nT -- "$1" "$2""#;

/// `$1` and `$2` paths. Prints of each whether it is there, and whether both directories are on one file system.
const LOOK: &str = r#"
for f; do if [ -e "$f" ] || [ -L "$f" ]; then echo there; else echo missing; fi; done
a=$(stat -c %d -- "${1%/*}/" 2>/dev/null || echo none) b=$(stat -c %d -- "${2%/*}/" 2>/dev/null || echo none)
if [ "$a" = "$b" ]; then echo one; else echo two; fi
"#;

/// Where the old and the new name are, and as whom one is made the other.
struct Names {
    from: String,
    to: String,
    hand: Hand,
    /// Whether the old name is there, and the new one.
    there: (bool, bool),
}

impl FileRename {
    /// Walks to both names.
    ///
    /// # Errors
    /// Refused when they are not one user's to change, or when a rename cannot lead from one to the other.
    async fn look(&self, cx: &Context<'_>) -> Result<Names, Failure> {
        let find = async |path: &HostPath| HostPlace::find(&cx.lines(), &self.on, path.as_str(), LastLink::Kept).await;
        let (from, to) = (find(&self.from).await?, find(&self.to).await?);
        if from.hand != to.hand {
            return Err(Failure::refused(format!(
                "the directories of `{}` and `{}` on {} are not the same user's",
                self.from, self.to, self.on
            ))
            .advise("give the file a new name in its own directory"));
        }
        let command = from.hand.script(LOOK, [&from.path, &to.path]);
        let text = cx.run_ok(&self.on, command, "looking for the file").await?;
        let mut words = text.lines().map(str::trim);
        let mut there = || words.next() == Some("there");
        let there = (there(), there());
        if words.next() != Some("one") {
            return Err(Failure::refused(format!(
                "`{}` and `{}` on {} are on two file systems: a file would be copied, not renamed",
                self.from, self.to, self.on
            ))
            .advise("give the file a new name in its own directory"));
        }
        Ok(Names { from: from.path, to: to.path, hand: from.hand, there })
    }

    async fn rename(&self, cx: &Context<'_>, hand: Hand, from: &str, to: &str) -> Result<(), Failure> {
        let output = cx.run(&self.on, renaming(hand, from, to)).await?;
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

fn renaming(hand: Hand, from: &str, to: &str) -> RemoteCommand {
    hand.script(RENAME, [from, to])
}

impl Perform for FileRename {
    fn sentence(&self) -> Text {
        tell!("rename `{}` to `{}` on {}", self.from, self.to, self.on.name)
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("rename `{}` back to `{}` on {}", self.to, self.from, self.on.name))
    }

    fn changes(&self) -> Vec<Change> {
        vec![command_of(&self.on, &renaming(Hand::Root, self.from.as_str(), self.to.as_str()))]
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let names = self.look(cx).await?;
        // In one order, so that renaming there and back tells the same trouble in the same words.
        let (first, second) =
            if self.from.as_str() < self.to.as_str() { (&self.from, &self.to) } else { (&self.to, &self.from) };
        let mut facts = Facts::new();
        for path in [self.from.as_str(), self.to.as_str()] {
            facts.extend([fact_of_file(&self.on, path, &file::look(cx, &self.on, path).await?)]);
        }
        let (found, evidence) = match names.there {
            (true, false) => (Found::Absent, format!("`{}` is there, `{}` is not", self.from, self.to)),
            (false, true) => (Found::Holds, format!("`{}` is there, `{}` is not", self.to, self.from)),
            (true, true) => (Found::Unknown, format!("both `{first}` and `{second}` are on {}", self.on)),
            (false, false) if cx.call().ahead.is_some() => {
                return Err(file::no_such(self.from.as_str(), &self.on));
            }
            (false, false) => (Found::Unknown, format!("neither `{first}` nor `{second}` is on {}", self.on)),
        };
        let told = names.hand != Hand::Root && found == Found::Absent;
        let changes =
            told.then(|| command_of(&self.on, &renaming(names.hand, &names.from, &names.to))).into_iter().collect();
        Ok(Finding { facts, changes, ..Finding::new(found, false, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let names = self.look(cx).await?;
        self.rename(cx, names.hand, &names.from, &names.to).await?;
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        match self.look(cx).await?.there {
            (false, true) => Ok(Verified::by(format!("`{}` is there, `{}` is gone", self.to, self.from))),
            _ => Err(Failure::permanent(format!("`{}` is not what was renamed on {}", self.to, self.on)).into()),
        }
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let names = self.look(cx).await?;
        match names.there {
            (true, false) => {}
            (false, true) => self.rename(cx, names.hand, &names.to, &names.from).await?,
            (true, true) => {
                return Err(Failure::refused(format!("both `{}` and `{}` are on {}", self.from, self.to, self.on))
                    .advise(Advice::then_resume(
                        "somebody made the old name again: keep the right one, remove the other",
                    ))
                    .into());
            }
            (false, false) => {
                return Err(Failure::refused(format!("neither `{}` nor `{}` is on {}", self.from, self.to, self.on))
                    .advise(Advice::then_resume("bring the file back by hand"))
                    .into());
            }
        }
        Ok(format!("`{}` is there again", self.from))
    }
}
