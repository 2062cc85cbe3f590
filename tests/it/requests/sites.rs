//! A site that is asked while a run is under way: what its answers showed is recorded, told and reported.

use super::server::{Says, Server};
use crate::support::desk::Desk;
use serde_json::Value;
use std::path::PathBuf;

/// A server that is down as long as `DESK/down` is there, and a runbook that makes and removes that file.
fn desk() -> (Desk, Server) {
    let desk = Desk::new();
    let down: PathBuf = desk.path("down");
    let server = Server::says(move |_| match down.exists() {
        true => Says::This(503, "later".into()),
        false => Says::This(200, "{\"maintenance\": false}".into()),
    });
    let text = format!(
        "runbook: shop\ntitle: replace it\nabout: It replaces.\nsite:\n  http: {{ url: \"{}\", json: {{ /maintenance: false }} }}\n  \
         every: 200ms\nsteps:\n  - id: away\n    title: away\n    why: To be replaced.\n    actions:\n      - {{ id: stop, do: local.run, \
         downtime: begins, with: {{ shell: \"touch down; sleep 1.5\", cwd: \"{1}\", undo: \"rm down\" }} }}\n  - id: back\n    title: \
         back\n    why: To be used.\n    actions:\n      - {{ id: start, do: local.run, downtime: ends, with: {{ shell: \"rm down\", \
         cwd: \"{1}\", undo: \"touch down; sleep 1.5\" }} }}\n",
        server.url("/status.php"),
        desk.path("").display().to_string().trim_end_matches('/'),
    );
    desk.write("shop.yaml", &text);
    (desk, server)
}

fn log(desk: &Desk) -> Vec<Value> {
    let said = desk.types("hana", &["--format", "json", "log"]).exits(0);
    let all: Value = serde_json::from_str(&said.stdout).unwrap();
    all.as_array().unwrap().iter().filter(|record| record["record"] == "site_seen").cloned().collect()
}

fn ups(log: &[Value]) -> Vec<bool> {
    log.iter().map(|record| record["site"]["up"].as_bool().unwrap()).collect()
}

#[test]
fn a_downtime_is_measured_told_and_reported() {
    let (desk, _server) = desk();
    desk.types("hana", &["plan", "shop.yaml"]).exits(0).says("asked every 0.2 s");
    let ran =
        desk.types("hana", &["run", "shop.yaml", "--yes", "--allow-commands", "--poll-interval", "100ms"]).exits(0);
    let ran = ran.says("the site does not answer any more").says("the site answers again, after");
    ran.says("the site did not answer for").says("in all; it answers now");
    let seen = log(&desk);
    assert_eq!(ups(&seen), [true, false, true], "{seen:#?}");
    let report: Value =
        serde_json::from_str(&desk.types("hana", &["--format", "json", "report"]).exits(0).stdout).unwrap();
    let times = report["seen_outages"].as_array().unwrap();
    assert_eq!((times.len(), &times[0]["under_way"][0]), (1, &Value::from("away/stop")), "{report:#}");
    let length = times[0]["length_ms"].as_i64().unwrap();
    assert!(length >= 1_000 && report["actual"]["seen_down_ms"] == length, "{report:#}");
    desk.types("hana", &["report"]).exits(0).says("site without an answer").says("when the site did not answer");
    // The way back is asked, too, and adds to it.
    desk.types("hana", &["rollback", "--to", "start", "--yes", "--poll-interval", "100ms"])
        .exits(0)
        .says("in all, in 2 times; it answers now");
    assert_eq!(ups(&log(&desk)), [true, false, true, true, false, true]);
}

/// What was begun is brought to its end, and nothing comes after it, as soon as the site was not to be down any longer; a person lets it go on.
#[test]
fn nothing_new_begins_when_the_site_is_down_for_as_long_as_it_may_be() {
    let (desk, _server) = desk();
    let run = ["run", "shop.yaml", "--yes", "--allow-commands", "--poll-interval", "100ms"];
    let limits = ["--max-downtime", "1s", "--accept", "downtime.fits=a try"];
    let late = desk.types("hana", &[&run[..], &limits].concat()).exits(4);
    let late = late.says("rests before its next action: the site is down since").says("and may be for 1 s in all");
    late.says("resume").says("--max-downtime none");
    assert!(desk.path("down").exists(), "the next step has not begun");
    desk.types("hana", &["resume", "--max-downtime", "none", "--poll-interval", "100ms"]).exits(0);
    assert!(!desk.path("down").exists());
}

#[test]
fn nobody_asks_where_that_is_not_wanted() {
    let (desk, server) = desk();
    desk.types("hana", &["--no-probe", "run", "shop.yaml", "--yes", "--allow-commands", "--poll-interval", "100ms"])
        .exits(0);
    assert!(server.requests().is_empty() && log(&desk).is_empty());
    let report: Value =
        serde_json::from_str(&desk.types("hana", &["--format", "json", "report"]).exits(0).stdout).unwrap();
    assert_eq!((&report["seen_outages"], &report["actual"]["seen_down_ms"]), (&Value::Null, &Value::Null));
}

/// An executor is killed while the site is down; the next one goes on with the same time, and sees its end.
#[test]
fn a_downtime_outlives_an_executor() {
    let (desk, _server) = desk();
    desk.write("down", "");
    let text = desk.read("shop.yaml").replace("sleep 1.5\", cwd", "sleep 30\", cwd");
    desk.write("shop.yaml", &text);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_runbook"));
    desk.dressed(&mut command).args(["run", "shop.yaml", "--yes", "--allow-commands", "--poll-interval", "100ms"]);
    let quiet = std::process::Stdio::null;
    let mut executor = command.stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while desk.runs().get(0).is_none() || log(&desk).is_empty() {
        assert!(std::time::Instant::now() < end, "the site is not seen");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    executor.kill().unwrap();
    executor.wait().unwrap();
    std::fs::remove_file(desk.path("down")).unwrap();
    desk.types("hana", &["rollback", "--to", "start", "--yes", "--poll-interval", "100ms"]);
    let seen = log(&desk);
    assert_eq!(ups(&seen)[..2], [false, true], "{seen:#?}");
}
