//! Signals: SIGINT, SIGTERM and SIGHUP ask to stop; each one more asks more urgently.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

/// Counts requests to stop, from now on.
///
/// # Errors
/// When the handlers cannot be installed.
pub(super) fn listen() -> std::io::Result<watch::Receiver<u32>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (count, seen) = watch::channel(0);
    tokio::spawn(async move {
        loop {
            one_of(&mut interrupt, &mut terminate, &mut hangup).await;
            count.send_modify(|n| *n += 1);
        }
    });
    Ok(seen)
}

async fn one_of(a: &mut Signal, b: &mut Signal, c: &mut Signal) {
    tokio::select! {
        _ = a.recv() => {}
        _ = b.recv() => {}
        _ = c.recv() => {}
    }
}
