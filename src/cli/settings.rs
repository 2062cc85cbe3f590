//! From arguments and environment to settings.

use super::Failure;
use super::args::Common;
use crate::access::Settings;
use std::path::PathBuf;

/// The folder of the journal.
pub(super) fn state_folder(common: &Common) -> Result<PathBuf, Failure> {
    let from = |key: &str| std::env::var_os(key).filter(|v| !v.is_empty()).map(PathBuf::from);
    common
        .state
        .clone()
        .or_else(|| from("XDG_STATE_HOME").map(|d| d.join("runbook")))
        .or_else(|| from("HOME").map(|d| d.join(".local/state/runbook")))
        .ok_or_else(|| Failure::usage("no folder for the journal is known").hint("give one with `--state FOLDER`"))
}

/// The settings of connections, for one run.
pub(super) fn connections(common: &Common, run: &str) -> Result<Settings, Failure> {
    Ok(Settings {
        ssh_config: common.ssh_config.clone(),
        trust: common.trust_ca.clone(),
        poll: common.poll_interval.unwrap_or(Settings::POLL),
        work_dir: state_folder(common)?.join("work").join(run),
    })
}
