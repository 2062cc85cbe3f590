//! `ssh.login`, `service.at-boot`, `host.free-disk`.

use super::{Examine, Seen};
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::model::{Failure, HostFreeDisk, ServiceAtBoot, SshLogin};

impl Examine for SshLogin {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let on = &self.on;
        let who = match lines.run_ok(on, RemoteCommand::new(["id", "-un"]), "logging in").await {
            Ok(who) => who,
            Err(failure) => {
                let login = Failure { kind: crate::model::FailureKind::Refused, ..failure };
                return Ok(vec![
                    Seen::failed("login", &login),
                    Seen::not_checkable("sudo", format!("nobody could log in to {on}")),
                ]);
            }
        };
        let address = lines.address(on).await.unwrap_or_default();
        let root = lines.run_ok(on, RemoteCommand::sudo(["id", "-u"]), "`sudo -n`").await;
        let sudo = match root {
            Ok(_) => Seen::pass("sudo", format!("`{who}` becomes root on {} without a password", on.name)),
            Err(failure) => Seen::failed("sudo", &Failure { kind: crate::model::FailureKind::Refused, ..failure }),
        };
        Ok(vec![Seen::pass("login", format!("logged in to {on} at {address} as `{who}`")), sudo])
    }
}

/// One line a service: name and what systemd says of its start at boot; a service that a socket starts counts as enabled by it.
const AT_BOOT: &str = r#"
for unit; do
  word=$(systemctl is-enabled -- "$unit" 2>/dev/null || true)
  case $word in enabled|alias|generated) ;; *)
    if [ "$(systemctl is-enabled -- "${unit%.service}.socket" 2>/dev/null || true)" = enabled ]; then word=by-socket; fi;;
  esac
  echo "$unit ${word:-not-there}"
done
"#;

impl Examine for ServiceAtBoot {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let names = self.services.iter().map(|s| s.as_str());
        let command = RemoteCommand::root_script(AT_BOOT, names);
        let told = lines.run_ok(&self.on, command, "asking what starts at boot").await?;
        Ok(vec![at_boot(&self.on.name, &told)])
    }
}

fn at_boot(host: &str, told: &str) -> Seen {
    const ROW: &str = "enabled";
    let starts = |word: &str| matches!(word, "enabled" | "alias" | "generated" | "by-socket");
    let rows: Vec<(&str, &str)> = told.lines().filter_map(|line| line.split_once(' ')).collect();
    let (good, bad): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, word)| starts(word));
    if bad.is_empty() {
        let names: Vec<&str> = good.iter().map(|(unit, _)| *unit).collect();
        return Seen::pass(ROW, format!("{} start at boot on {host}", names.join(", ")));
    }
    let told: Vec<String> = bad.iter().map(|(unit, word)| format!("`{unit}` is `{word}`")).collect();
    let names: Vec<&str> = bad.iter().map(|(unit, _)| *unit).collect();
    Seen::refuse(ROW, format!("not started at boot on {host}: {}", told.join(", "))).advise(format!(
        "`systemctl enable {}` on {host}: after the next boot the site would not come back (a wrong name: see the inputs)",
        names.join(" ")
    ))
}

/// One line a path: path, free KiB and free inodes for root, of the file system it is on.
const FREE: &str = r#"
for path; do
  set -- $(stat -f -c '%f %S %d' -- "$path")
  echo "$(($1 * $2 / 1024)) $3 $path"
done
"#;

/// Room asked for where a runbook does not say, in MiB.
const ROOM: u32 = 64;
/// Inodes that must be free: a run keeps a few copies.
const INODES: u64 = 100;

impl Examine for HostFreeDisk {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let paths = self.paths.iter().map(|p| p.as_str());
        let told =
            lines.run_ok(&self.on, RemoteCommand::root_script(FREE, paths), "looking at free disk space").await?;
        Ok(vec![room(&self.on.name, self.mb.unwrap_or(ROOM), &told)])
    }
}

fn room(host: &str, wanted: u32, told: &str) -> Seen {
    const ROW: &str = "space";
    let row = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let kib: u64 = words.next()?.parse().ok()?;
        let inodes: u64 = words.next()?.parse().ok()?;
        Some((words.next()?.to_owned(), kib / 1024, inodes))
    };
    let rows: Vec<(String, u64, u64)> = told.lines().filter_map(row).collect();
    if rows.is_empty() {
        return Seen::not_checkable(ROW, format!("no file system was told of on {host}"));
    }
    // A file system that makes inodes as it needs them says that it has none at all.
    let few = |inodes: u64| inodes > 0 && inodes < INODES;
    let short = rows.iter().any(|(_, mib, inodes)| *mib < u64::from(wanted) || few(*inodes));
    let each: Vec<String> = rows.iter().map(|(path, mib, _)| format!("{mib} MiB at `{path}`")).collect();
    let evidence = format!("free on {host}: {}", each.join(", "));
    match short {
        false => Seen::pass(ROW, evidence),
        true => Seen::refuse(ROW, format!("{evidence}; {wanted} MiB and {INODES} inodes are wanted"))
            .advise(format!("make room on {host}: a copy is kept beside each file that is edited")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{NotCheckable, Pass, Refuse};

    #[test]
    fn what_does_not_start_at_boot_is_named() {
        assert_eq!(at_boot("web-1", "nginx enabled\nssh by-socket\ncron alias\n").verdict, Pass);
        let bad = at_boot("web-1", "nginx enabled\nphp8.2-fpm disabled\nsshd not-there\n");
        assert_eq!(bad.verdict, Refuse);
        assert!(bad.evidence.contains("`php8.2-fpm` is `disabled`, `sshd` is `not-there`"), "{bad:?}");
        assert!(!bad.evidence.contains("nginx"));
    }

    #[test]
    fn room_is_asked_for_on_each_file_system() {
        assert_eq!(room("web-1", 64, "204800 5000 /etc/nginx\n70000 0 /var/www\n").verdict, Pass);
        assert_eq!(room("web-1", 64, "204800 5000 /etc/nginx\n60000 9000 /var/www\n").verdict, Refuse);
        assert_eq!(room("web-1", 64, "204800 7 /etc/nginx\n").verdict, Refuse);
        assert_eq!(room("web-1", 64, "").verdict, NotCheckable);
    }
}
