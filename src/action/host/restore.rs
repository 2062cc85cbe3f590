//! What the undo of an edited file comes to: the file is as it was, as we left it, or somebody's.

use super::file::{FileImage, HostFile};
use super::place::Hand;
use crate::model::quoted;
use crate::model::{Advice, Failure};

/// How a file stands to what the run did to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileStanding {
    /// As it was found, attributes and time of modification included.
    AsBefore,
    /// As the run left it; or the content of before, but not its attributes. What it hashes to now.
    AsLeft(String),
    /// Changed by somebody since.
    Changed,
    /// Gone.
    Gone,
}

/// What the file was before the edit: the copy's own image, which is of what the edit was made of, be that later than what
/// an earlier attempt `found`. `copied` is what the copy hashed to when it was made, as far as that was recorded: a copy
/// that is another one now is not taken for it.
pub(super) fn original(found: FileImage, kept: Option<&FileImage>, copied: Option<&str>) -> FileImage {
    match (kept, copied) {
        (Some(kept), None) => kept.clone(),
        (Some(kept), Some(copied)) if kept.sha256 == copied => kept.clone(),
        (_, Some(copied)) => FileImage { sha256: copied.to_owned(), ..found },
        (None, None) => found,
    }
}

/// How a file stands, given what it was and what the edit made of it (nothing: that is not known).
pub(super) fn standing(before: &FileImage, after: Option<&str>, now: Option<&FileImage>) -> FileStanding {
    match now {
        None => FileStanding::Gone,
        Some(now) if now.same_as(before) => FileStanding::AsBefore,
        Some(now) if now.sha256 == before.sha256 || Some(now.sha256.as_str()) == after => {
            FileStanding::AsLeft(now.sha256.clone())
        }
        Some(_) => FileStanding::Changed,
    }
}

impl HostFile<'_> {
    /// Puts the copy back and looks whether the file is as it was, to the byte and the nanosecond.
    /// Where the content never changed and no copy was made, there is nothing to put back.
    pub(super) async fn restore(&self, before: &FileImage, now: &str, host: &str) -> Result<(), Failure> {
        if now == before.sha256 && self.copy_image().await?.is_none() {
            return Ok(());
        }
        self.put_back(before, now).await?;
        match self.image().await? {
            Some(image) if image.same_as(before) => Ok(()),
            _ => Err(Failure::permanent(format!(
                "`{}` on {host} is not as it was after its copy was put back",
                self.path
            ))
            .advise(format!("compare it with `{}`, which is still there", self.copy))),
        }
    }

    /// The refusal to put a copy over somebody's later change.
    pub(super) fn not_ours(&self, host: &str) -> Failure {
        Failure::refused(format!("`{}` on {host} was changed since this run edited it", self.path))
            .cause("putting the copy back would lose that change")
            .advise(format!("see the change: `sudo diff {} {}`", quoted(&self.copy), quoted(&self.path)))
            .advise(Advice::then_resume(format!("to take the copy: `sudo {}`", self.copying())))
    }

    /// The refusal to take a file for this run's work that holds something else, or is not there.
    pub(super) fn not_made_so(&self, host: &str) -> Failure {
        Failure::refused(format!("`{}` on {host} is not what this run made", self.path)).advise(Advice::then_resume(
            format!("see what was changed and by whom: `sudo ls -l --full-time {}`", quoted(&self.path)),
        ))
    }

    /// The command for a person who puts the copy in the file's place: a rename of a new file, by the hand that works there.
    fn copying(&self) -> String {
        let by = match self.hand {
            Hand::User { uid, .. } => format!("-u '#{uid}' "),
            Hand::Root | Hand::Nobody { .. } => String::new(),
        };
        format!("{by}cp -p --remove-destination {} {}", quoted(&self.copy), quoted(&self.path))
    }

    /// The refusal to bring back a file that somebody removed.
    pub(super) fn gone(&self, host: &str) -> Failure {
        Failure::refused(format!("`{}` is gone from {host}", self.path))
            .advise(Advice::then_resume(format!("if it is to come back: `sudo {}`", self.copying())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(sha: &str, mode: &str, mtime: &str) -> FileImage {
        FileImage { path: "/f".into(), sha256: sha.into(), owner: 0, group: 0, mode: mode.into(), mtime: mtime.into() }
    }

    #[test]
    fn a_copy_is_believed_when_it_is_the_one_that_was_made() {
        let (found, mended) = (image("a", "644", "1.0"), image("m", "644", "2.0"));
        assert_eq!(original(found.clone(), None, None), found);
        assert_eq!(original(found.clone(), Some(&mended), None), mended);
        assert_eq!(original(found.clone(), Some(&mended), Some("m")), mended);
        assert_eq!(original(found.clone(), Some(&mended), Some("a")), found);
    }

    #[test]
    fn a_later_change_is_told_from_our_own() {
        let before = image("a", "644", "1.0");
        let stands = |after, now: Option<&FileImage>| standing(&before, after, now);
        assert_eq!(stands(Some("b"), Some(&before)), FileStanding::AsBefore);
        assert_eq!(stands(Some("b"), Some(&image("b", "644", "2.0"))), FileStanding::AsLeft("b".into()));
        assert_eq!(stands(Some("b"), Some(&image("a", "600", "1.0"))), FileStanding::AsLeft("a".into()));
        assert_eq!(stands(Some("b"), Some(&image("c", "644", "3.0"))), FileStanding::Changed);
        assert_eq!(stands(None, Some(&image("b", "644", "2.0"))), FileStanding::Changed);
        assert_eq!(stands(Some("b"), None), FileStanding::Gone);
    }
}
