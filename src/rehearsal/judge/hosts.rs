//! The hosts of a world: whether they are as they were.

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::region::Region;
use crate::rehearsal::scenario::VerdictRow;
use crate::rehearsal::world::command::asked;
use std::collections::{BTreeMap, BTreeSet};

/// Prints a line of each file, link and directory below the paths that are given: what, permissions, owner, path, and of a file when
/// it was changed; and one with its SHA-256 of each file.
const LOOK: &str = r#"
for path in "$@"; do
  find "$path" -xdev -type f -exec sha256sum {} + 2>/dev/null | sed 's/^\([^ ]*\) */text of \1 /'
  find "$path" -xdev \( -type f -printf 'file %m %U:%G %p %T@\n' \) \
    -o \( -type l -printf 'link %p -> %l\n' \) -o \( -type d -printf 'directory %m %U:%G %p\n' \) 2>/dev/null || echo "no $path"
done | sort
"#;

/// How the hosts of a world are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) struct HostsPicture(BTreeMap<String, BTreeSet<String>>);

impl HostsPicture {
    /// Looks at all that is watched.
    pub(in crate::rehearsal) async fn take(region: &Region) -> Result<Self, RehearsalError> {
        let mut all = BTreeMap::new();
        for (name, host) in &region.world().hosts {
            let watched = host.watched();
            let argv: Vec<&str> =
                ["sh", "-c", LOOK, "look"].into_iter().chain(watched.iter().map(String::as_str)).collect();
            let (_, printed) = asked(region, name, &argv).await?;
            let mut lines: BTreeSet<String> = printed.lines().map(str::to_owned).collect();
            for unit in host.units.keys() {
                let (_, active) = asked(region, name, &["systemctl", "is-active", unit]).await?;
                // What a timer starts may be at work just now or not: that says nothing of the run.
                let (status, by) = asked(region, name, &["systemctl", "show", "-P", "TriggeredBy", unit]).await?;
                let active =
                    if status == 0 && !by.trim().is_empty() { format!("started by {}", by.trim()) } else { active };
                let (_, enabled) = asked(region, name, &["systemctl", "is-enabled", unit]).await?;
                lines.insert(format!("unit {unit}: {}, {}", active.trim(), enabled.trim()));
            }
            for command in &host.same {
                let (status, printed) = asked(region, name, &["sh", "-euc", &region.names().fill(command)]).await?;
                lines.insert(format!(
                    "`{}`: exit status {status}: {}",
                    command.trim(),
                    printed.trim().replace('\n', " | ")
                ));
            }
            all.insert(name.clone(), lines);
        }
        Ok(Self(all))
    }

    /// A row for each host: whether it is as it was.
    pub(in crate::rehearsal) fn rows(&self, now: &Self) -> Vec<VerdictRow> {
        let row = |(name, was): (&String, &BTreeSet<String>)| {
            let nothing = BTreeSet::new();
            let is = now.0.get(name).unwrap_or(&nothing);
            let (gone, come): (Vec<_>, Vec<_>) = (was.difference(is).collect(), is.difference(was).collect());
            let told = |sign: &str, lines: Vec<&String>| {
                lines.into_iter().map(|line| format!("{sign} {line}")).collect::<Vec<_>>()
            };
            let differs = [told("-", gone), told("+", come)].concat();
            let seen = match differs.as_slice() {
                [] => format!("{} files, links, directories, units and commands", was.len()),
                some => some.join("; "),
            };
            VerdictRow::new(format!("{name} is as at the start"), differs.is_empty(), seen)
        };
        self.0.iter().map(row).collect()
    }
}
