//! One executor a run: a lease with a fencing number.
//!
//! Liveness is an exclusive lock on a file, held by the executor's process: the kernel drops it when the process ends, in
//! whatever way, so a dead holder's lease is free at once and a live one's never is. The row in the database names the
//! holder, and its number fences: an append with an older number is refused, even if a lock were lost on a file system
//! that does not keep locks (the fence then decides which of two goes on).

use serde::{Deserialize, Serialize};
use std::fs::File;

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The operator.
    pub by: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
}

/// The right to execute a run, as long as it is kept.
#[derive(Debug)]
pub struct Lease {
    pub(super) fence: u64,
    pub(super) _lock: File,
}

impl Lease {
    /// The fencing number: higher than every earlier lease's of this run.
    #[must_use]
    pub fn fence(&self) -> u64 {
        self.fence
    }
}
