//! The journal in the hands of one executor.

use super::{Journal, JournalError, Lease, Record};
use crate::model::RunId;

/// Where an executor's driver keeps records.
pub trait Store {
    /// Adds a record durably.
    ///
    /// # Errors
    /// Nothing is recorded on any error. `Moved` when others have appended in its place.
    fn append(&mut self, record: &Record) -> Result<(), JournalError>;

    /// The records of a run after number `after`.
    ///
    /// # Errors
    /// When they cannot be read, or what is written now would be lost.
    fn records_after(&mut self, run: &RunId, after: u64) -> Result<Vec<Record>, JournalError>;
}

/// A journal with the right to execute one of its runs: every record is added under the lease.
#[derive(Debug)]
pub struct Held {
    /// The journal.
    pub journal: Journal,
    /// The right to execute the run.
    pub lease: Lease,
}

impl Store for Held {
    fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        self.journal.add(record, Some(&self.lease))
    }

    fn records_after(&mut self, run: &RunId, after: u64) -> Result<Vec<Record>, JournalError> {
        // Waiting on for the end of something that could not be recorded would help nobody.
        self.journal.still_there()?;
        self.journal.records(run, after)
    }
}
