//! What went wrong with SSH, told apart by whether the command may have run.

use crate::model::{Failure, FailureKind};

/// Why a command has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{host}: {trouble}")]
pub struct SshError {
    /// The target.
    pub host: String,
    /// What happened.
    pub trouble: SshTrouble,
}

/// Sorts of trouble.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshTrouble {
    /// No connection could be made: nothing was run.
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    /// The host's key is not the one expected, or not known: nothing was run.
    #[error("host key refused: {0}")]
    HostKey(String),
    /// The host does not let us in: nothing was run.
    #[error("login refused: {0}")]
    Login(String),
    /// The host refused one more session on a connection: nothing was run.
    #[error("busy: {0}")]
    Busy(String),
    /// The connection went away: the command may have run.
    #[error("connection lost: {0}")]
    Lost(String),
    /// The command did not end in time: it may still run.
    #[error("no answer within {0} s")]
    TimedOut(u64),
    /// What ssh needs could not be written on this machine: nothing was run.
    #[error("cannot write the ssh configuration: {0}")]
    Here(String),
    /// The address could not be looked up.
    #[error("{}", .0.message)]
    Address(Failure),
}

impl SshError {
    /// The failure an action reports.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let host = &self.host;
        let (kind, advice) = match &self.trouble {
            SshTrouble::Unreachable(_) => {
                (FailureKind::Transient, format!("check that `{host}` is up and reachable from here"))
            }
            SshTrouble::HostKey(_) => (
                FailureKind::Refused,
                "compare the key with the host's console; never remove the old one before you know why it changed"
                    .into(),
            ),
            SshTrouble::Login(_) => (FailureKind::Refused, "check user and key (`--ssh-config`, ssh-agent)".into()),
            SshTrouble::Here(_) => (
                FailureKind::Refused,
                "make the state folder (`--state`) writable on this machine, and its disk not full".into(),
            ),
            SshTrouble::Busy(_) => {
                (FailureKind::Transient, "too many sessions on one connection (sshd's MaxSessions)".into())
            }
            SshTrouble::Lost(_) | SshTrouble::TimedOut(_) => {
                (FailureKind::Lost, "it may have been done: it is looked at before anything is tried again".into())
            }
            SshTrouble::Address(failure) => return failure.clone(),
        };
        Failure::new(kind, format!("no answer from `{host}` over SSH")).cause(self.trouble.to_string()).advise(advice)
    }
}

impl From<SshError> for Failure {
    fn from(error: SshError) -> Self {
        error.failure()
    }
}

/// Reads what ssh said when no connection came about.
pub(super) fn classify_connect(text: &str) -> SshTrouble {
    let lower = text.to_lowercase();
    let line = text.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or("no reason given").to_owned();
    if lower.contains("host key verification failed")
        || lower.contains("host identification has changed")
        || lower.contains("host key is known")
    {
        SshTrouble::HostKey(line)
    } else if lower.contains("permission denied") || lower.contains("too many authentication failures") {
        SshTrouble::Login(line)
    } else {
        SshTrouble::Unreachable(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_says_is_understood() {
        assert!(matches!(
            classify_connect("No ED25519 host key is known for x\nHost key verification failed."),
            SshTrouble::HostKey(_)
        ));
        assert!(matches!(classify_connect("u@h: Permission denied (publickey)."), SshTrouble::Login(_)));
        assert!(matches!(
            classify_connect("connect to host h port 22: Connection refused"),
            SshTrouble::Unreachable(_)
        ));
        assert!(matches!(classify_connect(""), SshTrouble::Unreachable(_)));
    }
}
