//! Files and modes, other people's databases, two writers, the lease and its fence.

use super::{forward, holder, journal_of, opened, path, run_id, started};
use runbook::journal::{Journal, JournalError, LeaseError, RecordKind, Verdict};
use std::error::Error;
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The error with its causes, as an operator reads it.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, ": {cause}").unwrap();
        source = cause.source();
    }
    text
}

#[test]
fn nobody_else_reads_the_journal() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("deep/state");
    let (mut journal, state) = journal_of(&folder, 2);
    let _lease = journal.lease(&state.run, &holder(), 1).unwrap();
    assert_eq!(mode(&folder), 0o700);
    for file in ["journal.db", "journal.db-wal", "journal.db-shm", "r20260101-000000-test.lock"] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
}

#[test]
fn records_are_neither_changed_nor_removed() {
    let folder = tempfile::tempdir().unwrap();
    journal_of(folder.path(), 3);
    let raw = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    for sql in ["UPDATE records SET body = '{}' WHERE seq = 2", "DELETE FROM records WHERE seq = 3"] {
        let refused = raw.execute(sql, []).unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    let state = Journal::open(folder.path()).unwrap().state(&run_id()).unwrap();
    assert_eq!(state.seq, 3);
}

#[test]
fn what_is_no_journal_of_ours_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");

    std::fs::write(&file, "these are a shopping list's bytes, and many more of them than a header has.".repeat(20))
        .unwrap();
    let before = std::fs::read(&file).unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(told(&error).contains("file is not a database"), "{}", told(&error));
    assert_eq!(std::fs::read(&file).unwrap(), before);

    std::fs::remove_file(&file).unwrap();
    let foreign = rusqlite::Connection::open(&file).unwrap();
    foreign.execute_batch("CREATE TABLE cats (name TEXT)").unwrap();
    drop(foreign);
    let before = std::fs::read(&file).unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(told(&error).contains("it is an SQLite database of something else"), "{}", told(&error));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_newer_journal_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    journal_of(folder.path(), 1);
    let raw = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(
        told(&error).contains("it is of version 99, and this `runbook` knows versions up to 4"),
        "{}",
        told(&error)
    );
    let version: i64 = raw.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

/// Whoever cannot open the journal is not sent to an empty one while this one has runs.
#[test]
fn each_journal_that_cannot_be_opened_has_its_own_remedy() {
    let remedy = |spoil: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        journal_of(folder.path(), 1);
        spoil(folder.path());
        Journal::open(folder.path()).unwrap_err().remedy().unwrap_or_default()
    };
    let sql = |folder: &Path, sql: &str| {
        rusqlite::Connection::open(folder.join("journal.db")).unwrap().execute_batch(sql).unwrap();
    };
    let newer = remedy(&|folder| sql(folder, "PRAGMA user_version = 99"));
    assert!(newer.contains("use the `runbook` that wrote it") && !newer.contains("--state"), "{newer}");
    let foreign = remedy(&|folder| sql(folder, "PRAGMA application_id = 7"));
    assert_eq!(foreign, "choose another folder with `--state FOLDER`");
    let spoiled = remedy(&|folder| std::fs::write(folder.join("journal.db"), "x".repeat(9_000)).unwrap());
    assert!(spoiled.contains("take a copy") && spoiled.contains(".recover"), "{spoiled}");
    assert!(!spoiled.contains("--state") && !spoiled.contains("--verify"), "{spoiled}");
    let no_folder = remedy(&|folder| {
        std::fs::remove_file(folder.join("journal.db")).unwrap();
        std::fs::create_dir(folder.join("journal.db")).unwrap();
    });
    assert!(no_folder.contains("writable"), "{no_folder}");

    let file = tempfile::NamedTempFile::new().unwrap();
    let io = Journal::open(&file.path().join("state")).unwrap_err().remedy().unwrap();
    assert!(io.contains("writable") && io.contains("--state FOLDER"), "{io}");
}

#[test]
fn a_journal_that_is_removed_or_replaced_takes_no_record() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, state) = journal_of(folder.path(), 2);
    let (file, away) = (folder.path().join("journal.db"), folder.path().join("away.db"));
    std::fs::rename(&file, &away).unwrap();
    let gone = journal.append(&state, None, 3, started("step/a3")).unwrap_err();
    assert!(matches!(gone, JournalError::Gone { .. }), "{gone:?}");
    std::fs::write(&file, "").unwrap();
    let replaced = journal.append(&state, None, 3, started("step/a3")).unwrap_err();
    assert!(matches!(replaced, JournalError::Gone { .. }), "{replaced:?}");
    std::fs::rename(&away, &file).unwrap();
    journal.append(&state, None, 3, started("step/a3")).unwrap();
}

#[test]
fn of_two_who_append_at_once_one_wins_and_the_other_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, state) = journal_of(folder.path(), 1);
    let mut other = Journal::open(folder.path()).unwrap();
    one.append(&state, None, 2, started("step/one")).unwrap();
    let late = other.append(&state, None, 2, started("step/other")).unwrap_err();
    assert!(matches!(late, JournalError::Moved(run) if run == run_id()));
    let state = other.state(&run_id()).unwrap();
    assert!(state.action(&path("step/other")).is_pending());
    other.append(&state, None, 2, started("step/other")).unwrap();
}

#[test]
fn many_who_append_leave_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    journal_of(folder.path(), 1);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let folder = folder.path().to_owned();
            std::thread::spawn(move || {
                let mut journal = Journal::open(&folder).unwrap();
                for number in 0..10 {
                    loop {
                        let state = journal.state(&run_id()).unwrap();
                        match journal.append(&state, None, 2, started(&format!("step/w{writer}n{number}"))) {
                            Ok(_) => break,
                            Err(JournalError::Moved(_)) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                }
            })
        })
        .collect();
    let reader = Journal::open(folder.path()).unwrap();
    while writers.iter().any(|writer| !writer.is_finished()) {
        let verdict = reader.verify(&run_id()).unwrap();
        assert!(matches!(verdict, Verdict::Intact { .. }), "while others append: {verdict:?}");
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let records = reader.records(&run_id(), 0).unwrap();
    assert!(records.iter().map(|record| record.seq).eq(1..=41));
}

#[test]
fn many_may_make_the_journal_at_once() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let openers: Vec<_> = (0..6)
            .map(|_| {
                let folder = folder.path().to_owned();
                std::thread::spawn(move || Journal::open(&folder).map(drop).map_err(|error| told(&error)))
            })
            .collect();
        for opener in openers {
            opener.join().unwrap().unwrap();
        }
    }
}

#[test]
fn a_run_is_opened_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, _) = journal_of(folder.path(), 2);
    assert!(matches!(journal.open_run(&run_id(), 9, opened()), Err(JournalError::Sqlite(_))));
    assert_eq!(journal.state(&run_id()).unwrap().seq, 2);
    assert!(matches!(journal.state(&"r-none".parse().unwrap()), Err(JournalError::NoRun(_))));
    assert!(matches!(journal.verify(&"r-none".parse().unwrap()), Err(JournalError::NoRun(_))));
}

#[test]
fn an_illegal_record_is_not_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, state) = journal_of(folder.path(), 1);
    let kind = RecordKind::Undone { action: path("step/one"), evidence: String::new() };
    let refused = journal.append(&state, None, 2, kind).unwrap_err();
    assert!(matches!(refused, JournalError::Illegal(_)));
    assert_eq!(journal.records(&run_id(), 0).unwrap().len(), 1);
}

#[test]
fn time_does_not_go_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, state) = journal_of(folder.path(), 5);
    let (record, _) = journal.append(&state, None, -7, started("step/late")).unwrap();
    assert_eq!(record.at, 5);
}

#[test]
fn a_living_holders_lease_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, state) = journal_of(folder.path(), 1);
    assert!(journal.holder(&state.run).unwrap().is_none());
    let lease = journal.lease(&state.run, &holder(), 42).unwrap();
    let mut other = Journal::open(folder.path()).unwrap();
    let refused = other.lease(&state.run, &holder(), 43).unwrap_err();
    assert!(matches!(&refused, LeaseError::Held { since: 42, .. }), "{refused:?}");
    let expected = format!("is being executed by tester on here (process {})", std::process::id());
    assert!(refused.to_string().contains(&expected), "{refused}");
    assert_eq!(other.holder(&state.run).unwrap(), Some((holder(), 42)));
    drop(lease);
    assert!(other.holder(&state.run).unwrap().is_none());
    assert_eq!(other.lease(&state.run, &holder(), 44).unwrap().fence(), 2);
}

/// The lock is lost (removed, or on a file system that keeps none): the fence decides, and the older one is out.
#[test]
fn an_older_lease_appends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, state) = journal_of(folder.path(), 1);
    let old = journal.lease(&state.run, &holder(), 1).unwrap();
    let (_, state) = journal.append(&state, Some(&old), 2, forward(1)).unwrap();
    std::fs::remove_file(folder.path().join(format!("{}.lock", state.run))).unwrap();
    let mut other = Journal::open(folder.path()).unwrap();
    let new = other.lease(&state.run, &holder(), 3).unwrap();
    let fenced = journal.append(&state, Some(&old), 4, started("step/one")).unwrap_err();
    assert!(matches!(fenced, JournalError::Fenced { ours: 1, theirs: 2, .. }), "{fenced:?}");
    other.append(&state, Some(&new), 4, started("step/one")).unwrap();
}

/// SQLite still has the records of a removed file, until the process ends.
#[test]
fn what_is_known_of_a_removed_journal_is_rescued() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, state) = journal_of(folder.path(), 1);
    let (_, state) = journal.append(&state, None, 2, started("step/one")).unwrap();
    for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    let copy = journal.rescue().unwrap();
    drop(journal);
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::rename(&copy, folder.path().join("journal.db")).unwrap();
    let journal = Journal::open(folder.path()).unwrap();
    assert_eq!(journal.state(&run_id()).unwrap(), state);
    assert!(matches!(journal.verify(&run_id()).unwrap(), Verdict::Intact { records: 2, .. }));
}
