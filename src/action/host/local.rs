//! OpenSSH's own programs on this machine: what they know of a host and its keys.

use crate::access::Settings;
use crate::model::{Failure, Target};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// What ssh would do to reach a host, from `ssh -G`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// The address ssh connects to.
    pub(super) host: String,
    /// The port.
    pub(super) port: String,
    /// The name under which keys are kept, where it is not the address.
    alias: Option<String>,
    /// The known_hosts files, the user's first.
    files: Vec<String>,
    /// Whether another host or program is between us and it.
    pub(super) indirect: bool,
}

/// Runs a program of this machine with arguments; answers what it printed, whatever its exit status.
async fn output(program: &str, arguments: &[&str], stdin: &str) -> Result<(bool, String), Failure> {
    let failed = |why: String| Failure::permanent(format!("cannot run `{program}` on this machine")).cause(why);
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| failed(e.to_string()).advise("install OpenSSH's client programs"))?;
    if let Some(mut pipe) = child.stdin.take() {
        // A program that needs no input may close it early.
        let _ = pipe.write_all(stdin.as_bytes()).await;
    }
    let done = tokio::time::timeout(Duration::from_secs(60), child.wait_with_output())
        .await
        .map_err(|_| failed("no answer within 60 s".into()))?
        .map_err(|e| failed(e.to_string()))?;
    Ok((done.status.success(), String::from_utf8_lossy(&done.stdout).into_owned()))
}

impl Way {
    /// Asks ssh, by the operator's own configuration.
    pub(super) async fn to(settings: &Settings, target: &Target, address: &str) -> Result<Way, Failure> {
        let config = settings.ssh_config.as_ref().map(|p| p.display().to_string());
        let port = target.port.map(|p| p.to_string());
        let mut arguments = vec!["-G"];
        for (flag, value) in [("-F", &config), ("-p", &port), ("-l", &target.user)] {
            if let Some(value) = value {
                arguments.extend([flag, value.as_str()]);
            }
        }
        arguments.extend(["--", address]);
        let (ok, text) = output("ssh", &arguments, "").await?;
        if !ok {
            return Err(Failure::refused(format!("ssh does not understand its configuration for `{address}`"))
                .advise(format!("see what `ssh {}` says", arguments.join(" "))));
        }
        Ok(Self::parse(&text, std::env::var("HOME").ok().as_deref()))
    }

    fn parse(text: &str, home: Option<&str>) -> Way {
        let value = |key: &str| text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(' ')).map(str::trim);
        let some = |key: &str| value(key).filter(|v| *v != "none" && !v.is_empty());
        let files = ["userknownhostsfile", "globalknownhostsfile"].into_iter().filter_map(some);
        let at_home = |path: &str| match (path.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => format!("{home}/{rest}"),
            _ => path.to_owned(),
        };
        Way {
            host: value("hostname").unwrap_or_default().to_owned(),
            port: value("port").unwrap_or("22").to_owned(),
            alias: some("hostkeyalias").map(str::to_owned),
            files: files.flat_map(str::split_whitespace).map(at_home).collect(),
            indirect: some("proxyjump").is_some() || some("proxycommand").is_some(),
        }
    }

    /// The name under which known_hosts keeps the host's keys.
    pub(super) fn known_as(&self) -> String {
        match (&self.alias, self.port.as_str()) {
            (Some(alias), _) => alias.clone(),
            (None, "22") => self.host.clone(),
            (None, port) => format!("[{}]:{port}", self.host),
        }
    }

    /// The host's keys in the operator's known_hosts files, `type base64` a line; revoked ones are left out.
    pub(super) async fn known_keys(&self) -> Result<String, Failure> {
        let mut text = String::new();
        let name = self.known_as();
        for file in &self.files {
            if tokio::fs::try_exists(file).await.unwrap_or(false) {
                text.push_str(&output("ssh-keygen", &["-F", &name, "-f", file], "").await?.1);
            }
        }
        Ok(keys_of(&text))
    }

    /// The keys the host shows to anybody who connects; empty when there is no answer.
    pub(super) async fn shown_keys(&self) -> Result<String, Failure> {
        let arguments = ["-T", "5", "-t", "ed25519,ecdsa,rsa", "-p", &self.port, "--", &self.host];
        Ok(keys_of(&output("ssh-keyscan", &arguments, "").await?.1))
    }
}

/// The keys of known_hosts lines, in the order of their text, each once.
fn keys_of(text: &str) -> String {
    let mut keys: Vec<String> = Vec::new();
    let mut revoked: Vec<String> = Vec::new();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["@revoked", _, kind, key, ..] => revoked.push(format!("{kind} {key}")),
            // A certificate authority's key is no host's key.
            ["@cert-authority", ..] => {}
            [_, kind, key, ..] => keys.push(format!("{kind} {key}")),
            _ => {}
        }
    }
    keys.retain(|key| !revoked.contains(key));
    keys.sort();
    keys.dedup();
    keys.join("\n")
}

/// The keys that cloud-init printed on a console, last boot first come: `type base64` a line.
pub(in crate::action) fn keys_on_console(text: &str) -> String {
    let Some((_, rest)) = text.rsplit_once("-----BEGIN SSH HOST KEY KEYS-----") else { return String::new() };
    let Some((block, _)) = rest.split_once("-----END SSH HOST KEY KEYS-----") else { return String::new() };
    // A console line may have a time or a source in front.
    let key = |line: &str| {
        let at = ["ssh-", "ecdsa-"].iter().filter_map(|kind| line.find(kind)).min()?;
        let mut words = line[at..].split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?))
    };
    let mut keys: Vec<String> = block.lines().filter_map(key).collect();
    keys.sort();
    keys.dedup();
    keys.join("\n")
}

/// The fingerprints of keys, as `ssh-keygen` and a first connection show them.
pub(super) async fn fingerprints(keys: &str) -> Result<String, Failure> {
    let (_, text) = output("ssh-keygen", &["-l", "-f", "-"], &format!("{keys}\n")).await?;
    let shown: Vec<String> = text
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            Some(format!("{} {}", words.get(1)?, words.last()?))
        })
        .collect();
    if shown.len() == keys.lines().count() {
        Ok(shown.join(", "))
    } else {
        Err(Failure::permanent("a host key is not one that `ssh-keygen` understands").cause(keys.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ssh_says_is_read() {
        let text = "user op\nhostname 203.0.113.9\nport 2222\nuserknownhostsfile ~/.ssh/known_hosts /x/k2\n\
                    globalknownhostsfile none\nproxycommand none\n";
        let way = Way::parse(text, Some("/home/op"));
        assert_eq!(way.known_as(), "[203.0.113.9]:2222");
        assert_eq!(way.files, ["/home/op/.ssh/known_hosts", "/x/k2"]);
        assert!(!way.indirect);
        let jump = Way::parse("hostname a\nport 22\nproxyjump bastion\nhostkeyalias web\n", None);
        assert!(jump.indirect);
        assert_eq!(jump.known_as(), "web");
    }

    #[test]
    fn keys_are_taken_from_known_hosts_lines() {
        let text = "# Host a found: line 1\n|1|x|y ssh-ed25519 AAAA note\n@cert-authority a ssh-rsa CCCC\n\
                    a ssh-rsa BBBB\n@revoked a ssh-rsa BBBB\na ssh-ed25519 AAAA\n";
        assert_eq!(keys_of(text), "ssh-ed25519 AAAA");
    }

    #[test]
    fn keys_are_taken_from_a_console() {
        let text = "x\n-----BEGIN SSH HOST KEY KEYS-----\nssh-rsa OLD root@a\n-----END SSH HOST KEY KEYS-----\r\n\
                    -----BEGIN SSH HOST KEY KEYS-----\r\n[   9.1] cloud-init[611]: ecdsa-sha2-nistp256 EEEE root@a\r\n\
                    ssh-ed25519 AAAA root@a\r\n-----END SSH HOST KEY KEYS-----\r\n";
        assert_eq!(keys_on_console(text), "ecdsa-sha2-nistp256 EEEE\nssh-ed25519 AAAA");
        assert_eq!(keys_on_console("-----BEGIN SSH HOST KEY KEYS-----\nssh-rsa CUT"), "");
    }
}
