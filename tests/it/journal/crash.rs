//! Real processes, really killed. Each test runs the test program a second time; that half is marked `#[ignore]`.

use super::{forward, holder, journal_of, run_id, started};
use runbook::journal::{Journal, JournalError, Verdict};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const FOLDER: &str = "RUNBOOK_TEST_JOURNAL";

/// Starts the second half of a test on a journal.
fn child(name: &str, folder: &Path) -> Child {
    let test = format!("journal::crash::inside::{name}");
    Command::new(std::env::current_exe().unwrap())
        .args([&test, "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Fifty executors append until they are killed. Whatever one of them announced is there, and the chain is whole.
#[test]
fn what_was_announced_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    journal_of(folder.path(), 1);
    let mut lived = 0;
    for round in 0..50_u64 {
        let mut child = child("append_for_ever", folder.path());
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("at work") {
            line.clear();
            assert_ne!(out.read_line(&mut line).unwrap(), 0, "round {round}: it did not get to work");
        }
        // Spread over the phases of an append, which takes a millisecond or so.
        std::thread::sleep(Duration::from_micros(round * round * 7919 % 12_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let whole = rest.lines().filter(|_| rest.ends_with('\n'));
        let announced =
            whole.filter_map(|line| line.strip_prefix("durable ")).filter_map(|n| n.parse::<u64>().ok()).max();

        let journal = Journal::open(folder.path()).unwrap();
        let verdict = journal.verify(&run_id()).unwrap();
        assert!(matches!(verdict, Verdict::Intact { .. }), "round {round}: {verdict:?}");
        let state = journal.state(&run_id()).unwrap();
        let announced = announced.unwrap_or(0);
        assert!(state.seq >= announced, "round {round}: {announced} was announced, {} is there", state.seq);
        assert!(journal.holder(&run_id()).unwrap().is_none(), "round {round}: a dead holder holds nothing");
        lived += u64::from(announced > 0);
    }
    assert!(lived > 20, "most rounds appended something: {lived}");
}

#[test]
fn a_killed_holders_lease_is_free_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut journal, state) = journal_of(folder.path(), 1);
    let mut child = child("hold_for_ever", folder.path());
    let waiting = Instant::now();
    while journal.holder(&state.run).unwrap().is_none() {
        assert!(waiting.elapsed() < Duration::from_secs(20), "the child takes the lease");
        std::thread::sleep(Duration::from_millis(5));
    }
    let refused = journal.lease(&state.run, &holder(), 1).unwrap_err();
    assert!(refused.to_string().contains(&format!("process {}", child.id())), "{refused}");
    child.kill().unwrap();
    child.wait().unwrap();
    let lease = journal.lease(&state.run, &holder(), 2).unwrap();
    assert_eq!(lease.fence(), 2);
}

/// The file system takes no more: the append is an error, nothing of it is recorded, and what was announced is there.
#[test]
fn a_full_disk_is_an_error_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    journal_of(folder.path(), 1);
    // A limit on the size of files stands in for the disk: writing beyond it fails, for root too.
    let out = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 300; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["journal::crash::inside::append_until_full", "--exact", "--ignored", "--nocapture"])
        .env(FOLDER, folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(out.stdout).unwrap();
    let announced: u64 = said.lines().filter_map(|l| l.strip_prefix("durable ")).next_back().unwrap().parse().unwrap();
    assert!(said.contains("refused twice"), "{said}");
    let journal = Journal::open(folder.path()).unwrap();
    assert!(matches!(journal.verify(&run_id()).unwrap(), Verdict::Intact { records, .. } if records == announced));
}

mod inside {
    use super::*;
    use std::io::Write;

    fn say(line: &str) {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}").unwrap();
        out.flush().unwrap();
    }

    fn journal() -> Journal {
        Journal::open(Path::new(&std::env::var(FOLDER).unwrap())).unwrap()
    }

    #[test]
    #[ignore = "the second half of what_was_announced_survives_a_kill"]
    fn append_for_ever() {
        let mut journal = journal();
        let lease = journal.lease(&run_id(), &holder(), 1).unwrap();
        let state = journal.state(&run_id()).unwrap();
        let (_, mut state) = journal.append(&state, Some(&lease), 2, forward(lease.fence())).unwrap();
        say("\nat work");
        loop {
            let action = format!("step/a{}", state.seq);
            let (record, next) = journal.append(&state, Some(&lease), 2, started(&action)).unwrap();
            say(&format!("durable {}", record.seq));
            state = next;
        }
    }

    #[test]
    #[ignore = "the second half of a_full_disk_is_an_error_and_loses_nothing"]
    fn append_until_full() {
        let mut journal = journal();
        let mut state = journal.state(&run_id()).unwrap();
        say("");
        for number in 0..10_000 {
            match journal.append(&state, None, 2, started(&format!("step/a{number}"))) {
                Ok((record, next)) => {
                    say(&format!("durable {}", record.seq));
                    state = next;
                }
                Err(error) => {
                    assert!(matches!(error, JournalError::Sqlite(_)), "{error:?}");
                    assert_eq!(journal.records(&run_id(), state.seq).unwrap(), [], "nothing of it is seen");
                    journal.append(&state, None, 2, started("step/again")).unwrap_err();
                    say("refused twice");
                    return;
                }
            }
        }
        panic!("the disk did not get full");
    }

    #[test]
    #[ignore = "the second half of a_killed_holders_lease_is_free_at_once"]
    fn hold_for_ever() {
        let mut journal = journal();
        let _lease = journal.lease(&run_id(), &holder(), 1).unwrap();
        loop {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
}
