//! What somebody with the file in hand can do to it, and what `verify` says then.

use super::{journal_of, run_id};
use runbook::journal::{Broken, Journal, Verdict};

/// What `verify` says of a run of six records after somebody's SQL.
fn after(sql: &str) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    journal_of(folder.path(), 6);
    let raw = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    raw.execute_batch("DROP TRIGGER records_are_not_changed; DROP TRIGGER records_are_not_removed;").unwrap();
    raw.execute_batch(sql).unwrap();
    drop(raw);
    Journal::open(folder.path()).unwrap().verify(&run_id()).unwrap()
}

fn broken(sql: &str) -> Broken {
    match after(sql) {
        Verdict::Broken(broken) => broken,
        Verdict::Intact { .. } => panic!("not found: {sql}"),
    }
}

#[test]
fn untouched_it_is_intact() {
    assert!(matches!(after("SELECT 1"), Verdict::Intact { records: 6, .. }));
}

#[test]
fn an_edit_shows() {
    for sql in [
        "UPDATE records SET body = replace(body, 'looked', 'hooked') WHERE seq = 3",
        "UPDATE records SET body = 'no json' WHERE seq = 3",
        "UPDATE records SET body = body || ' ' WHERE seq = 3",
        "UPDATE records SET at = at + 1 WHERE seq = 3",
        "UPDATE records SET prev = 'x' WHERE seq = 3",
        "UPDATE records SET hash = 'x' WHERE seq = 3",
    ] {
        assert_eq!(broken(sql), Broken::Changed { seq: 3 }, "{sql}");
    }
}

#[test]
fn a_removed_record_shows() {
    assert_eq!(broken("DELETE FROM records WHERE seq = 3"), Broken::Missing { expected: 3 });
    assert_eq!(broken("DELETE FROM records WHERE seq = 1"), Broken::Missing { expected: 1 });
    let closed_up = "DELETE FROM records WHERE seq = 3; UPDATE records SET seq = seq - 1 WHERE seq > 3;";
    assert_eq!(broken(closed_up), Broken::Changed { seq: 3 });
}

#[test]
fn a_cut_tail_shows() {
    assert_eq!(broken("DELETE FROM records WHERE seq > 4"), Broken::Cut { found: 4, expected: 6 });
    assert_eq!(broken("DELETE FROM records"), Broken::Cut { found: 0, expected: 6 });
    let told = "DELETE FROM records WHERE seq > 4; UPDATE runs SET head_seq = 4";
    assert_eq!(broken(told), Broken::Changed { seq: 4 }, "the head's hash is of another record");
}

#[test]
fn swapped_and_copied_records_show() {
    let swapped = "UPDATE records SET seq = 100 WHERE seq = 3; UPDATE records SET seq = 3 WHERE seq = 4;
                   UPDATE records SET seq = 4 WHERE seq = 100";
    assert_eq!(broken(swapped), Broken::Changed { seq: 3 });
    let bodies = "UPDATE records SET body = (SELECT body FROM records WHERE seq = 4) WHERE seq = 3";
    assert_eq!(broken(bodies), Broken::Changed { seq: 3 });
    let added = "INSERT INTO records SELECT run, 7, at, body, hash, 'x' FROM records WHERE seq = 6";
    assert_eq!(broken(added), Broken::Changed { seq: 7 });
}

/// The limit that docs/journal.md states: whoever rewrites head, hashes and records alike is found only by a head that was
/// kept elsewhere.
#[test]
fn a_cut_with_its_head_moved_too_shows_only_against_a_head_kept_elsewhere() {
    let Verdict::Intact { head, .. } = after("SELECT 1") else { panic!("intact") };
    let moved = "DELETE FROM records WHERE seq > 4;
                 UPDATE runs SET head_seq = 4, head_hash = (SELECT hash FROM records WHERE seq = 4)";
    let Verdict::Intact { records: 4, head: other } = after(moved) else { panic!("it is what the docs say") };
    assert_ne!(head, other);
}
