//! What systemd says of a unit.

use crate::access::RemoteCommand;
use crate::action::Context;
use crate::model::{Failure, Service, Target};
use serde::{Deserialize, Serialize};

/// A unit's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unit {
    /// Whether there is such a unit.
    pub(super) exists: bool,
    /// `active`, `inactive`, `failed`, `activating`, `deactivating`, `reloading`.
    pub(super) state: String,
    /// Whether it starts at boot.
    pub(super) enabled: bool,
    /// The main process's id; 0 when there is none.
    pub(super) pid: u32,
    /// Whether it can be reloaded; a systemd that does not say lets it be tried.
    pub(super) can_reload: bool,
    /// Whether its file has changed since systemd read it.
    pub(super) is_stale: bool,
}

/// `is-enabled` knows services with a SysV script too, `show` does not; its exit status says nothing more than its word.
const LOOK: &str = r#"
systemctl show -p LoadState -p ActiveState -p MainPID -p CanReload -p NeedDaemonReload -- "$1"
echo "Enabled=$(systemctl is-enabled -- "$1" 2>/dev/null || true)"
"#;

impl Unit {
    /// Looks at a unit.
    pub(super) async fn look(cx: &Context<'_>, host: &Target, unit: &Service) -> Result<Unit, Failure> {
        let what = format!("asking systemd about `{unit}`");
        let text = cx.run_ok(host, RemoteCommand::root_script(LOOK, [unit.as_str()]), &what).await?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Unit {
        let field = |name: &str| {
            text.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix('=')).map_or("", str::trim).to_owned()
        };
        Unit {
            exists: !matches!(field("LoadState").as_str(), "not-found" | ""),
            state: field("ActiveState"),
            enabled: matches!(field("Enabled").as_str(), "enabled" | "enabled-runtime"),
            pid: field("MainPID").parse().unwrap_or(0),
            can_reload: field("CanReload") != "no",
            is_stale: field("NeedDaemonReload") == "yes",
        }
    }

    /// Whether it runs.
    pub(super) fn is_active(&self) -> bool {
        matches!(self.state.as_str(), "active" | "reloading")
    }

    /// Whether it neither runs nor is about to.
    pub(super) fn is_stopped(&self) -> bool {
        matches!(self.state.as_str(), "inactive" | "failed")
    }
}

/// The refusal to work on a service that a host does not have.
pub(super) fn no_such(service: &Service, host: &Target) -> Failure {
    Failure::refused(format!("there is no service `{service}` on {host}"))
        .advise("`systemctl list-units --type=service` on the host shows the names it has")
        .lacking(&host.name, format!("service {service}"))
}

/// `systemctl VERB UNIT` as root.
pub(super) fn asking(verb: &str, unit: &Service) -> RemoteCommand {
    RemoteCommand::sudo(["systemctl", verb, unit.as_str()])
}

/// What has systemd read its units anew; nothing that runs is touched by it.
pub(super) fn read_units() -> RemoteCommand {
    RemoteCommand::sudo(["systemctl", "daemon-reload"])
}

/// The verbs for which a unit counts as its file is now.
const BY_THE_FILE: [&str; 3] = ["start", "restart", "reload"];

/// Runs `systemctl VERB UNIT` as root; it may take as long as the phase may. Where a unit's file has changed since systemd read it,
/// `systemctl` would work with what it read, warn, and end well: then it reads it anew first.
pub(super) async fn systemctl(cx: &Context<'_>, host: &Target, verb: &str, unit: &Service) -> Result<(), Failure> {
    if BY_THE_FILE.contains(&verb) && Unit::look(cx, host, unit).await?.is_stale {
        cx.run_ok(host, read_units(), "`systemctl daemon-reload`").await?;
    }
    let command = asking(verb, unit).limit(cx.time_left());
    cx.run_ok(host, command, &format!("`systemctl {verb} {unit}`"))
        .await
        .map(drop)
        .map_err(|failure| failure.advise(format!("see `journalctl -u {unit} -n 50` on {}", host.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read() {
        let unit = Unit::parse("LoadState=loaded\nActiveState=active\nMainPID=42\nEnabled=enabled\n");
        assert_eq!(
            unit,
            Unit { exists: true, state: "active".into(), enabled: true, pid: 42, can_reload: true, is_stale: false }
        );
        assert!(!Unit::parse("LoadState=loaded\nCanReload=no\n").can_reload);
        assert!(unit.is_active() && !unit.is_stopped());
        assert!(Unit::parse("LoadState=loaded\nNeedDaemonReload=yes\n").is_stale);
        let none = Unit::parse("LoadState=not-found\nActiveState=inactive\nMainPID=0\nEnabled=\n");
        assert!(!none.exists && !none.enabled && none.is_stopped());
        let leaving = Unit::parse("LoadState=loaded\nActiveState=deactivating\n");
        assert!(!leaving.is_active() && !leaving.is_stopped());
    }
}
