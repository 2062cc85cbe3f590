//! `runbook rehearse` and `runbook doctor`, and the hidden commands a rehearsal consists of.

use super::args::{Common, DoctorArgs, Format, RegionArgs, RehearseArgs, RehearsedArgs, RehearsedCommand};
use super::executor::block_on;
use super::kill::Kills;
use super::out::out;
use super::{Exit, Failure, library, resume, rollback, run};
use crate::display::{self, Look, Row};
use crate::model::Reversibility;
use crate::rehearsal::{
    Cache, Fault, RegionSpec, RehearsalError, Report, Scenario, doctor as lab, doctor::FindingState, enter, play, setup,
};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Instant;

pub(super) fn rehearse(args: &RehearseArgs, format: Format) -> Result<Exit, Failure> {
    let found = library::find(&args.runbook)?;
    if args.list_kill_points {
        for action in found.runbook.actions() {
            if !matches!(action.kind.spec().reversibility, Reversibility::NothingToUndo(_)) {
                out(&format!("{0}:before\n{0}:after\n", action.path))?;
            }
        }
        return Ok(Exit::Done);
    }
    Kills::parse(&args.kill)?;
    if !library::SHIPPED.iter().any(|(name, _)| *name == args.runbook) {
        return Err(Failure::usage(format!(
            "`{}` cannot be rehearsed: the lab knows the before-state of those that come with the tool only",
            args.runbook
        )));
    }
    if let Some(step) = args.rollback_to.as_deref().filter(|s| *s != "start") {
        run::step(&found.runbook, step)?;
    }
    let faults = args.fault.iter().map(|name| fault(name)).collect::<Result<Vec<_>, _>>()?;
    let (json, setup, keep) = (format.is_json(), args.setup, args.keep);
    block_on(async {
        let began = Instant::now();
        let say = move |text: &str| say(json, began, text);
        let cache = Cache::of_account().map_err(|e| lab_failure(&e))?;
        let prepared = setup::ensure(&cache, setup, &say).await.map_err(|e| lab_failure(&e))?;
        let folder = fresh_folder()?;
        let scenario = Scenario {
            region: RegionSpec {
                dir: folder.clone(),
                image: prepared.image,
                venv: prepared.venv,
                rootless: prepared.rootless,
                ticks: 1,
            },
            runbook: args.runbook.clone(),
            kill: args.kill.clone(),
            rollback_to: args.rollback_to.clone(),
            faults,
            shell: args.shell,
            json,
        };
        let spec = folder.join("scenario.json");
        let text = serde_json::to_string(&scenario).map_err(|e| Failure::new(Exit::Failed, e.to_string()))?;
        std::fs::write(&spec, text).map_err(|e| Failure::output(&e))?;
        let own = std::env::current_exe().map_err(|e| Failure::output(&e))?;
        let path = spec.display().to_string();
        let command =
            enter::command(prepared.rootless, &own, &["--format", if json { "json" } else { "text" }, "region", &path]);
        let status = enter::run(command).await.map_err(|e| lab_failure(&e))?;
        if keep || (status != 0 && status != 130) {
            say(&format!("the lab's files are in {}", folder.display()));
        } else {
            let _ = std::fs::remove_dir_all(&folder); // what cannot be removed is in the temporary folder
        }
        Ok(match status {
            0 => Exit::Done,
            2 => Exit::Usage,
            130 => Exit::Interrupted,
            _ => Exit::Failed,
        })
    })?
}

/// Being the region: pid 1 first, then its one child, which plays the scenario and tells the verdict.
pub(super) fn region(args: &RegionArgs, format: Format) -> Result<Exit, Failure> {
    block_on(async {
        if enter::is_init() {
            let status = enter::be_init().await.map_err(|e| lab_failure(&e))?;
            return Ok(match status {
                0 => Exit::Done,
                130 => Exit::Interrupted,
                _ => Exit::Failed,
            });
        }
        let text = std::fs::read_to_string(&args.spec).map_err(|e| Failure::output(&e))?;
        let scenario: Scenario = serde_json::from_str(&text).map_err(|e| Failure::usage(e.to_string()))?;
        let began = Instant::now();
        let json = format.is_json();
        let say = move |text: &str| say(json, began, text);
        let shell = scenario.shell;
        let report = play(&scenario, &say).await.map_err(|e| lab_failure(&e))?;
        if shell {
            return Ok(Exit::Done);
        }
        tell(&report, format)?;
        Ok(if report.passed() { Exit::Done } else { Exit::Failed })
    })?
}

/// A command inside a rehearsal that kills itself at the points given.
pub(super) fn rehearsed(args: RehearsedArgs, common: &Common, format: Format) -> Result<Exit, Failure> {
    let kills = Kills::parse(&args.kill)?;
    match args.command {
        RehearsedCommand::Run(args) => run::run(&args, common, format, &kills),
        RehearsedCommand::Resume(args) => resume::resume(&args, common, format, &kills),
        RehearsedCommand::Rollback(args) => rollback::rollback(&args, common, format, &kills),
    }
}

pub(super) fn doctor(args: &DoctorArgs, format: Format) -> Result<Exit, Failure> {
    block_on(async {
        let cache = Cache::of_account().map_err(|e| lab_failure(&e))?;
        let began = Instant::now();
        if args.setup {
            let json = format.is_json();
            setup::ensure(&cache, true, &move |text: &str| say(json, began, text))
                .await
                .map_err(|e| lab_failure(&e))?;
        }
        let findings = lab::examine(&cache).await;
        let rows: Vec<Row> = findings.iter().map(row_of).collect();
        let missing = rows.iter().any(|row| !row.ok);
        if format.is_json() {
            let rows = rows.iter().map(|r| serde_json::json!({ "what": r.what, "found": r.found, "ok": r.ok }));
            out(&format!("{}\n", serde_json::Value::from_iter(rows)))?;
        } else {
            out(&display::rows_table(&rows, look()))?;
            let told = if missing {
                "something is missing: `runbook doctor --setup` installs it"
            } else {
                "ready to rehearse"
            };
            out(&format!("{told}\n"))?;
        }
        Ok(if missing { Exit::Failed } else { Exit::Done })
    })?
}

fn row_of(finding: &lab::Finding) -> Row {
    let (found, ok) = match &finding.state {
        FindingState::Ok(detail) => (detail.clone(), true),
        FindingState::Later(detail) => (format!("not yet: {detail}"), true),
        FindingState::Missing { why, remedy } => (format!("{why}; {remedy}"), false),
    };
    Row { what: finding.what.clone(), found, ok }
}

fn tell(report: &Report, format: Format) -> Result<(), Failure> {
    if format.is_json() {
        let passed = report.passed();
        return out(&format!("{}\n", serde_json::json!({ "event": "verdict", "passed": passed, "report": report })));
    }
    let mut text = String::new();
    let mut all = Vec::new();
    for part in &report.parts {
        let rows: Vec<Row> =
            part.rows.iter().map(|r| Row { what: r.what.clone(), found: r.seen.clone(), ok: r.ok }).collect();
        text.push_str(&format!("\nthe world after {}\n{}", part.after, display::rows_table(&rows, look())));
        all.extend(rows);
    }
    if let Some(down) = report.downtime {
        text.push_str(&format!(
            "\na user of the site saw it down for {:.1} s in all ({} times, longest {:.1} s)\n",
            down.total_s, down.times, down.longest_s
        ));
    }
    text.push_str(&format!("the lab was ready after {:.1} s\n", report.lab_s));
    for (command, seconds) in &report.commands_s {
        text.push_str(&format!("`runbook {command}` took {seconds:.1} s\n"));
    }
    text.push_str(&display::verdict_line(&all, look()));
    out(&text)
}

fn say(json: bool, began: Instant, text: &str) {
    let seconds = began.elapsed().as_secs_f64();
    if json {
        // A note that nobody reads is no failure of the rehearsal.
        let _ = out(&format!("{}\n", serde_json::json!({ "event": "lab", "note": text, "after_s": seconds })));
    } else {
        display::to_stderr(&format!("lab {seconds:6.1} s  {text}\n"));
    }
}

fn look() -> Look {
    Look::of_environment(std::io::stdout().is_terminal())
}

fn fault(name: &str) -> Result<Fault, Failure> {
    let names: Vec<&str> = Fault::ALL.iter().map(|(n, _)| *n).collect();
    Fault::ALL.iter().find(|(n, _)| *n == name).map(|(_, fault)| *fault).ok_or_else(|| {
        Failure::usage(format!("there is no fault `{name}`")).hint(format!("faults: {}", names.join(", ")))
    })
}

fn lab_failure(error: &RehearsalError) -> Failure {
    Failure::chain(Exit::Failed, error).hint("`runbook doctor` says what the lab needs; `--setup` installs it")
}

fn fresh_folder() -> Result<PathBuf, Failure> {
    let folder = std::env::temp_dir().join(format!("runbook-lab-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| Failure::output(&e))?;
    Ok(folder)
}
