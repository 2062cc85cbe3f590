//! The thread that shows a run. Whatever its terminal or pipe does (Ctrl-S, a full pipe, a reader that was stopped), only this
//! thread waits for it: the run goes on.

use crate::display::{Console, to_stdout};
use crate::event::Listener;
use tokio::sync::{oneshot, watch};

/// A display at work.
pub(super) struct Spectator {
    shown: oneshot::Receiver<()>,
}

impl Spectator {
    /// Shows what is told, until nothing more is.
    pub(super) fn watch(mut console: Console, events: Listener) -> Self {
        Self::at(move || {
            for event in events {
                console.show(&event);
            }
            console.finish();
        })
    }

    /// Writes a result to standard output.
    pub(super) fn print(text: String) -> Self {
        // Nobody is left to be told of a reader that has gone away.
        Self::at(move || drop(to_stdout(&text)))
    }

    fn at(work: impl FnOnce() + Send + 'static) -> Self {
        let (done, shown) = oneshot::channel();
        std::thread::spawn(move || {
            work();
            let _ = done.send(());
        });
        Self { shown }
    }

    /// Waits until everything is shown, or the operator asks to stop: the run rests by now, and nobody has to wait for a
    /// terminal. Whether everything was.
    pub(super) async fn end(self, stop: &mut watch::Receiver<u32>) -> bool {
        tokio::select! {
            _ = self.shown => true,
            Ok(()) = stop.changed() => false,
        }
    }
}
