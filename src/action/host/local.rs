//! OpenSSH's own programs on this machine: what they know of a host and its keys.

use crate::access::{Ssh, apart};
use crate::model::{Failure, HostName, Target};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// What ssh would do to reach a host, from `ssh -G`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LocalWay {
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
    /// The program that the operator's ssh asks for host keys.
    pub(super) key_command: Option<String>,
}

/// Runs a program of this machine with arguments; answers what it printed, whatever its exit status.
async fn output(program: &str, arguments: &[&str], stdin: &str) -> Result<(bool, String), Failure> {
    let failed = |why: String| Failure::permanent(format!("cannot run `{program}` on this machine")).cause(why);
    let mut child = apart(program)
        .map_err(|e| failed(e.to_string()).advise("install OpenSSH's client programs"))?
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| failed(e.to_string()))?;
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

impl LocalWay {
    /// Asks ssh, by the configuration that a connection to the target uses, without a pinned key.
    pub(super) async fn to(ssh: &Ssh, target: &Target, address: &str) -> Result<LocalWay, Failure> {
        let unpinned = Target { host_key: None, ..target.clone() };
        let config = ssh.configuration(&unpinned, address).await?.display().to_string();
        let arguments = ["-G", "-F", &config, "--", address];
        let (ok, text) = output("ssh", &arguments, "").await?;
        if !ok {
            return Err(Failure::refused(format!("ssh does not understand its configuration for `{address}`"))
                .advise(format!("see what `ssh {}` says", arguments.join(" "))));
        }
        Ok(Self::parse(&text, std::env::var("HOME").ok().as_deref()))
    }

    fn parse(text: &str, home: Option<&str>) -> LocalWay {
        let value = |key: &str| text.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(' ')).map(str::trim);
        let some = |key: &str| value(key).filter(|v| *v != "none" && !v.is_empty());
        let files = ["userknownhostsfile", "globalknownhostsfile"].into_iter().filter_map(some);
        let at_home = |path: &str| match (path.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => format!("{home}/{rest}"),
            _ => path.to_owned(),
        };
        LocalWay {
            host: value("hostname").unwrap_or_default().to_owned(),
            port: value("port").unwrap_or("22").to_owned(),
            alias: some("hostkeyalias").map(str::to_owned),
            files: files.flat_map(str::split_whitespace).map(at_home).collect(),
            indirect: some("proxyjump").is_some() || some("proxycommand").is_some(),
            key_command: some("knownhostscommand").map(str::to_owned),
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

    /// What the operator's known_hosts files know of the host: its keys, `type base64` a line, revoked ones left out. Where they
    /// know no key of it, the authorities that vouch for it (`@cert-authority`), with what is revoked: ssh never adds the key of
    /// such a host.
    pub(super) async fn known_keys(&self) -> Result<String, Failure> {
        let mut text = String::new();
        let name = self.known_as();
        for file in &self.files {
            if tokio::fs::try_exists(file).await.unwrap_or(false) {
                text.push_str(&output("ssh-keygen", &["-F", &name, "-f", file], "").await?.1);
            }
        }
        let keys = keys_of(&text);
        // An authority's word is about a name without a port, even where known_hosts has one (sshd(8)).
        let vouched_for = self.alias.as_ref().unwrap_or(&self.host);
        Ok(if keys.is_empty() { authorities_of(&text, vouched_for) } else { keys })
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

/// The authorities of known_hosts lines, and the keys that do not count, as a pin for this name; empty when there is none.
fn authorities_of(text: &str, name: &str) -> String {
    let with = |marker: &str| {
        let key = move |line: &str| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
            [first, _, kind, key, ..] if *first == marker => Some(format!("{marker} {name} {kind} {key}")),
            _ => None,
        };
        text.lines().filter_map(key).collect::<Vec<_>>()
    };
    let revoked = with("@revoked");
    let counts = |line: &String| !revoked.contains(&line.replacen("@cert-authority", "@revoked", 1));
    let mut lines: Vec<String> = with("@cert-authority").into_iter().filter(counts).collect();
    if lines.is_empty() || !HostName::fits(name) {
        return String::new();
    }
    lines.extend(revoked);
    lines.sort();
    lines.dedup();
    lines.join("\n")
}

/// The keys that cloud-init printed on a console, last boot first come: `type base64` a line.
pub(super) fn keys_on_console(text: &str) -> String {
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

/// The fingerprints of pinned keys, as `ssh-keygen` and a first connection show them; an authority is called one.
pub(super) async fn fingerprints(keys: &str) -> Result<String, Failure> {
    let mut plain: Vec<(String, String)> = Vec::new();
    for line in keys.lines().filter(|line| !line.starts_with("@revoked ")) {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["@cert-authority", name, kind, key] => {
                plain.push((format!("{kind} {key}\n"), format!(" authority for `{name}`")));
            }
            _ => plain.push((format!("{line}\n"), String::new())),
        }
    }
    let lines: String = plain.iter().map(|(key, _)| key.as_str()).collect();
    let (_, text) = output("ssh-keygen", &["-l", "-f", "-"], &lines).await?;
    let print = |(line, (_, role)): (&str, &(String, String))| {
        let words: Vec<&str> = line.split_whitespace().collect();
        Some(format!("{} {}{role}", words.get(1)?, words.last()?))
    };
    let shown: Vec<String> = text.lines().zip(&plain).filter_map(print).collect();
    if text.lines().count() == plain.len() && shown.len() == plain.len() {
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
        let way = LocalWay::parse(text, Some("/home/op"));
        assert_eq!(way.known_as(), "[203.0.113.9]:2222");
        assert_eq!(way.files, ["/home/op/.ssh/known_hosts", "/x/k2"]);
        assert!(!way.indirect);
        let jump = LocalWay::parse("hostname a\nport 22\nproxyjump bastion\nhostkeyalias web\n", None);
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
    fn an_authority_is_pinned_with_what_is_revoked() {
        let text = "@cert-authority *.example.org ssh-rsa CCCC me\n@revoked * ssh-rsa BBBB\n@cert-authority * ssh-rsa DDDD\n\
                    @revoked * ssh-rsa DDDD\n";
        let pin = "@cert-authority web ssh-rsa CCCC\n@revoked web ssh-rsa BBBB\n@revoked web ssh-rsa DDDD";
        assert_eq!(authorities_of(text, "web"), pin);
        assert_eq!(authorities_of("@revoked * ssh-rsa BBBB\n", "web"), "");
        assert_eq!(authorities_of("@cert-authority * ssh-rsa CCCC\n", "a b"), "");
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
