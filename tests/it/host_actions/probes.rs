//! What is waited for and checked before a run: ports, answers over HTTP, files and commands, on a real host and from here.

use super::bench::Host;
use runbook::action::examine;
use runbook::model::{CheckCall, CheckKind, CheckRow, CheckVerdict, FailureKind, Foresight, Found, Phase, Value};
use serde_json::json;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;

async fn check(host: &Host, parameters: Value, ahead: Foresight) -> CheckRow {
    let kind = CheckKind::ProbeHolds;
    let call = CheckCall { id: "own".into(), kind, parameters: parameters.into(), region: None, ahead };
    examine(&call, &host.access).await.remove(0)
}

/// A port on which nothing listens, and one on which a site answers this.
fn site(answer: &'static str) -> (u16, u16) {
    let (closed, open) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let ports = (closed.local_addr().unwrap().port(), open.local_addr().unwrap().port());
    drop(closed);
    std::thread::spawn(move || {
        for stream in open.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 2048]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    ports
}

#[tokio::test]
async fn what_is_so_is_seen_from_here_and_from_a_host() {
    let host = Host::start();
    let (closed, open) = site("HTTP/1.1 201 Made\r\nX-Node: web-1\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}");
    fs::write(host.path("app.conf"), "mode = new\nsecret = hunter-2\n").unwrap();
    let (conf, url) = (host.text("app.conf"), format!("http://127.0.0.1:{open}/"));
    let gone = host.text("gone");
    let so = [
        json!({ "port": { "port": open } }),
        json!({ "port": { "port": closed, "open": false } }),
        json!({ "port": { "host": "localhost", "port": open }, "on": host.target() }),
        json!({ "port": { "port": closed, "open": false }, "on": host.target() }),
        json!({ "http": { "url": url, "status": [200, 201], "header": { "x-node": "^web" }, "body": "ok", "not_body": "error",
            "json": { "/status": "ok" } } }),
        json!({ "file": { "path": conf, "contains": "^mode = new$", "not_contains": "old" }, "on": host.target() }),
        json!({ "file": { "path": gone, "exists": false }, "on": host.target(), "sudo": true }),
        json!({ "file": { "path": conf } }),
        json!({ "argv": ["test", "-e", conf], "on": host.target() }),
        json!({ "shell": "echo $A; exit 3", "env": { "A": 5 }, "expect": { "status": [3], "equals": 5 } }),
    ];
    for with in so {
        let seen = host.deed("wait.for", with.clone()).observe().await;
        assert_eq!(seen.found, Found::Holds, "{with}: {seen:?}");
        let row = check(&host, with, Foresight::WithCommands).await;
        assert_eq!((row.verdict, row.id.as_str()), (CheckVerdict::Pass, "own.holds"), "{row:?}");
    }
    let not_so = [
        (json!({ "port": { "port": closed } }), "takes no connection"),
        (json!({ "port": { "port": open, "open": false } }), "takes connections"),
        (json!({ "port": { "port": closed }, "on": host.target() }), "takes no connection"),
        // A name that only ssh knows is no answer, whatever is wanted.
        (json!({ "port": { "host": "db-1.invalid", "port": open } }), "cannot look up the name `db-1.invalid`"),
        (json!({ "port": { "host": "db-1.invalid", "port": open, "open": false } }), "an `on` to try it from there"),
        (json!({ "http": { "url": url } }), "answers 201"),
        (json!({ "http": { "url": url, "status": [201], "header": { "x-node": "db" } } }), "`x-node: web-1`"),
        (json!({ "http": { "url": url, "status": [201], "json": { "/status": "no" } } }), "`/status` is"),
        (json!({ "http": { "url": format!("http://127.0.0.1:{closed}/") } }), "gives no answer"),
        (json!({ "file": { "path": gone }, "on": host.target() }), "is not there"),
        (json!({ "file": { "path": conf, "contains": "old" } }), "nothing in it matches"),
        (json!({ "argv": ["false"], "on": host.target() }), "exit status 1"),
        (json!({ "argv": ["echo", "x"], "expect": { "equals": "y" } }), "did not print `y`"),
    ];
    for (with, why) in not_so {
        let seen = host.deed("wait.for", with.clone()).observe().await;
        assert!(seen.found == Found::Absent && seen.evidence.contains(why), "{with}: {seen:?}");
        assert!(!seen.evidence.contains("hunter"), "{seen:?}");
        let row = check(&host, with, Foresight::WithCommands).await;
        assert!(row.refuses() && row.acceptable && row.evidence.contains(why), "{row:?}");
        assert!(row.advice[0].starts_with("see to it that "), "{row:?}");
    }
}

#[tokio::test]
async fn it_is_waited_for_as_often_as_said() {
    let host = Host::start();
    let with = json!({ "argv": ["sh", "-c", format!("echo x >>{0}; [ $(wc -l <{0}) -gt 2 ]", host.text("n"))],
        "on": host.target(), "times": 3, "every": "1s" });
    let mut wait = host.deed("wait.for", with);
    wait.apply().await;
    let told = wait.verify().await;
    assert!(told.ends_with("3 times in a row"), "{told}");
    assert_eq!(fs::read_to_string(host.path("n")).unwrap().lines().count(), 5);
    let mut never = host.deed("wait.for", json!({ "file": { "path": host.text("never") }, "on": host.target() }));
    never.call.deadline_s = 3;
    assert_eq!(never.fails(Phase::Verify).await.kind, FailureKind::Deadline);
}

#[tokio::test]
async fn a_check_of_ones_own_says_what_it_means_and_what_helps() {
    let host = Host::start();
    let with = json!({ "argv": ["false"], "verdict": "warn", "helps": "stop the batch job first" });
    let row = check(&host, with.clone(), Foresight::WithCommands).await;
    assert_eq!(row.verdict, CheckVerdict::Warn);
    assert_eq!(row.advice[1], "stop the batch job first");
    let row = check(&host, with, Foresight::WithoutCommands).await;
    assert!(row.verdict == CheckVerdict::NotCheckable && row.evidence.starts_with("not run: "), "{row:?}");
}
