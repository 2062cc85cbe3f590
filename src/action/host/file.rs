//! One file on a host: looked at, copied beside itself, replaced, put back.
//!
//! Promises: a copy never overwrites anything, is complete or not there, and keeps owner, mode, times, ACLs and SELinux
//! label; content is replaced by a rename, and only after the bytes that arrived on the host were found to be the ones
//! sent (a lost connection ends a file early); a file that changed in between is left alone. Contents travel by standard
//! input and never reach a journal: an [`FileImage`] is all that is kept of them.
//!
//! Root follows no name that another user can put there: [`HostPlace`] says as whom all of this is done. Where a directory on
//! the way is a user's, it is done as that user, whose file it must be; attributes are then kept as far as that user may
//! set them, and what could not be kept is asked of [`HostFile::must_be_replaceable`] before anything is made.
//!
//! Needs GNU coreutils and util-linux on the host. Not handled: files of more than 4 MiB; a user who breaks his own file
//! while we work as him gets what he made of it.

use super::file_scripts::{COMMIT, COPY, LARGEST, LOOK, PUT_BACK, READ, REMOVE, SET_ASIDE, STAGE, TAKE_UP, UNSTAGE};
use super::place::{Hand, HostPlace, LastLink};
use crate::access::RemoteOutput;
use crate::action::Context;
use crate::model::{Advice, Failure, RunId, Target, sha256};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What is remembered of a file: enough to know it again, nothing of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileImage {
    /// Its path, symbolic links followed.
    pub(super) path: String,
    /// SHA-256 of its content, hexadecimal.
    pub(super) sha256: String,
    /// Its owner's user id.
    pub(super) owner: u32,
    /// Its group's id.
    pub(super) group: u32,
    /// Its permissions, octal.
    pub(super) mode: String,
    /// When it was last modified: seconds since 1970 with nine decimals.
    pub(super) mtime: String,
}

/// What is found at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sight {
    /// A regular file, or a link to one.
    File(FileImage),
    /// Nothing.
    Missing,
    /// Something that is no regular file: its kind, in words.
    Other(String),
}

/// A file on a host, with the names this run uses beside it.
///
/// They begin with a dot, so that no include pattern (`*.conf`, `*.config.php`, `*`) matches them. What is kept of a `.php`
/// ends in `.php` too: a web server that protects it by running it runs the copy as well, and never sends it as text.
pub(super) struct HostFile<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) host: &'a Target,
    place: HostPlace,
    /// As whom it is worked on.
    pub(super) hand: Hand,
    /// The real path.
    pub(super) path: String,
    /// Where the run keeps its copy.
    pub(super) copy: String,
    /// Where that copy is while no edit of this run is in the file: the last one was rejected and taken back.
    pub(super) aside: String,
    /// New content before it is in the file's place.
    pub(super) fresh: String,
    /// The copy while it is made.
    pub(super) part: String,
    /// How many bytes it may hold.
    most: u64,
}

/// How much a file may hold that is edited.
pub(super) const EDITED: u64 = LARGEST as u64;
/// How much one may hold that is only put there.
pub(super) const UPLOADED: u64 = 1 << 40;
/// How long looking at a file may take.
const LOOKING: Duration = Duration::from_secs(60);
/// The same for one that may be large.
pub(super) const HASHING: Duration = Duration::from_secs(600);

/// Whether staged content came into the file's place.
enum Committed {
    Replaced,
    /// It did not, and is gone.
    Not(Failure),
}

/// What this run keeps of a file it edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// The copy of what its edit was made of.
    Copy(FileImage),
    /// The copy of what an edit was made of that was taken back again: nothing of this run is in the file.
    Aside(FileImage),
    /// Nothing: no edit was begun, or all was taken back.
    Nothing,
}

impl Kept {
    /// What the file was before the edit, where that is kept.
    pub(super) fn image(&self) -> Option<&FileImage> {
        match self {
            Kept::Copy(image) | Kept::Aside(image) => Some(image),
            Kept::Nothing => None,
        }
    }
}

impl FileImage {
    /// Its permissions as a number.
    pub(super) fn permissions(&self) -> Option<u32> {
        u32::from_str_radix(&self.mode, 8).ok()
    }

    /// Whether content, owner, group, mode and time of modification are the same.
    pub(super) fn same_as(&self, other: &FileImage) -> bool {
        self.sha256 == other.sha256 && self.same_attributes(other) && self.mtime == other.mtime
    }

    fn same_attributes(&self, other: &FileImage) -> bool {
        (self.owner, self.group, &self.mode) == (other.owner, other.group, &other.mode)
    }
}

/// Looks at a path on a host; a link at its end is looked at itself.
pub(super) async fn look(cx: &Context<'_>, host: &Target, path: &str) -> Result<Sight, Failure> {
    let place = HostPlace::find(&cx.lines(), host, path, LastLink::Kept).await?;
    look_as(cx, host, place.hand, (&place.path, EDITED)).await
}

async fn look_as(cx: &Context<'_>, host: &Target, hand: Hand, (path, most): (&str, u64)) -> Result<Sight, Failure> {
    let limit = if most > EDITED { HASHING } else { LOOKING };
    let command = hand.script(LOOK, [path, &most.to_string()]).limit(limit);
    let text = cx.run_ok(host, command, &format!("looking at `{path}`")).await?;
    parse(path, &text).ok_or_else(|| {
        Failure::permanent(format!("looking at `{path}` on {host} gave an answer that is not understood")).cause(text)
    })
}

fn parse(path: &str, text: &str) -> Option<Sight> {
    let mut lines = text.lines();
    match lines.next()? {
        "file" => {}
        "missing" => return Some(Sight::Missing),
        other => return Some(Sight::Other(other.to_owned())),
    }
    let mut stat = lines.next()?.split(' ');
    let (owner, group) = (stat.next()?.parse().ok()?, stat.next()?.parse().ok()?);
    let (mode, mtime) = (stat.next()?.to_owned(), stat.next()?.to_owned());
    let sha256 = lines.next()?.to_owned();
    Some(Sight::File(FileImage { path: path.to_owned(), sha256, owner, group, mode, mtime }))
}

/// The hidden name beside `path` that belongs to this run, for what `is` there (`.new`, nothing for the copy).
fn beside(path: &str, run: &RunId, is: &str) -> String {
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    let ending = if name.to_ascii_lowercase().ends_with(".php") { ".php" } else { "" };
    format!("{dir}/.{name}.runbook-{run}{is}{ending}")
}

/// The refusal to work on a file that a host does not have.
pub(super) fn no_such(path: &str, host: &Target) -> Failure {
    Failure::refused(format!("`{path}` is not on {host}"))
        .advise(format!("give the path that the file has on {}", host.name))
        .lacking(&host.name, format!("file {path}"))
}

impl<'a> HostFile<'a> {
    /// The file at `path`, which must be a regular file or a link to one, and what it looks like now.
    ///
    /// # Errors
    /// Refused when it is not there or no regular file, or when root cannot work there safely.
    pub(super) async fn find(
        cx: &'a Context<'a>,
        host: &'a Target,
        path: &str,
    ) -> Result<(HostFile<'a>, FileImage), Failure> {
        let place = HostPlace::find(&cx.lines(), host, path, LastLink::Followed).await?;
        match look_as(cx, host, place.hand, (&place.path, EDITED)).await? {
            Sight::File(image) => Ok((Self::in_place(cx, host, place), image)),
            Sight::Missing => Err(no_such(path, host)),
            Sight::Other(kind) => Err(Failure::refused(format!("`{path}` on {host} is no file to edit but {kind}"))),
        }
    }

    /// The file at a real path that is known from a before-image.
    ///
    /// # Errors
    /// Refused when root cannot work there safely.
    pub(super) async fn at(cx: &'a Context<'a>, host: &'a Target, path: &str) -> Result<HostFile<'a>, Failure> {
        let place = HostPlace::find(&cx.lines(), host, path, LastLink::Kept).await?;
        Ok(Self::in_place(cx, host, place))
    }

    /// The file at `path`, and what it looks like now; nothing where there is none yet. What is kept of it is the action's own:
    /// more than one action of a run may change it, one after the other.
    ///
    /// # Errors
    /// Refused when it is no regular file, or when root cannot work there safely.
    pub(super) async fn find_or_none(
        cx: &'a Context<'a>,
        host: &'a Target,
        (path, most): (&str, u64),
    ) -> Result<(HostFile<'a>, Option<FileImage>), Failure> {
        let place = HostPlace::find(&cx.lines(), host, path, LastLink::Followed).await?;
        let image = match look_as(cx, host, place.hand, (&place.path, most)).await? {
            Sight::File(image) => Some(image),
            Sight::Missing => None,
            Sight::Other(kind) => {
                return Err(Failure::refused(format!("`{path}` on {host} is no file to change but {kind}")));
            }
        };
        Ok((Self { most, ..Self::of_action(cx, host, place) }, image))
    }

    /// The file at a real path that is known from a before-image, with what this action keeps of it.
    ///
    /// # Errors
    /// Refused when root cannot work there safely.
    pub(super) async fn of_action_at(
        cx: &'a Context<'a>,
        host: &'a Target,
        (path, most): (&str, u64),
    ) -> Result<HostFile<'a>, Failure> {
        let place = HostPlace::find(&cx.lines(), host, path, LastLink::Kept).await?;
        Ok(Self { most, ..Self::of_action(cx, host, place) })
    }

    fn of_action(cx: &'a Context<'a>, host: &'a Target, place: HostPlace) -> Self {
        let action = format!(".{}", cx.call().action.to_string().replace('/', "."));
        Self::kept_as(cx, host, place, &action)
    }

    fn in_place(cx: &'a Context<'a>, host: &'a Target, place: HostPlace) -> Self {
        Self::kept_as(cx, host, place, "")
    }

    fn kept_as(cx: &'a Context<'a>, host: &'a Target, place: HostPlace, whose: &str) -> Self {
        let (path, hand) = (place.path.clone(), place.hand);
        let [copy, aside, fresh, part] =
            ["", ".aside", ".new", ".part"].map(|is| beside(&path, &cx.call().run, &format!("{whose}{is}")));
        Self { cx, host, place, hand, path, copy, aside, fresh, part, most: EDITED }
    }

    /// Runs a constant script as whom the file is worked on.
    pub(super) async fn run<const N: usize>(
        &self,
        script: &'static str,
        arguments: [&str; N],
        stdin: &[u8],
    ) -> Result<RemoteOutput, Failure> {
        Ok(self.cx.run(self.host, self.hand.script(script, arguments).stdin(stdin)).await?)
    }

    /// The same for what takes as long as the file is large.
    pub(super) async fn run_long<const N: usize>(
        &self,
        script: &'static str,
        arguments: [&str; N],
    ) -> Result<RemoteOutput, Failure> {
        let limit = if self.most > EDITED { HASHING } else { LOOKING };
        Ok(self.cx.run(self.host, self.hand.script(script, arguments).limit(limit)).await?)
    }

    /// As whom php reads it, for it is a program.
    ///
    /// # Errors
    /// Refused when everybody may write in it.
    pub(super) fn reader(&self) -> Result<Hand, Failure> {
        self.place.reader()
    }

    /// Its content.
    pub(super) async fn read(&self) -> Result<Vec<u8>, Failure> {
        self.bytes_of(&self.path).await
    }

    /// The copy's content.
    pub(super) async fn read_copy(&self) -> Result<Vec<u8>, Failure> {
        self.bytes_of(&self.copy).await
    }

    async fn bytes_of(&self, path: &str) -> Result<Vec<u8>, Failure> {
        let output = self.run(READ, [path, &LARGEST.to_string()], b"").await?;
        if output.ok() && output.stdout.len() > LARGEST {
            return Err(Failure::refused(format!("`{path}` on {} holds more than 4 MiB", self.host)));
        }
        if output.ok() {
            return Ok(output.stdout);
        }
        Err(Failure::permanent(format!("cannot read `{path}` on {}", self.host)).cause(output.stderr))
    }

    /// What the file looks like now; nothing when it is gone.
    pub(super) async fn image(&self) -> Result<Option<FileImage>, Failure> {
        Ok(match look_as(self.cx, self.host, self.hand, (&self.path, self.most)).await? {
            Sight::File(image) => Some(image),
            _ => None,
        })
    }

    /// This run's copy, as an image of the file it was made of; nothing when there is none.
    pub(super) async fn copy_image(&self) -> Result<Option<FileImage>, Failure> {
        self.image_kept_at(&self.copy).await
    }

    /// What this run keeps of the file.
    pub(super) async fn kept(&self) -> Result<Kept, Failure> {
        if let Some(image) = self.copy_image().await? {
            return Ok(Kept::Copy(image));
        }
        Ok(self.image_kept_at(&self.aside).await?.map_or(Kept::Nothing, Kept::Aside))
    }

    async fn image_kept_at(&self, path: &str) -> Result<Option<FileImage>, Failure> {
        Ok(match look_as(self.cx, self.host, self.hand, (path, self.most)).await? {
            Sight::File(image) => Some(FileImage { path: self.path.clone(), ..image }),
            _ => None,
        })
    }

    /// Keeps a copy of the file as `now` describes it, then puts the staged content in its place. When somebody changes
    /// the file in between, it stays as they made it, and neither copy nor staged content is left.
    pub(super) async fn replace(&self, now: &FileImage) -> Result<(), Failure> {
        if let Err(failure) = self.keep_copy(now).await {
            self.unstage().await?;
            return Err(failure);
        }
        match self.committed(&now.sha256).await? {
            Committed::Replaced => Ok(()),
            Committed::Not(failure) => {
                self.remove_copy(now).await?;
                Err(failure)
            }
        }
    }

    /// Keeps a copy of the file as `now` describes it; a copy of that content that is there already is this run's own.
    async fn keep_copy(&self, now: &FileImage) -> Result<(), Failure> {
        let arguments = [&self.path, &self.copy, &now.sha256, &self.aside, &self.part].map(String::as_str);
        let output = self.run_long(COPY, arguments).await?;
        match output.status {
            0 => Ok(()),
            3 => Err(Failure::refused(format!("`{}` is already on {}, with other content", self.copy, self.host))
                .advise(Advice::then_resume("it is not the copy this run would make: look at it and move it away"))),
            4 => Err(self.changed()),
            status => Err(self.failed("keep a copy of", status, output.stderr)),
        }
    }

    /// Brings new content to the host, beside the file, with the file's owner, mode and label; answers its path.
    pub(super) async fn stage(&self, bytes: &[u8]) -> Result<&str, Failure> {
        self.staged([&self.path, "", ""], bytes).await
    }

    /// Brings content to the host, beside the file: with the attributes of the file `like`, where one is named, but this owner,
    /// group and mode, where they are.
    pub(super) async fn staged(&self, [like, whose, mode]: [&str; 3], bytes: &[u8]) -> Result<&str, Failure> {
        let output = self.run(STAGE, [like, &self.fresh, &sha256(bytes), whose, mode], bytes).await?;
        match output.status {
            0 => Ok(&self.fresh),
            5 => Err(Failure::transient(format!("not all of the new `{}` arrived on {}", self.path, self.host))),
            status => Err(self.failed("write beside", status, output.stderr)),
        }
    }

    /// Puts the staged content in the file's place, if the file still is what `sha256` says.
    pub(super) async fn commit(&self, sha256: &str) -> Result<(), Failure> {
        match self.committed(sha256).await? {
            Committed::Replaced => Ok(()),
            Committed::Not(failure) => Err(failure),
        }
    }

    async fn committed(&self, sha256: &str) -> Result<Committed, Failure> {
        let output = self.run_long(COMMIT, [self.path.as_str(), self.fresh.as_str(), sha256]).await?;
        match output.status {
            0 => Ok(Committed::Replaced),
            4 => Ok(Committed::Not(self.changed())),
            6 => Ok(Committed::Not(self.failed("replace", 6, output.stderr))),
            status => Err(self.failed("replace", status, output.stderr)),
        }
    }

    /// Puts the copy aside: the edit that was made of it is taken back.
    pub(super) async fn set_aside(&self) -> Result<(), Failure> {
        self.moved(SET_ASIDE, "set the copy aside of").await
    }

    /// Makes what was put aside the copy again: what it is of is in the file no more.
    pub(super) async fn take_up(&self) -> Result<(), Failure> {
        self.moved(TAKE_UP, "take up the copy of").await
    }

    async fn moved(&self, script: &'static str, deed: &str) -> Result<(), Failure> {
        let output = self.run(script, [&self.copy, &self.aside], b"").await?;
        if output.ok() { Ok(()) } else { Err(self.failed(deed, output.status, output.stderr)) }
    }

    /// Throws staged content away.
    pub(super) async fn unstage(&self) -> Result<(), Failure> {
        let command = self.hand.script(UNSTAGE, [&self.fresh]);
        self.cx.run_ok(self.host, command, "removing what was staged").await.map(drop)
    }

    /// Brings the copy's content, owner, mode and times back, if the file still is what `now` says.
    pub(super) async fn put_back(&self, before: &FileImage, now: &str) -> Result<(), Failure> {
        let now = &now.to_owned();
        let arguments = [&self.path, &self.copy, &before.sha256, &self.fresh, now];
        let output = self.run_long(PUT_BACK, arguments.map(String::as_str)).await?;
        match output.status {
            0 => Ok(()),
            3 => Err(Failure::refused(format!("the copy `{}` is not on {} any more", self.copy, self.host))
                .advise(Advice::then_resume(format!("bring `{}` back from another backup", self.path)))),
            4 => Err(self.changed()),
            5 => Err(Failure::refused(format!("the copy `{}` on {} is not what it was", self.copy, self.host))
                .advise(format!("compare it with `{}` and bring the right content back by hand", self.path))),
            status => Err(self.failed("put back", status, output.stderr)),
        }
    }

    /// Removes this run's copy of `before`, and what an interrupted command or a rejected edit may have left beside it.
    pub(super) async fn remove_copy(&self, before: &FileImage) -> Result<(), Failure> {
        let arguments = [&self.copy, &before.sha256, &self.part, &self.fresh, &self.aside].map(String::as_str);
        let output = self.run_long(REMOVE, arguments).await?;
        match output.status {
            0 => Ok(()),
            5 => Err(Failure::refused(format!("the copy `{}` on {} is not what it was", self.copy, self.host))
                .advise(Advice::then_resume("somebody changed it: look at it and remove it by hand"))),
            status => Err(self.failed("remove the copy of", status, output.stderr)),
        }
    }

    pub(super) fn changed(&self) -> Failure {
        Failure::refused(format!("`{}` on {} was changed by somebody in the meantime", self.path, self.host))
            .advise(Advice::then_resume("see what was changed and by whom (`ls -l --full-time`, `diff` with the copy)"))
    }

    pub(super) fn failed(&self, deed: &str, status: i32, said: String) -> Failure {
        Failure::permanent(format!("cannot {deed} `{}` on {} (exit status {status})", self.path, self.host)).cause(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read() {
        let file = "file\n33 33 640 1700000000.123456789\nab12\n";
        let Some(Sight::File(image)) = parse("/etc/a b.conf", file) else { panic!("a file") };
        assert_eq!((image.owner, image.mode.as_str(), image.path.as_str()), (33, "640", "/etc/a b.conf"));
        assert_eq!(parse("/f", "missing"), Some(Sight::Missing));
        assert_eq!(parse("/f", "directory"), Some(Sight::Other("directory".into())));
        assert_eq!(parse("/f", "file\nx"), None);
    }

    #[test]
    fn a_copy_is_hidden_named_by_the_run_and_no_text_to_a_web_server() {
        let run: RunId = "r1".parse().unwrap();
        assert_eq!(beside("/etc/nginx/conf.d/nc.conf", &run, ".new"), "/etc/nginx/conf.d/.nc.conf.runbook-r1.new");
        let copy = beside("/config/config.php", &run, "");
        assert_eq!(copy, "/config/.config.php.runbook-r1.php");
        assert!(!copy.ends_with(".config.php"), "Nextcloud reads `*.config.php`");
        assert_eq!(beside("/config/Config.PHP", &run, ".aside"), "/config/.Config.PHP.runbook-r1.aside.php");
    }
}
