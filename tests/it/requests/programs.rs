//! The whole program: killed while a server holds its answer, and where nobody was there to be asked.

use super::server::{Says, Server};
use crate::support::desk::Desk;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

fn desk(url: &str, more: &str) -> Desk {
    let desk = Desk::new();
    let text = format!(
        "runbook: hook\ntitle: tell the others\nabout: It tells.\nsteps:\n  - id: tell\n    title: tell\n    why: To be seen.\n    \
         actions:\n      - id: hook\n        do: http.request\n        retry: {{ attempts: 2, first: 10ms }}\n        with:\n          \
         url: {url}\n          headers: {{ Authorization: {{ command: [sh, -c, printf hunter-%d 2] }} }}\n          \
         json: {{ text: moved }}\n          undo: {{ url: {url}/back }}\n{more}"
    );
    desk.write("hook.yaml", &text);
    desk
}

/// Runs the program until the server has a request, and kills it.
fn killed_in_the_middle(desk: &Desk, server: &Server) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_runbook"));
    desk.dressed(&mut command).args(["run", "hook.yaml", "--yes"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut executor = command.spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while server.requests().is_empty() {
        assert!(Instant::now() < end, "nothing arrives");
        std::thread::sleep(Duration::from_millis(20));
    }
    executor.kill().unwrap();
    executor.wait().unwrap();
}

fn held_first() -> (Server, Arc<AtomicBool>) {
    let held = Arc::new(AtomicBool::new(false));
    let once = Arc::clone(&held);
    let server = Server::says(move |_| match once.swap(true, Ordering::SeqCst) {
        false => Says::Holds,
        true => Says::This(200, "ok".into()),
    });
    (server, held)
}

fn nothing_secret(desk: &Desk) {
    let mut folders = vec![desk.path("state")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let bytes = std::fs::read(entry.path()).unwrap();
                assert!(!bytes.windows(8).any(|it| it == b"hunter-2"), "{:?}", entry.path());
            }
        }
    }
}

#[test]
fn killed_while_the_answer_is_held_it_is_a_doubt_and_a_person_decides() {
    let (server, _) = held_first();
    let desk = desk(&server.url("/hook"), "");
    killed_in_the_middle(&desk, &server);
    desk.types("hana", &["resume", "--yes"]).exits(4).says("may have arrived");
    assert_eq!(server.requests().len(), 1, "it is not sent again by itself");
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    desk.types("hana", &["resolve", &run, "tell/hook", "--as", "not-done", "--reason", "it is not in the log"])
        .exits(0);
    desk.types("hana", &["resume", "--yes"]).exits(0);
    assert_eq!(server.requests().len(), 2);
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(0);
    assert_eq!((server.requests()[2].method.as_str(), server.requests()[2].path.as_str()), ("DELETE", "/hook/back"));
    nothing_secret(&desk);
}

#[test]
fn killed_while_the_answer_is_held_it_is_sent_again_with_the_same_key() {
    let (server, _) = held_first();
    let desk = desk(&server.url("/hook"), "          idempotency_key: Idempotency-Key\n");
    killed_in_the_middle(&desk, &server);
    desk.types("hana", &["resume", "--yes"]).exits(0);
    let keys = |from: usize| -> BTreeSet<String> {
        server.requests()[from..].iter().map(|it| it.header("idempotency-key").to_owned()).collect()
    };
    assert_eq!((server.requests().len(), keys(0).len()), (2, 1), "one deed, however often it is sent");
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(0);
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    desk.types("hana", &["resume", &run, "--yes"]).exits(0);
    assert_eq!((server.requests().len(), keys(0).len()), (4, 3), "the undo, and the deed after it, are others");
}

/// Killed before anything was sent, too: nobody listens yet, and each try is certain to have done nothing.
#[test]
fn where_nobody_listens_it_is_tried_again_and_resume_simply_sends_it() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let desk = desk(&format!("http://127.0.0.1:{port}/hook"), "");
    desk.types("hana", &["run", "hook.yaml", "--yes"]).exits(1).says("was not sent");
    let status: Value = serde_json::from_str(&desk.types("hana", &["--format", "json", "status"]).stdout).unwrap();
    assert!(!status.to_string().contains("in doubt"), "{status:#}");
    let server = Server::on(port, |_| Says::This(200, "ok".into()));
    desk.types("hana", &["resume", "--yes"]).exits(0);
    assert_eq!(server.requests().len(), 1);
    nothing_secret(&desk);
}

/// A rollback of what certainly did nothing sends nothing.
#[test]
fn what_was_refused_is_not_taken_back() {
    let server = Server::says(|_| Says::This(422, "no such room".into()));
    let desk = desk(&server.url("/hook"), "");
    desk.types("hana", &["run", "hook.yaml", "--yes"]).exits(1).says("no such room");
    assert_eq!(server.requests().len(), 1, "what does not pass is not tried again");
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(0);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_request_without_a_way_back_says_why() {
    let desk = desk("http://127.0.0.1:9/", "");
    let text = desk.read("hook.yaml");
    let without: String = text.lines().filter(|line| !line.contains("undo:")).map(|line| format!("{line}\n")).collect();
    desk.write("hook.yaml", &without);
    desk.types("hana", &["validate", "hook.yaml"]).exits(2).says("a request without `undo`");
    desk.write(
        "hook.yaml",
        &without.replace("        with:", "        irreversible: a message stays said\n        with:"),
    );
    desk.types("hana", &["validate", "hook.yaml"]).exits(0);
}
