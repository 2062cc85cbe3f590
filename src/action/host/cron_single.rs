//! `cron.verify-single`: a job is started by cron on one host and on no other, and from nowhere else.
//!
//! Looked at: the file itself, other files of cron (`/etc/crontab`, `/etc/cron.d`, `cron.hourly` and its like), users'
//! crontabs, and what systemd's timers start. Not looked at: anacron's and at's spools, user-level systemd, schedulers
//! of applications.

use crate::access::RemoteCommand;
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{CronVerifySingle, Failure, Finding, Found, Target};

/// `$1` the cron file; the command comes by standard input. Prints `plain` when the file is there and starts the
/// command, `silent` when it is there and does not, `also WHERE` for each other source, and `timers unknown` where
/// systemd does not answer. Debian's cron ignores names with a dot, others only some endings.
const SCAN: &str = r#"
IFS= read -r text
starts() {
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line#"${line%%[![:space:]]*}"}
    case $line in '#'*) ;; *"$text"*) return 0;; esac
  done <"$1"
  return 1
}
if [ -e "$1" ]; then if [ -f "$1" ] && starts "$1"; then echo plain; else echo silent; fi; fi
for f in /etc/crontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* \
    /var/spool/cron/* /var/spool/cron/crontabs/*; do
  [ -f "$f" ] && [ "$f" != "$1" ] || continue
  case $f in
    *~ | *.rpmsave | *.rpmorig | *.rpmnew | *.dpkg-*) continue;;
    /etc/cron.*/*.*) [ ! -e /etc/debian_version ] || continue;;
  esac
  if starts "$f"; then echo "also $f"; fi
done
if units=$(systemctl list-unit-files --type=timer --no-legend 2>/dev/null); then
  printf '%s\n' "$units" | while read -r timer state rest; do
    case $timer in *.timer) ;; *) continue;; esac
    if [ "$state" != enabled ] && ! systemctl is-active --quiet "$timer" 2>/dev/null; then continue; fi
    service=$(systemctl show -p Unit --value -- "$timer" 2>/dev/null || true)
    service=${service:-${timer%.timer}.service}
    systemctl cat -- "$service" 2>/dev/null | while IFS= read -r line; do
      case $line in Exec*"$text"*) echo "also $timer"; break;; esac
    done || true
  done
else
  echo 'timers unknown'
fi
"#;

/// What one host's sources say.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sources {
    /// The file is there: whether it starts the command.
    file: Option<bool>,
    /// Other sources that start it.
    also: Vec<String>,
    /// Whether systemd answered about timers.
    timers: bool,
}

impl Sources {
    fn parse(text: &str) -> Self {
        let mut it = Self { timers: true, ..Self::default() };
        for line in text.lines() {
            match line.trim() {
                "plain" => it.file = Some(true),
                "silent" => it.file = Some(false),
                "timers unknown" => it.timers = false,
                other => it.also.extend(other.strip_prefix("also ").map(str::to_owned)),
            }
        }
        it.also.dedup();
        it
    }

    /// What is wrong with them.
    fn problems(&self, check: &CronVerifySingle, host: &str, wanted: bool) -> Vec<String> {
        let (file, command) = (&check.file, &check.command);
        let mut problems = Vec::new();
        match (wanted, self.file) {
            (true, None) => problems.push(format!("`{file}` is not on {host}")),
            (true, Some(false)) => problems.push(format!("`{file}` on {host} does not start `{command}`")),
            (false, Some(_)) => problems.push(format!("`{file}` is active on {host} too")),
            (true, Some(true)) | (false, None) => {}
        }
        problems.extend(self.also.iter().map(|source| format!("`{source}` on {host} starts `{command}` too")));
        problems
    }
}

impl CronVerifySingle {
    async fn sources(&self, cx: &Context<'_>, host: &Target) -> Result<Sources, Failure> {
        if self.command.is_empty() || self.command.contains(char::is_control) {
            return Err(Failure::refused("`command` must be a part of one command line"));
        }
        let command = RemoteCommand::root_script(SCAN, [self.file.as_str()]).stdin(format!("{}\n", self.command));
        Ok(Sources::parse(&cx.run_ok(host, command, "looking at the sources of cron jobs").await?))
    }

    /// What is wrong, and what shows that nothing is.
    async fn judge(&self, cx: &Context<'_>) -> Result<(Vec<String>, String), Failure> {
        let active = self.sources(cx, &self.active_on).await?;
        let mut problems = active.problems(self, &self.active_on.name, true);
        let mut timers = active.timers;
        for host in &self.quiet_on {
            let quiet = self.sources(cx, host).await?;
            problems.extend(quiet.problems(self, &host.name, false));
            timers &= quiet.timers;
        }
        let quiet: Vec<&str> = self.quiet_on.iter().map(|h| h.name.as_str()).collect();
        let not_on = if quiet.is_empty() { String::new() } else { format!(", not on {}", quiet.join(", ")) };
        let unsure = if timers { "" } else { " (systemd's timers could not be looked at)" };
        let evidence = format!(
            "`{}` is started by `{}` on {} alone{not_on}{unsure}",
            self.command, self.file, self.active_on.name
        );
        Ok((problems, evidence))
    }
}

impl Perform for CronVerifySingle {
    fn sentence(&self) -> String {
        let quiet: Vec<&str> = self.quiet_on.iter().map(|h| h.name.as_str()).collect();
        format!("check that `{}` is active on {} and not on {}", self.file, self.active_on.name, quiet.join(", "))
    }

    fn undo_sentence(&self) -> Option<String> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (problems, good) = self.judge(cx).await?;
        let (found, evidence) =
            if problems.is_empty() { (Found::Holds, good) } else { (Found::Absent, problems.join("; ")) };
        Ok(Finding::new(found, false, evidence))
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (problems, good) = self.judge(cx).await?;
        if problems.is_empty() {
            return Ok(Verified::by(good));
        }
        let failure = Failure::permanent(format!("`{}` is not started by exactly one host", self.command))
            .advise("leave one source on one host, hide the others (a name that starts with a dot), then resume");
        Err(problems.into_iter().fold(failure, Failure::cause).into())
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it only looks".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read() {
        let quiet = Sources::parse("timers unknown\n");
        assert_eq!(quiet, Sources { file: None, also: vec![], timers: false });
        let busy = Sources::parse("plain\nalso /var/spool/cron/crontabs/www-data\nalso nextcloud.timer\n");
        assert_eq!(busy.file, Some(true));
        assert_eq!(busy.also, ["/var/spool/cron/crontabs/www-data", "nextcloud.timer"]);
        assert!(busy.timers);
    }
}
