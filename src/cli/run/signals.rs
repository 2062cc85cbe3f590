//! Signals that ask to stop: SIGINT and SIGTERM, each one more urgently; SIGHUP, once.
//!
//! A terminal that is lost (SIGHUP) is a reason to rest after what is running, however often it is told. Who started the run
//! so that it outlives its terminal (`nohup`) has had SIGHUP ignored, and that stays so.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// The number of SIGHUP, as signal(7) has it on every Linux and BSD.
const HANGUP: u32 = 1;

/// Counts requests to stop, from now on.
///
/// # Errors
/// When the handlers cannot be installed.
pub(in crate::cli) fn listen() -> std::io::Result<watch::Receiver<u32>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = if is_ignored(HANGUP)? { None } else { Some(signal(SignalKind::hangup())?) };
    let (count, seen) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            let hung_up = async {
                match &mut hangup {
                    Some(signal) => signal.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = interrupt.recv() => count.send_modify(|n| *n += 1),
                _ = terminate.recv() => count.send_modify(|n| *n += 1),
                _ = hung_up => {
                    count.send_if_modified(|n| {
                        let first = *n == 0;
                        *n = (*n).max(1);
                        first
                    });
                }
            }
        }
    });
    Ok(seen)
}

/// Whether this process was started with a signal ignored. The standard library cannot tell; proc(5) of Linux can, and
/// elsewhere the answer is no.
fn is_ignored(signal: u32) -> std::io::Result<bool> {
    if !cfg!(target_os = "linux") {
        return Ok(false);
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok());
    let mask =
        mask.ok_or_else(|| std::io::Error::other("/proc/self/status does not tell which signals are ignored"))?;
    Ok(mask & (1 << (signal - 1)) != 0)
}
