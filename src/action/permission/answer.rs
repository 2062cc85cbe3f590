//! The answer to one question.

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IamAnswer {
    Allowed,
    /// With who says so.
    Denied(String),
    /// With why it cannot be told.
    Open(String),
}
