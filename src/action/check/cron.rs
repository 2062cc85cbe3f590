//! `cron.sources`: where a Nextcloud's background jobs come from on a server, judged before it is copied: afterwards two
//! servers would have every source that the run does not know.
//!
//! A run hides one file of cron and shows it again on one server. Jobs that come from elsewhere (a user's crontab, a timer
//! of systemd, visitors' requests: the choices of Nextcloud's administration manual, "Background jobs") it cannot keep
//! from running twice, and says so here. Nextcloud's own setting is `core/backgroundjobs_mode`, `ajax` where nothing is set
//! (core/Settings/Admin/Server.php); its workers are services that run `occ ...:worker` (manual, "AI worker", "Background
//! worker").

use super::{Examine, Seen};
use crate::access::RemoteCommand;
use crate::action::Lines;
use crate::action::host::cron_scan::{CronSource, Scan, Words, command};
use crate::action::host::{HostPlace, LastLink};
use crate::model::{CronSources, Failure, PhpProgram};

/// Places of the words in a scan.
const COMMAND: usize = 0;
const BASE: usize = 1;
const WORKER: usize = 2;

impl Examine for CronSources {
    const PERMISSIONS: &'static [&'static str] = &[];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        if self.command.as_str().is_empty() || self.command.as_str().contains(char::is_control) {
            return Err(Failure::refused("`command` must be a part of one command line"));
        }
        let words =
            [Words(self.command.as_str(), ""), Words(base(self.command.as_str()), ""), Words("occ ", ":worker")];
        let told = lines.run_ok(&self.on, command(self.file.as_str(), &words), "looking at what starts jobs").await?;
        let scan = Scan::parse(&told);
        let hidden = match &self.hidden {
            Some(hidden) if !scan.there => self.is_there(lines, hidden.as_str()).await?,
            _ => false,
        };
        let mode = self.mode(lines).await;
        Ok(vec![
            file(self, &scan, hidden, mode.as_deref().ok()),
            elsewhere(self, &scan),
            Seen::of("mode", mode.map(|mode| judged_mode(&mode))),
            workers(&self.on.name, &scan),
        ])
    }
}

impl CronSources {
    async fn is_there(&self, lines: &Lines<'_>, path: &str) -> Result<bool, Failure> {
        Ok(lines.run(&self.on, RemoteCommand::sudo(["test", "-f", path])).await?.ok())
    }

    /// What Nextcloud itself says of its background jobs.
    async fn mode(&self, lines: &Lines<'_>) -> Result<String, Failure> {
        let (config, php) = (self.config.as_str(), self.php.as_ref().map_or("php", PhpProgram::as_str));
        let root = config.rsplitn(3, '/').nth(2).unwrap_or_default();
        let occ = format!("{root}/occ");
        // As the user that reads config.php, never as root: `occ` is that user's program.
        let hand = HostPlace::find(lines, &self.on, config, LastLink::Followed).await?.reader()?;
        let command = hand.program([php, occ.as_str(), "config:app:get", "core", "backgroundjobs_mode"]);
        let output = lines.run(&self.on, command).await?;
        let said = output.text();
        match (output.status, said.trim()) {
            (0, mode) if is_mode(mode) => Ok(mode.to_owned()),
            // Nothing is set.
            (1, "") => Ok("ajax".to_owned()),
            (status, _) => Err(Failure::permanent(format!("`{occ}` on {} does not say it", self.on))
                .cause(format!("exit status {status}"))),
        }
    }
}

fn is_mode(word: &str) -> bool {
    matches!(word, "cron" | "ajax" | "webcron" | "none")
}

/// The last part of a command's path: `cron.php` of `nextcloud/cron.php`.
fn base(command: &str) -> &str {
    let last = command.trim_end().rsplit('/').next().unwrap_or(command);
    if last.is_empty() { command } else { last }
}

fn names(sources: &[&CronSource]) -> String {
    let each = sources.iter().map(|source| match source {
        CronSource::Cron(path) => format!("`{path}`"),
        CronSource::Timer(unit) => format!("the timer `{unit}`"),
        CronSource::Service(unit) => format!("the service `{unit}`"),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// What a line of cron for the jobs looks like, and where it belongs.
fn line(check: &CronSources) -> String {
    let root = check.config.as_str().rsplitn(3, '/').nth(2).unwrap_or_default().to_owned();
    format!("`*/5 * * * * www-data php -f {root}/cron.php` in `{}` (the user that owns config.php)", check.file)
}

fn file(check: &CronSources, scan: &Scan, hidden: bool, mode: Option<&str>) -> Seen {
    const ROW: &str = "file";
    let (file, text, host) = (check.file.as_str(), check.command.as_str(), &check.on.name);
    if let Some(why) = scan.ignored.as_ref().filter(|_| scan.there) {
        return Seen::refuse(ROW, format!("cron on {host} ignores `{file}`: {why}"))
            .advise("the jobs do not run now, or come from elsewhere: put that right first (cron(8))");
    }
    if scan.there && scan.file_has(file, COMMAND) {
        return Seen::pass(ROW, format!("`{file}` on {host} starts `{text}`"));
    }
    if scan.there {
        let seen = Seen::refuse(ROW, format!("`{file}` on {host} does not contain `{text}`"));
        let near = base(text);
        return match near != text && scan.file_has(file, BASE) {
            true => seen.advise(format!(
                "it contains `{near}`: give `cron_command: {near}`, or write the whole path into the file"
            )),
            false => {
                seen.advise("give the file that starts the background jobs, or what its line contains (`cron_command`)")
            }
        };
    }
    if hidden {
        return Seen::warn(ROW, format!("`{file}` is hidden on {host} already: the background jobs do not run now"))
            .advise("is that left over from an earlier run? The last step shows the file again");
    }
    let whole = scan.elsewhere(file, COMMAND);
    let found = if whole.is_empty() { scan.elsewhere(file, BASE) } else { whole };
    let from = match (found.is_empty(), mode) {
        (false, _) => format!("; {} starts them", names(&found)),
        (true, Some("ajax")) => "; visitors' requests do them (mode `ajax`)".to_owned(),
        (true, Some("webcron")) => "; somebody asks for `cron.php` from outside (mode `webcron`)".to_owned(),
        (true, _) => "; nothing was found that starts them".to_owned(),
    };
    Seen::refuse(ROW, format!("`{file}` is not on {host}{from}")).advise(format!(
        "the run can hide and show one file of cron: give it (`cron_file`), or make one, {}, take the other source away, and \
         `occ background:cron`",
        line(check)
    ))
}

/// Sources beside the file. What starts the very command would fail the run's last step.
fn elsewhere(check: &CronSources, scan: &Scan) -> Seen {
    const ROW: &str = "elsewhere";
    let (file, host) = (check.file.as_str(), &check.on.name);
    let unsure = if scan.timers { "" } else { " (systemd's timers could not be looked at)" };
    let whole = scan.elsewhere(file, COMMAND);
    if !whole.is_empty() && scan.there {
        return Seen::refuse(ROW, format!("on {host} {} starts `{}` too", names(&whole), check.command)).advise(
            "leave one source, the file: the others would go on while it is hidden, and on both servers afterwards",
        );
    }
    let like = scan.elsewhere(file, BASE);
    if !like.is_empty() && scan.there {
        let what = base(check.command.as_str());
        return Seen::warn(ROW, format!("on {host} {} starts a `{what}`", names(&like))).advise(
            "is it this Nextcloud's? It would go on while the file is hidden, and run on both servers afterwards",
        );
    }
    if !scan.lingering.is_empty() {
        let users = scan.lingering.iter().map(|user| format!("`{user}`")).collect::<Vec<_>>().join(", ");
        return Seen::warn(
            ROW,
            format!("on {host} {users} may have timers of their own, which were not looked at{unsure}"),
        )
        .advise("`systemctl --user list-timers` of each: a job of Nextcloud's there would run on both servers");
    }
    Seen::pass(ROW, format!("nothing else on {host} starts them{unsure}"))
}

fn judged_mode(mode: &str) -> Seen {
    const ROW: &str = "mode";
    match mode {
        "cron" => Seen::pass(ROW, "Nextcloud leaves its background jobs to cron (`backgroundjobs_mode`)"),
        "none" => Seen::warn(ROW, "Nextcloud does no background jobs (`backgroundjobs_mode` is `none`)")
            .advise("`occ background:cron`"),
        other => Seen::warn(ROW, format!("Nextcloud does background jobs in `{other}` mode: with visitors' requests or when asked from outside, not by cron alone"))
            .advise("`occ background:cron`: otherwise jobs run while the server is copied, and afterwards on either server"),
    }
}

fn workers(host: &str, scan: &Scan) -> Seen {
    const ROW: &str = "workers";
    let found = scan.elsewhere("", WORKER);
    if found.is_empty() {
        return Seen::pass(ROW, format!("no service on {host} runs a worker of `occ`"));
    }
    Seen::warn(ROW, format!("on {host} {} runs a worker of `occ`", names(&found))).advise(
        "the second server is a copy and will run it too, so that a task may be done twice: stop and disable it there \
         (`systemctl disable --now`) once it runs",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse, Warn};
    use crate::model::Decode;
    use serde_json::json;

    fn check() -> CronSources {
        CronSources::decode(
            &json!({
                "on": {"name": "web-1", "host": "a"}, "file": "/etc/cron.d/nc", "command": "nextcloud/cron.php",
                "config": "/var/www/html/nextcloud/config/config.php",
            })
            .into(),
        )
        .unwrap()
    }

    #[test]
    fn one_file_that_starts_the_jobs_is_what_a_run_can_handle() {
        let scan = Scan::parse("there\ncron\t/etc/cron.d/nc\t0\ncron\t/etc/cron.d/nc\t1\n");
        assert_eq!(file(&check(), &scan, false, Some("cron")).verdict, Pass);
        assert_eq!(elsewhere(&check(), &scan).verdict, Pass);
        assert_eq!(workers("web-1", &scan).verdict, Pass);
    }

    #[test]
    fn a_relative_path_is_told_with_what_to_give() {
        let scan = Scan::parse("there\ncron\t/etc/cron.d/nc\t1\n");
        let seen = file(&check(), &scan, false, Some("cron"));
        assert_eq!(seen.verdict, Refuse);
        assert!(seen.advice[0].contains("`cron_command: cron.php`"), "{seen:?}");
    }

    #[test]
    fn jobs_from_elsewhere_are_told_with_where_from() {
        for (told, mode, word) in [
            ("cron\t/var/spool/cron/crontabs/www-data\t0\n", Some("cron"), "crontabs/www-data"),
            ("timer\tnextcloudcron.timer\t1\n", Some("cron"), "the timer `nextcloudcron.timer`"),
            ("", Some("ajax"), "mode `ajax`"),
            ("", Some("webcron"), "mode `webcron`"),
            ("", None, "nothing was found"),
        ] {
            let seen = file(&check(), &Scan::parse(told), false, mode);
            assert_eq!(seen.verdict, Refuse, "{told}");
            assert!(seen.evidence.contains(word) && seen.advice[0].contains("/nextcloud/cron.php"), "{seen:?}");
        }
        let hidden = file(&check(), &Scan::parse(""), true, None);
        assert!(hidden.verdict == Warn && hidden.evidence.contains("hidden"), "{hidden:?}");
        let ignored = Scan::parse("there\nignored\tits name has a dot\ncron\t/etc/cron.d/nc\t0\n");
        assert_eq!(file(&check(), &ignored, false, None).verdict, Refuse);
    }

    #[test]
    fn a_second_source_would_run_on_both_servers() {
        let with = |more: &str| elsewhere(&check(), &Scan::parse(&format!("there\ncron\t/etc/cron.d/nc\t0\n{more}")));
        assert_eq!(with("cron\t/etc/crontab\t0\n").verdict, Refuse);
        assert_eq!(with("service\tloop.service\t1\n").verdict, Warn);
        assert_eq!(with("linger\tanna\n").verdict, Warn);
        assert!(with("timers unknown\n").evidence.contains("could not be looked at"));
    }

    #[test]
    fn modes_and_workers_are_warned_of() {
        assert_eq!(judged_mode("cron").verdict, Pass);
        for mode in ["ajax", "webcron", "none"] {
            assert_eq!(judged_mode(mode).verdict, Warn, "{mode}");
        }
        let seen = workers("web-1", &Scan::parse("service\tnextcloud-ai-worker@1.service\t2\n"));
        assert!(seen.verdict == Warn && seen.evidence.contains("nextcloud-ai-worker@1.service"), "{seen:?}");
        assert_eq!((base("nextcloud/cron.php"), base("cron.php"), base("a/")), ("cron.php", "cron.php", "a/"));
    }
}
