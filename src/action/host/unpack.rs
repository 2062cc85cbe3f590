//! `archive.unpack`: an archive on a host becomes a folder there, all of it or nothing.
//!
//! It is unpacked under a hidden name beside and renamed into place, so what has the folder's name is whole. As everywhere, root follows
//! no name that another user can put there ([`HostPlace`]), neither to the folder nor to the archive. Of what is in the archive tar itself
//! keeps the outside out: names that lead up are refused, absolute ones begin in the folder, links are made last (GNU tar manual,
//! "Extracting Specific Files", `--absolute-names`). Owners and special bits of its members do not count.
//!
//! Not handled: an archive that is unpacked over what is there.

use super::attributes::NamedAttributes;
use super::place::{HostPlace, LastLink};
use super::preview::fact_name;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Advice, ArchiveUnpack, Change, Facts, Failure, Finding, Found, Text, quoted, tell};
use serde::{Deserialize, Serialize};

/// `$1` folder, `$2` archive. Prints what is at the folder's path: `missing`, `folder`, or a kind in words; and of the archive its size,
/// or `missing`.
const LOOK: &str = r#"
if [ -L "$1" ]; then echo 'symbolic link'
elif [ -d "$1" ]; then echo folder
elif [ -e "$1" ]; then stat -c %F -- "$1"
else echo missing; fi
if [ -f "$2" ]; then stat -c %s -- "$2"; else echo missing; fi
"#;

/// `$1` folder, `$2` archive. Exit status 0 when the folder has all that is in the archive; owners, times and permissions do not count.
const COMPARE: &str = r#"
cd /
differs=$(LC_ALL=C tar -df "$2" -C "$1" 2>&1 | grep -vE ': (Uid|Gid|Mod time|Mode) differs$' | head -n 1) || :
[ ! "$differs" ] || { printf '%s\n' "$differs"; exit 1; }
"#;

/// `$1` archive, `$2` how many names are shown. Prints how many there are in it, and the first.
const LIST: &str = r#"
cd /
LC_ALL=C tar -tf "$1" | awk -v most="$2" 'NR <= most { names = names (NR > 1 ? ", " : "") $0 } END { printf "%d: %s%s\n", NR, names, (NR > most ? ", ..." : "") }'
"#;
/// How many names of an archive a plan shows.
const SHOWN: &str = "12";

/// `$1` folder, `$2` archive, `$3` a name beside, `$4` how many leading names are left out, `$5` whose it is to be, or nothing. Exit
/// status 4: something is there by now.
const UNPACK: &str = r#"
cd /
umask 022
rm -rf --one-file-system -- "$3"
mkdir -- "$3"
tar -xf "$2" --no-same-owner --no-same-permissions --strip-components="$4" -C "$3"
[ ! "$5" ] || chown -hR -- "$5" "$3"
sync -f -- "$3"
if [ -e "$1" ] || [ -L "$1" ]; then rm -rf --one-file-system -- "$3"; exit 4; fi
mv -nT -- "$3" "$1"
if [ -d "$3" ]; then rm -rf --one-file-system -- "$3"; exit 4; fi
sync -- "${1%/*}/"
"#;

/// `$1` folder, `$2` a name beside.
const REMOVE: &str = r#"
rm -rf --one-file-system -- "$2"
if [ -d "$1" ] && [ ! -L "$1" ]; then mv -T -- "$1" "$2"; fi
rm -rf --one-file-system -- "$2"
sync -- "${1%/*}/"
"#;

/// What was found first.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    /// Whether the folder was there.
    there: bool,
}

struct Seen {
    place: HostPlace,
    /// What is at the folder's path, `missing` where nothing is.
    is: String,
    /// The archive's size in bytes; nothing where it is not there.
    size: Option<u64>,
}

impl Seen {
    fn there(&self) -> bool {
        self.is == "folder"
    }

    /// A name beside the folder, of this run.
    fn beside(&self, cx: &Context<'_>) -> String {
        let (dir, name) = self.place.path.rsplit_once('/').unwrap_or_default();
        format!("{dir}/.{name}.runbook-{}.new", cx.call().run)
    }
}

impl ArchiveUnpack {
    async fn look(&self, cx: &Context<'_>) -> Result<Seen, Failure> {
        let place = HostPlace::find(&cx.lines(), &self.on, self.to.as_str(), LastLink::Kept).await?;
        let command = place.hand.script(LOOK, [place.path.as_str(), self.archive.as_str()]);
        let text = cx.run_ok(&self.on, command, &format!("looking at `{}`", self.to)).await?;
        let (is, size) = text.trim_end().split_once('\n').unwrap_or_default();
        if is != "missing" && is != "folder" {
            return Err(Failure::refused(format!("`{}` on {} is no folder but {is}", self.to, self.on))
                .advise(format!("see what it is and move it away: `sudo ls -ld {}`", quoted(self.to.as_str()))));
        }
        Ok(Seen { is: is.to_owned(), size: size.parse().ok(), place })
    }

    /// Where the archive is, when nobody but who may write the folder could have put it there.
    async fn archive(&self, cx: &Context<'_>) -> Result<String, Failure> {
        Ok(HostPlace::find(&cx.lines(), &self.on, self.archive.as_str(), LastLink::Followed).await?.path)
    }

    /// Whether a folder that was there before this run has all that the archive has.
    async fn has_all(&self, cx: &Context<'_>, seen: &Seen) -> Result<(), Failure> {
        let is_there = |why: String| {
            Failure::refused(format!("`{}` on {} is there already, and not by this run", self.to, self.on))
                .cause(why)
                .advise(format!("see what it is, and move it away: `sudo ls -la {}`", quoted(self.to.as_str())))
        };
        if self.strip.is_some() {
            return Err(is_there(
                "whether it is what is in the archive cannot be told where leading names are left out".into(),
            ));
        }
        if seen.size.is_none() {
            return Err(is_there("the archive is not there to compare it with".into()));
        }
        let archive = self.archive(cx).await?;
        let output = cx.run(&self.on, seen.place.hand.script(COMPARE, [seen.place.path.as_str(), &archive])).await?;
        match output.status {
            0 => Ok(()),
            _ => Err(is_there(format!(
                "it is not what is in the archive: {}{}",
                output.text().trim(),
                output.stderr.trim()
            ))),
        }
    }

    /// What is in the archive, for a plan; nothing where it is not there yet, or cannot be read.
    async fn listed(&self, cx: &Context<'_>, seen: &Seen) -> Result<Option<String>, Failure> {
        if cx.call().ahead.is_none() || seen.there() || seen.size.is_none() {
            return Ok(None);
        }
        let archive = self.archive(cx).await?;
        let output = cx.run(&self.on, seen.place.hand.script(LIST, [archive.as_str(), SHOWN])).await?;
        let text = output.text();
        let (number, names) = text.trim().split_once(": ").unwrap_or_default();
        Ok((output.ok() && !names.is_empty()).then(|| format!(", with {number} names: {names}")))
    }

    fn whose(&self) -> NamedAttributes<'_> {
        NamedAttributes { owner: self.owner.as_ref(), group: self.group.as_ref(), mode: None }
    }

    fn command(&self) -> Change {
        let strip = self.strip.map(|names| format!("--strip-components={names}"));
        let archive = self.archive.as_str();
        let argv = ["tar", "-xf", archive].map(str::to_owned).into_iter().chain(strip);
        let argv = argv.chain(["-C".to_owned(), self.to.as_str().to_owned()]).collect();
        Change::Command { on: self.on.name.clone(), argv }
    }
}

impl Perform for ArchiveUnpack {
    fn sentence(&self) -> Text {
        tell!("unpack `{}` on {} to `{}`{}", self.archive, self.on.name, self.to, self.whose().told())
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("remove `{}` on {} with all that is in it by then", self.to, self.on.name))
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let seen = self.look(cx).await?;
        let first: Option<Before> = cx.before_if_any()?;
        let ours = seen.there() && first.as_ref().is_some_and(|first| !first.there);
        if seen.there() && !ours {
            self.has_all(cx, &seen).await?;
        }
        let found = if seen.there() { Found::Holds } else { Found::Absent };
        let listed = self.listed(cx, &seen).await?.unwrap_or_default();
        let archive = seen.size.map_or("not there".to_owned(), |bytes| format!("there, {bytes} bytes{listed}"));
        let before = first.unwrap_or(Before { there: seen.there() });
        Ok(Finding {
            before: serde_json::to_value(before).unwrap_or_default(),
            facts: Facts::from([(fact_name(self.to.as_str(), &self.on), seen.is.clone())]),
            changes: if seen.there() { Vec::new() } else { vec![self.command()] },
            ..Finding::new(found, ours, format!("`{}` is {}; the archive is {archive}", self.to, seen.is))
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let seen = self.look(cx).await?;
        if seen.there() {
            // Only this run's own, for what it found first was none.
            return Ok(Applied::new());
        }
        if seen.size.is_none() {
            return Err(Failure::refused(format!("the archive `{}` is not on {}", self.archive, self.on))
                .advise(Advice::then_resume("bring it there"))
                .into());
        }
        let archive = self.archive(cx).await?;
        let whose = self.whose().known_to(&self.on, cx).await?.whose();
        let strip = self.strip.unwrap_or(0).to_string();
        let arguments = [&seen.place.path, &archive, &seen.beside(cx), &strip, &whose];
        let output = cx.run(&self.on, seen.place.hand.script(UNPACK, arguments)).await?;
        match output.status {
            0 => Ok(Applied::new()),
            4 => Err(Failure::refused(format!("`{}` on {} was made by somebody in the meantime", self.to, self.on))
                .advise(Advice::then_resume(format!(
                    "see whose it is, and move it away: `sudo ls -la {}`",
                    quoted(self.to.as_str())
                )))
                .into()),
            status => Err(Failure::permanent(format!(
                "cannot unpack `{}` on {} (exit status {status})",
                self.archive, self.on
            ))
            .cause(output.stderr)
            .into()),
        }
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let seen = self.look(cx).await?;
        if !seen.there() {
            return Err(Failure::refused(format!("`{}` is not on {} any more", self.to, self.on)).into());
        }
        Ok(Verified::by(format!("`{}` on {} has what is in `{}`", self.to, self.on.name, self.archive)))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: Before = cx.before()?;
        let seen = self.look(cx).await?;
        if before.there {
            return Ok(format!("`{}` on {} was there before, and stays", self.to, self.on.name));
        }
        let command = seen.place.hand.script(REMOVE, [&seen.place.path, &seen.beside(cx)]);
        cx.run_ok(&self.on, command, &format!("removing `{}`", self.to)).await?;
        Ok(format!("`{}` is not on {}, as before", self.to, self.on.name))
    }
}
