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
        if let Some(said) = sudo_refusal(&output.stderr) {
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

/// How sudo says that it does not run a command; what else it says (`unable to resolve host`, on a host that was cloned)
/// are warnings, and the command's own words count.
const SUDO_REFUSALS: &[&str] = &[
    "a password is required",
    "a terminal is required",
    "no tty present",
    "must have a tty",
    "is not in the sudoers file",
    "is not allowed to",
    "may not run sudo",
];

/// What sudo said when it refused, without `sudo: `: nothing when it did not refuse.
fn sudo_refusal(stderr: &str) -> Option<&str> {
    let refuses = |line: &&str| SUDO_REFUSALS.iter().any(|words| line.contains(words));
    let said = |line: &&str| line.starts_with("sudo: ") || line.starts_with("Sorry, user ") || line.contains("sudoers");
    let line = stderr.lines().filter(said).find(refuses)?;
    Some(line.strip_prefix("sudo: ").unwrap_or(line))
}

/// The failure when `sudo` on a host does not do what it was asked; `said` is what it said of it.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_of_sudo_is_no_refusal() {
        for refusal in [
            "sudo: a password is required",
            "sudo: unable to resolve host ip-10-0-0-7: Name or service not known\nsudo: a password is required",
            "Sorry, user anna is not allowed to execute '/bin/sh' as root on web-2.",
            "anna is not in the sudoers file.  This incident will be reported.",
            "sudo: sorry, you must have a tty to run sudo",
        ] {
            assert!(sudo_refusal(refusal).is_some(), "{refusal}");
        }
        let warned = "sudo: unable to resolve host ip-10-0-0-7: Name or service not known\ncp: no space left on device";
        assert_eq!(sudo_refusal(warned), None);
        assert_eq!(sudo_refusal("mv: a password is required"), None, "somebody else's words");
    }
}
