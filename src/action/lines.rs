//! The lines to the world that actions and checks share: AWS of the runbook's region, and commands on targets.

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
        let answer =
            aws.read.ec2.describe_instances().instance_ids(id.as_str()).send().await.map_err(|e| {
                crate::access::AwsError::from(e).failure(format!("cannot look up the address of `{id}`"))
            })?;
        let instance = answer.reservations().iter().flat_map(|r| r.instances()).next();
        let (which, address) = match choice {
            AddressChoice::Private => ("private", instance.and_then(|i| i.private_ip_address())),
            _ => ("public", instance.and_then(|i| i.public_ip_address())),
        };
        let state = instance.and_then(|i| i.state()).and_then(|s| s.name()).map_or("unknown", |s| s.as_str());
        address.map(str::to_owned).ok_or_else(|| {
            Failure::transient(format!("`{id}` has no {which} address now (it is `{state}`)"))
                .advise("if it never has one, set the target's `address` to the other choice")
        })
    }
}
