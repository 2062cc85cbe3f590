//! The one call through which a running action reports and listens: progress, heartbeat and cancel in one.
//!
//! What is at the other end is the driver's: a display beside a tokio task here, a heartbeat of a workflow's activity
//! elsewhere.

use crate::model::{ActionPath, Failure, FailureKind};
use std::rc::Rc;

/// The driver's end of running actions' lines. Losing a note loses nothing.
pub trait BeatLine {
    /// An action says what it waits for.
    fn note(&self, action: &ActionPath, note: String);

    /// Whether the action is to stop waiting.
    fn is_cancelled(&self) -> bool;
}

/// A running action's line to the operator.
#[derive(Clone)]
pub struct Beat {
    action: ActionPath,
    line: Rc<dyn BeatLine>,
}

/// Nobody listens, and nobody asks to stop.
struct Silence;

impl BeatLine for Silence {
    fn note(&self, _action: &ActionPath, _note: String) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}

impl Beat {
    /// A line for `action`.
    #[must_use]
    pub fn new(action: ActionPath, line: Rc<dyn BeatLine>) -> Self {
        Self { action, line }
    }

    /// A line to nobody, for looks that are not waited for by anybody in particular.
    #[must_use]
    pub fn silent(action: ActionPath) -> Self {
        Self::new(action, Rc::new(Silence))
    }

    /// Tells what is being waited for.
    ///
    /// # Errors
    /// A failure of kind `cancelled` when the operator asked to stop waiting: the action ends at once, its effect stays
    /// as it is and is observed on resume.
    pub fn beat(&self, note: impl Into<String>) -> Result<(), Failure> {
        self.line.note(&self.action, note.into());
        if self.line.is_cancelled() {
            return Err(Failure::new(FailureKind::Cancelled, "stopped waiting because the operator asked to"));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Beat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beat").field("action", &self.action).finish_non_exhaustive()
    }
}
