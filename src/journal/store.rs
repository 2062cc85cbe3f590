//! The database: one file, mode 0600, for all runs.

use super::chain::chain_hash;
use super::lease::Lease;
use super::migrations::{self, APPLICATION_ID};
use super::{JournalError, Record, RecordKind, RunState, Unusable};
use crate::model::{Millis, RunId};
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The file's name in the state folder.
const FILE: &str = "journal.db";

/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(10);

/// The journal of all runs of one state folder.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    folder: PathBuf,
    /// Device and inode of the file that is open: SQLite goes on writing to one that was removed.
    file: (u64, u64),
}

/// One line about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// Its runbook's name.
    pub runbook: String,
    /// When it was opened.
    pub opened_at: Millis,
}

impl Journal {
    /// Opens the journal of a state folder, making both when they are not there (folder 0700, file 0600).
    ///
    /// # Errors
    /// When that is not possible, or the file is not a journal of ours.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join(FILE);
        let fail = |source: Unusable| JournalError::Open { path: path.clone(), source };
        std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700)
            .create(folder)
            .map_err(|e| fail(e.into()))?;
        // Only when it is not there: closing a file drops all locks this process has on it, SQLite's too.
        match std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => return Err(fail(e.into())),
            _ => {}
        }
        let made = std::fs::metadata(&path).map_err(|e| fail(e.into()))?;
        let mut connection = Connection::open(&path).map_err(|e| fail(e.into()))?;
        prepare(&mut connection).map_err(fail)?;
        Ok(Self { connection, folder: folder.to_owned(), file: (made.dev(), made.ino()) })
    }

    /// Whether a state folder has a journal. Opening makes one.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// The state folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Opens a run with its first record.
    ///
    /// # Errors
    /// When it cannot be written, or the run exists.
    pub fn open_run(&mut self, run: &RunId, at: Millis, kind: RecordKind) -> Result<RunState, JournalError> {
        self.still_there()?;
        let record = Record { run: run.clone(), seq: 1, at, kind };
        let state = RunState::open(&record)?;
        let body = body_of(&record)?;
        let hash = chain_hash("", run, record.seq, record.at, &body);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute(
            "INSERT INTO runs (run, runbook, opened_at, head_seq, head_hash) VALUES (?1, ?2, ?3, 1, ?4)",
            params![run.as_str(), state.opened.runbook, at, hash],
        )?;
        insert(&transaction, &record, &body, "", &hash)?;
        transaction.commit()?;
        Ok(state)
    }

    /// Appends a record that follows `state`, durably, and answers the record and the state after it. With a lease,
    /// only while that lease is the run's newest.
    ///
    /// # Errors
    /// Nothing is recorded on any error. `Moved` when others have appended since `state`.
    pub fn append(
        &mut self,
        state: &RunState,
        lease: Option<&Lease>,
        at: Millis,
        kind: RecordKind,
    ) -> Result<(Record, RunState), JournalError> {
        let (record, next) = state.follow(kind, at)?;
        self.add(&record, lease)?;
        Ok((record, next))
    }

    /// Adds a record that follows the last one of its run, durably. With a lease, only while that lease is the run's newest.
    ///
    /// # Errors
    /// Nothing is recorded on any error. `Moved` when others have appended in its place.
    pub(super) fn add(&mut self, record: &Record, lease: Option<&Lease>) -> Result<(), JournalError> {
        self.still_there()?;
        let run = &record.run;
        let body = body_of(record)?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some(lease) = lease {
            let theirs: u64 =
                transaction.query_row("SELECT fence FROM leases WHERE run = ?1", [run.as_str()], |r| r.get(0))?;
            if theirs != lease.fence() {
                return Err(JournalError::Fenced { run: run.clone(), ours: lease.fence(), theirs });
            }
        }
        let (head, prev): (u64, String) =
            transaction.query_row("SELECT head_seq, head_hash FROM runs WHERE run = ?1", [run.as_str()], |r| {
                Ok((r.get(0)?, r.get(1)?))
            })?;
        if head + 1 != record.seq {
            return Err(JournalError::Moved(run.clone()));
        }
        let hash = chain_hash(&prev, run, record.seq, record.at, &body);
        insert(&transaction, record, &body, &prev, &hash)?;
        transaction.execute(
            "UPDATE runs SET head_seq = ?2, head_hash = ?3 WHERE run = ?1",
            params![run.as_str(), record.seq, hash],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// The records of a run after number `after`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn records(&self, run: &RunId, after: u64) -> Result<Vec<Record>, JournalError> {
        let sql = "SELECT seq, body FROM records WHERE run = ?1 AND seq > ?2 ORDER BY seq";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![run.as_str(), after], |r| Ok((r.get(0)?, r.get::<_, String>(1)?)))?;
        rows.map(|row| {
            let (seq, body): (u64, String) = row?;
            serde_json::from_str(&body).map_err(|source| JournalError::Body { run: run.to_string(), seq, source })
        })
        .collect()
    }

    /// The state of a run.
    ///
    /// # Errors
    /// When there is no such run, or its records cannot be read or do not follow each other.
    pub fn state(&self, run: &RunId) -> Result<RunState, JournalError> {
        RunState::fold(&self.records(run, 0)?)?.ok_or_else(|| JournalError::NoRun(run.to_string()))
    }

    /// All runs, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn runs(&self) -> Result<Vec<RunSummary>, JournalError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT run, runbook, opened_at FROM runs ORDER BY opened_at DESC, run DESC")?;
        let rows = statement.query_map([], |r| Ok((r.get::<_, String>(0)?, r.get(1)?, r.get(2)?)))?;
        rows.map(|row| {
            let (run, runbook, opened_at) = row?;
            let run = RunId::try_from(run.clone()).map_err(|_| JournalError::NoRun(run))?;
            Ok(RunSummary { run, runbook, opened_at })
        })
        .collect()
    }

    /// Refuses when what is written would be lost with the file.
    ///
    /// # Errors
    /// `Gone` when the file was removed or replaced.
    pub fn still_there(&self) -> Result<(), JournalError> {
        let path = self.folder.join(FILE);
        match std::fs::metadata(&path) {
            Ok(now) if (now.dev(), now.ino()) == self.file => Ok(()),
            _ => Err(JournalError::Gone { path }),
        }
    }

    /// Writes everything this process knows to a new file in the state folder and answers its path: SQLite still has the
    /// records of a file that was removed, until this process ends.
    ///
    /// # Errors
    /// When they cannot be read or the copy cannot be written.
    pub fn rescue(&self) -> Result<PathBuf, JournalError> {
        let path = self.folder.join(format!("{FILE}.rescued-{}", std::process::id()));
        let fail = |e: std::io::Error| JournalError::Open { path: path.clone(), source: e.into() };
        std::os::unix::fs::DirBuilderExt::mode(std::fs::DirBuilder::new().recursive(true), 0o700)
            .create(&self.folder)
            .map_err(fail)?;
        // An empty file may be written into: made here for its mode.
        std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path).map_err(fail)?;
        self.connection.execute("VACUUM INTO ?1", [path.display().to_string()])?;
        Ok(path)
    }

    /// The number and hash of a run's last record, as kept beside the records.
    pub(super) fn head(&self, run: &RunId) -> Result<Option<(u64, String)>, JournalError> {
        let row = self
            .connection
            .query_row("SELECT head_seq, head_hash FROM runs WHERE run = ?1", [run.as_str()], |r| {
                Ok((r.get(0)?, r.get(1)?))
            })
            .optional()?;
        Ok(row)
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    pub(super) fn reader(&self) -> &Connection {
        &self.connection
    }
}

fn prepare(connection: &mut Connection) -> Result<(), Unusable> {
    connection.busy_timeout(PATIENCE)?;
    // In this order: another process may be making it right now, tables and mark at once.
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    let id: i32 = connection.query_row("PRAGMA application_id", [], |r| r.get(0))?;
    if id != APPLICATION_ID && tables > 0 {
        return Err(Unusable::Foreign);
    }
    write_ahead(connection)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    migrations::migrate(connection)
}

/// Switches to a write-ahead log. Several who do so at once do not wait for each other as they do elsewhere: SQLite says
/// "locked" at once, whatever the timeout.
fn write_ahead(connection: &Connection) -> rusqlite::Result<()> {
    let begun = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && begun.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
}

fn body_of(record: &Record) -> Result<String, JournalError> {
    serde_json::to_string(record).map_err(|source| JournalError::Body {
        run: record.run.to_string(),
        seq: record.seq,
        source,
    })
}

fn insert(on: &Connection, record: &Record, body: &str, prev: &str, hash: &str) -> rusqlite::Result<usize> {
    on.execute(
        "INSERT INTO records (run, seq, at, body, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![record.run.as_str(), record.seq, record.at, body, prev, hash],
    )
}
