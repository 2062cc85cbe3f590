//! Becoming a region: the program executes itself in new network, mount and pid namespaces.
//!
//! Two processes stand at the top of the region. Pid 1 does what a pid 1 must: it reaps what nobody waits for,
//! passes signals on, and ends the region, all of it, when its one child ends. The child is the region proper.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitOptions, kill_process, wait};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::body::first_child_of;
use crate::rehearsal::machine::tool::PATH;
use crate::rehearsal::region::cgroups;

/// How long killed processes are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The command that makes the namespaces and runs this program in them with `arguments`; its standard streams and
/// terminal are the caller's. The environment is passed on.
#[must_use]
pub fn command(rootless: bool, program: &Path, arguments: &[&str]) -> Command {
    // A killed caller takes the region with it: the kernel tells `unshare`, and `unshare` its child.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare"]);
    if rootless {
        command.args(["--user", "--map-root-user", "--map-auto"]);
    }
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc", "--"])
        .arg(program)
        .args(arguments)
        .env("PATH", format!("{path}:{PATH}"))
        .kill_on_drop(true);
    command
}

/// Runs a command of [`command`] to its end, passing SIGTERM and SIGHUP on into the region (SIGINT reaches it from
/// the terminal by itself). Answers the region's exit status; 128 and the signal's number when it was killed.
///
/// # Errors
/// When `setpriv` or `unshare` cannot be started.
pub async fn run(mut command: Command) -> Result<i32, RehearsalError> {
    let unstartable = |source| RehearsalError::ProgramUnstartable { program: "setpriv".to_owned(), source };
    let mut child = command.spawn().map_err(unstartable)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(unstartable)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(unstartable)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unstartable)?;
    loop {
        let status = tokio::select! {
            status = child.wait() => status.map_err(unstartable)?,
            _ = terminate.recv() => { pass_on(&child, Signal::TERM); continue }
            _ = hang_up.recv() => { pass_on(&child, Signal::HUP); continue }
            _ = interrupt.recv() => continue,
        };
        return Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)));
    }
}

fn pass_on(child: &tokio::process::Child, signal: Signal) {
    // Gone already is as good as told.
    if let Some(init) = child.id().and_then(first_child_of) {
        let _ = kill_process(init, signal);
    }
}

/// A region started in the machine's own namespaces would cover its `/run`, its resolver and its network: so the
/// namespaces are looked at, not believed in. In a fresh one pid 1 is this program and `lo` the only interface.
pub(in crate::rehearsal) fn refuse_outside() -> Result<(), RehearsalError> {
    let program = |process: &str| std::fs::read_link(format!("/proc/{process}/exe")).ok();
    let path = Path::new("/proc/self/net/dev");
    let devices = std::fs::read_to_string(path).map_err(RehearsalError::file("read", path))?;
    let only_loopback = devices.lines().skip(2).all(|line| line.trim_start().starts_with("lo:"));
    if only_loopback && program("1").is_some() && program("1") == program("self") {
        return Ok(());
    }
    Err(RehearsalError::Unsupported(
        "a region starts only in namespaces of its own; `runbook rehearse` makes them".to_owned(),
    ))
}

/// Waits until somebody asks this process to end: by Ctrl-C, SIGTERM or SIGHUP. Answers the status to end with.
///
/// # Errors
/// When signals cannot be listened to.
pub async fn asked_to_end() -> Result<i32, RehearsalError> {
    let listen = |kind| signal(kind).map_err(RehearsalError::file("listen to", "signals"));
    let (mut interrupt, mut terminate, mut hang_up) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?, listen(SignalKind::hangup())?);
    Ok(tokio::select! {
        _ = interrupt.recv() => 130,
        _ = terminate.recv() => 143,
        _ = hang_up.recv() => 129,
    })
}

/// Whether this process is the pid 1 of a region and has to call [`be_init`].
#[must_use]
pub fn is_init() -> bool {
    std::process::id() == 1
}

/// The work of pid 1: runs this program again with the same arguments and ends with its exit status.
///
/// # Errors
/// When the program cannot be started again.
pub async fn be_init() -> Result<i32, RehearsalError> {
    let own = "/proc/self/exe";
    let unstartable = |source| RehearsalError::ProgramUnstartable { program: own.to_owned(), source };
    let listen = |kind| signal(kind).map_err(unstartable);
    let (mut terminate, mut hang_up, mut quit) =
        (listen(SignalKind::terminate())?, listen(SignalKind::hangup())?, listen(SignalKind::quit())?);
    let (mut interrupt, mut children) = (listen(SignalKind::interrupt())?, listen(SignalKind::child())?);
    let mut region = std::process::Command::new(own);
    let child = region.args(std::env::args_os().skip(1)).spawn().map_err(unstartable)?;
    let child = Pid::from_child(&child);
    let tell = |signal| {
        let _ = kill_process(child, signal);
    };
    loop {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid == child {
                let killed = status.terminating_signal().map(|number| 128 + number);
                end_the_rest().await;
                return Ok(status.exit_status().or(killed).unwrap_or(1));
            }
        }
        tokio::select! {
            _ = children.recv() => (),
            _ = terminate.recv() => tell(Signal::TERM),
            _ = hang_up.recv() => tell(Signal::HUP),
            _ = quit.recv() => tell(Signal::QUIT),
            _ = interrupt.recv() => (), // the terminal told the child too
        }
    }
}

/// Ends everything else in the namespace, and takes away what outlives it on the machine. The end of pid 1 would end it all too,
/// but then nobody is left to look after it.
async fn end_the_rest() {
    // Not the shell itself, and not pid 1: kill(2). That nobody is left is what is wanted, and nothing to tell.
    let mut kill = std::process::Command::new("bash");
    let _ = kill.args(["-c", "kill -KILL -1"]).env("PATH", PATH).stderr(std::process::Stdio::null()).spawn();
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) => (),
            Ok(None) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(_) => break, // no child is left
        }
    }
    cgroups::clear();
}
