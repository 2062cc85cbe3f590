//! What pid 1 of a host is: Debian's own systemd where the lab runs as root, else a small init with a `systemctl` of the
//! same verbs. How each is put on the disk, started, asked to power off, and how its end is read.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use rustix::process::Pid;

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::layers::{LayerWriter, Owner};
use crate::rehearsal::machine::tool::Tool;
use crate::rehearsal::region::cgroups::Cgroups;

/// lab-init's exit status when the guest asked for a reboot.
const REBOOT_STATUS: i32 = 42;
/// What the kernel ends a pid namespace with whose pid 1 asks for a restart (`reboot(2)`: SIGHUP; SIGINT for a power-off).
const RESTARTED: i32 = 1;
/// Debian's units that make no sense on a host without devices, a kernel and a screen of its own.
const MASKED: [&str; 8] = [
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "dev-hugepages.mount",
    "dev-mqueue.mount",
    "systemd-udevd.service",
    "systemd-journald-audit.socket",
    "console-getty.service",
    "getty@tty1.service",
];
const SERVICES: [&str; 4] = ["ssh", "nginx", "php8.2-fpm", "cron"];

/// The init of a region's hosts.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) enum Init {
    /// systemd, each host in a control group of its own.
    Systemd(Cgroups),
    /// A script, for labs of ordinary users.
    Small,
}

/// How a host ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rehearsal) enum Ended {
    PoweredOff,
    Reboot,
}

impl Init {
    /// Writes what it takes over the base image.
    pub(in crate::rehearsal) fn write(&self, writer: &LayerWriter<'_>, base: &Path) -> Result<(), RehearsalError> {
        match self {
            Self::Systemd(_) => {
                MASKED.iter().try_for_each(|unit| writer.link(&format!("/etc/systemd/system/{unit}"), "/dev/null"))
            }
            Self::Small => {
                writer.file("/usr/local/sbin/lab-init", include_str!("lab-init"), 0o755, Owner::Root)?;
                writer.file("/usr/local/sbin/shutdown", include_str!("shutdown"), 0o755, Owner::Root)?;
                for name in ["poweroff", "reboot", "halt"] {
                    writer.link(&format!("/usr/local/sbin/{name}"), "shutdown")?;
                }
                writer.file("/usr/local/bin/systemctl", include_str!("systemctl"), 0o755, Owner::Root)
            }
        }?;
        for service in SERVICES {
            let file = format!("{service}.service");
            let link = format!("/etc/systemd/system/multi-user.target.wants/{file}");
            if std::fs::symlink_metadata(base.join(&link[1..])).is_err() {
                writer.link(&link, &format!("/lib/systemd/system/{file}"))?;
            }
        }
        Ok(())
    }

    /// What the boot script is told to become.
    pub(in crate::rehearsal) fn word(&self) -> &'static str {
        match self {
            Self::Systemd(_) => "systemd",
            Self::Small => "lab-init",
        }
    }

    /// The control group in which a host is started.
    pub(in crate::rehearsal) fn group(&self, host: &str) -> Result<Option<PathBuf>, RehearsalError> {
        match self {
            Self::Systemd(groups) => groups.of(host).map(Some),
            Self::Small => Ok(None),
        }
    }

    /// Takes away what a host that has ended leaves beside its disk.
    pub(in crate::rehearsal) fn forget(&self, host: &str) {
        if let Self::Systemd(groups) = self {
            groups.forget(host);
        }
    }

    /// Presses a host's power button. Not waited for, and it may not be heard: who does not end is killed.
    pub(in crate::rehearsal) async fn press(&self, init: Pid) {
        let process = init.as_raw_nonzero();
        match self {
            // systemd(1), "Signals": what a virtual machine's manager sends for a power-off.
            Self::Systemd(_) => {
                let kill = ["-c", "kill -s RTMIN+4 \"$1\"", "press", &process.to_string()];
                let _ = Tool::new("bash").args(kill).output().await;
            }
            Self::Small => {
                use rustix::fs::{Mode, OFlags, open};
                let fifo = format!("/proc/{process}/root/run/lab/shutdown");
                if let Ok(fifo) = open(fifo, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty()) {
                    let _ = rustix::io::write(&fifo, b"poweroff\n");
                }
            }
        }
    }

    /// How a host ended, from what became of its process tree.
    pub(in crate::rehearsal) fn ended(status: ExitStatus) -> Ended {
        let again = status.code() == Some(REBOOT_STATUS) || status.signal() == Some(RESTARTED);
        if again { Ended::Reboot } else { Ended::PoweredOff }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_is_told_from_a_power_off() {
        let [exited, signalled] = [|code: i32| ExitStatus::from_raw(code << 8), ExitStatus::from_raw];
        for (status, ended) in [
            (exited(0), Ended::PoweredOff),
            (exited(42), Ended::Reboot),
            (signalled(1), Ended::Reboot),
            (signalled(2), Ended::PoweredOff),
            (signalled(9), Ended::PoweredOff),
        ] {
            assert_eq!(Init::ended(status), ended, "{status}");
        }
    }
}
