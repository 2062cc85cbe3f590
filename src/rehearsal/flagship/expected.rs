//! What the world is to be like, as far as it depends on how far the flagship has come.

use super::LAST_STEP;

/// The type of both servers afterwards.
pub(super) const SMALL: &str = "t3.small";
/// The type of the server before.
pub(super) const LARGE: &str = "t3.medium";

/// How the world is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Expected {
    /// As right after the step of this number (0: as at the start).
    pub(super) step: usize,
    /// The original's type, once there are two servers.
    pub(super) original_type: &'static str,
}

impl Expected {
    /// As right after a step.
    pub(in super::super) fn after(step: usize) -> Self {
        Self { step, original_type: SMALL }
    }

    /// As after the last one.
    pub(in super::super) fn finished() -> Self {
        Self::after(LAST_STEP)
    }

    /// But the operator has accepted the original with its old type.
    pub(in super::super) fn with_the_original_as_it_was(self) -> Self {
        Self { original_type: LARGE, ..self }
    }
}
