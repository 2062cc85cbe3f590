//! The generated ssh configuration: ours first, then the operator's own by `Include`, so that ProxyJump, bastions and
//! keys go on working. Where the operator's own is the usual one, the machine's follows it, as for any `ssh`: with `-F` ssh
//! reads no other file (ssh(1)).
//!
//! A pinned host key is bound to the instance id by HostKeyAlias: an address may change hands, an id does not. A pinned
//! certificate authority is bound to the name for which the operator trusts it, for certificates hold names. Beside a pin
//! nothing else vouches for a host: no other known_hosts file, no KnownHostsCommand, no DNS.
//!
//! Promise: what a target's fields say ends up in one word of the file each ([`HostName`](crate::model::HostName),
//! [`LoginName`](crate::model::LoginName)). Not handled: relative `Include` lines in /etc/ssh/ssh_config, which ssh looks for
//! in ~/.ssh when that file is included.

use crate::access::{Settings, program};
use crate::model::{Target, sha256};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// What the ssh on this machine understands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    /// `KnownHostsCommand`, of OpenSSH 8.5 (release notes of March 2021); an older one ends at a word that it does not know.
    knows_command: bool,
}

impl Client {
    /// Asks it.
    pub(super) async fn ask() -> Self {
        let asked = program::apart("ssh").map(|mut ssh| {
            ssh.args(["-F", "/dev/null", "-o", "KnownHostsCommand=none", "-G", "--", "localhost"]);
            ssh.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status()
        });
        let knows_command = match asked {
            Ok(asked) => asked.await.is_ok_and(|status| status.success()),
            Err(_) => false,
        };
        Self { knows_command }
    }
}

/// Writes the configuration for one target and answers its path. Another content has another path: whoever has begun to
/// read one goes on reading that.
///
/// # Errors
/// When the files cannot be written, or a path cannot stand in them.
pub(super) fn write(settings: &Settings, client: &Client, target: &Target, address: &str) -> std::io::Result<PathBuf> {
    let dir = settings.work_dir.join("ssh");
    std::fs::create_dir_all(&dir)?;
    let name = file_name(target.alias());
    let known = match &target.host_key {
        Some(keys) => Some(keep(&dir, &name, "known_hosts", &keys.known_hosts(target.alias()))?),
        None => None,
    };
    keep(&dir, &name, "conf", &text(settings, client, target, address, known.as_deref())?)
}

fn text(
    settings: &Settings,
    client: &Client,
    target: &Target,
    address: &str,
    known_hosts: Option<&Path>,
) -> std::io::Result<String> {
    let mut out = format!("Host {address}\n");
    if let (Some(keys), Some(file)) = (&target.host_key, known_hosts) {
        let _ = writeln!(out, "  HostKeyAlias {}", keys.name(target.alias()));
        let _ = writeln!(out, "  UserKnownHostsFile {}", quoted(file)?);
        out.push_str("  GlobalKnownHostsFile none\n  VerifyHostKeyDNS no\n");
        if client.knows_command {
            out.push_str("  KnownHostsCommand none\n");
        }
    }
    if let Some(user) = &target.user {
        let _ = writeln!(out, "  User {user}");
    }
    if let Some(port) = target.port {
        let _ = writeln!(out, "  Port {port}");
    }
    out.push_str("  StrictHostKeyChecking yes\n  ServerAliveCountMax 3\n  ClearAllForwardings yes\n");
    // For the hosts on the way too: the ssh to a bastion reads this same file.
    out.push_str("Match all\n  BatchMode yes\n  LogLevel INFO\n");
    match &settings.ssh_config {
        Some(path) => {
            let _ = writeln!(out, "  Include {}", quoted(path)?);
        }
        None => out.push_str("  Include ~/.ssh/config\n  Include /etc/ssh/ssh_config\n"),
    }
    // Debian's /etc/ssh/ssh_config sends the operator's language; what programs on the host say is read by us.
    out.push_str("Match all\n  SendEnv -LANG -LANGUAGE -LC_*\n");
    Ok(out)
}

/// A path as one word of the configuration, without `%` tokens, `${}` and wildcards (ssh_config(5)).
fn quoted(path: &Path) -> std::io::Result<String> {
    let wrong = || std::io::Error::other(format!("`{}` cannot stand in an ssh configuration", path.display()));
    let text = path.to_str().ok_or_else(wrong)?;
    if text.contains(|c: char| c.is_control() || "\"\\%${}*?[]".contains(c)) {
        return Err(wrong());
    }
    Ok(format!("\"{text}\""))
}

fn keep(dir: &Path, name: &str, kind: &str, text: &str) -> std::io::Result<PathBuf> {
    let hash = &sha256(text)[..12];
    let path = dir.join(format!("{name}.{hash}.{kind}"));
    if std::fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
        return Ok(path);
    }
    let fresh = dir.join(format!("{name}.{hash}.{kind}.{}.new", std::process::id()));
    std::fs::write(&fresh, text)?;
    std::fs::rename(&fresh, &path)?;
    Ok(path)
}

fn file_name(alias: &str) -> String {
    alias.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Decode;
    use serde_json::json;

    const CLIENT: Client = Client { knows_command: true };

    fn settings(ssh_config: Option<&str>) -> Settings {
        Settings {
            ssh_config: ssh_config.map(Into::into),
            trust: None,
            poll: Settings::POLL,
            pace: crate::model::Pace::USUAL,
            work_dir: "/x".into(),
            kept_dir: "/x".into(),
        }
    }

    fn written(settings: &Settings, target: serde_json::Value) -> String {
        let target: Target = Target::decode(&target.into()).unwrap();
        text(settings, &CLIENT, &target, "198.51.100.7", Some(Path::new("/x/ssh/k"))).unwrap()
    }

    #[test]
    fn ours_comes_first_and_the_operators_is_included() {
        let target = json!({
            "name": "web-1", "instance": "i-0123456789abcdef0", "user": "ubuntu", "host_key": "ssh-ed25519 AAAA"
        });
        assert_eq!(
            written(&settings(Some("/home/op/.ssh/special")), target),
            "Host 198.51.100.7\n  HostKeyAlias i-0123456789abcdef0\n  UserKnownHostsFile \"/x/ssh/k\"\n  \
             GlobalKnownHostsFile none\n  VerifyHostKeyDNS no\n  KnownHostsCommand none\n  User ubuntu\n  \
             StrictHostKeyChecking yes\n  ServerAliveCountMax 3\n  ClearAllForwardings yes\n\
             Match all\n  BatchMode yes\n  LogLevel INFO\n  Include \"/home/op/.ssh/special\"\n\
             Match all\n  SendEnv -LANG -LANGUAGE -LC_*\n"
        );
    }

    #[test]
    fn the_machines_own_follows_the_usual_one_and_no_other() {
        let usual = written(&settings(None), json!({ "name": "web-1" }));
        assert!(usual.contains("  Include ~/.ssh/config\n  Include /etc/ssh/ssh_config\n"), "{usual}");
        assert!(!usual.contains("KnownHosts") && !usual.contains("HostKeyAlias"), "{usual}");
    }

    #[test]
    fn an_authority_is_bound_to_its_name() {
        let target = json!({
            "name": "web-1", "instance": "i-0123456789abcdef0",
            "host_key": "@cert-authority web.example.org ssh-ed25519 AAAA"
        });
        assert!(written(&settings(None), target).contains("  HostKeyAlias web.example.org\n"));
    }

    #[test]
    fn a_path_is_one_word_or_refused() {
        assert_eq!(quoted(Path::new("/home/a b/c")).unwrap(), "\"/home/a b/c\"");
        for path in ["/x/\"y", "/x/%h", "/x/${HOME}", "/x/*", "/x/a\nProxyCommand x"] {
            assert!(quoted(Path::new(path)).is_err(), "{path}");
        }
    }
}
