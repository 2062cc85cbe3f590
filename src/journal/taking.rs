//! Taking the lease of a run, from the dead too.

use super::{Holder, Journal, JournalError, Lease};
use crate::model::{Millis, RunId};
use rusqlite::{OptionalExtension, TransactionBehavior, params};
use std::fs::{File, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

/// Why a lease was not given.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Somebody else executes the run.
    #[error("run `{run}` is being executed by {by} on {host} (process {pid})")]
    Held {
        /// The run.
        run: RunId,
        /// The operator.
        by: String,
        /// The machine.
        host: String,
        /// The process.
        pid: u32,
        /// Since when.
        since: Millis,
    },
    /// The lock file cannot be used.
    #[error("cannot lock `{path}`")]
    Lock {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Journal {
    /// Takes the lease of a run; a dead holder's is taken over.
    ///
    /// # Errors
    /// `Held` when a living process has it.
    pub fn lease(&mut self, run: &RunId, holder: &Holder, at: Millis) -> Result<Lease, LeaseError> {
        let path = self.folder().join(format!("{run}.lock"));
        let fail = |source| LeaseError::Lock { path: path.clone(), source };
        let lock = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(fail)?;
        let mut looks = 0;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                // Somebody who only asks who the holder is (`holder`) locks for an instant too.
                Err(TryLockError::WouldBlock) if looks < 20 => looks += 1,
                Err(TryLockError::WouldBlock) => return Err(self.held(run)?),
                Err(TryLockError::Error(source)) => return Err(fail(source)),
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let text = serde_json::to_string(holder).map_err(|source| JournalError::Body {
            run: run.to_string(),
            seq: 0,
            source,
        })?;
        let transaction =
            self.connection().transaction_with_behavior(TransactionBehavior::Immediate).map_err(JournalError::from)?;
        let fence: u64 = transaction
            .query_row(
                "INSERT INTO leases (run, fence, holder, taken_at) VALUES (?1, 1, ?2, ?3)
                 ON CONFLICT (run) DO UPDATE SET fence = fence + 1, holder = ?2, taken_at = ?3 RETURNING fence",
                params![run.as_str(), text, at],
                |row| row.get(0),
            )
            .map_err(JournalError::from)?;
        transaction.commit().map_err(JournalError::from)?;
        Ok(Lease { fence, _lock: lock })
    }

    /// Who executes the run right now, if somebody does.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub fn holder(&self, run: &RunId) -> Result<Option<(Holder, Millis)>, LeaseError> {
        let path = self.folder().join(format!("{run}.lock"));
        let Ok(lock) = File::options().write(true).open(&path) else { return Ok(None) };
        match lock.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(self.holder_row(run)?),
            Err(TryLockError::Error(source)) => Err(LeaseError::Lock { path, source }),
        }
    }

    fn holder_row(&self, run: &RunId) -> Result<Option<(Holder, Millis)>, JournalError> {
        let row: Option<(String, Millis)> = self
            .reader()
            .query_row("SELECT holder, taken_at FROM leases WHERE run = ?1", [run.as_str()], |r| {
                Ok((r.get(0)?, r.get(1)?))
            })
            .optional()?;
        row.map(|(text, at)| {
            serde_json::from_str(&text).map(|holder| (holder, at)).map_err(|source| JournalError::Body {
                run: run.to_string(),
                seq: 0,
                source,
            })
        })
        .transpose()
    }

    fn held(&self, run: &RunId) -> Result<LeaseError, JournalError> {
        let (holder, since) = self
            .holder_row(run)?
            .unwrap_or_else(|| (Holder { by: "somebody".into(), host: "this machine".into(), pid: 0 }, 0));
        Ok(LeaseError::Held { run: run.clone(), by: holder.by, host: holder.host, pid: holder.pid, since })
    }
}
