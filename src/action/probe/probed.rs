//! What a look has seen.

/// What a look has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Probed {
    /// Whether it is so; nothing when it was not looked at.
    pub(super) holds: Option<bool>,
    /// What was seen.
    pub(super) told: String,
}

impl Probed {
    pub(super) fn new(holds: bool, told: impl Into<String>) -> Self {
        Self { holds: Some(holds), told: told.into() }
    }
}
