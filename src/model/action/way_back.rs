//! What the undo of each kind is to the way back: whether the site's return waits for it.

/// What an undo does to the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayBack {
    /// It brings back what was there, or looks whether it is back. It waits for nothing that is only cleaned up.
    Restores,
    /// It removes what the run has made, which no longer serves anybody once what was there is back. It waits for all that
    /// stands on it.
    CleansUp,
    /// Only its author knows: it waits for all that stands on it, and what it stands on waits for it.
    Unknown,
}
