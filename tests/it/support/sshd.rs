//! A real sshd that finds what it needs wherever the test runs.

use std::process::Command;

/// Runs a program, as root in a mount namespace whose `/run` is its own and has sshd's empty folder (sshd(8), FILES): on a
/// machine the service, or somebody else's test, makes that one. An ordinary user's sshd does without.
pub(crate) fn command(argv: &[&str]) -> Command {
    const SCRIPT: &str = "mount -t tmpfs tmpfs /run; mkdir /run/sshd; exec \"$@\"";
    let mut words = argv.iter();
    if !rustix::process::geteuid().is_root() {
        let mut command = Command::new(words.next().unwrap());
        command.args(words);
        return command;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-euc", SCRIPT, "sshd"]).args(argv);
    command
}
