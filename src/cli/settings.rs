//! From arguments and environment to settings.

use crate::access::{Access, Settings};
use crate::cli::CommandFailure;
use crate::cli::args::Common;
use crate::model::Pace;
use std::path::{Path, PathBuf};

/// The folder of the journal.
pub(in crate::cli) fn state_folder(common: &Common) -> Result<PathBuf, CommandFailure> {
    let from = |key: &str| std::env::var_os(key).filter(|v| !v.is_empty()).map(PathBuf::from);
    common
        .state
        .clone()
        .or_else(|| from("XDG_STATE_HOME").map(|d| d.join("runbook")))
        .or_else(|| from("HOME").map(|d| d.join(".local/state/runbook")))
        .ok_or_else(|| {
            CommandFailure::usage("no folder for the journal is known").hint("give one with `--state FOLDER`")
        })
}

/// Connections for a look, with a folder of their own, which goes when the look is over: whoever executes the run, or looks at
/// the same time, has another.
pub(in crate::cli) struct Looking {
    settings: Settings,
}

impl Looking {
    pub(in crate::cli) fn new(common: &Common) -> Result<Self, CommandFailure> {
        let unique = format!("look-{}-{}", std::process::id(), jiff::Timestamp::now().as_nanosecond());
        Ok(Self { settings: connections(common, &unique)? })
    }

    /// New connections.
    pub(in crate::cli) fn access(&self) -> Access {
        Access::new(self.settings.clone())
    }

    /// How fast waits go.
    pub(in crate::cli) fn pace(&self) -> Pace {
        self.settings.pace
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        // There is none when nothing was looked at over ssh; leaving one would be harmless.
        let _ = std::fs::remove_dir_all(&self.settings.work_dir);
    }
}

/// The settings of connections, for one run.
pub(in crate::cli) fn connections(common: &Common, run: &str) -> Result<Settings, CommandFailure> {
    let state = state_folder(common)?;
    Ok(Settings {
        ssh_config: common.ssh_config.as_deref().map(|path| readable("--ssh-config", path)).transpose()?,
        trust: common.trust_ca.clone(),
        poll: common.poll_interval.unwrap_or(Settings::POLL),
        pace: common.faster.unwrap_or_default(),
        work_dir: state.join("work").join(run),
        kept_dir: std::path::absolute(&state).unwrap_or(state).join("commands"),
    })
}

/// A file that the operator names, from the root on: ssh takes a relative one for one in ~/.ssh, and goes on without one that
/// is not there.
fn readable(option: &str, path: &Path) -> Result<PathBuf, CommandFailure> {
    let wrong = |e: std::io::Error| {
        CommandFailure::usage(format!("`{option} {}` cannot be read", path.display())).cause(e.to_string())
    };
    std::fs::File::open(path).and_then(|file| file.metadata()).map_err(wrong)?;
    std::path::absolute(path).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Cli;
    use clap::Parser;

    #[test]
    fn a_look_takes_away_its_own_folder_only() {
        let state = tempfile::tempdir().unwrap();
        let state_text = state.path().display().to_string();
        let common = Cli::parse_from(["runbook", "--state", &state_text, "list"]).common;
        let folder = |looking: &Looking| looking.settings.work_dir.clone();
        let (one, other) = (Looking::new(&common).unwrap(), Looking::new(&common).unwrap());
        let executor = connections(&common, "r1").unwrap().work_dir;
        let (first, second) = (folder(&one), folder(&other));
        assert!(first != second && first != executor);
        for folder in [&first, &second, &executor] {
            std::fs::create_dir_all(folder).unwrap();
        }
        drop(one);
        assert!(!first.exists() && second.exists() && executor.exists());
        drop(other);
        assert!(!second.exists() && executor.exists());
    }
}
