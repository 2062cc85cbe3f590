//! A run that is watched in a real browser: while it goes on, waits, is killed and ends, without the page being loaded again.

use crate::plan_page::suits_everybody;
use crate::support::browser::Browser;
use crate::support::desk::Desk;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take to be seen.
const PATIENCE: Duration = Duration::from_secs(30);

const RUNBOOK: &str = "runbook: shop
title: move the shop
about: It moves.
steps:
  - id: agree
    title: let somebody say yes
    why: So that it is known.
    actions:
      - { id: ask, do: gate.approve, with: { prompt: may <b>it</b> be closed? } }
  - id: move
    title: carry it over
    why: It is the work.
    actions:
      - { id: carry, do: local.run, usually: 5s, with: { shell: 'while ! test -e ready; do echo shelf; sleep .2; done', undo: 'true', repeatable: true } }
";

/// A program of this test's, ended with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn begins(desk: &Desk, arguments: &[&str]) -> Running {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
    let command = desk.dressed(&mut command).args(arguments);
    Running(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
}

/// A run's page, at its address.
fn watches(desk: &Desk) -> (Running, String) {
    let mut watching = begins(desk, &["--format", "json", "watch"]);
    let mut line = String::new();
    BufReader::new(watching.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let said: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
    (watching, said["url"].as_str().unwrap().to_owned())
}

fn a_browser(desk: &Desk) -> Browser {
    desk.write("empty.html", "<!DOCTYPE html><title>empty</title>");
    Browser::open(&desk.path("empty.html"))
}

/// Waits until the page says this by itself.
#[track_caller]
fn shows(browser: &mut Browser, words: &str) {
    let began = Instant::now();
    loop {
        let text =
            browser.evaluate("document.getElementById('now').innerText + document.getElementById('lost').innerText");
        let text = text.as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        if text.contains(words) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "`{words}` is not shown:\n{text}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The status of an answer to a request as it is.
fn asks(url: &str, request: &str) -> String {
    let host = url.strip_prefix("http://").unwrap().split('/').next().unwrap();
    let mut connection = TcpStream::connect(host).unwrap();
    write!(connection, "{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_run_is_followed_while_it_waits_works_is_killed_and_ends() {
    let desk = Desk::new();
    desk.write("shop.yaml", RUNBOOK);
    desk.types("hana", &["run", "shop.yaml", "--allow-commands", "--yes"]).exits(4);
    let (_watching, url) = watches(&desk);
    let mut browser = a_browser(&desk);
    browser.asked_for.clear();
    browser.go(&url);
    shows(&mut browser, "waits for a person: ask");
    shows(&mut browser, "<b>it</b> be closed?");
    shows(&mut browser, "runbook approve");
    // The page stays; what it shows changes.
    browser.evaluate("window.same = 'page'");
    desk.types("kim", &["approve", "ask"]).exits(0);
    shows(&mut browser, "waits to be resumed");
    let mut executor = begins(&desk, &["resume", "--poll-interval", "100ms"]);
    shows(&mut browser, "is under way");
    shows(&mut browser, "move/carry");
    // What it waits for, as its executor hears it.
    shows(&mut browser, "shelf");
    shows(&mut browser, "Executed by hana");
    // A reader unfolds and folds as he likes, whatever comes.
    browser.evaluate("document.querySelector('#step-1 summary').click()");
    let open = "document.getElementById('step-1').open";
    let unfolded = browser.evaluate(open);
    executor.0.kill().unwrap();
    executor.0.wait().unwrap();
    shows(&mut browser, "It was killed, or its machine went down");
    shows(&mut browser, "nobody is at it");
    assert_eq!(browser.evaluate(open), unfolded, "what was unfolded stays so");
    desk.write("ready", "");
    desk.types("otto", &["resume", "--poll-interval", "100ms"]).exits(0);
    shows(&mut browser, "is finished");
    assert_eq!(browser.evaluate("window.same"), "page", "it was not loaded again");
    assert!(browser.evaluate("document.title").as_str().unwrap().contains("is finished"));
    assert!(browser.evaluate("document.getElementById('said').textContent").as_str().unwrap().contains("is finished"));
    assert!(browser.console.is_empty(), "the console says {:?}", browser.console);
    let others: Vec<&String> = browser.asked_for.iter().filter(|asked| !asked.starts_with(&url)).collect();
    assert!(others.is_empty(), "it asked for {others:?}");
}

#[test]
fn everybody_can_watch() {
    let desk = Desk::new();
    desk.write("shop.yaml", RUNBOOK);
    desk.types("hana", &["run", "shop.yaml", "--allow-commands", "--yes"]).exits(4);
    let (watching, url) = watches(&desk);
    let mut browser = a_browser(&desk);
    browser.go(&url);
    shows(&mut browser, "waits for a person: ask");
    suits_everybody(&mut browser);
    desk.types("kim", &["approve", "ask"]).exits(0);
    let _executor = begins(&desk, &["resume", "--poll-interval", "100ms"]);
    shows(&mut browser, "shelf");
    suits_everybody(&mut browser);
    // Where nothing comes any more that is told, and that what is shown is old.
    drop(watching);
    shows(&mut browser, "Nothing is heard of the run since");
}

/// Who has not the address sees nothing; who has it changes nothing; nothing is kept.
#[test]
fn only_who_has_the_address_may_look() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let (mut watching, url) = watches(&desk);
    let path = url.split('/').skip(3).collect::<Vec<_>>().join("/");
    let other = path.replace(|c: char| c.is_ascii_digit(), "a");
    for (request, status) in [
        (format!("GET /{path}"), "200"),
        ("GET /".to_owned(), "404"),
        (format!("GET /{other}"), "404"),
        (format!("GET /{other}events"), "404"),
        (format!("GET /{}", path.trim_end_matches('/')), "404"),
        (format!("POST /{path}"), "405"),
        (format!("DELETE /{path}events"), "405"),
    ] {
        let answer = asks(&url, &request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(status == "200" || !answer.contains("ask two people"), "{request}: {answer}");
    }
    let answer = asks(&url, &format!("GET /{path}")).to_lowercase();
    for header in
        ["cache-control: no-store", "referrer-policy: no-referrer", "frame-ancestors 'none'", "connect-src 'self'"]
    {
        assert!(answer.contains(header), "{header} is not in {answer}");
    }
    // It listens on this machine alone, and an executor's lease is none of its business.
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    desk.types("kim", &["approve", "kim"]).exits(0);
    desk.types("hana", &["resume"]).exits(4);
    // Ctrl-C ends it, whoever still looks.
    let pid = rustix::process::Pid::from_child(&watching.0);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(watching.0.wait().unwrap().success());
    desk.types("hana", &["watch", "--listen", "nowhere"]).exits(2);
    desk.types("hana", &["watch", "nothing"]).exits(2).says("there is no run `nothing`");
}
