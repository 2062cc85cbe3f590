//! Whether a rename can put other content into a file's place, with all else as it was: asked before anything is made.

use super::attributes::Attributes;
use super::file::HostFile;
use super::file_scripts::{GIVEN, MOUNTED, OBSTACLES, ROOM};
use crate::access::RemoteCommand;
use crate::model::Failure;
use crate::model::quoted;

/// What keeps a file from being replaced, and what helps.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Obstacle {
    why: String,
    advice: String,
}

impl HostFile<'_> {
    /// That the file can be replaced by a rename, and its copy made with the same owner, group and mode.
    ///
    /// # Errors
    /// Refused with everything that speaks against it, and what helps against each.
    pub(super) async fn must_be_replaceable(&self) -> Result<(), Failure> {
        let what = format!("looking at what `{}` is", self.path);
        let told = self.cx.run_ok(self.host, self.hand.script(OBSTACLES, [&self.path]), &what).await?;
        let pids = self.cx.run_ok(self.host, RemoteCommand::root_script(MOUNTED, [&self.path]), &what).await?;
        let mut found = self.obstacles(&told);
        found.extend(mounted(&pids, &self.path));
        self.refused_for(found, "cannot be replaced with all else as it is")
    }

    /// That a file can be made where none is.
    ///
    /// # Errors
    /// Refused with everything that speaks against it, and what helps against each.
    pub(super) async fn must_have_room(&self) -> Result<(), Failure> {
        let what = format!("looking at where `{}` is to be", self.path);
        let told = self.cx.run_ok(self.host, self.hand.script(ROOM, [&self.path]), &what).await?;
        let found = self.obstacles(&told);
        // The directory may be what an earlier action makes.
        let only_lacks = told.lines().all(|line| line.starts_with("nowhere "));
        self.refused_for(found, "cannot be made").map_err(|failure| match only_lacks {
            true => failure.lacking(&self.host.name, format!("file {}", self.path)),
            false => failure,
        })
    }

    /// That a file here can be given these.
    ///
    /// # Errors
    /// Refused when whoever works here cannot give a file away.
    pub(super) async fn must_take(&self, given: &Attributes) -> Result<(), Failure> {
        let id = |id: Option<u32>| id.map_or_else(|| "-".to_owned(), |id| id.to_string());
        let command = self.hand.script(GIVEN, [id(given.owner), id(given.group)]);
        let told = self.cx.run_ok(self.host, command, &format!("looking at whose `{}` can be", self.path)).await?;
        self.refused_for(self.obstacles(&told), "cannot be given to them")
    }

    fn obstacles(&self, told: &str) -> Vec<Obstacle> {
        told.lines().filter_map(|line| obstacle(line, &self.path, self.hand.uid())).collect()
    }

    fn refused_for(&self, found: Vec<Obstacle>, what: &str) -> Result<(), Failure> {
        if found.is_empty() {
            return Ok(());
        }
        let failure = Failure::refused(format!("`{}` on {} {what}", self.path, self.host));
        Err(found.into_iter().fold(failure, |failure, it| failure.cause(it.why).advise(it.advice)))
    }
}

/// What a line of the script's answer means for `path`, on which user `uid` works.
fn obstacle(line: &str, path: &str, uid: u32) -> Option<Obstacle> {
    let (kind, number) = line.split_once(' ')?;
    let typed = quoted(path);
    let dir = path.rsplit_once('/').map_or("/", |(dir, _)| if dir.is_empty() { "/" } else { dir });
    let (why, advice) = match kind {
        "owner" => (
            format!(
                "its directory is user {uid}'s, the file is user {number}'s: root does not write where another can put links"
            ),
            format!("`chown {uid} {typed}`, or give `{dir}` and the directories above to root"),
        ),
        "group" => (
            format!(
                "its group is {number}, in which its owner, user {uid}, is not: the owner cannot give it to a new file"
            ),
            format!("`chgrp \"$(id -g {uid})\" {typed}`, if the web server can still read it then"),
        ),
        "names" => (
            format!("it has {number} names (hard links): the others would keep what is in it now"),
            format!("see `find / -xdev -samefile {typed}`, and make copies or links by name (`ln -s`) of the others"),
        ),
        "mode" => (
            format!("its mode is {number}: a configuration file has no set-user-ID, set-group-ID or sticky bit"),
            format!("see why, and `chmod u-s,g-s,-t {typed}`"),
        ),
        "unwritable" => (
            format!("`{dir}` cannot be written in by user {uid} (its mode, or a file system that is read-only)"),
            format!("see `findmnt -T {0}` and `ls -ld {0}`", quoted(dir)),
        ),
        "nowhere" => (
            format!("there is no directory `{dir}`"),
            format!("make it first: `mkdir {}`, with the owner and the mode it is to have", quoted(dir)),
        ),
        "foreign-owner" => (
            format!("its directory is user {uid}'s, who cannot give a file to user {number}"),
            format!("leave `owner` out, or give `{dir}` and the directories above to root"),
        ),
        "foreign-group" => (
            format!("its directory is user {uid}'s, who is not in group {number} and cannot give it a file"),
            format!("leave `group` out, or give `{dir}` and the directories above to root"),
        ),
        "fixed" => {
            let it = if number == "1" { path } else { dir };
            (format!("`{it}` is fixed (`chattr +i` or `+a`)"), format!("`chattr -i -a {}`", quoted(it)))
        }
        _ => return None,
    };
    Some(Obstacle { why, advice })
}

fn mounted(pids: &str, path: &str) -> Option<Obstacle> {
    let first = pids.lines().next()?;
    let more = match pids.lines().count() {
        1 => String::new(),
        count => format!(" and {} more", count - 1),
    };
    Some(Obstacle {
        why: format!("it is mounted by itself for process {first}{more}, which would go on seeing what is in it now"),
        advice: format!(
            "mount its directory instead, or edit it by hand in place: `grep -F {} /proc/{first}/mountinfo`",
            quoted(path.rsplit('/').next().unwrap_or(path))
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_obstacle_is_told_with_what_helps() {
        let told = |line| obstacle(line, "/srv/config/config.php", 33).unwrap();
        assert!(told("owner 0").why.contains("directory is user 33's, the file is user 0's"));
        assert!(told("group 0").advice.contains("chgrp \"$(id -g 33)\" /srv/config/config.php"));
        assert!(told("names 2").why.contains("2 names"));
        assert!(told("mode 4755").advice.contains("chmod u-s"));
        assert!(told("unwritable 1").why.starts_with("`/srv/config` cannot be written in"));
        assert_eq!(told("fixed 1").advice, "`chattr -i -a /srv/config/config.php`");
        assert_eq!(told("fixed 2").advice, "`chattr -i -a /srv/config`");
        assert_eq!(obstacle("noise", "/f", 0), None);
    }

    #[test]
    fn a_mount_is_told_by_its_processes() {
        assert_eq!(mounted("", "/f"), None);
        assert!(mounted("7\n8\n9\n", "/f").unwrap().why.contains("process 7 and 2 more"));
    }
}
