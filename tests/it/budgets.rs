//! How long a site may be down, and the window in which anything may be changed: a plan that does not fit is refused, unless a person
//! takes that upon himself; and a run from which the way back would not fit any more rests.

use crate::support::desk::Desk;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

const RUNBOOK: &str = r#"runbook: shop
title: replace it
about: It replaces.
steps:
  - id: away
    title: away
    why: To be replaced.
    needs: []
    actions:
      - { id: stop, do: local.run, usually: 1m, downtime: begins, with: { argv: ["true"], undo: ["true"] } }
  - id: work
    title: work
    why: It is the work.
    needs: []
    actions:
      - { id: much, do: local.run, usually: 9m, deadline: 20m, with: { argv: ["true"], undo: ["true"] } }
  - id: back
    title: back
    why: To be used.
    needs: [away, work]
    actions:
      - { id: start, do: local.run, usually: 1m, downtime: ends, with: { argv: ["true"], undo: ["true"] } }
"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("shop.yaml", RUNBOOK);
    desk
}

#[test]
fn more_than_the_site_may_be_down_is_refused() {
    let desk = desk();
    let shop = |command: &str, more: &[&str]| desk.types("hana", &[&[command, "shop.yaml"], more].concat());
    shop("plan", &["--max-downtime", "11m"]).exits(0).says("expected to be down for 11 min, and may be for 11 min");
    let refused = shop("plan", &["--max-downtime", "10m"]).exits(3);
    refused
        .says("downtime.fits")
        .says("expected to be down for 11 min, and may be for 10 min")
        .says("--order least-downtime");
    shop("run", &["--max-downtime", "10m", "--yes"]).exits(3).says("nothing was changed");
    assert_eq!(desk.runs(), Value::Array(Vec::new()));
    // In another order it fits.
    shop("plan", &["--max-downtime", "3m", "--order", "least-downtime"]).exits(0);
    // Or a person says so, and why.
    shop("plan", &["--max-downtime", "10m", "--accept", "downtime.fits=the shop is closed"])
        .exits(0)
        .says("the shop is closed");
    shop("plan", &["--max-downtime", "soon"]).exits(2).says("write it like 90s, 10m or 1h30m");
}

/// What it may be is part of what is signed, and is held to when it is run.
#[test]
fn it_is_a_part_of_the_plan() {
    let desk = desk();
    desk.types("hana", &["plan", "shop.yaml", "--max-downtime", "11m", "--out", "plan.json"]).exits(0);
    let saved: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    assert!(desk.read("plan.json").contains("\"max_downtime_s\":660"), "{saved:#}");
    desk.types("hana", &["run", "--plan", "plan.json", "--max-downtime", "1h", "--yes"]).exits(2);
    let tight = desk.read("plan.json").replace("\"max_downtime_s\":660", "\"max_downtime_s\":60");
    desk.write("tight.json", &tight);
    desk.types("hana", &["run", "--plan", "tight.json", "--yes"]).exits(3).says("may be for 1 min");
    desk.types("hana", &["run", "--plan", "plan.json", "--yes", "--poll-interval", "100ms"]).exits(0);
}

/// A window in UTC between so many seconds from now and so many, as it is shown: full minutes are told without seconds.
fn window(from_s: i64, to_s: i64) -> String {
    window_of(Timestamp::now(), from_s, to_s)
}

fn window_of(now: Timestamp, from_s: i64, to_s: i64) -> String {
    let at = |s: i64| {
        let time = (now + s.seconds()).strftime("%H:%M:%S").to_string();
        time.strip_suffix(":00").map(str::to_owned).unwrap_or(time)
    };
    format!("{}-{} UTC", at(from_s), at(to_s))
}

/// Begun in the first second of a minute too: what is shown is what was typed.
#[test]
fn a_window_of_full_minutes_is_told_as_such() {
    let now = Timestamp::now();
    let full = now - (now.as_second() % 60).seconds();
    let ends = window_of(full, -3_600, 240);
    assert_eq!(ends.len(), "19:52-20:57 UTC".len(), "{ends}");
    desk()
        .types("hana", &["run", "shop.yaml", "--window", &ends, "--yes"])
        .exits(3)
        .says(&format!("of the window {ends} "));
}

#[test]
fn a_run_that_does_not_fit_its_window_is_refused() {
    let desk = desk();
    let shop = |command: &str, more: &[&str]| desk.types("hana", &[&[command, "shop.yaml"], more].concat());
    shop("plan", &["--window", "02:00-02:10 UTC"])
        .exits(3)
        .says("window.fits")
        .says("expected to take 11 min")
        .says("the window 02:00-02:10 UTC is 10 min long");
    shop("plan", &["--window", "23:30-01:00 Europe/Berlin"]).exits(0).says("is 1 h 30 min long");
    // The way back from its end does not fit: it will rest before that.
    let warned = shop("plan", &["--window", "02:00-02:11 UTC"]).exits(0);
    warned.says("warn").says("window.fits").says("rests before its next action");
    let later = window(3_600, 7_200);
    shop("run", &["--window", &later, "--yes"]).exits(3).says("opens in 59 min").says("nothing was changed");
    let ends = window(-3_600, 300);
    shop("run", &["--window", &ends, "--yes"]).exits(3).says(&format!("of the window {ends} 4 min"));
    assert_eq!(desk.runs(), Value::Array(Vec::new()));
    shop("plan", &["--window", "2-4"]).exits(2).says("a part of the day like `02:00-04:00`");
    shop("plan", &["--window", "02:00-04:00 Europe/Nowhere"]).exits(2);
    // It is part of what is signed, and is held to when it is run.
    shop("plan", &["--window", &later, "--out", "plan.json"]).exits(0);
    assert!(desk.read("plan.json").contains(&format!("\"change_window\":\"{later}\"")), "{}", desk.read("plan.json"));
    desk.types("hana", &["run", "--plan", "plan.json", "--yes"]).exits(3).says("opens in 59 min");
    desk.types("hana", &["run", "--plan", "plan.json", "--window", &later, "--yes"]).exits(2);
}

/// A runbook of many small steps, each of which takes five seconds to be taken back, as far as anybody knows.
fn many(on_overrun: &str) -> Desk {
    let desk = Desk::new();
    let mut text = format!("runbook: many\ntitle: many\nabout: They are many.\n{on_overrun}steps:\n");
    for n in 1..=14 {
        text += &format!(
            "  - id: s{n}\n    title: t\n    why: w\n    actions:\n      - {{ id: it, do: local.run, usually: 1s, "
        );
        text += "with: { argv: [\"true\"], undo: [\"true\"] } }\n";
    }
    desk.write("many.yaml", &text);
    desk
}

#[test]
fn it_rests_when_the_way_back_would_not_fit_and_goes_on_in_another_window() {
    let desk = many("");
    desk.types("hana", &["run", "many.yaml", "--window", &window(-3_600, 7_200), "--until", "s12", "--yes"]).exits(0);
    // The way back takes a minute, and the window ends before that.
    let late = desk.types("hana", &["resume", "--window", &window(-3_600, 50)]).exits(4);
    let late = late.says("rests before its next action: its window ends").says("the way back after it 65 s");
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    late.says(&format!("runbook rollback {run}")).says("--to start").says("--window HH:MM-HH:MM").says("--window none");
    let status: Value =
        serde_json::from_str(&desk.types("hana", &["status", &run, "--format", "json"]).stdout).unwrap();
    assert_eq!(status["actions_done"], 12, "nothing was begun: {status:#}");
    assert_eq!(status["rest"]["overrun"]["limit"], "window", "{status:#}");
    assert!(status["limits"]["turn_back_by"].is_string(), "{status:#}");
    desk.types("hana", &["status", &run]).exits(0).says("latest time to turn back");
    // As long as nobody says otherwise it stays so.
    desk.types("hana", &["resume"]).exits(4).says("its window ends");
    desk.types("hana", &["resume", "--window", &window(3_600, 7_200)]).exits(3).says("is not open: it opens in");
    let shown = desk.types("hana", &["resume", "--window", &window(-3_600, 7_200), "--until", "s13"]).exits(0);
    shown.says("latest time to turn back");
    desk.types("hana", &["resume", "--window", "none"]).exits(0).says("is finished");
    let log = desk.types("hana", &["log", &run]).exits(0);
    log.says("limits set").says("no window, any downtime, by hana");
}

#[test]
fn where_the_runbook_says_so_it_goes_back_by_itself() {
    let desk = many("on_overrun: rollback\n");
    desk.types("hana", &["run", "many.yaml", "--window", &window(-3_600, 7_200), "--until", "s12", "--yes"]).exits(0);
    let back = desk.types("hana", &["resume", "--window", &window(-3_600, 50)]).exits(1);
    back.says("is rolled back: everything is undone, as its runbook says: its window ends");
    desk.write("many.yaml", &desk.read("many.yaml").replace("on_overrun: rollback", "on_overrun: back"));
    desk.types("hana", &["validate", "many.yaml"]).exits(2).says("`pause` (as without it), or `rollback` (everything)");
}
