//! What a step costs as a whole process: `runbook run` of steps that do nothing on one host, side by side with a plain loop of `ssh`
//! on one master connection and with a minimal engine. README.md says how to run it and what it shows.
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "a measurement is printed")]
#![allow(unreachable_pub, reason = "a bench has no outside")]

mod host;
#[allow(dead_code, reason = "the other bench uses the rest of it")]
mod plans;

use host::{Host, ends_in_time, ends_well};
use rusqlite::Connection;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How many steps are run, unless `STEPS` says otherwise.
const STEPS: &str = "20 100 300 1000";
/// How often all of it is done, unless `ROUNDS` says otherwise.
const ROUNDS: &str = "3";

/// Who runs the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contender {
    /// `ssh bench true`, again and again, on one master connection.
    Loop,
    /// The same with two durable commits a step: before and after.
    Minimal,
    /// `runbook run`.
    Runbook,
}

const CONTENDERS: [Contender; 3] = [Contender::Loop, Contender::Minimal, Contender::Runbook];

fn main() {
    let said = |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    let steps: Vec<usize> = said("STEPS", STEPS).split_whitespace().map(|n| n.parse().unwrap()).collect();
    let rounds: usize = said("ROUNDS", ROUNDS).parse().unwrap();
    let host = Host::start();
    // By contender and number of steps, the shortest time: what disturbs only makes it longer.
    let mut best = CONTENDERS.map(|_| vec![Duration::MAX; steps.len()]);
    for round in 1..=rounds {
        println!("round {round} of {rounds}");
        for (n, steps) in steps.iter().enumerate() {
            for (best, contender) in best.iter_mut().zip(CONTENDERS) {
                let took = run(&host, contender, *steps, round);
                println!("  {contender:?}, {steps} steps: {:.3} s", took.as_secs_f64());
                best[n] = best[n].min(took);
            }
        }
    }
    report(&steps, &best);
}

fn run(host: &Host, contender: Contender, steps: usize, round: usize) -> Duration {
    let folder = host.path(&format!("{contender:?}-{steps}-{round}"));
    std::fs::create_dir_all(&folder).unwrap();
    let document = folder.join("costs.yaml");
    std::fs::write(&document, plans::document(steps, Host::NAME)).unwrap();
    let begun = Instant::now();
    match contender {
        Contender::Loop => {
            let _master = host.connect();
            (0..steps).for_each(|_| ends_well(host.ssh().args([Host::NAME, "true"])));
        }
        Contender::Minimal => {
            let _master = host.connect();
            let journal = journal(&folder.join("minimal.db"));
            let record = |step: usize, what: &str| {
                journal.execute("INSERT INTO records (step, what) VALUES (?1, ?2)", (step, what)).unwrap();
            };
            for step in 0..steps {
                record(step, "started");
                ends_well(host.ssh().args([Host::NAME, "true"]));
                record(step, "done");
            }
        }
        Contender::Runbook => {
            let mut runbook = Command::new(env!("CARGO_BIN_EXE_runbook"));
            runbook.arg("run").arg(&document).arg("--yes").arg("--state").arg(&folder);
            runbook.arg("--ssh-config").arg(host.path("ssh_config")).env("HOME", &folder);
            ends_in_time(runbook.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
        }
    }
    begun.elapsed()
}

/// A journal as `runbook` keeps it: each commit is on the disk when it returns.
fn journal(file: &std::path::Path) -> Connection {
    let journal = Connection::open(file).unwrap();
    journal.pragma_update(None, "journal_mode", "WAL").unwrap();
    journal.pragma_update(None, "synchronous", "FULL").unwrap();
    journal.execute("CREATE TABLE records (step INTEGER, what TEXT) STRICT", ()).unwrap();
    journal
}

fn report(steps: &[usize], best: &[Vec<Duration>]) {
    println!("\nseconds in all, the shortest of all rounds; milliseconds a step, over all and between the columns");
    let numbers: String = steps.iter().map(|steps| format!("{steps:>9}")).collect();
    println!("{:>10}{numbers}", "steps");
    let last = steps.len() - 1;
    let slope = |times: &[Duration], from: usize, to: usize| {
        (times[to].as_secs_f64() - times[from].as_secs_f64()) * 1_000.0 / (steps[to] - steps[from]) as f64
    };
    for (times, contender) in best.iter().zip(CONTENDERS) {
        let seconds: String = times.iter().map(|time| format!("{:>9.3}", time.as_secs_f64())).collect();
        let parts: Vec<String> = (0..last).map(|from| format!("{:.2}", slope(times, from, from + 1))).collect();
        println!("{:>10}{seconds}   {:.2} ({})", format!("{contender:?}"), slope(times, 0, last), parts.join(", "));
    }
    let slopes: Vec<f64> = best.iter().map(|times| slope(times, 0, last)).collect();
    println!("a step of `runbook` takes {:.2} times one of the minimal engine", slopes[2] / slopes[1]);
}
