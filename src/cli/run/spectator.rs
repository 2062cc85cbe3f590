//! The thread that shows a run. Whatever its terminal or pipe does (Ctrl-S, a full pipe, a reader that was stopped), only this
//! thread waits for it: the run goes on.

use crate::cli::CommandFailure;
use crate::cli::out::out;
use crate::display::Console;
use crate::event::Listener;
use tokio::sync::oneshot::{self, error::RecvError};
use tokio::sync::watch;

/// A display at work; `T` is what comes of it.
pub(in crate::cli) struct Spectator<T> {
    shown: oneshot::Receiver<T>,
}

impl Spectator<()> {
    /// Shows what is told, until nothing more is.
    pub(in crate::cli) fn watch(mut console: Console, events: Listener) -> Self {
        Self::at(move || {
            for event in events {
                console.show(&event);
            }
            console.finish();
        })
    }
}

impl Spectator<Result<(), CommandFailure>> {
    /// Writes a result to standard output.
    pub(in crate::cli) fn print(text: String) -> Self {
        Self::at(move || out(&text))
    }
}

impl<T: Send + 'static> Spectator<T> {
    fn at(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let (done, shown) = oneshot::channel();
        // Who waits for it may have gone.
        std::thread::spawn(move || drop(done.send(work())));
        Self { shown }
    }

    /// Waits until everything is shown, or the operator asks to stop: the run rests by now, and nobody has to wait for a
    /// terminal. What came of it; nothing when it was not waited for. A display that broke changes nothing that was done.
    pub(in crate::cli) async fn end(self, stop: &mut watch::Receiver<u32>) -> Option<Result<T, RecvError>> {
        tokio::select! {
            shown = self.shown => Some(shown),
            Ok(()) = stop.changed() => None,
        }
    }
}
