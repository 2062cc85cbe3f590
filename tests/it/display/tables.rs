//! Status, runs, log and verdict.

use super::fixture::{BEGIN, Story, holder, no_capacity, path, plan};
use super::golden;
use runbook::display::{
    Row, RunRow, Terminal, log_json, log_text, rows_table, runs_json, runs_text, status_json, status_text,
    verdict_line, verify_text,
};
use runbook::journal::{Broken, Rest, RunSummary, Verdict};
use runbook::plan::Order;

fn under_way() -> Story {
    let mut story = Story::three_steps();
    story.start("clone-server/create-image").applied("clone-server/create-image");
    story.note(133_000, "clone-server/create-image", "image ami-0a pending, snapshot 45 %");
    story
}

#[test]
fn status_of_a_run_that_is_executed() {
    let story = under_way();
    let text = status_text(&plan(Order::Article), &story.state, &story.records, Some(&holder()), story.now);
    golden("status_running", &text);
}

#[test]
fn status_of_a_run_whose_executor_was_killed() {
    let mut story = Story::three_steps();
    story.start("clone-server/create-image");
    let now = story.now + 7_200_000;
    let text = status_text(&plan(Order::Article), &story.state, &story.records, None, now);
    golden("status_killed", &text);
    let json = status_json(&plan(Order::Article), &story.state, &story.records, None, now);
    golden("status_json", &format!("{json:#}\n"));
}

#[test]
fn status_of_a_run_that_failed() {
    let mut story = under_way();
    story.done(1, "clone-server/create-image", "image `ami-0a` is `available`");
    story.whole("clone-server/run", 200_000, "`i-0b` runs").start("clone-server/start");
    story.fail("clone-server/start", no_capacity(), None);
    story.rest(Rest::Paused { actions: vec![path("clone-server/start")] });
    let text = status_text(&plan(Order::Article), &story.state, &story.records, None, story.now + 60_000);
    golden("status_paused", &text);
}

#[test]
fn status_before_the_begin() {
    let story = Story::open();
    golden("status_new", &status_text(&plan(Order::Article), &story.state, &story.records, None, BEGIN));
}

#[test]
fn the_list_of_runs() {
    let story = under_way();
    let plan = plan(Order::Article);
    let run = "r20261001-090000-aaaa".parse().unwrap();
    let old = RunSummary { run, runbook: "single-to-pair".into(), opened_at: BEGIN - 4_000_000_000 };
    let rows = [
        RunRow::of(&plan, &story.state, Some(&holder())),
        RunRow::of(&plan, &story.state, None),
        RunRow::unreadable(&old, "its plan is of version 0"),
    ];
    golden("runs", &runs_text(&rows));
    assert_eq!(runs_json(&rows)[0]["executor"]["host"], "bastion");
    assert_eq!(runs_json(&rows)[2]["steps"], serde_json::Value::Null);
    assert!(runs_text(&[]).contains("there are no runs"));
}

#[test]
fn the_log() {
    let mut story = under_way();
    story.done(86_400_000, "clone-server/create-image", "image `ami-0a` is `available`").rest(Rest::Finished);
    golden("log", &log_text(&story.records));
    assert_eq!(log_json(&story.records)[0]["time"], "2026-11-23T17:45:01.000Z");
    assert_eq!(log_json(&story.records)[3]["record"], "applied");
}

#[test]
fn the_check_of_the_log() {
    let good = verify_text(&Verdict::Intact { records: 12, head: "ab12".into() });
    assert_eq!(good, "intact: 12 records, the last one's hash is\n  ab12\n");
    let bad = verify_text(&Verdict::Broken(Broken::Changed { seq: 7 }));
    assert!(bad.starts_with("broken: record 7 was changed after it was written\n"), "{bad}");
}

#[test]
fn the_verdict_of_a_rehearsal() {
    let row = |what: &str, found: &str, ok| Row { what: what.into(), found: found.into(), ok };
    let rows = [
        row("site answers over HTTPS", "200, trusted certificate", true),
        row("two targets healthy", "web-1 healthy, web-2 unhealthy: 502 on /status.php", false),
    ];
    let told = |look| format!("{}{}", rows_table(&rows, look), verdict_line(&rows, look));
    golden("verdict", &told(Terminal { unicode: true, colour: false }));
    golden("verdict_ascii", &told(Terminal::PLAIN));
}
