//! The flagship and the second runbook, rehearsed by the real binary: killed, failing, rolled back, refused capacity, broken
//! off. What is asserted is the rehearsal's verdict, row by row: it comes from looking at the world.
//!
//! Needs what `runbook doctor` lists; where that is missing the tests fail and say what to type.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNBOOK: &str = env!("CARGO_BIN_EXE_runbook");

/// What must have been looked up in the world after the last step: the world file says it, and a row that were not looked at
/// could not fail.
const FINISHED: &[&str] = &[
    "two servers of the smaller type run in two zones",
    "nothing bears the mark of a run",
    "the database is Multi-AZ, nothing pending",
    "exactly one balancer, active",
    "exactly one target group",
    "it listens on 443, and sends what comes on 80 there",
    "one certificate, issued and in use",
    "the name resolves to the balancer",
    "both targets healthy by the balancer's own check",
    "the site answers through the balancer",
    "the site is the Nextcloud that it was",
    "a file goes up and down through the balancer",
    "http answers 301 to https",
    "cron is active on web-1",
    "cron is hidden on web-2",
    "nginx: diff is exactly 10,23d9 65c51 68c54",
    "nginx: the same diff on web-2",
    "config.php: exactly three keys differ",
    "config.php: the same keys on web-2",
    "exactly one of everything made, none of what was undone",
    "web-1's site is let in by the database",
    "web-2's site is let in by the database",
];

const AT_STEP_5: &[&str] = &[
    "one server, stopped, with its old type",
    "the server bears the mark of the run",
    "the database is Multi-AZ, nothing pending",
    "no balancer",
    "no target group",
    "no certificate",
    "the name points at the server",
    "the zone has its one record",
    "cron is hidden on web-1",
    "nginx: diff is exactly 10,23d9 65c51 68c54",
    "config.php: exactly three keys differ",
    "exactly one of everything made, none of what was undone",
];

const AT_THE_START: &[&str] = &[
    "one server, running, with its old type",
    "the database is single-AZ",
    "no balancer",
    "no target group",
    "no certificate",
    "the name points at the server",
    "the zone has its one record",
    "cron is active on the server",
    "nginx's file is as at the start",
    "config.php is as at the start",
    "nextcloud-web-1 is as at the start",
    "the account is as at the start",
    "the site answers at its name",
    "the server's site is let in by the database",
];

const KILLED: &str = "killed by SIGKILL at every point asked for";

/// A rehearsal's verdict.
struct Verdict(Value);

fn rehearse(runbook: &str, options: &[&str]) -> Verdict {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(RUNBOOK)
        .args(["--format", "json", "rehearse", runbook])
        .args(options)
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    let events = String::from_utf8_lossy(&output.stdout).into_owned();
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap_or(Value::Null)).collect();
    let said = String::from_utf8_lossy(&output.stderr);
    let verdict = events.iter().rev().find(|event| event["event"] == "verdict");
    let verdict = verdict.unwrap_or_else(|| panic!("no verdict, {}: {said}", output.status));
    let rows = verdict["report"]["parts"].as_array().unwrap().iter().flat_map(|p| p["rows"].as_array().unwrap());
    let wrong: Vec<&Value> = rows.filter(|row| row["ok"] != true).collect();
    assert!(wrong.is_empty(), "{wrong:#?}\n{said}");
    assert_eq!(verdict["passed"], true);
    assert!(output.status.success(), "{}: {said}", output.status);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(left.is_empty(), "nothing is left of a rehearsal that passed: {left:?}");
    Verdict(verdict.clone())
}

impl Verdict {
    /// The rows after something; answers what was seen for each of `wanted`.
    fn after(&self, after: &str, wanted: &[&str]) -> Vec<String> {
        let parts = self.0["report"]["parts"].as_array().unwrap();
        let heads: Vec<&Value> = parts.iter().map(|part| &part["after"]).collect();
        let part = parts.iter().find(|part| part["after"] == after);
        let rows = part.unwrap_or_else(|| panic!("no part `{after}`: {heads:?}"))["rows"].as_array().unwrap();
        let names: Vec<&Value> = rows.iter().map(|row| &row["what"]).collect();
        let seen = |what: &&str| {
            let row = rows.iter().find(|row| row["what"] == **what);
            row.unwrap_or_else(|| panic!("`{what}` was not looked at after `{after}`: {names:?}"))["seen"].to_string()
        };
        wanted.iter().map(seen).collect()
    }

    fn the_lab_had_no_troubles(&self) {
        let seen = self.after("all", &["the lab had no troubles", "security groups were enforced"]);
        assert_eq!(seen[1], "\"yes\"", "`runbook doctor` says what is missing");
    }
}

/// What `--list-kill-points` lists, one a line.
fn kill_points(options: &[&str]) -> Vec<String> {
    kill_points_of("single-to-ha", options)
}

fn kill_points_of(runbook: &str, options: &[&str]) -> Vec<String> {
    let output =
        Command::new(RUNBOOK).args(["rehearse", runbook, "--list-kill-points"]).args(options).output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// `--kill POINT` for each point.
fn each<'a>(option: &'a str, points: &'a [String]) -> Vec<&'a str> {
    points.iter().flat_map(|point| [option, point.as_str()]).collect()
}

#[test]
fn kill_points_are_before_and_after_every_effect_and_every_undo() {
    let forward = kill_points(&[]);
    for action in [
        "edit-nginx/offload-tls",
        "shut-down/shut-down",
        "rds-multi-az/multi-az",
        "clone-server/create-image",
        "clone-server/clone",
        "load-balancer/balancer",
        "certificate/request",
        "certificate/point-name",
        "certificate/https-listener",
        "restore-cron/show-cron-file",
    ] {
        for when in ["before", "after"] {
            assert!(forward.contains(&format!("{action}:{when}")), "{action}:{when}");
        }
    }
    let both = kill_points(&["--rollback-to", "step-5"]);
    assert_eq!(both[..forward.len()], forward[..]);
    let undo = &both[forward.len()..];
    assert!(undo.iter().all(|point| point.ends_with(":before-undo") || point.ends_with(":after-undo")), "{undo:?}");
    assert_eq!(undo.first().map(String::as_str), Some("restore-cron/release:before-undo"), "the last is undone first");
    assert_eq!(undo.last().map(String::as_str), Some("clone-server/create-image:after-undo"));
    assert!(kill_points(&["--rollback-to", "start"]).len() > both.len());
}

#[test]
fn killed_at_every_effect_and_every_undo_back_to_step_5_it_ends_the_same() {
    let points = kill_points(&["--rollback-to", "step-5"]);
    let (undo, forward): (Vec<&String>, Vec<&String>) = points.iter().partition(|point| point.ends_with("-undo"));
    let verdict = rehearse("single-to-ha", &[&["--rollback-to", "step-5"], &each("--kill", &points)[..]].concat());
    let all = |points: &[&String]| format!("\"{0} of {0}\"", points.len());
    verdict.after("the run", FINISHED);
    assert_eq!(verdict.after("the run", &[KILLED]), [all(&forward)]);
    verdict.after("the rollback to step-5", AT_STEP_5);
    assert_eq!(verdict.after("the rollback to step-5", &[KILLED]), [all(&undo)]);
    verdict.after("going forward again", FINISHED);
    verdict.the_lab_had_no_troubles();
}

#[test]
fn rolled_back_to_the_start_with_every_undo_killed_nothing_is_left() {
    let points = kill_points(&["--rollback-to", "start"]);
    let undo: Vec<String> = points.into_iter().filter(|point| point.ends_with("-undo")).collect();
    let verdict = rehearse("single-to-ha", &[&["--rollback-to", "start"], &each("--kill", &undo)[..]].concat());
    verdict.after("the run", FINISHED);
    verdict.after("the rollback to start", AT_THE_START);
    assert_eq!(verdict.after("the rollback to start", &[KILLED]), [format!("\"{0} of {0}\"", undo.len())]);
    verdict.the_lab_had_no_troubles();
}

const AT_APPENDS: &str = "killed by SIGKILL at its appends to the journal, one process after the other";

/// Killed just after and just before its appends, one process after the other, there and back.
fn killed_at_appends(order: &str, back: &str) {
    let options = ["--order", order, "--kill-at-appends", "--rollback-to", back];
    let verdict = rehearse("single-to-ha", &options);
    verdict.after("the run", FINISHED);
    verdict.after("the run", &[AT_APPENDS]);
    verdict.after(&format!("the rollback to {back}"), &[AT_APPENDS]);
    match back {
        "start" => verdict.after(&format!("the rollback to {back}"), AT_THE_START),
        _ => verdict.after("going forward again", FINISHED),
    };
    verdict.the_lab_had_no_troubles();
}

#[test]
fn killed_at_its_appends_as_written() {
    killed_at_appends("article", "step-5");
}

#[test]
fn killed_at_its_appends_with_what_overlaps() {
    killed_at_appends("overlap", "step-5");
}

#[test]
fn killed_at_its_appends_with_the_least_downtime() {
    killed_at_appends("least-downtime", "start");
}

#[test]
fn killed_at_every_effect_with_the_least_downtime_it_ends_the_same() {
    let order = ["--order", "least-downtime", "--rollback-to", "step-5"];
    let points = kill_points(&order);
    let verdict = rehearse("single-to-ha", &[&order[..], &each("--kill", &points)[..]].concat());
    for after in ["the run", "the rollback to step-5"] {
        verdict.after(after, &[KILLED]);
    }
    verdict.after("the run", FINISHED);
    verdict.after("going forward again", FINISHED);
    verdict.the_lab_had_no_troubles();
}

const REFUSED: &[&str] = &[
    "the original runs again with its old type",
    "`runbook status` offers to try again, to go on as it is, to go back",
    "`runbook status` says that the site is down",
];

#[test]
fn without_capacity_the_original_runs_on_and_a_resume_finishes() {
    let verdict = rehearse("single-to-ha", &["--fault", "no-capacity"]);
    verdict.after("EC2 refused the smaller type", REFUSED);
    verdict.after("the resume", FINISHED);
    verdict.the_lab_had_no_troubles();
}

#[test]
fn without_capacity_the_old_type_can_be_accepted() {
    let verdict = rehearse("single-to-ha", &["--fault", "no-capacity:accept"]);
    verdict.after("EC2 refused the smaller type", REFUSED);
    verdict.after("the resume", &["two servers run in two zones, the original with its old type"]);
    verdict.after("the resume", &FINISHED[1..]);
    verdict.the_lab_had_no_troubles();
}

/// What passes in its time is waited for, at the lab's pace: a quarter of an hour takes seconds.
#[test]
fn without_room_for_the_clone_the_run_waits() {
    let verdict = rehearse("single-to-ha", &["--fault", "no-room"]);
    verdict.after("the run", &["the second server was asked for until there was room"]);
    verdict.after("the run", FINISHED);
    verdict.the_lab_had_no_troubles();
}

/// Every action with an effect fails once, at the same side of it.
fn every_action_fails(when: &str) {
    let points: Vec<String> = kill_points(&[]).into_iter().filter(|point| point.ends_with(when)).collect();
    assert!(points.len() > 20, "{points:?}");
    let verdict = rehearse("single-to-ha", &each("--fail", &points));
    let met = verdict.after("the run", &["every action asked for failed once and was done by a retry"]);
    assert_eq!(met, [format!("\"{0} of {0}\"", points.len())]);
    verdict.after("the run", FINISHED);
    verdict.the_lab_had_no_troubles();
}

#[test]
fn every_action_that_fails_before_its_effect_is_done_by_its_own_retry() {
    every_action_fails(":before");
}

#[test]
fn every_action_whose_answer_is_lost_is_found_done_and_not_done_twice() {
    every_action_fails(":after");
}

#[test]
fn with_waits_in_the_proportions_of_aws_it_ends_the_same() {
    let verdict = rehearse("single-to-ha", &["--pace", "aws:400", "--rollback-to", "start"]);
    verdict.after("the run", FINISHED);
    verdict.after("the rollback to start", AT_THE_START);
    verdict.the_lab_had_no_troubles();
}

/// It rests before it makes the database Multi-AZ, which takes too long for the window, and is back at the start before that ends.
#[test]
fn what_would_not_fit_its_window_is_not_begun_and_the_way_back_ends_in_it() {
    let verdict = rehearse("single-to-ha", &["--pace", "aws:20", "--window", "20m"]);
    verdict.after("the run", &["the run rests for the sake of its window", "something was done by then"]);
    verdict.after("the rollback to start", &[&["the way back ended in the window"], AT_THE_START].concat());
    verdict.the_lab_had_no_troubles();
}

#[test]
fn a_web_node_is_restarted_without_the_site_noticing() {
    let points = kill_points_of("restart-web-node", &["--rollback-to", "start"]);
    let options = [&["--rollback-to", "start"], &each("--kill", &points)[..]].concat();
    let verdict = rehearse("restart-web-node", &options);
    let rows = [
        "php-fpm was restarted on the node",
        "and not on the other one",
        "the site answered all the time",
        "no node bears the mark of a run",
        "exactly one of everything made, none of what was undone",
    ];
    verdict.after("the run", &[&rows[..], &[KILLED]].concat());
    verdict.after("the rollback to start", &["the account is as at the start", KILLED]);
    verdict.the_lab_had_no_troubles();
}

#[test]
fn what_cannot_be_rehearsed_is_refused_before_the_lab_is_made() {
    for (options, says) in [
        (&["no-such"][..], "no-such"),
        (&["single-to-ha", "--kill", "no/such:before"], "no action `no/such`"),
        (&["single-to-ha", "--kill", "certificate/issued:before"], "`certificate/issued` makes no effect"),
        (&["single-to-ha", "--kill", "stop-cron/claim:during"], "`stop-cron/claim:during` is no such point"),
        (&["single-to-ha", "--kill", "stop-cron/claim:after-undo"], "nothing is undone"),
        (&["single-to-ha", "--rollback-to", "step-12"], "no step `step-12`"),
        (&["single-to-ha", "--fault", "flood"], "no fault `flood`"),
        (&["single-to-ha", "--pace", "aws:0"], "no pace `aws:0`"),
        (&["restart-web-node", "--fault", "no-capacity"], "no fault `no-capacity`"),
        (&["restart-web-node", "--nextcloud", "src"], "the world has a Nextcloud, and it has none"),
        (&["single-to-ha", "--rollback-to", "step-11"], "it is the last step"),
        (&["single-to-ha", "--rollback-to", "restore-cron", "--list-kill-points"], "it is the last step"),
        (&["single-to-ha", "--fault", "no-capacity:accept", "--rollback-to", "step-5"], "the fault lasts all day"),
        (&["single-to-ha", "--fault", "no-capacity", "--kill", "stop-cron/claim:after"], "one after the other"),
        (&["single-to-ha", "--shell", "--rollback-to", "step-5"], "type `runbook ...` yourself"),
        (&["single-to-ha", "--shell", "--fault", "no-capacity"], "type `runbook ...` yourself"),
        (&["single-to-ha", "--shell", "--kill", "stop-cron/claim:after"], "type `runbook ...` yourself"),
        (&["single-to-ha", "--nextcloud", "no/such/release.zip"], "cannot find `no/such/release.zip`"),
        (&["single-to-ha", "--nextcloud", "Cargo.toml"], "neither a folder nor an archive"),
        (&["single-to-ha", "--nextcloud", "src"], "is no Nextcloud"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = Command::new(RUNBOOK).arg("rehearse").args(options).env("TMPDIR", folder.path()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {said}");
        assert!(said.contains(says), "{options:?}: {said}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn ctrl_c_ends_the_lab_and_leaves_nothing() {
    broken_off("shut-down/shut-down", |rehearse| kill_process_group(rehearse, Signal::INT).unwrap());
}

#[test]
fn sigterm_ends_the_lab_and_leaves_nothing() {
    broken_off("shut-down/shut-down", |rehearse| kill_process(rehearse, Signal::TERM).unwrap());
}

#[test]
fn a_lab_that_is_only_coming_up_leaves_nothing_either() {
    broken_off("the emulated account answers", |rehearse| kill_process_group(rehearse, Signal::INT).unwrap());
}

/// Breaks a rehearsal off when it has told this, and looks for what is left of it.
fn broken_off(told: &str, end: impl FnOnce(Pid)) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(RUNBOOK)
        .args(["--format", "json", "rehearse", "single-to-ha"])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let seen = lines.by_ref().map_while(Result::ok).any(|line| line.contains(told));
    assert!(seen, "it gets as far as `{told}`");
    assert!(!processes_of(folder.path()).is_empty(), "the look for processes sees those of a lab at work");
    let group = group_below(child.id());
    assert!(group.is_dir(), "the look for control groups sees that of a lab at work: {}", group.display());
    end(Pid::from_child(&child));
    let asked = Instant::now();
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130), "{rest:#?}");
    assert!(asked.elapsed() < Duration::from_secs(60), "it took {:?}", asked.elapsed());
    assert!(!rest.iter().any(|line| line.contains("\"verdict\"")), "what is broken off has no verdict");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "no files are left");
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    assert!(!mounts.contains(&folder.path().display().to_string()), "{mounts}");
    assert!(!group.exists(), "{}", group.display());
}

/// The control group that a region below this process has made.
fn group_below(process: u32) -> PathBuf {
    let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
    let mounts = read("/proc/self/mountinfo".to_owned());
    let mounted = mounts.lines().find(|line| line.contains(" - cgroup2 ")).and_then(|line| line.split(' ').nth(4));
    let mounted = Path::new(mounted.expect("the second version's control groups are mounted here"));
    let mut processes = vec![process];
    while let Some(process) = processes.pop() {
        let groups = read(format!("/proc/{process}/cgroup"));
        let group = groups.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        if let Some(region) = Path::new(group)
            .ancestors()
            .find(|part| part.file_name().is_some_and(|name| name.to_string_lossy().starts_with("runbook-lab-")))
        {
            return mounted.join(region);
        }
        let children = read(format!("/proc/{process}/task/{process}/children"));
        processes.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
    }
    panic!("no process of the rehearsal is in a region's control group")
}

/// The command lines of processes that have this folder in their command line or environment, but for those of this test.
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let read = |name: &str| {
            let bytes = std::fs::read(entry.path().join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).replace('\0', " ")
        };
        let command = read("cmdline");
        if command.contains(&folder) || read("environ").contains(&folder) {
            found.push(command);
        }
    }
    found
}
