//! A file that an action gives other content, or makes: looked at, told, made, judged, put back. What is to be in it is the
//! action's own affair.
//!
//! Promises those of [`HostFile`], by which all of it is done. A file that is not there yet is made under a name that nobody has
//! taken, and removed by undo as long as it holds what was put there. Nothing of a file that not everybody on the host may read
//! is shown.

use super::attributes::Attributes;
use super::file::{FileImage, HostFile, Sight};
use super::preview::{fact_of_file, unified};
use super::reload::Takers;
use super::restore::{FileStanding, original, standing};
use super::upload_local::Local;
use crate::action::{Applied, Context};
use crate::model::{Change, Facts, Failure, Finding, Found, HostPath, Target, Text, Value, Values, sha256, tell};
use serde::{Deserialize, Serialize};

/// What stands for the hash of a file that was not there.
const NOTHING: &str = "none";

/// What was found first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FileBefore {
    /// The path, symbolic links followed.
    pub(super) path: String,
    /// The file; nothing where none was.
    pub(super) file: Option<FileImage>,
}

/// What a file is to be.
pub(super) struct Contents {
    /// All that is to be in it.
    pub(super) body: Body,
    /// Whose, and for whom.
    pub(super) given: Attributes,
}

/// What a file is to hold.
pub(super) enum Body {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What is in a file on this machine.
    Local(Local),
}

impl Contents {
    /// SHA-256 of what is to be in it.
    pub(super) fn sha256(&self) -> String {
        match &self.body {
            Body::Bytes(bytes) => sha256(bytes),
            Body::Local(local) => local.sha256.clone(),
        }
    }

    /// Brings it to the host, beside the file's place, with the attributes of the file `like`, where there is one, and these.
    async fn stage(&self, file: &HostFile<'_>, like: &str, given: &Attributes) -> Result<(), Failure> {
        let (whose, mode) = (given.whose(), given.permissions());
        match &self.body {
            Body::Bytes(bytes) => file.staged([like, &whose, &mode], bytes).await.map(drop),
            Body::Local(local) => file.stage_local([like, &whose, &mode], local).await,
        }
    }

    fn is_in(&self, image: &FileImage) -> bool {
        image.sha256 == self.sha256() && self.given.fit(image)
    }
}

/// A file whose content an action changes.
pub(super) struct Changed<'a> {
    /// The action's context.
    pub(super) cx: &'a Context<'a>,
    /// The host.
    pub(super) on: &'a Target,
    /// The path that was asked for.
    pub(super) asked: &'a str,
    /// What reads it, and is told.
    pub(super) takers: Takers<'a>,
    /// How many bytes it may hold.
    pub(super) most: u64,
}

/// The text of a file as a plan shows it.
pub(super) fn shown(bytes: &[u8], image: Option<&FileImage>) -> String {
    let hidden = |why: &str| format!("({} bytes, not shown: {why})\n", bytes.len());
    match image {
        Some(image) if image.permissions().is_none_or(|mode| mode & 0o004 == 0) => {
            hidden(&format!("mode {}, so not everybody on the host may read it", image.mode))
        }
        _ => std::str::from_utf8(bytes).map_or_else(|_| hidden("no text"), str::to_owned),
    }
}

/// What undo does with a file that may not have been there.
pub(super) fn undo_sentence(path: &HostPath, on: &Target, takers: Takers<'_>) -> Text {
    let told = takers.told();
    tell!("put `{}` on {} back as it was, or remove it if it was not there{}", path, on.name, told)
}

impl<'a> Changed<'a> {
    /// The file as it is now.
    pub(super) async fn find(&self) -> Result<(HostFile<'a>, Option<FileImage>), Failure> {
        HostFile::find_or_none(self.cx, self.on, (self.asked, self.most)).await
    }

    /// How the file stands to what it is to be. `told` gives the difference for a plan.
    pub(super) async fn observe(
        &self,
        (file, now): (&HostFile<'_>, Option<&FileImage>),
        wanted: &Contents,
        told: impl AsyncFnOnce() -> Result<(String, String), Failure>,
    ) -> Result<Finding, Failure> {
        let first: Option<FileBefore> = self.cx.before_if_any()?;
        let copy = file.copy_image().await?;
        let holds = now.is_some_and(|now| wanted.is_in(now));
        let made = first.as_ref().is_some_and(|first| first.file.is_none());
        let found = match (holds, &first, now) {
            (true, ..) => Found::Holds,
            (false, Some(first), now) if first.file.is_some() != now.is_some() => Found::Unknown,
            (false, _, Some(now)) if copy.as_ref().is_some_and(|copy| copy.sha256 != now.sha256) => Found::Unknown,
            _ => Found::Absent,
        };
        let path = &file.path;
        let through = if self.asked == path { String::new() } else { format!(" (`{}` is a link to it)", self.asked) };
        let evidence = match (found, now) {
            (Found::Holds, _) => format!("`{path}`{through} is so already"),
            (Found::Absent, None) => format!("`{path}`{through} is not there and can be made"),
            (Found::Absent, Some(now)) => {
                format!("`{path}`{through} can be changed{}", wanted.given.told(now))
            }
            (_, None) => format!("`{path}`{through} is gone, which this run has not removed"),
            _ => format!("`{path}`{through} is neither what this run found nor what it would make of it"),
        };
        let mut changes = Vec::new();
        if found == Found::Absent {
            match now {
                Some(_) => file.must_be_replaceable().await?,
                None => file.must_have_room().await?,
            }
            file.must_take(&wanted.given).await?;
            let (before, after) = told().await?;
            if before != after {
                let diff = unified(path, &before, &after);
                changes.push(Change::File { on: self.on.name.clone(), path: path.clone(), diff });
            }
            changes.extend(self.commands());
        }
        let mut outputs = Values::new();
        if found == Found::Holds {
            outputs = self.gives(copy.as_ref(), wanted);
        }
        let sight = now.cloned().map_or(Sight::Missing, Sight::File);
        let before = first.unwrap_or_else(|| FileBefore { path: path.clone(), file: now.cloned() });
        Ok(Finding {
            before: serde_json::to_value(before).unwrap_or_default(),
            outputs,
            facts: Facts::from([fact_of_file(self.on, self.asked, &sight)]),
            changes,
            ..Finding::new(found, holds && (copy.is_some() || made), evidence)
        })
    }

    /// The commands that follow.
    pub(super) fn commands(&self) -> Vec<Change> {
        self.takers.commands(self.on)
    }

    fn gives(&self, copy: Option<&FileImage>, wanted: &Contents) -> Applied {
        let copied = copy.map_or(NOTHING, |copy| copy.sha256.as_str());
        [("backup_sha256", Value::from(copied)), ("sha256", Value::from(wanted.sha256()))]
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }

    /// Makes the file what it is to be, and keeps a copy of what it is `now`.
    pub(super) async fn make(
        &self,
        (file, now): (&HostFile<'_>, Option<&FileImage>),
        wanted: &Contents,
    ) -> Result<Applied, Failure> {
        let before: FileBefore = self.cx.before()?;
        let copied = match (now, &before.file) {
            // As after a lost answer.
            (Some(now), _) if wanted.is_in(now) => file.copy_image().await?,
            (Some(now), Some(_)) => {
                file.must_be_replaceable().await?;
                file.must_take(&wanted.given).await?;
                wanted.stage(file, &file.path, &wanted.given).await?;
                file.replace(now).await?;
                Some(now.clone())
            }
            (None, None) => {
                file.must_have_room().await?;
                file.must_take(&wanted.given).await?;
                wanted.stage(file, "", &wanted.given.of_new(file.hand)).await?;
                file.create().await?;
                None
            }
            (Some(_), None) => return Err(file.appeared()),
            (None, Some(_)) => return Err(file.gone(&self.on.name)),
        };
        self.takers.take(self.cx, self.on).await?;
        let mut given = self.gives(copied.as_ref(), wanted);
        given.extend(self.takers.given());
        Ok(given)
    }

    /// That the file is what it was made.
    pub(super) async fn verify(&self, wanted: &Contents) -> Result<String, Failure> {
        let (file, now) = self.find().await?;
        if !now.is_some_and(|now| wanted.is_in(&now)) {
            return Err(file.not_made_so(&self.on.name));
        }
        // Once more: the process may have died between the change and the reload.
        let reloaded = self.takers.take_again(self.cx, self.on).await?;
        Ok(format!("`{}` on {} is as it is to be{reloaded}", file.path, self.on.name))
    }

    /// Puts back what was there; `after` is what the action may have left, where that is known.
    pub(super) async fn undo(
        &self,
        file: &HostFile<'_>,
        before: FileBefore,
        after: Option<&str>,
    ) -> Result<String, Failure> {
        let (path, host) = (&file.path, &self.on.name);
        let now = file.image().await?;
        let Some(found) = before.file else {
            match (&now, after) {
                (None, _) => {}
                (Some(now), Some(after)) if now.sha256 == after => {}
                (Some(_), _) => return Err(file.not_made_so(host)),
            }
            file.remove_made(after.unwrap_or(NOTHING)).await?;
            return Ok(format!("`{path}` is not on {host}, as before{}", self.takers.take(self.cx, self.on).await?));
        };
        let copy = file.copy_image().await?;
        let before = original(found, copy.as_ref(), self.cx.output("backup_sha256"));
        match standing(&before, after, now.as_ref()) {
            FileStanding::AsBefore => {}
            FileStanding::AsLeft(now) => file.restore(&before, &now, host).await?,
            FileStanding::Changed => return Err(file.not_ours(host)),
            FileStanding::Gone => return Err(file.gone(host)),
        }
        let reloaded = self.takers.take(self.cx, self.on).await?;
        file.remove_copy(&before).await?;
        Ok(format!("`{path}` on {host} is as it was to the byte{reloaded}"))
    }
}
