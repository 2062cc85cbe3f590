//! The lines to the world that actions and checks share: AWS of the runbook's region, and commands on targets.

use super::aws::{find_instance, unknown_instance};
use crate::access::{Access, Aws, RemoteCommand, RemoteOutput, SshError, SshTrouble};
use crate::model::{AddressChoice, Failure, Reach, Target};
use std::sync::Arc;

/// Connections, and the region they are for.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a> {
    access: &'a Access,
    region: Option<&'a str>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(access: &'a Access, region: Option<&'a str>) -> Self {
        Self { access, region }
    }

    /// The connections.
    pub(crate) fn access(&self) -> &'a Access {
        self.access
    }

    /// The AWS clients of the runbook's region.
    ///
    /// # Errors
    /// When the runbook names no region.
    pub(crate) async fn aws(&self) -> Result<Arc<Aws>, Failure> {
        match self.region {
            Some(region) => Ok(self.access.aws(region).await),
            None => Err(Failure::refused("this needs AWS, and the runbook names no `region`")),
        }
    }

    /// Runs a command on a target; its address is looked up now.
    ///
    /// # Errors
    /// When there is no answer. A command that ran and failed is an answer.
    pub(crate) async fn run(&self, target: &Target, command: RemoteCommand) -> Result<RemoteOutput, SshError> {
        let address = self
            .address(target)
            .await
            .map_err(|failure| SshError { host: target.to_string(), trouble: SshTrouble::Address(failure) })?;
        self.access.ssh().run(target, &address, command).await
    }

    /// Runs a command that must succeed, and answers what it printed.
    ///
    /// # Errors
    /// When there is no answer, or it exits with another status than 0; `what` says what was tried.
    pub(crate) async fn run_ok(&self, target: &Target, command: RemoteCommand, what: &str) -> Result<String, Failure> {
        let output = self.run(target, command).await?;
        if output.ok() {
            return Ok(output.text());
        }
        if let Some(said) = output.stderr.lines().find_map(|l| l.strip_prefix("sudo: ")) {
            return Err(sudo_refuses(target, said));
        }
        let said = if output.stderr.is_empty() { output.text() } else { output.stderr };
        Err(Failure::permanent(format!("{what} failed on {target} (exit status {})", output.status)).cause(said))
    }

    /// Where a target is now. An instance's address is looked up each time: it changes when the instance stops.
    ///
    /// # Errors
    /// When the instance is unknown or has no such address.
    pub(crate) async fn address(&self, target: &Target) -> Result<String, Failure> {
        let (id, choice) = match target.reach() {
            Reach::Host(host) => return Ok(host.to_owned()),
            Reach::Instance(id, AddressChoice::Id) => return Ok(id.to_string()),
            Reach::Instance(id, choice) => (id, choice),
        };
        let aws = self.aws().await?;
        let instance = find_instance(&aws, id.as_str()).await?.ok_or_else(|| unknown_instance(&aws, id.as_str()))?;
        let (which, address) = match choice {
            AddressChoice::Private => ("private", instance.private_ip_address()),
            _ => ("public", instance.public_ip_address()),
        };
        let state = instance.state().and_then(|s| s.name()).map_or("unknown", |s| s.as_str());
        address.map(str::to_owned).ok_or_else(|| {
            Failure::transient(format!("`{id}` has no {which} address now (it is `{state}`)"))
                .advise("if it never has one, set the target's `address` to the other choice")
        })
    }
}

/// The failure when `sudo` on a host does not do what it was asked; `said` is the first thing it said, without `sudo: `.
fn sudo_refuses(target: &Target, said: &str) -> Failure {
    let user = target.user.as_deref().unwrap_or("the user");
    let failure = if said.contains("password is required") {
        Failure::refused(format!("`sudo` on {target} asks `{user}` for a password"))
    } else {
        Failure::refused(format!("`sudo` on {target} does not let `{user}` become root")).cause(said)
    };
    failure.advise(format!(
        "on {}: `echo '{user} ALL=(ALL) NOPASSWD:ALL' | sudo tee /etc/sudoers.d/runbook`, and remove that file afterwards; \
         `sudo -n true` must print nothing",
        target.name
    ))
}
