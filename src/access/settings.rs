//! What an operator may set about connections; a rehearsal sets the same things and nothing else.

use crate::model::Pace;
use std::path::PathBuf;
use std::time::Duration;

/// Settings of this process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The ssh configuration that is included in ours; `~/.ssh/config` when absent.
    pub ssh_config: Option<PathBuf>,
    /// Certificates (PEM) trusted beside the system's when a site is checked.
    pub trust: Option<PathBuf>,
    /// How long to wait between two looks at something that changes by itself, as it is meant: `pace` makes it shorter.
    pub poll: Duration,
    /// How fast all waits go.
    pub pace: Pace,
    /// Where generated ssh configurations and pinned host keys are kept (not secret).
    pub work_dir: PathBuf,
    /// Where commands that run on this machine are kept, of all runs.
    pub kept_dir: PathBuf,
}

impl Settings {
    /// The poll interval for real AWS: its APIs are throttled per account, and its states change in minutes.
    pub const POLL: Duration = Duration::from_secs(10);
}
