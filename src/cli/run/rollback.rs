//! `runbook rollback`: shows what will be undone, asks, undoes it: that and nothing else.

use crate::cli::args::{Common, Format, RollbackArgs};
use crate::cli::confirm::confirm;
use crate::cli::lab::harm::Harm;
use crate::cli::library::step;
use crate::cli::out::{out, tell};
use crate::cli::plan::shown;
use crate::cli::run::executor::{ExecutorRun, lease};
use crate::cli::{CommandFailure, Exit, account, history, open, place};
use crate::display::Typed;
use crate::display::{self, RollbackShown};
use crate::engine::Intent;
use crate::journal::{RollbackTo, RunState};
use crate::model::ActionPath;
use crate::plan::{NoPlace, Plan};
use std::collections::BTreeSet;

pub(in crate::cli) fn rollback(
    args: &RollbackArgs,
    common: &Common,
    format: Format,
    harm: &Harm,
) -> Result<Exit, CommandFailure> {
    let page = args.html.as_deref().map(|file| place::place("page", file)).transpose()?;
    let mut journal = open::journal(common)?;
    let state = open::going(&journal, args.run.run.as_deref())?;
    let mut plan = open::plan(&state)?;
    plan.expected = history::of(&journal, &plan)?;
    let to = match args.to.as_str() {
        "start" => RollbackTo::Start,
        name => RollbackTo::Step(step(&plan.runbook, name)?),
    };
    let leave = left(&plan, &state, &args.leave)?;
    let keeps = keeps(&plan, &state, &to, &leave)?;
    let queue = plan.undo_queue_keeping(&state, &keeps);
    // A run of which nothing is in the world is ended so, once.
    let ends = to == RollbackTo::Start && state.rest.as_ref().is_none_or(|rest| !rest.is_over());
    if queue.is_empty() && !ends {
        return Err(CommandFailure::refused(format!("nothing is to be undone: nothing after `{to}` has been done")));
    }
    let sentences = shown::sentences(&plan, Some(&state.run), &state.outputs());
    match format {
        Format::Text => out(&display::rollback_text(&plan, &state, &to, &queue, &sentences))?,
        Format::Markdown => out(&display::rollback_markdown(&plan, &state, &to, &queue, &sentences))?,
        Format::Json if args.dry_run => {
            out(&format!("{}\n", display::rollback_json(&plan, &state, &to, &queue, &sentences)))?;
        }
        Format::Json => {}
    }
    if let Some(page) = page {
        let origin = shown::origin(state.opened.fingerprint.clone(), None);
        let back = RollbackShown { plan: &plan, state: &state, to: &to, queue: &queue, sentences: &sentences };
        page.write(&display::rollback_html(&origin, &back))?;
        tell(format, &page.told())?;
    }
    if args.dry_run {
        return Ok(Exit::Done);
    }
    if queue.is_empty() {
        confirm(args.yes, "End the run as rolled back?")?;
    } else {
        account::of_run(&plan, common, state.run.as_str())?;
        confirm(args.yes, &format!("Undo these {} actions now?", queue.len()))?;
    }
    let lease = lease(&mut journal, &state)?;
    // Shown and answered without the lease: somebody else may have gone on meanwhile.
    let now = journal.state(&state.run)?;
    as_shown(&plan, (&state, &queue), (&now, &keeps), &to)?;
    ExecutorRun { journal, plan, common, format, harm }.go(lease, now, Intent::Rollback { to, leave })
}

/// The actions that a person leaves as they are: done, and known.
fn left(plan: &Plan, state: &RunState, names: &[String]) -> Result<BTreeSet<ActionPath>, CommandFailure> {
    let mut leave = BTreeSet::new();
    for name in names {
        let known = name.parse::<ActionPath>().ok().filter(|path| plan.definition(path).is_some());
        let path = known.ok_or_else(|| CommandFailure::usage(format!("run `{}` has no action `{name}`", state.run)))?;
        if !state.action(&path).is_done() {
            let word = state.action(&path).word();
            return Err(CommandFailure::usage(format!("`{path}` cannot be left as it is: it is {word}, not done")));
        }
        leave.insert(path);
    }
    Ok(leave)
}

/// What stays. Refuses a place that the run has not reached, for what is said to stay there would not be there; and a way back
/// that would end half-way, at what cannot be undone.
fn keeps(
    plan: &Plan,
    state: &RunState,
    to: &RollbackTo,
    leave: &BTreeSet<ActionPath>,
) -> Result<BTreeSet<ActionPath>, CommandFailure> {
    let run = &state.run;
    let mut keeps = plan.place(state, to).map_err(|NoPlace { missing, nearest }| {
        let mut failure =
            CommandFailure::refused(format!("run `{run}` cannot go back to `{to}`: it has not come there"));
        for action in missing.iter().take(3) {
            failure = failure.cause(format!("`{action}` would stay done, and is {}", state.action(action).word()));
        }
        if missing.len() > 3 {
            failure = failure.cause(format!("and so are {} more", missing.len() - 3));
        }
        failure.hint(format!("the furthest place there is: `{}`", Typed::of(run).rollback(&nearest)))
    })?;
    keeps.extend(leave.iter().cloned());
    let stuck = plan.beyond_recall(state, &keeps);
    if stuck.is_empty() {
        return Ok(keeps);
    }
    let mut failure =
        CommandFailure::refused(format!("nothing was changed: run `{run}` cannot be taken back to `{to}` wholly"));
    for (action, why) in &stuck {
        failure = failure.cause(format!("`{action}` cannot be undone: {why}"));
    }
    if let Some(last) = plan.last_recall(state) {
        failure = failure.hint(format!("as far back as can be: `{}`", Typed::of(run).rollback(&last)));
    }
    let leaves: String = stuck.iter().map(|(action, _)| format!(" --leave {action}")).collect();
    Err(failure
        .hint(format!("or leave it as it is: `{}`", Typed::of(run).rollback_with(format_args!("--to {to}{leaves}")))))
}

/// Refuses when what would be undone now is not what was shown.
fn as_shown(
    plan: &Plan,
    (shown, queue): (&RunState, &[ActionPath]),
    (now, keeps): (&RunState, &BTreeSet<ActionPath>),
    to: &RollbackTo,
) -> Result<(), CommandFailure> {
    let mut failure =
        CommandFailure::refused(format!("nothing was changed: run `{}` has gone on since this was shown", now.run));
    if now.opened.plan == shown.opened.plan {
        let queue_now = plan.undo_queue_keeping(now, keeps);
        if queue_now == queue {
            return Ok(());
        }
        let only = |these: &[ActionPath], those: &[ActionPath], what: &str| {
            let names: Vec<String> = these.iter().filter(|a| !those.contains(a)).map(|a| format!("`{a}`")).collect();
            (!names.is_empty()).then(|| format!("{what}: {}", names.join(", ")))
        };
        let more = only(&queue_now, queue, "now to be undone too");
        let fewer = only(queue, &queue_now, "not to be undone any more");
        let mut causes: Vec<String> = more.into_iter().chain(fewer).collect();
        if causes.is_empty() {
            causes.push("the same actions are to be undone in another order".into());
        }
        failure = causes.into_iter().fold(failure, CommandFailure::cause);
    } else {
        failure = failure.cause("what had not run was planned anew");
    }
    Err(failure.hint(format!("`{}` shows it as it is now, and asks", Typed::of(&now.run).rollback(to))))
}
