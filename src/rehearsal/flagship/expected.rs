//! What the world is to be like, as far as it depends on how far the flagship has come.

use super::LAST_STEP;

/// The type of both servers afterwards.
pub(super) const SMALL: &str = "t3.small";

/// How the world is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Expected {
    /// As right after the step of this number (0: as at the start).
    pub(super) step: usize,
    /// Whether the original has its old type, though there are two servers.
    pub(super) keeps_old_type: bool,
}

impl Expected {
    /// As right after a step.
    pub(super) fn after(step: usize) -> Self {
        Self { step, keeps_old_type: false }
    }

    /// As after the last one.
    pub(super) fn finished() -> Self {
        Self::after(LAST_STEP)
    }

    /// But the operator has accepted the original with its old type.
    pub(super) fn with_the_original_as_it_was(self) -> Self {
        Self { keeps_old_type: true, ..self }
    }
}
