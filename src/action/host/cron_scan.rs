//! What starts a command on a host by itself: cron's files, users' crontabs, what systemd's timers start, and services that
//! are enabled. Only names leave the host, never a line: lines of crontabs may hold passwords.
//!
//! Known: comments; names that Debian's cron ignores (cron(8), "DEBIAN SPECIFIC"); leftovers of editors and packages; lines
//! that step aside where systemd runs, as that of Debian's certbot. Not looked at: at's spool, services of users that systemd
//! lets linger (only who they are is told, for their files are theirs), schedulers of applications.

use crate::access::RemoteCommand;

/// Texts of which all must be in a line, in this order.
#[derive(Debug, Clone, Copy)]
pub(in crate::action) struct Words<'a>(pub(in crate::action) &'a str, pub(in crate::action) &'a str);

/// Where a source of a command is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::action) enum CronSource {
    /// A file of cron, with its path.
    Cron(String),
    /// A timer that is enabled or active, by the unit it starts.
    Timer(String),
    /// A service that is enabled.
    Service(String),
}

/// What a host's sources say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::action) struct Scan {
    /// The file that was asked for is there.
    pub(in crate::action) there: bool,
    /// Cron ignores that file, and why.
    pub(in crate::action) ignored: Option<String>,
    /// Sources, each with the place of the words it has.
    pub(in crate::action) found: Vec<(CronSource, usize)>,
    /// Whether systemd answered about timers.
    pub(in crate::action) timers: bool,
    /// Users whose own services run without a login.
    pub(in crate::action) lingering: Vec<String>,
}

/// `$1` the cron file; words by standard input, one pair a line, parted by a tab.
const SCAN: &str = r#"
words=$(cat) tab=$(printf '\t')
tell() {
  n=0
  printf '%s\n' "$words" | while IFS=$tab read -r a b; do
    case $3 in *"$a"*"$b"*) printf '%s\t%s\t%s\n' "$1" "$2" "$n";; esac
    n=$((n + 1))
  done
}
cron() {
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line#"${line%%[![:space:]]*}"}
    case $line in
      '#'* | '') ;;
      *'! -d /run/systemd/system'*) [ -d /run/systemd/system ] || tell cron "$1" "$line";;
      *) tell cron "$1" "$line";;
    esac
  done <"$1"
}
[ ! -e "$1" ] || printf 'there\n'
if [ -f "$1" ]; then
  case $1 in /etc/cron.*/*.*) [ ! -e /etc/debian_version ] || printf 'ignored\tits name has a dot\n';; esac
  if [ -n "$(find "$1" -maxdepth 0 \( ! -user 0 -o -perm /022 \) 2>/dev/null)" ]; then
    printf 'ignored\tit is not root'\''s alone to write\n'
  fi
  cron "$1"
fi
for f in /etc/crontab /etc/anacrontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* \
    /etc/cron.monthly/* /var/spool/cron/* /var/spool/cron/crontabs/* /var/spool/cron/tabs/*; do
  [ -f "$f" ] && [ "$f" != "$1" ] || continue
  case $f in
    *~ | *.rpmsave | *.rpmorig | *.rpmnew | *.dpkg-*) continue;;
    /etc/cron.*/*.*) [ ! -e /etc/debian_version ] || continue;;
  esac
  cron "$f"
done
if units=$(systemctl list-unit-files --type=timer --no-legend 2>/dev/null); then
  printf '%s\n' "$units" | while read -r timer state rest; do
    case $timer in *.timer) ;; *) continue;; esac
    if [ "$state" != enabled ] && ! systemctl is-active --quiet "$timer" 2>/dev/null; then continue; fi
    service=$(systemctl show -p Unit --value -- "$timer" 2>/dev/null || true)
    service=${service:-${timer%.timer}.service}
    systemctl cat -- "$service" 2>/dev/null | while IFS= read -r line; do
      case $line in Exec*) tell timer "$timer" "$line";; esac
    done || true
  done
else
  printf 'timers unknown\n'
fi
for link in /etc/systemd/system/*.wants/*.service /etc/systemd/system/*.requires/*.service; do
  [ -f "$link" ] || continue
  while IFS= read -r line || [ -n "$line" ]; do
    case $line in Exec*) tell service "${link##*/}" "$line";; esac
  done <"$link"
done
for user in /var/lib/systemd/linger/*; do
  [ ! -e "$user" ] || printf 'linger\t%s\n' "${user##*/}"
done
"#;

/// The command that looks; `file` is looked at first, and whatever its name is.
pub(in crate::action) fn command(file: &str, words: &[Words<'_>]) -> RemoteCommand {
    let lines: String = words.iter().map(|Words(first, then)| format!("{first}\t{then}\n")).collect();
    RemoteCommand::root_script(SCAN, [file]).stdin(lines)
}

impl CronSource {
    /// Its name, as an operator types it.
    pub(in crate::action) fn name(&self) -> &str {
        match self {
            CronSource::Cron(name) | CronSource::Timer(name) | CronSource::Service(name) => name,
        }
    }
}

impl Scan {
    /// Reads what the command has told.
    pub(in crate::action) fn parse(told: &str) -> Self {
        let mut it = Self { timers: true, ..Self::default() };
        for line in told.lines() {
            let mut words = line.split('\t');
            let (kind, name, place) = (words.next(), words.next(), words.next().and_then(|n| n.parse().ok()));
            let source = match (kind, name.map(str::to_owned)) {
                (Some("there"), _) => {
                    it.there = true;
                    continue;
                }
                (Some("ignored"), why) => {
                    it.ignored = why;
                    continue;
                }
                (Some("linger"), Some(user)) => {
                    it.lingering.push(user);
                    continue;
                }
                (Some("timers unknown"), _) => {
                    it.timers = false;
                    continue;
                }
                (Some("cron"), Some(name)) => CronSource::Cron(name),
                (Some("timer"), Some(name)) => CronSource::Timer(name),
                (Some("service"), Some(name)) => CronSource::Service(name),
                _ => continue,
            };
            let found = place.map(|place| (source, place));
            if found.as_ref().is_some_and(|found| !it.found.contains(found)) {
                it.found.extend(found);
            }
        }
        it
    }

    /// Whether the file starts what has the words at this place.
    pub(in crate::action) fn file_has(&self, file: &str, place: usize) -> bool {
        self.found.iter().any(|(source, n)| *n == place && matches!(source, CronSource::Cron(name) if name == file))
    }

    /// The sources but the file that have the words at this place, in words.
    pub(in crate::action) fn elsewhere(&self, file: &str, place: usize) -> Vec<&CronSource> {
        let other = |source: &CronSource| !matches!(source, CronSource::Cron(name) if name == file);
        self.found.iter().filter(|(source, n)| *n == place && other(source)).map(|(source, _)| source).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read() {
        assert_eq!(Scan::parse("timers unknown\n"), Scan::default());
        let told = "there\nignored\tits name has a dot\ncron\t/etc/cron.d/x y\t0\ncron\t/etc/cron.d/x y\t0\n\
                    cron\t/etc/cron.d/x y\t1\ntimer\tn.timer\t0\nservice\tw@1.service\t2\nlinger\tanna\n";
        let scan = Scan::parse(told);
        assert!(scan.there && scan.timers && scan.ignored.as_deref() == Some("its name has a dot"));
        assert_eq!(scan.found.len(), 4);
        assert!(scan.file_has("/etc/cron.d/x y", 0) && !scan.file_has("/etc/cron.d/x y", 2));
        assert_eq!(scan.elsewhere("/etc/cron.d/x y", 0), [&CronSource::Timer("n.timer".into())]);
        assert_eq!(scan.elsewhere("", 1)[0].name(), "/etc/cron.d/x y");
        assert_eq!(scan.lingering, ["anna"]);
    }
}
