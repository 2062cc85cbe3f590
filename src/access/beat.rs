//! The one call through which a running action reports and listens: progress, heartbeat and cancel in one.

use crate::model::{ActionPath, Failure, FailureKind};
use tokio::sync::{mpsc, watch};

/// Progress notes of all running actions; losing one loses nothing.
pub type Beats = mpsc::UnboundedReceiver<(ActionPath, String)>;

/// A running action's line to the operator.
#[derive(Debug, Clone)]
pub struct Beat {
    action: ActionPath,
    notes: mpsc::UnboundedSender<(ActionPath, String)>,
    cancel: watch::Receiver<bool>,
}

impl Beat {
    /// A line for `action`: its notes go to `notes`, and it stops waiting when `cancel` turns true.
    #[must_use]
    pub fn new(
        action: ActionPath,
        notes: mpsc::UnboundedSender<(ActionPath, String)>,
        cancel: watch::Receiver<bool>,
    ) -> Self {
        Self { action, notes, cancel }
    }

    /// Tells what is being waited for.
    ///
    /// # Errors
    /// A failure of kind `cancelled` when the operator asked to stop waiting: the action ends at once, its effect stays
    /// as it is and is observed on resume.
    pub fn beat(&self, note: impl Into<String>) -> Result<(), Failure> {
        // A closed receiver means that nobody looks: progress may be lost.
        let _ = self.notes.send((self.action.clone(), note.into()));
        if *self.cancel.borrow() {
            return Err(Failure::new(FailureKind::Cancelled, "stopped waiting because the operator asked to"));
        }
        Ok(())
    }
}
