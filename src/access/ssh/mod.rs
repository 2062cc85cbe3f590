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
    lines: Mutex<BTreeMap<String, Place>>,
    client: OnceCell<config::Client>,
}

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
        Arc::clone(self.lines.lock().await.entry(target.alias().to_owned()).or_default())
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
