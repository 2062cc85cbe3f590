//! `run --plan`: exactly the plan that was saved, or a refusal that says what is different.

use crate::cli::args::{Common, RunArgs};
use crate::cli::clock::SystemClock;
use crate::cli::library::{self, step};
use crate::cli::plan::file::{self, ReadPlan};
use crate::cli::plan::looked::look;
use crate::cli::plan::prepared::Prepared;
use crate::cli::run::executor::block_on;
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, secrets};
use crate::engine::{Clock, drifts};
use crate::model::{self, Acceptance, CheckRow, Millis, RunId};
use crate::plan::{Order, Plan};
use crate::{display, validate};
use std::path::Path;
use std::time::Duration;

/// How old a plan may be without a word.
const MAX_AGE: Duration = Duration::from_secs(24 * 3600);
/// How far two machines' clocks may be apart.
const CLOCKS: Duration = Duration::from_secs(300);

/// Reads a saved plan, compares it with all that is given beside it, and looks at the world again.
pub(in crate::cli) fn prepare(
    path: &Path,
    args: &RunArgs,
    common: &Common,
    (run, begins): (RunId, Option<Millis>),
) -> Result<Prepared, CommandFailure> {
    let read = file::read(path)?;
    whole(&read, path)?;
    of_age(&read, args.max_age, SystemClock.now(), path)?;
    if args.require_signed {
        signed(&read, path)?;
    }
    beside(&read, args)?;
    let looking = Looking::new(common)?;
    let mut plan = read.plan.clone();
    let (looks, permissions) = block_on(async {
        secrets::of_plan(&plan).await?;
        look(&mut plan, &run, &looking).await
    })??;
    let drift = drifts(&read.plan, &run, &looks, SystemClock.now());
    if !drift.is_empty() {
        let failure = CommandFailure::refused("nothing was changed: the world is not the one this plan was made on")
            .drift(drift)
            .hint("put the world back as it was, and type the same command again")
            .hint("or make a new plan and have it signed: `runbook plan ... --out FILE`");
        return Err(failure);
    }
    plan.judge_limits(begins, common.faster.unwrap_or_default());
    // Checked anew; what was accepted when it was planned is what its signers have seen.
    let accepted = |row: &CheckRow| Some(Acceptance { id: row.id.clone(), reason: row.accepted.clone()? });
    let accepted: Vec<Acceptance> = read.plan.checks.iter().filter_map(accepted).collect();
    model::accept(&mut plan.checks, &accepted);
    let ReadPlan { saved, file, .. } = read;
    let (text, source, until) = (saved.document, saved.source, saved.until);
    Ok(Prepared { run, text, source, inputs_from: None, plan, looks, until, permissions, plan_file: Some(file) })
}

/// Refuses a plan that does not follow from the runbook's text in it, or that another version made.
fn whole(read: &ReadPlan, path: &Path) -> Result<(), CommandFailure> {
    let (saved, plan) = (&read.saved, &read.plan);
    let this = env!("CARGO_PKG_VERSION");
    if saved.tool != this {
        return Err(CommandFailure::refused(format!(
            "`{}` was made by runbook {}, and this is {this}",
            path.display(),
            saved.tool
        ))
        .cause("another version may do other things under the same words")
        .hint("make a new plan with this version, or run it with that one"));
    }
    let torn = |why: &str| {
        CommandFailure::refused(format!("`{}` is not what `runbook plan` saves", path.display()))
            .cause(why.to_owned())
            .hint("make a new plan")
    };
    if validate::fingerprint(&saved.document) != saved.fingerprint {
        return Err(torn("the runbook's text in it has another SHA-256 than it says"));
    }
    let runbook = validate::parse_runbook_with(&plan.runbook.name, &saved.document, &plan.inputs)
        .map_err(|_| torn("the runbook's text in it is not valid"))?;
    let again = Plan::make(runbook, plan.inputs.clone(), plan.account.clone(), plan.order);
    if again.is_ok_and(|again| again.does_the_same_as(plan)) {
        return Ok(());
    }
    Err(torn("the plan in it does not follow from the runbook's text in it"))
}

fn of_age(read: &ReadPlan, max_age: Option<Duration>, now: Millis, path: &Path) -> Result<(), CommandFailure> {
    let millis = |time: Duration| Millis::try_from(time.as_millis()).unwrap_or(Millis::MAX);
    let age = now.saturating_sub(read.saved.made_at);
    let made = format!("it was made {} UTC", display::date_time(read.saved.made_at));
    if age < -millis(CLOCKS) {
        return Err(CommandFailure::refused(format!("`{}` comes from the future", path.display()))
            .cause(made)
            .hint("set the clock of this machine or of the other one"));
    }
    if age <= millis(max_age.unwrap_or(MAX_AGE)) {
        return Ok(());
    }
    let failure =
        CommandFailure::refused(format!("`{}` is {} old", path.display(), display::duration(age))).cause(made);
    Err(match max_age {
        Some(_) => failure.hint("make a new plan, or allow more with `--max-age`"),
        None => failure.hint("make a new plan, or say how old it may be, like `--max-age 7d`"),
    })
}

/// Refuses a plan to which nobody but its maker has said yes.
fn signed(read: &ReadPlan, path: &Path) -> Result<(), CommandFailure> {
    let file = &read.file;
    if file.signatures.iter().any(|signature| signature.by != file.made_by) {
        return Ok(());
    }
    let failure = CommandFailure::refused(format!("`{}` is not signed by anybody else than its maker", path.display()));
    let failure = if file.signatures.is_empty() {
        failure.cause("nobody has signed it")
    } else {
        failure.cause(format!("only {}, who made it, has signed it", file.made_by))
    };
    Err(failure.hint(format!("a second operator types `runbook sign {}`", path.display())))
}

/// Refuses what is given beside the plan and is not what is in it.
fn beside(read: &ReadPlan, args: &RunArgs) -> Result<(), CommandFailure> {
    let plan = &read.plan;
    let other = |what: &str| CommandFailure::refused(format!("the saved plan is for {what}"));
    let leave = "leave it out, or make a new plan";
    if let Some(name) = &args.runbook {
        let found = library::find(name)?;
        if found.text != read.saved.document {
            return Err(other(&format!("another text of `{}` than `{name}` is now", plan.runbook.name))
                .cause(crate::cli::plan::shown::changes(&read.saved.document, &found.text))
                .hint(leave));
        }
    }
    if args.inputs.is_some() || !args.sets.is_empty() {
        let given = match &args.inputs {
            Some(file) => library::inputs(&plan.runbook, Some(file), &args.sets)?,
            None => crate::cli::run::inputs_now::over(&plan.runbook, &plan.inputs, &args.sets)?,
        };
        let differ = crate::cli::run::inputs_now::differing(&plan.inputs, &given);
        if !differ.is_empty() {
            return Err(differ
                .iter()
                .fold(other("other inputs"), |failure, line| failure.cause(line.as_str()))
                .hint(leave));
        }
    }
    if let Some(name) = &args.until {
        let until = step(&plan.runbook, name)?;
        if read.saved.until.as_ref() != Some(&until) {
            let planned = read.saved.until.as_ref().map_or("the end".to_owned(), |step| format!("`{step}`"));
            return Err(
                CommandFailure::refused(format!("the saved plan goes to {planned}, not to `{until}`")).hint(leave)
            );
        }
    }
    if !args.accept.is_empty() {
        return Err(CommandFailure::refused(
            "what a check refuses is accepted when a plan is made, not when it is run",
        )
        .hint("make a new plan with `--accept`, and have it signed"));
    }
    let order = args.order.map(Order::from);
    if order.is_some_and(|order| order != plan.order) {
        return Err(other("another order").hint(leave));
    }
    Ok(())
}
