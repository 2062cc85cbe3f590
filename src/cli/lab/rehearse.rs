//! `runbook rehearse`, and the hidden commands a rehearsal consists of.

use crate::cli::args::{Common, Format, RegionArgs, RehearseArgs, RehearsedArgs, RehearsedCommand};
use crate::cli::lab::harm::Harm;
use crate::cli::lab::harmless;
use crate::cli::lab::look::look;
use crate::cli::lab::verdict;
use crate::cli::lab::world;
use crate::cli::out::out;
use crate::cli::run::executor::block_on;
use crate::cli::run::{self, resume, rollback};
use crate::cli::{CommandFailure, Exit, library};
use crate::display;
use crate::model::{ActionPath, Reversibility, Runbook, WayBack as WayBackKind};
use crate::plan::{Order, sequence};
use crate::rehearsal::setup::{self, Carry};
use crate::rehearsal::{
    Cache, Conduct, FaultBefore, PlayEnding, RegionSpec, RehearsalError, ReturnTrip, Scenario, World, doctor, enter,
    play, release,
};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Instant;

pub(in crate::cli) fn rehearse(args: &RehearseArgs, format: Format) -> Result<Exit, CommandFailure> {
    let found = library::find(&args.runbook)?;
    let order = args.order.map_or(Order::Article, Order::from);
    let (world, runbook) = world::find(args, &found)?;
    if args.list_kill_points {
        return kill_points(&runbook, order, args.rollback_to.as_deref());
    }
    let fault = args.fault.as_deref().map(|name| fault(&world, name)).transpose()?;
    let rollback_to = args.rollback_to.as_deref().map(|to| way_back(&runbook, order, to)).transpose()?;
    let pace = args.pace.as_deref().map(pace).transpose()?;
    check(args, &runbook)?;
    can_be_combined(args, fault, rollback_to.as_ref())?;
    let root = nextcloud_root(args, &world)?;
    harmless::ask(args, &found, &runbook, &world)?;
    let (json, setup, keep) = (format.is_json(), args.setup, args.keep);
    block_on(async {
        let began = Instant::now();
        let say = move |text: &str| say(json, began, text);
        let cache = Cache::of_account().map_err(|e| lab_failure(&e))?;
        let carry = Carry { nextcloud: args.nextcloud.is_some(), packages: world.packages.clone() };
        // Looked at first: an image for a release that is none would be made for nothing.
        let release = match (&args.nextcloud, root) {
            (Some(path), Some(root)) => {
                let release = release::ensure(&cache, path, &root, doctor::is_rootless(), &say).await;
                Some(release.map_err(|e| CommandFailure::chain(Exit::Usage, &e))?)
            }
            _ => None,
        };
        let prepared = setup::ensure(&cache, setup, carry, &say).await.map_err(|e| lab_failure(&e))?;
        let folder = fresh_folder()?;
        let scenario = Scenario {
            region: RegionSpec {
                release,
                conduct: Conduct { pace, ..Conduct::default() },
                ..RegionSpec::new(folder.clone(), prepared.clone(), world)
            },
            // In the lab the operator is in another folder.
            runbook: found.source.clone().unwrap_or_else(|| args.runbook.clone()),
            order,
            kill_at_appends: args.kill_at_appends,
            kill: args.kill.clone(),
            fail: args.fail.clone(),
            rollback_to,
            window_s: args.window.map(|window| window.as_secs()),
            fault: args.fault.clone(),
            shell: args.shell,
            json,
        };
        let spec = folder.join("scenario.json");
        let text = serde_json::to_string(&scenario).map_err(|e| CommandFailure::new(Exit::Failed, e.to_string()))?;
        std::fs::write(&spec, text).map_err(|e| CommandFailure::output(&e))?;
        let own = std::env::current_exe().map_err(|e| CommandFailure::output(&e))?;
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

/// Where the one Nextcloud of the world is installed, when a release of it is to be.
fn nextcloud_root(args: &RehearseArgs, world: &World) -> Result<Option<String>, CommandFailure> {
    if args.nextcloud.is_none() {
        return Ok(None);
    }
    let mut there = world.nextclouds();
    match (there.next(), there.next()) {
        (Some((_, it)), None) => Ok(Some(it.root.clone())),
        (None, _) => Err(CommandFailure::usage(
            "`--nextcloud` installs a release where the world has a Nextcloud, and it has none",
        )
        .hint("a host of the world file has one with `nextcloud:`; docs/rehearsal.md says what it takes")),
        _ => Err(CommandFailure::usage(
            "`--nextcloud` installs one release, and the world has several hosts with a Nextcloud",
        )),
    }
}

/// Prints where a rehearsal can be killed: before and after each effect and, when something is rolled back, each undo, in
/// the order in which they are reached.
fn kill_points(runbook: &Runbook, order: Order, rollback_to: Option<&str>) -> Result<Exit, CommandFailure> {
    let with_undo = |path: &&ActionPath| {
        let action = runbook.actions().find(|action| action.path == **path);
        action.is_some_and(|a| !matches!(a.reversibility(), Reversibility::NothingToUndo(_)))
    };
    let paths = sequence(runbook, order);
    let mut text: String = paths.iter().filter(with_undo).map(|p| format!("{p}:before\n{p}:after\n")).collect();
    if let Some(to) = rollback_to {
        let ReturnTrip { kept, .. } = way_back(runbook, order, to)?;
        let (restored, cleaned): (Vec<_>, Vec<_>) =
            paths.iter().rev().filter(|path| !kept.contains(path)).filter(with_undo).partition(|path| {
                runbook.actions().any(|it| it.path == **path && runbook.way_back(it) != WayBackKind::CleansUp)
            });
        let undone = restored.into_iter().chain(cleaned);
        text.extend(undone.map(|p| format!("{p}:before-undo\n{p}:after-undo\n")));
    }
    out(&text)?;
    Ok(Exit::Done)
}

/// How far a rollback goes that an operator names.
fn way_back(runbook: &Runbook, order: Order, to: &str) -> Result<ReturnTrip, CommandFailure> {
    let mut kept = sequence(runbook, order);
    let all = kept.len();
    let end = match to {
        "start" => None,
        step => {
            let id = library::step(runbook, step)?;
            kept.iter().rposition(|path| *path.step() == id)
        }
    };
    kept.truncate(end.map_or(0, |end| end + 1));
    if kept.len() == all {
        return Err(CommandFailure::usage(format!("nothing is undone by a rollback to `{to}`: it is the last step"))
            .hint("roll back to an earlier step, or to `start`"));
    }
    Ok(ReturnTrip { to: to.to_owned(), kept })
}

/// Refuses what cannot be rehearsed, before the lab is set up.
fn check(args: &RehearseArgs, runbook: &Runbook) -> Result<(), CommandFailure> {
    Harm::parse(&args.kill, &args.fail)?;
    for point in args.kill.iter().chain(&args.fail) {
        let action = point.rsplit_once(':').map_or(point.as_str(), |(action, _)| action);
        if !runbook.actions().any(|known| known.path.to_string() == action) {
            return Err(CommandFailure::usage(format!("`{}` has no action `{action}`", args.runbook))
                .hint(format!("`runbook rehearse {} --list-kill-points` lists them", args.runbook)));
        }
        let has_effect = |it: &crate::model::StepAction| !matches!(it.reversibility(), Reversibility::NothingToUndo(_));
        if !runbook.actions().any(|it| it.path.to_string() == action && has_effect(it)) {
            return Err(CommandFailure::usage(format!("`{action}` makes no effect that a process could be killed at"))
                .hint(format!("`runbook rehearse {} --list-kill-points` lists the points", args.runbook)));
        }
        if point.ends_with("-undo") && args.rollback_to.is_none() {
            return Err(CommandFailure::usage(format!("`{point}` is never reached: nothing is undone"))
                .hint("add `--rollback-to STEP`"));
        }
    }
    Ok(())
}

/// Refuses what would be ignored, or could only fail.
fn can_be_combined(
    args: &RehearseArgs,
    fault: Option<&FaultBefore>,
    back: Option<&ReturnTrip>,
) -> Result<(), CommandFailure> {
    let points = !(args.kill.is_empty() && args.fail.is_empty());
    if args.shell && (points || fault.is_some() || back.is_some()) {
        return Err(CommandFailure::usage(
            "`--shell` cannot be combined with `--kill`, `--fail`, `--fault` or `--rollback-to`",
        )
        .hint("in the shell nothing is rehearsed: type `runbook ...` yourself"));
    }
    if fault.is_some() && points {
        return Err(CommandFailure::usage("`--fault` cannot be combined with `--kill` or `--fail`")
            .hint("rehearse them one after the other"));
    }
    let lasts = fault.and_then(|fault| fault.rests.as_ref()).is_some_and(|rests| !rests.typed.is_empty());
    match back {
        Some(ReturnTrip { to, kept }) if lasts && !kept.is_empty() => {
            let name = args.fault.as_deref().unwrap_or_default();
            let message = format!("`--fault {name}` cannot be combined with `--rollback-to {to}`");
            Err(CommandFailure::usage(message)
                .cause("after that rollback the run goes forward again, and the fault lasts all day")
                .hint("use another fault, or `--rollback-to start`"))
        }
        _ => Ok(()),
    }
}

/// Being the region: pid 1 first, then its one child, which plays the scenario and tells the verdict.
pub(in crate::cli) fn region(args: &RegionArgs, format: Format) -> Result<Exit, CommandFailure> {
    block_on(async {
        if enter::is_init() {
            let status = enter::be_init().await.map_err(|e| lab_failure(&e))?;
            return Ok(match status {
                0 => Exit::Done,
                130 => Exit::Interrupted,
                _ => Exit::Failed,
            });
        }
        let text = std::fs::read_to_string(&args.spec).map_err(|e| CommandFailure::output(&e))?;
        let scenario: Scenario = serde_json::from_str(&text).map_err(|e| CommandFailure::usage(e.to_string()))?;
        let began = Instant::now();
        let json = format.is_json();
        let say = move |text: &str| say(json, began, text);
        let shell = scenario.shell;
        let PlayEnding::Played(report) = play(&scenario, &say).await.map_err(|e| lab_failure(&e))? else {
            return Ok(Exit::Interrupted);
        };
        if shell {
            return Ok(Exit::Done);
        }
        verdict::tell(&report, format)?;
        Ok(if report.passed() { Exit::Done } else { Exit::Failed })
    })?
}

/// A command inside a rehearsal that kills itself at the points given.
pub(in crate::cli) fn rehearsed(args: RehearsedArgs, common: &Common, format: Format) -> Result<Exit, CommandFailure> {
    let harm = Harm::parse(&args.kill, &args.fail)?.at_append(args.kill_at_append.as_deref())?.told_in(args.told_in);
    match args.command {
        RehearsedCommand::Run(args) => run::run(&args, common, format, &harm),
        RehearsedCommand::Resume(args) => resume::resume(&args, common, format, &harm),
        RehearsedCommand::Rollback(args) => rollback::rollback(&args, common, format, &harm),
        RehearsedCommand::Look { run } => look(&run, common),
    }
}

pub(in crate::cli) fn say(json: bool, began: Instant, text: &str) {
    let seconds = began.elapsed().as_secs_f64();
    if json {
        // A note that nobody reads is no failure of the rehearsal.
        let _ = out(&format!("{}\n", serde_json::json!({ "event": "lab", "note": text, "after_s": seconds })));
    } else {
        display::to_stderr(&format!("lab {seconds:6.1} s  {text}\n"));
    }
}

fn fault<'w>(world: &'w World, name: &str) -> Result<&'w FaultBefore, CommandFailure> {
    let names: Vec<&str> = world.faults.keys().map(String::as_str).collect();
    world.faults.get(name).ok_or_else(|| {
        CommandFailure::usage(format!("there is no fault `{name}` in this world")).hint(match names.as_slice() {
            [] => "a world file has them under `faults`".to_owned(),
            names => format!("faults: {}", names.join(", ")),
        })
    })
}

/// `aws`, or `aws:N` for N times faster.
fn pace(text: &str) -> Result<u32, CommandFailure> {
    let faster = match text.split_once(':') {
        None if text == "aws" => Some(1),
        Some(("aws", times)) => times.parse().ok().filter(|times| *times > 0),
        _ => None,
    };
    faster.ok_or_else(|| {
        CommandFailure::usage(format!("there is no pace `{text}`"))
            .hint("`aws` is AWS's own, `aws:60` sixty times faster")
    })
}

pub(in crate::cli) fn lab_failure(error: &RehearsalError) -> CommandFailure {
    let failure = CommandFailure::chain(Exit::Failed, error);
    match error.help() {
        Some(help) => failure.hint(help),
        None => failure,
    }
}

/// A folder that was not there before and that only its owner can enter, for root runs what lies in it. It stays until it is
/// removed: somebody may want to look at it.
fn fresh_folder() -> Result<PathBuf, CommandFailure> {
    let owner_only = std::fs::Permissions::from_mode(0o700);
    let folder = tempfile::Builder::new().prefix("runbook-lab-").rand_bytes(12).permissions(owner_only).tempdir();
    folder.map(tempfile::TempDir::keep).map_err(|e| CommandFailure::output(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_labs_folder_is_new_and_its_owners_alone() {
        let (one, other) = (fresh_folder().unwrap(), fresh_folder().unwrap());
        assert_ne!(one, other);
        for folder in [one, other] {
            assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o7777, 0o700);
            std::fs::remove_dir(folder).unwrap();
        }
    }

    #[test]
    fn a_pace_is_aws_or_so_many_times_faster() {
        assert_eq!(pace("aws").unwrap(), 1);
        assert_eq!(pace("aws:60").unwrap(), 60);
        for wrong in ["", "aws:", "aws:0", "aws:-1", "aws:1.5", "fast", "gcp:2"] {
            assert!(pace(wrong).is_err(), "{wrong}");
        }
    }
}
