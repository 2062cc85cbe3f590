//! Exit codes: one constant and one sentence each.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked is done.
    Done = 0,
    /// It failed, and can be resumed.
    Failed = 1,
    /// Wrong usage, or a bad document.
    Usage = 2,
    /// Refused before anything was changed: a lock, a preflight check, a changed runbook.
    Refused = 3,
    /// It waits for a person.
    Waits = 4,
    /// It was interrupted, and can be resumed.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}
