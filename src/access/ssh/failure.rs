//! What went wrong with SSH, told apart by whether the command may have run.

use crate::model::{Failure, FailureKind};
use std::time::Duration;

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
    /// A bastion or a program on the way says no, and will go on saying so: nothing was run.
    #[error("refused on the way: {0}")]
    Way(String),
    /// The host's login shell does not run commands: nothing was run.
    #[error("the account there runs no commands: {0}")]
    Shell(String),
    /// The host refused one more session on a connection: nothing was run.
    #[error("busy: {0}")]
    Busy(String),
    /// The connection went away: the command may have run.
    #[error("connection lost: {0}")]
    Lost(String),
    /// The command did not end in time: it may still run.
    #[error("no answer within {0} s")]
    TimedOut(u64),
    /// What ssh needs could not be written on this machine, or ssh is not there: nothing was run.
    #[error("ssh cannot be used on this machine: {0}")]
    Here(String),
    /// ssh refuses the operator's configuration: nothing was run.
    #[error("ssh does not accept its configuration: {0}")]
    Configuration(String),
    /// The address could not be looked up.
    #[error("{}", .0.message)]
    Address(Failure),
}

impl SshTrouble {
    /// How long a host that refuses the login, or whose shell runs nothing, may still be on its way up: until systemd lets users
    /// in (pam_nologin(8)) and cloud-init has put the keys in place. Longer, and the host's own guard may ban us.
    pub const BOOTING: Duration = Duration::from_secs(180);

    /// Whether it may pass by itself on a host that has been asked for this long since it was started.
    #[must_use]
    pub fn may_pass_at_boot(&self, asked_for: Duration) -> bool {
        match self {
            Self::Unreachable(_) | Self::Busy(_) | Self::Lost(_) | Self::TimedOut(_) => true,
            Self::Login(_) | Self::Shell(_) => asked_for < Self::BOOTING,
            Self::HostKey(_) | Self::Way(_) | Self::Here(_) | Self::Configuration(_) => false,
            Self::Address(failure) => failure.kind.may_pass(),
        }
    }
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
            SshTrouble::Way(_) => (
                FailureKind::Refused,
                "see to the bastion or the ProxyCommand of your ssh configuration (its key known, its login, an expired \
                 sign-in: `aws sso login`) until `ssh` to this host works by hand; nothing asks for a password here"
                    .into(),
            ),
            SshTrouble::Shell(_) => (
                FailureKind::Refused,
                "log in as a user whose login shell runs commands (the target's `user`; `getent passwd USER` on the host)"
                    .into(),
            ),
            SshTrouble::Here(_) => (
                FailureKind::Refused,
                "install OpenSSH's client programs on this machine; make the state folder (`--state`) writable, its path \
                 plain, and its disk not full"
                    .into(),
            ),
            SshTrouble::Configuration(_) => {
                (FailureKind::Refused, "mend that line (`--ssh-config`, or ~/.ssh/config and /etc/ssh/ssh_config)".into())
            }
            SshTrouble::Busy(_) => {
                (FailureKind::Transient, "the host allows too few sessions on a connection (sshd's MaxSessions)".into())
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

/// What ssh writes when it ends at its configuration (readconf.c), before it has asked any host.
const CONFIGURATION: &[&str] = &["bad configuration option", "bad owner or permissions on", "terminating, "];
/// What a bastion's ssh and AWS's command line say when asking again does not help. Each has punctuation that the words of a
/// login banner do not have.
const WAY: &[&str] = &[
    "permission denied (",
    "too many authentication failures",
    "host key verification failed",
    "administratively prohibited",
    "(expiredtoken",
    "token has expired",
    "error loading sso token",
    "sso session associated with this profile",
    "unable to locate credentials",
    "(accessdenied",
    "(unrecognizedclient",
    "(invalidclienttokenid",
    "the config profile (",
    "sessionmanagerplugin is not found",
    "command not found",
    ": not found",
    "no such file or directory",
];
/// What passes by itself: an instance whose agent is not up yet (Session Manager).
const PASSES: &str = "(targetnotconnected)";
/// How the lines begin that ssh writes only because it was asked for all it does (`-v`), a bastion's too.
const ASIDES: &[&str] = &["debug", "OpenSSH_", "Authenticated to ", "Transferred: ", "Bytes per second: "];
/// How many lines of what was said are shown, the last ones.
const SHOWN: usize = 6;

/// Reads what was said when no connection came about: by ssh itself (`log`), and on the way (`said`), by a ProxyCommand, the
/// ssh to a bastion, a login banner.
pub(super) fn judge(log: &str, said: &str) -> SshTrouble {
    let all = |words: &str, of: &[&str]| of.iter().any(|w| words.contains(w));
    let (log, said) = (words(log), words(said));
    let told = told(&log, &said);
    let (own, way) = (log.join("\n").to_lowercase(), said.join("\n").to_lowercase());
    if all(&own, CONFIGURATION) {
        // The line that is wrong comes before the last word.
        SshTrouble::Configuration(log[log.len().saturating_sub(SHOWN)..].join("\n"))
    } else if all(&own, &["host key verification failed", "host identification has changed", "host key is known"]) {
        SshTrouble::HostKey(told)
    } else if all(&own, &["permission denied", "too many authentication failures"]) {
        SshTrouble::Login(told)
    } else if all(&way, WAY) && !way.contains(PASSES) {
        SshTrouble::Way(told)
    } else {
        SshTrouble::Unreachable(told)
    }
}

/// The lines of a text without asides, and without what a terminal would act on.
fn words(text: &str) -> Vec<String> {
    let plain = |line: &str| line.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned();
    let aside = |line: &String| line.is_empty() || ASIDES.iter().any(|begin| line.starts_with(begin));
    text.lines().map(plain).filter(|line| !aside(line)).collect()
}

/// ssh's last word, and the last words that were said on the way.
fn told(log: &[String], said: &[String]) -> String {
    let last = log.last().map_or("no reason given", |line| line.strip_prefix("ssh: ").unwrap_or(line));
    let said = &said[said.len().saturating_sub(SHOWN)..];
    if said.is_empty() { last.to_owned() } else { format!("{last}\nsaid on the way: {}", said.join("\n")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_says_is_understood() {
        assert!(matches!(
            judge("No ED25519 host key is known for x\nHost key verification failed.", ""),
            SshTrouble::HostKey(_)
        ));
        assert!(matches!(judge("u@h: Permission denied (publickey).", ""), SshTrouble::Login(_)));
        assert!(matches!(judge("connect to host h port 22: Connection refused", ""), SshTrouble::Unreachable(_)));
        assert!(matches!(
            judge("/home/op/.ssh/config: line 3: Bad configuration option: x", ""),
            SshTrouble::Configuration(_)
        ));
        assert!(matches!(judge("", ""), SshTrouble::Unreachable(_)));
    }

    #[test]
    fn what_is_said_on_the_way_is_shown_and_judged() {
        const CLOSED: &str = "Connection closed by UNKNOWN port 65535";
        for refusal in [
            "op@bastion: Permission denied (publickey).",
            "Host key verification failed.",
            "Error loading SSO Token: Token for corp does not exist",
            "An error occurred (ExpiredTokenException) when calling the StartSession operation: expired",
            "An error occurred (AccessDeniedException) when calling the StartSession operation: not authorized",
            "SessionManagerPlugin is not found. Please refer to SessionManager Documentation here: ...",
            "sh: 1: no-such-proxy: not found",
        ] {
            let trouble = judge(CLOSED, refusal);
            assert!(matches!(&trouble, SshTrouble::Way(told) if told.contains(refusal)), "{trouble}");
        }
        for passing in [
            "An error occurred (TargetNotConnected) when calling the StartSession operation: i-0 is not connected.",
            "channel 0: open failed: connect failed: No route to host\nstdio forwarding failed",
            "Unauthorized access is not permitted. Permission denied to everybody else.",
        ] {
            let trouble = judge(CLOSED, passing);
            let line = passing.lines().last().unwrap();
            assert!(matches!(&trouble, SshTrouble::Unreachable(told) if told.contains(line)), "{trouble}");
        }
        let odd = judge("debug1: y\nssh: x", "debug1: z\r\n\u{1b}[2Jgone\r\n\nmore");
        assert_eq!(odd.to_string(), "cannot be reached: x\nsaid on the way: [2Jgone\nmore");
    }

    #[test]
    fn a_refused_login_may_pass_at_boot_and_a_bastions_does_not() {
        let (login, way) = (SshTrouble::Login(String::new()), SshTrouble::Way(String::new()));
        assert!(login.may_pass_at_boot(Duration::ZERO) && !login.may_pass_at_boot(SshTrouble::BOOTING));
        assert!(!way.may_pass_at_boot(Duration::ZERO));
    }
}
