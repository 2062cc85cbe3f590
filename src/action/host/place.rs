//! Where a file is on a host, and as whom it is worked on there: root follows no name that somebody else can put there.
//!
//! The path is walked from `/`, one component and one link at a time ([`WALK`]). Whoever can put names into one of the
//! directories on the way could lead root elsewhere between two looks. So:
//!
//! - where only root can, root works: nobody can change what the names mean;
//! - where one user can (Nextcloud's `config/` is `www-data`'s), everything is done as that user ([`Hand::User`]), who
//!   gains nothing by leading himself elsewhere, and whose file it must be;
//! - where two can, or everybody, the path is refused with the directory's name.
//!
//! The user who logs in and becomes root by `sudo` without a password counts as root. So does the group 0. Members of
//! other groups are asked of the name service by `getent`.
//!
//! Not handled: a directory service that does not list its users, whose members of a group are not seen; root that is
//! nobody on a network file system (`root_squash`): there the walk fails.

use super::place_scripts::WALK;
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::model::{Failure, Target};

/// The user and the group without rights, where no user is known by name (Linux: `nobody`, 65534 in every distribution).
const NOBODY: u32 = 65534;

/// As whom something is done on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::action) enum Hand {
    /// As root: only root can put names where it is done.
    Root,
    /// As this user, with the groups it has when it logs in.
    User {
        /// Its id.
        uid: u32,
        /// Its own group's id; nothing when the host knows the user by its number only.
        group: Option<u32>,
    },
    /// As nobody, with this group: what a web server can read of a file that is root's.
    Nobody {
        /// The file's group.
        group: u32,
    },
}

impl Hand {
    /// A constant script for `sh` run by this hand; values are given as arguments and never pasted in.
    pub(in crate::action) fn script<I, S>(self, script: &'static str, arguments: I) -> RemoteCommand
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        let head = ["sh", "-euc", script, "runbook"].map(str::to_owned);
        self.run(head.into_iter().chain(arguments.into_iter().map(Into::into)))
    }

    /// A program with its arguments, run by this hand in `/`.
    pub(in crate::action) fn program<I, S>(self, argv: I) -> RemoteCommand
    where
        I: IntoIterator<Item = S>,
        S: Into<String>,
    {
        self.script(r#"cd /; exec "$@""#, argv)
    }

    fn run(self, argv: impl IntoIterator<Item = String>) -> RemoteCommand {
        let whose = match self {
            Hand::Root => return RemoteCommand::sudo(argv),
            Hand::User { uid, group: Some(group) } => {
                vec![format!("--reuid={uid}"), format!("--regid={group}"), "--init-groups".to_owned()]
            }
            Hand::User { uid, group: None } => {
                vec![format!("--reuid={uid}"), format!("--regid={NOBODY}"), "--clear-groups".to_owned()]
            }
            Hand::Nobody { group } => {
                vec![format!("--reuid={NOBODY}"), format!("--regid={group}"), "--clear-groups".to_owned()]
            }
        };
        let setpriv = ["setpriv".to_owned()].into_iter().chain(whose).chain(["--no-new-privs".into(), "--".into()]);
        RemoteCommand::sudo(setpriv.chain(argv))
    }

    /// The user's id.
    pub(in crate::action) fn uid(self) -> u32 {
        match self {
            Hand::Root => 0,
            Hand::User { uid, .. } => uid,
            Hand::Nobody { .. } => NOBODY,
        }
    }
}

/// Whether a link at the end of a path is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::action) enum LastLink {
    /// To the file it leads to.
    Followed,
    /// The link itself is meant.
    Kept,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::action) struct HostPlace {
    /// The path without links, but a last one that was kept.
    pub(in crate::action) path: String,
    /// As whom to work there.
    pub(in crate::action) hand: Hand,
    /// What is there now, if anything.
    entry: Option<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    owner: u32,
    group: u32,
    mode: u32,
    /// The owner's own group, as far as the host knows one.
    owners_group: Option<u32>,
}

impl HostPlace {
    /// Walks to a path.
    ///
    /// # Errors
    /// Refused when more than one user could lead the way elsewhere, or when the way ends before the last name.
    pub(in crate::action) async fn find(
        lines: &Lines<'_>,
        host: &Target,
        path: &str,
        last: LastLink,
    ) -> Result<Self, Failure> {
        let follow = if last == LastLink::Followed { "follow" } else { "keep" };
        let command = RemoteCommand::root_script(WALK, [path, follow]);
        let text = lines.run_ok(host, command, &format!("finding `{path}`")).await?;
        match Self::parse(&text) {
            Some(Ok(place)) => Ok(place),
            Some(Err(why)) => Err(Failure::refused(format!("`{path}` on {host} is not where root can work safely"))
                .cause(why)
                .advise(
                    "let the directories on the way belong to root, or to the one user whose file it is, and let no \
                     other write in them (`chown`, `chmod g-w,o-w`)",
                )),
            None => {
                Err(Failure::permanent(format!("the answer to where `{path}` is on {host} is not understood"))
                    .cause(text))
            }
        }
    }

    /// That a path without links is where only root can put names: what root's own programs read as their configuration
    /// must be.
    ///
    /// # Errors
    /// Refused when it is not.
    pub(in crate::action) async fn must_be_roots(lines: &Lines<'_>, host: &Target, path: &str) -> Result<(), Failure> {
        let place = Self::find(lines, host, path, LastLink::Kept).await?;
        if place.hand == Hand::Root {
            return Ok(());
        }
        Err(Failure::refused(format!("`{path}` on {host} is not root's alone to change"))
            .cause("what root's own programs read as their configuration must be")
            .advise("give the file's directory, and those above it, to root"))
    }

    /// As whom a program reads the file that must not do what it says as root: as the user who works there, else as
    /// the file's owner, else, for root's own file, as nobody with the file's group.
    ///
    /// # Errors
    /// Refused when there is no file, or when everybody may write in it: it would then be everybody's program.
    pub(in crate::action) fn reader(&self) -> Result<Hand, Failure> {
        let path = &self.path;
        let entry = self.entry.as_ref().ok_or_else(|| Failure::refused(format!("`{path}` is not there")))?;
        if entry.mode & 0o002 != 0 {
            return Err(Failure::refused(format!("everybody may write in `{path}`, which is run as a program"))
                .advise(format!("`chmod o-w` it and see what is in it: `{path}`")));
        }
        Ok(match (self.hand, entry.owner) {
            (Hand::Root, 0) => Hand::Nobody { group: entry.group },
            (Hand::Root, uid) => Hand::User { uid, group: entry.owners_group },
            (hand, _) => hand,
        })
    }

    /// What the walk printed; inside, why it was not gone to its end.
    pub(super) fn parse(text: &str) -> Option<Result<Self, String>> {
        let (word, rest) = text.split_once('\n')?;
        if word == "no" {
            return Some(Err(rest.replace(|c: char| c.is_control(), " ")));
        }
        let mut lines = (word == "at").then(|| rest.lines())?;
        let (uid, group) = user(lines.next()?)?;
        let hand = if uid == 0 { Hand::Root } else { Hand::User { uid, group } };
        let path = lines.next()?.to_owned();
        let entry = match lines.next()? {
            "-" => None,
            told => {
                let mut words = told.splitn(4, ' ');
                let (owner, group) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
                let mode = u32::from_str_radix(words.next()?, 8).ok()?;
                Some(Entry { owner, group, mode, owners_group: user(words.next()?)?.1 })
            }
        };
        Some(Ok(Self { path, hand, entry }))
    }
}

/// A user's id and its own group's, `-` where there is none.
fn user(text: &str) -> Option<(u32, Option<u32>)> {
    let (uid, group) = text.split_once(':')?;
    Some((uid.parse().ok()?, if group == "-" { None } else { Some(group.parse().ok()?) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> HostPlace {
        HostPlace::parse(text).unwrap().unwrap()
    }

    #[test]
    fn answers_are_read() {
        let roots = place("at\n0:0\n/etc/a b.conf\n33 4 640 33:33\n");
        assert_eq!((roots.hand, roots.path.as_str()), (Hand::Root, "/etc/a b.conf"));
        assert_eq!(roots.reader().unwrap(), Hand::User { uid: 33, group: Some(33) });
        assert_eq!(place("at\n0:0\n/f\n0 33 640 0:0\n").reader().unwrap(), Hand::Nobody { group: 33 });
        let users = place("at\n4711:-\n/f\n-\n");
        assert_eq!(users.hand, Hand::User { uid: 4711, group: None });
        assert!(users.reader().is_err());
        assert!(place("at\n33:33\n/f\n33 33 666 33:33\n").reader().unwrap_err().message.contains("everybody"));
        assert_eq!(HostPlace::parse("no\nso\x1b[2J"), Some(Err("so [2J".into())));
        for odd in ["", "at\n", "at\n0\n/f\n-\n", "at\n0:0\n/f\n33 33 640\n", "yes\n0:0\n/f\n-\n"] {
            assert_eq!(HostPlace::parse(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn a_hand_is_told_by_its_command() {
        let argv = |hand: Hand| hand.script("id", ["a"]).argv().join(" ");
        assert_eq!(argv(Hand::Root), "sudo -n -- sh -euc id runbook a");
        assert_eq!(
            argv(Hand::User { uid: 33, group: Some(34) }),
            "sudo -n -- setpriv --reuid=33 --regid=34 --init-groups --no-new-privs -- sh -euc id runbook a"
        );
        assert!(argv(Hand::User { uid: 33, group: None }).contains("--reuid=33 --regid=65534 --clear-groups"));
        assert!(argv(Hand::Nobody { group: 5 }).contains("--reuid=65534 --regid=5 --clear-groups"));
    }
}
