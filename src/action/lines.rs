//! The lines to the world that actions and checks share: AWS of the runbook's region, and commands on targets.

use super::aws::{find_instance, unknown_instance};
use crate::access::{Access, Aws, RemoteCommand, RemoteOutput, SshError, SshTrouble};
use crate::model::{AddressChoice, Failure, Foresight, Reach, Target};
use std::sync::Arc;

/// Connections, and the region they are for.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a> {
    access: &'a Access,
    region: Option<&'a str>,
    ahead: Option<Foresight>,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(access: &'a Access, region: Option<&'a str>) -> Self {
        Self { access, region, ahead: None }
    }

    /// The same, for looking before a run.
    pub(crate) fn looking_ahead(self, ahead: Option<Foresight>) -> Self {
        Self { ahead, ..self }
    }

    /// Whether commands of the runbook's author must be left alone.
    pub(crate) fn holds_commands(&self) -> bool {
        self.ahead == Some(Foresight::WithoutCommands)
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
        let program = command.program().to_owned();
        let output = self.run(target, command).await?;
        if output.ok() {
            return Ok(output.text());
        }
        if let Some(said) = sudo_refusal(&output.stderr) {
            let user = self.run(target, RemoteCommand::new(["id", "-un"])).await?.text();
            return Err(sudo_refuses(target, &user, said));
        }
        Err(did_not_work(what, target, &program, output))
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

/// The failure of a command that ran and did not work.
pub(super) fn did_not_work(what: &str, target: &Target, program: &str, output: RemoteOutput) -> Failure {
    let failure = Failure::permanent(format!("{what} failed on {target} ({})", output.ended()));
    let said = if output.stderr.is_empty() { output.text() } else { output.stderr };
    let failure = failure.cause(said);
    match output.status {
        127 if program != "sh" => {
            failure.advise(format!("install `{program}` on {}, where a login finds it", target.name))
        }
        _ => failure,
    }
}

/// How sudo says that it does not run a command: the original (its sudo.c, check.c, logging.c) and sudo-rs (src/common/error.rs).
/// What else it says (`unable to resolve host`, on a host that was cloned) are warnings, and the command's own words count.
const SUDO_REFUSALS: &[&str] = &[
    "a password is required",
    "a terminal is required",
    "no tty present",
    "must have a tty",
    "is not in the sudoers file",
    "is not allowed to",
    "may not run",
    "interactive authentication is required",
    "i'm afraid i can't do that",
    "no valid sudoers sources found",
];

/// What sudo said when it refused, without `sudo: `: nothing when it did not refuse.
fn sudo_refusal(stderr: &str) -> Option<&str> {
    let refuses = |line: &&str| SUDO_REFUSALS.iter().any(|words| line.to_lowercase().contains(words));
    const OWN: &[&str] = &["sudo: ", "sudo-rs: ", "Sorry, user ", "I'm sorry "];
    let said = |line: &&str| OWN.iter().any(|words| line.starts_with(words)) || line.contains("sudoers");
    let line = stderr.lines().filter(said).find(refuses)?;
    Some(line.strip_prefix("sudo: ").or_else(|| line.strip_prefix("sudo-rs: ")).unwrap_or(line))
}

/// The failure when `sudo` on a host does not do what `user` asked; `said` is what it said of it.
fn sudo_refuses(target: &Target, user: &str, said: &str) -> Failure {
    let asks = ["password is required", "authentication is required"].iter().any(|words| said.contains(words));
    let failure = if asks {
        Failure::refused(format!("`sudo` on {target} asks `{user}` for a password"))
    } else {
        Failure::refused(format!("`sudo` on {target} does not let `{user}` become root")).cause(said)
    };
    failure.advise(format!(
        "as root on {}: `f=$(mktemp) && echo '{} ALL=(ALL) NOPASSWD:ALL' >\"$f\" && visudo -cf \"$f\" && install -m 0440 \"$f\" \
         /etc/sudoers.d/runbook`, and remove that file afterwards; `sudo -n true` must print nothing then",
        target.name,
        in_sudoers(user)
    ))
}

/// A user's name as sudoers has it: what is special there (sudoers(5), Other special characters and reserved words) has a
/// backslash before it.
fn in_sudoers(user: &str) -> String {
    let escaped = |c: char| match c {
        '@' | '!' | '=' | ':' | ',' | '(' | ')' | '\\' | ' ' | '#' | '%' | '+' => vec!['\\', c],
        plain => vec![plain],
    };
    user.chars().flat_map(escaped).collect()
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
            "sudo: interactive authentication is required",
            "sudo: I'm sorry anna. I'm afraid I can't do that",
            "Sorry, user anna may not run /usr/bin/id on web-2.",
        ] {
            assert!(sudo_refusal(refusal).is_some(), "{refusal}");
        }
        let warned = "sudo: unable to resolve host ip-10-0-0-7: Name or service not known\ncp: no space left on device";
        assert_eq!(sudo_refusal(warned), None);
        assert_eq!(sudo_refusal("mv: a password is required"), None, "somebody else's words");
    }

    #[test]
    fn a_directorys_user_is_escaped_in_sudoers() {
        assert_eq!(in_sudoers("anna"), "anna");
        assert_eq!(in_sudoers("CORP\\anna"), "CORP\\\\anna");
        assert_eq!(in_sudoers("anna@corp.example"), "anna\\@corp.example");
    }
}
