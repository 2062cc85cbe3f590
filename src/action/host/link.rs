//! `file.link`: has a symbolic link lead elsewhere, in one step, and back.
//!
//! The link is made under a hidden name beside and renamed into place: whoever follows it comes to the old or to the new. As
//! everywhere, root follows no name that another user can put there ([`HostPlace`]).

use super::place::{HostPlace, LastLink};
use super::preview::{fact_name, unified};
use super::reload::Takers;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Advice, Change, Facts, Failure, FileLink, Finding, Found, Text, quoted, tell};
use serde::{Deserialize, Serialize};

/// `$1` path, `$2` where the link is to lead. Prints whether that is there, seen from the link, then what is at the path: `missing`,
/// `link` and where it leads, or a kind in words.
const LOOK: &str = r#"
case $2 in /*) to=$2;; *) to=${1%/*}/$2;; esac
if [ -e "$to" ]; then echo there; else echo dangling; fi
if [ -L "$1" ]; then echo link; readlink -- "$1"
elif [ -e "$1" ]; then stat -c %F -- "$1"
else echo missing; fi
"#;

/// `$1` path, `$2` where the link is to lead, or nothing where it is to go, `$3` a name beside, `$4` where it leads now, or nothing
/// where there is none. Exit status 4: something else is there.
const SWITCH: &str = r#"
if [ -L "$1" ]; then now=$(readlink -- "$1"); [ "$now" = "$4" ] || exit 4
elif [ -e "$1" ] || [ "$4" ]; then exit 4; fi
rm -f -- "$3"
if [ ! "$2" ]; then
  rm -f -- "$1"
else
  ln -sT -- "$2" "$3"
  if [ "$4" ]; then mv -fT -- "$3" "$1"; else mv -nT -- "$3" "$1" || :; fi
  if [ -L "$3" ]; then rm -f -- "$3"; exit 4; fi
fi
sync -- "${1%/*}/"
"#;

/// What was found first.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Before {
    /// Where the link led; nothing where none was.
    to: Option<String>,
}

struct Seen {
    place: HostPlace,
    /// Where the link leads; nothing where none is.
    leads: Option<String>,
    /// Whether what it is to lead to is there.
    there: bool,
}

impl FileLink {
    async fn look(&self, cx: &Context<'_>) -> Result<Seen, Failure> {
        if self.to().is_empty() || self.to().chars().any(char::is_control) {
            return Err(Failure::refused("`to` is no path").advise("give where the link is to lead"));
        }
        let place = HostPlace::find(&cx.lines(), &self.on, self.path.as_str(), LastLink::Kept).await?;
        let command = place.hand.script(LOOK, [place.path.as_str(), self.to()]);
        let text = cx.run_ok(&self.on, command, &format!("looking at `{}`", self.path)).await?;
        let (there, rest) = text.split_once('\n').unwrap_or_default();
        let leads = match rest.trim_end_matches('\n').split_once('\n') {
            Some(("link", to)) => Some(to.to_owned()),
            _ if rest.trim() == "missing" => None,
            _ => {
                return Err(Failure::refused(format!(
                    "`{}` on {} is no symbolic link but {}",
                    self.path,
                    self.on,
                    rest.trim()
                ))
                .advise(format!("see what it is and move it away: `sudo ls -ld {}`", quoted(self.path.as_str()))));
            }
        };
        Ok(Seen { place, leads, there: there == "there" })
    }

    async fn switch(&self, cx: &Context<'_>, seen: &Seen, to: Option<&str>) -> Result<(), Failure> {
        let (dir, name) = seen.place.path.rsplit_once('/').unwrap_or_default();
        let fresh = format!("{dir}/.{name}.runbook-{}.new", cx.call().run);
        let arguments = [&seen.place.path, to.unwrap_or(""), &fresh, seen.leads.as_deref().unwrap_or("")];
        let output = cx.run(&self.on, seen.place.hand.script(SWITCH, arguments)).await?;
        match output.status {
            0 => Ok(()),
            4 => Err(self.not_ours("was changed by somebody in the meantime")),
            status => {
                Err(Failure::permanent(format!("cannot switch `{}` on {} (exit status {status})", self.path, self.on))
                    .cause(output.stderr))
            }
        }
    }

    fn not_ours(&self, how: &str) -> Failure {
        Failure::refused(format!("`{}` on {} {how}", self.path, self.on)).advise(Advice::then_resume(format!(
            "see where it leads and who changed it: `sudo ls -l --full-time {}`",
            quoted(self.path.as_str())
        )))
    }

    fn takers(&self) -> Takers<'_> {
        Takers { path: self.path.as_str(), reload: self.reload.as_ref(), restart: self.restart.as_ref() }
    }

    fn to(&self) -> &str {
        self.to.as_str()
    }
}

/// What a link is, in words.
fn told(leads: Option<&str>) -> String {
    leads.map_or_else(|| "not there".to_owned(), |to| format!("symbolic link to {to}"))
}

impl Perform for FileLink {
    fn sentence(&self) -> Text {
        tell!("have `{}` on {} lead to `{}`{}", self.path, self.on.name, self.to, self.takers().told())
    }

    fn undo_sentence(&self) -> Option<Text> {
        let (path, on, reload) = (&self.path, &self.on.name, self.takers().told());
        Some(tell!("have `{}` on {} lead where it led, or remove it if it was not there{}", path, on, reload))
    }

    fn changes(&self) -> Vec<Change> {
        self.takers().commands(&self.on)
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let seen = self.look(cx).await?;
        let first: Option<Before> = cx.before_if_any()?;
        let leads = seen.leads.as_deref();
        let holds = leads == Some(self.to());
        let ours = holds && first.as_ref().is_some_and(|first| first.to.as_deref() != Some(self.to()));
        let found = match &first {
            _ if holds => Found::Holds,
            Some(first) if first.to.as_deref() != leads => Found::Unknown,
            _ => Found::Absent,
        };
        let is = told(leads);
        let dangling = if seen.there { "" } else { "; what it is to lead to is not there" };
        let mut changes = Vec::new();
        if found == Found::Absent {
            let before = leads.map_or_else(String::new, |_| format!("{is}\n"));
            let diff = unified(&seen.place.path, &before, &format!("{}\n", told(Some(self.to()))));
            changes.push(Change::File { on: self.on.name.clone(), path: seen.place.path.clone(), diff });
            changes.extend(self.changes());
        }
        let before = first.unwrap_or_else(|| Before { to: seen.leads.clone() });
        Ok(Finding {
            before: serde_json::to_value(before).unwrap_or_default(),
            facts: Facts::from([(fact_name(self.path.as_str(), &self.on), is.clone())]),
            changes,
            ..Finding::new(found, ours, format!("`{}` is {is}{dangling}", self.path))
        })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        let before: Before = cx.before()?;
        let seen = self.look(cx).await?;
        if !seen.there {
            return Err(Failure::refused(format!("`{}` is not on {}", self.to, self.on))
                .cause(format!("`{}` would lead nowhere", self.path))
                .advise(Advice::then_resume("bring it there"))
                .into());
        }
        if seen.leads.as_deref() != Some(self.to()) {
            if seen.leads != before.to {
                return Err(self.not_ours("leads elsewhere than when this run first looked").into());
            }
            self.switch(cx, &seen, Some(self.to())).await?;
        }
        self.takers().take(cx, &self.on).await?;
        Ok(self.takers().given())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let seen = self.look(cx).await?;
        if seen.leads.as_deref() != Some(self.to()) || !seen.there {
            return Err(self.not_ours("does not lead where this run had it lead").into());
        }
        // Once more: the process may have died between the change and the reload.
        let reloaded = self.takers().take_again(cx, &self.on).await?;
        Ok(Verified::by(format!("`{}` on {} leads to `{}`{reloaded}", self.path, self.on.name, self.to)))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        let before: Before = cx.before()?;
        let seen = self.look(cx).await?;
        if seen.leads != before.to {
            if seen.leads.as_deref() != Some(self.to()) {
                return Err(self.not_ours("was changed since this run switched it").into());
            }
            self.switch(cx, &seen, before.to.as_deref()).await?;
        }
        let reloaded = self.takers().take(cx, &self.on).await?;
        Ok(format!("`{}` on {} is as before: {}{reloaded}", self.path, self.on.name, told(before.to.as_deref())))
    }
}
