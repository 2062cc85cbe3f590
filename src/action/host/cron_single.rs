//! `cron.verify-single`: a job is started by cron on one host and on no other, and from nowhere else.
//!
//! Where it looks: [`cron_scan`](super::cron_scan).

use super::cron_scan::{Scan, Words, command};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Advice, CronVerifySingle, Failure, Finding, Found, Target, Text, tell};

/// What is wrong with a host's sources.
fn problems_of(scan: &Scan, check: &CronVerifySingle, host: &str, wanted: bool) -> Vec<String> {
    let (file, command) = (&check.file, &check.command);
    let mut problems = Vec::new();
    match (wanted, scan.there) {
        (true, false) => problems.push(format!("`{file}` is not on {host}")),
        (true, true) if !scan.file_has(file.as_str(), 0) => {
            problems.push(format!("`{file}` on {host} does not start `{command}`"));
        }
        (false, true) => problems.push(format!("`{file}` is active on {host} too")),
        (true, true) | (false, false) => {}
    }
    let also = scan.elsewhere(file.as_str(), 0);
    problems.extend(also.iter().map(|source| format!("`{}` on {host} starts `{command}` too", source.name())));
    problems
}

impl CronVerifySingle {
    async fn sources(&self, cx: &Context<'_>, host: &Target) -> Result<Scan, Failure> {
        if self.command.as_str().is_empty() || self.command.as_str().contains(char::is_control) {
            return Err(Failure::refused("`command` must be a part of one command line"));
        }
        let command = command(self.file.as_str(), &[Words(self.command.as_str(), "")]);
        Ok(Scan::parse(&cx.run_ok(host, command, "looking at the sources of cron jobs").await?))
    }

    /// What is wrong, and what shows that nothing is.
    async fn judge(&self, cx: &Context<'_>) -> Result<(Vec<String>, String), Failure> {
        let active = self.sources(cx, &self.active_on).await?;
        let mut problems = problems_of(&active, self, &self.active_on.name, true);
        let mut timers = active.timers;
        for host in &self.quiet_on {
            let quiet = self.sources(cx, host).await?;
            problems.extend(problems_of(&quiet, self, &host.name, false));
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
    fn sentence(&self) -> Text {
        let quiet: Vec<&str> = self.quiet_on.iter().map(|h| h.name.as_str()).collect();
        tell!("check that `{}` is active on {} and not on {}", self.file, self.active_on.name, quiet.join(", "))
    }

    fn undo_sentence(&self) -> Option<Text> {
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
        let failure = Failure::permanent(format!("`{}` is not started by exactly one host", self.command)).advise(
            Advice::then_resume("leave one source on one host, hide the others (a name that starts with a dot)"),
        );
        Err(problems.into_iter().fold(failure, Failure::cause).into())
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it only looks".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Decode;
    use serde_json::json;

    #[test]
    fn one_source_on_one_host_is_right() {
        let check: CronVerifySingle = CronVerifySingle::decode(&json!({
            "active_on": {"name": "web-1", "host": "a"}, "quiet_on": [], "file": "/etc/cron.d/nc", "command": "cron.php",
        }).into())
        .unwrap();
        let told = |told: &str, wanted| problems_of(&Scan::parse(told), &check, "web-1", wanted);
        assert!(told("there\ncron\t/etc/cron.d/nc\t0\n", true).is_empty());
        assert!(told("timers unknown\n", false).is_empty());
        assert!(told("", true)[0].contains("is not on web-1"));
        assert!(told("there\n", true)[0].contains("does not start `cron.php`"));
        assert!(told("there\n", false)[0].contains("active on web-1 too"));
        let twice = told(
            "there\ncron\t/etc/cron.d/nc\t0\ncron\t/var/spool/cron/crontabs/www-data\t0\ntimer\tn.timer\t0\n",
            true,
        );
        assert_eq!(twice.len(), 2, "{twice:?}");
    }
}
