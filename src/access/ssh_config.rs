//! The generated ssh configuration: ours first, then the operator's own by `Include`, so that ProxyJump, bastions and
//! keys go on working.
//!
//! A pinned host key is bound to the instance id by HostKeyAlias: an address may change hands, an id does not.

use super::Settings;
use crate::model::Target;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Writes the configuration for one target and answers its path.
///
/// # Errors
/// When the files cannot be written.
pub(super) fn write(settings: &Settings, target: &Target, address: &str) -> std::io::Result<PathBuf> {
    let dir = settings.work_dir.join("ssh");
    std::fs::create_dir_all(&dir)?;
    let known_hosts = dir.join(format!("{}.known_hosts", file_name(target.alias())));
    let config = dir.join(format!("{}.conf", file_name(target.alias())));
    if let Some(keys) = &target.host_key {
        let lines: String = keys.lines().map(|key| format!("{} {key}\n", target.alias())).collect();
        replace(&known_hosts, &lines)?;
    }
    replace(&config, &text(settings, target, address, &known_hosts))?;
    Ok(config)
}

fn text(settings: &Settings, target: &Target, address: &str, known_hosts: &Path) -> String {
    let mut out = format!("Host {address}\n");
    if target.host_key.is_some() {
        let _ = writeln!(out, "  HostKeyAlias {}", target.alias());
        let _ = writeln!(out, "  UserKnownHostsFile \"{}\"", known_hosts.display());
        out.push_str("  GlobalKnownHostsFile none\n");
    }
    if let Some(user) = &target.user {
        let _ = writeln!(out, "  User {user}");
    }
    if let Some(port) = target.port {
        let _ = writeln!(out, "  Port {port}");
    }
    out.push_str("  StrictHostKeyChecking yes\n  BatchMode yes\n  ServerAliveCountMax 3\nMatch all\n");
    match &settings.ssh_config {
        Some(path) => {
            let _ = writeln!(out, "  Include \"{}\"", path.display());
        }
        None => out.push_str("  Include ~/.ssh/config\n"),
    }
    out
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let fresh = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&fresh, text)?;
    std::fs::rename(&fresh, path)
}

fn file_name(alias: &str) -> String {
    alias.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Target;

    #[test]
    fn ours_comes_first_and_the_operators_is_included() {
        let settings = Settings {
            ssh_config: Some("/home/op/.ssh/special".into()),
            trust: None,
            poll: Settings::POLL,
            work_dir: "/x".into(),
        };
        let target: Target = serde_json::from_value(serde_json::json!({
            "name": "web-1", "instance": "i-0123456789abcdef0", "user": "ubuntu", "host_key": "ssh-ed25519 AAAA"
        }))
        .unwrap();
        assert_eq!(
            text(&settings, &target, "198.51.100.7", Path::new("/x/ssh/k")),
            "Host 198.51.100.7\n  HostKeyAlias i-0123456789abcdef0\n  UserKnownHostsFile \"/x/ssh/k\"\n  \
             GlobalKnownHostsFile none\n  User ubuntu\n  StrictHostKeyChecking yes\n  BatchMode yes\n  \
             ServerAliveCountMax 3\nMatch all\n  Include \"/home/op/.ssh/special\"\n"
        );
    }
}
