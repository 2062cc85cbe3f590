//! The schema, as an append-only list of migrations.
//!
//! Rules: never change or remove an entry, only add; a journal of any released version opens for ever
//! (tests/it/journal/compat.rs). The index in the list plus one is the database's `user_version`.

use super::Unusable;
use rusqlite::Connection;

/// "Rbk1": marks the file as ours.
pub(super) const APPLICATION_ID: i32 = 0x5262_6b31;

const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE runs (
        run       TEXT PRIMARY KEY,
        runbook   TEXT NOT NULL,
        opened_at INTEGER NOT NULL,
        head_seq  INTEGER NOT NULL,
        head_hash TEXT NOT NULL
    ) STRICT;
    CREATE TABLE records (
        run  TEXT NOT NULL REFERENCES runs(run),
        seq  INTEGER NOT NULL,
        at   INTEGER NOT NULL,
        body TEXT NOT NULL,
        prev TEXT NOT NULL,
        hash TEXT NOT NULL,
        PRIMARY KEY (run, seq)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE leases (
        run      TEXT PRIMARY KEY REFERENCES runs(run),
        fence    INTEGER NOT NULL,
        holder   TEXT NOT NULL,
        taken_at INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER records_are_not_changed BEFORE UPDATE ON records
        BEGIN SELECT RAISE(ABORT, 'records are append-only'); END;
    CREATE TRIGGER records_are_not_removed BEFORE DELETE ON records
        BEGIN SELECT RAISE(ABORT, 'records are append-only'); END;
",
    // Nothing changes in the tables. A version before this one would make another run of records that are new with it (what a
    // person says that an action has given, a run that is abandoned, a bound that a replan sets, what stays at a rollback),
    // and is kept away.
    "
",
    // Nothing changes in the tables. A version before this one reads no record of a guard, and would begin what a broken one keeps
    // from being begun.
    "
",
    // Nothing changes in the tables. A version before this one takes a replan that changes a wait which has failed for a mistake.
    "
",
];

/// Brings a database to the newest version, in one transaction.
///
/// # Errors
/// SQLite's; or the version found, when it is newer than this tool knows.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Unusable> {
    let version: usize = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: usize = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > MIGRATIONS.len() {
        return Err(Unusable::Newer { found, known: MIGRATIONS.len() });
    }
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(found) {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", index + 1)?;
    }
    if found == 0 {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrating_twice_is_migrating_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        migrate(&mut connection).unwrap();
        let version: usize = connection.query_row("PRAGMA user_version", [], |r| r.get(0)).unwrap();
        assert_eq!(version, MIGRATIONS.len());
    }

    #[test]
    fn a_newer_journal_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", MIGRATIONS.len() + 1).unwrap();
        assert!(matches!(migrate(&mut connection), Err(Unusable::Newer { .. })));
    }
}
