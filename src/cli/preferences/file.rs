//! What is in a settings file.

use crate::cli::CommandFailure;
use crate::model::TimeSpan;
use crate::notify::Receiver;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is in a settings file; a path in it begins at the file's folder, `~/` at the operator's home.
#[derive(Debug, Default)]
pub(super) struct Preferences {
    pub(super) state: Option<PathBuf>,
    pub(super) ssh_config: Option<PathBuf>,
    pub(super) trust_ca: Option<PathBuf>,
    pub(super) poll_interval: Option<Duration>,
    pub(super) probe: Option<bool>,
    pub(super) notify: Vec<Receiver>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    state: Option<PathBuf>,
    ssh_config: Option<PathBuf>,
    trust_ca: Option<PathBuf>,
    poll_interval: Option<TimeSpan>,
    probe: Option<bool>,
    #[serde(default)]
    notify: Vec<Receiver>,
}

pub(super) fn read(path: &Path) -> Result<Preferences, CommandFailure> {
    let wrong = |why: String| {
        CommandFailure::usage(format!("settings file `{}` cannot be used", path.display()))
            .cause(why)
            .hint("`runbook settings --help` tells what can be in it")
    };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let written: Written = toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let whole = |given: PathBuf| match given.strip_prefix("~") {
        Ok(rest) => std::env::var_os("HOME").map_or_else(|| given.clone(), |home| PathBuf::from(home).join(rest)),
        Err(_) => folder.join(&given),
    };
    let poll = written.poll_interval.map(|it| Duration::from_millis(it.ms()));
    let (least, most) = crate::cli::args::POLL_INTERVALS;
    if poll.is_some_and(|poll| !(least..=most).contains(&poll)) {
        return Err(wrong("`poll_interval` is a time from 50ms to 60m".to_owned()));
    }
    Ok(Preferences {
        state: written.state.map(whole),
        ssh_config: written.ssh_config.map(whole),
        trust_ca: written.trust_ca.map(whole),
        poll_interval: poll,
        probe: written.probe,
        notify: written.notify,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::Channel;

    fn written(text: &str) -> Result<Preferences, CommandFailure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("runbook.toml");
        std::fs::write(&path, text).unwrap();
        read(&path)
    }

    #[test]
    fn all_of_it_is_read() {
        let it = written(
            "state = \"/srv/runbook\"\nssh_config = \"ssh/config\"\npoll_interval = \"2s\"\n\
             [[notify]]\non = [\"rest\", \"gate\"]\ncommand = [\"page\", \"web\"]\n\
             [[notify]]\nwebhook = { env = \"HOOK\" }\n",
        )
        .unwrap();
        assert_eq!(it.state.unwrap(), Path::new("/srv/runbook"));
        assert!(it.ssh_config.unwrap().ends_with("ssh/config"));
        assert_eq!(it.poll_interval, Some(Duration::from_secs(2)));
        assert_eq!(it.notify[0].way, Channel::Command(vec!["page".into(), "web".into()]));
        assert_eq!(it.notify[1].on.len(), 6);
    }

    #[test]
    fn what_cannot_be_meant_is_told_with_its_line() {
        for (text, says) in [
            ("sttate = \"/x\"\n", "unknown field `sttate`"),
            ("poll_interval = \"2\"\n", "a duration like `30s`"),
            ("poll_interval = \"2h\"\n", "from 50ms to 60m"),
            ("[[notify]]\non = [\"end\"]\ncommand = [\"x\"]\n", "unknown variant `end`"),
            ("[[notify]]\non = [\"rest\"]\n", "either a `command` or a `webhook`"),
            ("state = \n", "line 1"),
        ] {
            let failure = written(text).unwrap_err();
            let told = format!("{failure:?}");
            assert!(told.contains(says), "{text}: {told}");
        }
    }
}
