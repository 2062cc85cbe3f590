//! SSH sessions: one multiplexed connection a target, commands as lists of arguments, `sudo -n` on request.
//!
//! Promises: host keys are always checked; an argument reaches the program as it is, through whatever login shell; what
//! start-up files of that shell print is not taken for a command's words; a command that the host did not run is never taken
//! for one that ran; at most eight commands run at once on a host, and as few as its sshd allows; nothing on the way asks
//! anybody anything. The keys used are the target's pinned ones, else the operator's known_hosts. Every wait has an end, and
//! one host that does not answer holds up no other. A connection whose process was killed closes by itself.

mod command;
mod config;
mod connect;
mod failure;
mod left_over;
mod line;
mod login_shell;

pub use command::{RemoteCommand, RemoteOutput};
pub use failure::{SshError, SshTrouble};

use super::Settings;
use crate::model::Target;
use line::Line;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Mutex, OnceCell};

/// The sessions of this process.
#[derive(Debug)]
pub struct Ssh {
    settings: Settings,
    lines: Mutex<BTreeMap<Way, Place>>,
    client: OnceCell<config::Client>,
}

/// What makes one way to a host another than the next: its name, who logs in, and at which port. Two targets may name one host.
type Way = (String, Option<String>, Option<u16>);

/// Where a target's connection is kept; locked while it is made, so that there is one of them.
type Place = Arc<Mutex<Option<Arc<Line>>>>;

impl Ssh {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, lines: Mutex::new(BTreeMap::new()), client: OnceCell::new() }
    }

    /// Runs a command on `target`, which is at `address` now.
    ///
    /// # Errors
    /// When there is no answer; the trouble says whether the command may have run.
    pub async fn run(&self, target: &Target, address: &str, command: RemoteCommand) -> Result<RemoteOutput, SshError> {
        let fail = |trouble| SshError { host: target.to_string(), trouble };
        let line = self.line(target, address).await.map_err(fail)?;
        let outcome = line.run(&command).await;
        if let Err(SshTrouble::Lost(_) | SshTrouble::TimedOut(_)) = &outcome {
            // Another command may have connected anew already.
            let place = self.place(target).await;
            place.lock().await.take_if(|kept| Arc::ptr_eq(kept, &line));
        }
        outcome.map_err(fail)
    }

    /// Drops the connection to a target: it is going away, or its address has changed.
    pub async fn forget(&self, target: &Target) {
        let place = self.place(target).await;
        *place.lock().await = None;
    }

    /// The ssh configuration by which a target at this address is reached, for OpenSSH's other questions (`ssh -G -F FILE`):
    /// what is learned with it is what a connection uses.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn configuration(&self, target: &Target, address: &str) -> Result<PathBuf, SshError> {
        let written = self.config(target, address).await;
        written.map_err(|trouble| SshError { host: target.to_string(), trouble })
    }

    async fn config(&self, target: &Target, address: &str) -> Result<PathBuf, SshTrouble> {
        let client = self.client.get_or_init(config::Client::ask).await;
        config::write(&self.settings, client, target, address).map_err(|e| SshTrouble::Here(e.to_string()))
    }

    async fn place(&self, target: &Target) -> Place {
        let user = target.user.as_ref().map(ToString::to_string);
        let way = (target.alias().to_owned(), user, target.port);
        Arc::clone(self.lines.lock().await.entry(way).or_default())
    }

    async fn line(&self, target: &Target, address: &str) -> Result<Arc<Line>, SshTrouble> {
        let place = self.place(target).await;
        let mut kept = place.lock().await;
        if let Some(line) = &*kept
            && line.is_for(target, address)
            && line.lives().await
        {
            return Ok(Arc::clone(line));
        }
        *kept = None;
        let config = self.config(target, address).await?;
        let line = Arc::new(Line::new(target, address, connect::connect(&config, address).await?));
        *kept = Some(Arc::clone(&line));
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Decode, Pace};
    use serde_json::json;

    #[tokio::test]
    async fn each_way_to_a_host_is_a_connection_of_its_own() {
        let settings = Settings {
            ssh_config: None,
            trust: None,
            poll: Settings::POLL,
            pace: Pace::USUAL,
            work_dir: "/x".into(),
            kept_dir: "/x".into(),
        };
        let ssh = Ssh::new(settings);
        let place = async |target: serde_json::Value| ssh.place(&Target::decode(&target.into()).unwrap()).await;
        let first = place(json!({ "name": "app", "host": "h", "user": "app", "port": 22 })).await;
        let same = place(json!({ "name": "again", "host": "h", "user": "app", "port": 22 })).await;
        assert!(Arc::ptr_eq(&first, &same));
        for other in [
            json!({ "name": "root", "host": "h", "user": "root", "port": 22 }),
            json!({ "name": "behind", "host": "h", "user": "app", "port": 2222 }),
            json!({ "name": "usual", "host": "h" }),
        ] {
            assert!(!Arc::ptr_eq(&first, &place(other).await));
        }
    }
}
