//! `runbook rollback`: shows what will be undone, asks, undoes it: that and nothing else.

use super::args::{Common, Format, RollbackArgs};
use super::executor::{Execution, lease};
use super::harm::Harm;
use super::out::out;
use super::run::{confirm, step};
use super::{Exit, Failure, account, history, open, place, plan as planning};
use crate::display;
use crate::engine::Intent;
use crate::journal::{RollbackTo, RunState};
use crate::model::ActionPath;
use crate::plan::{NoPlace, Plan};

pub(super) fn rollback(args: &RollbackArgs, common: &Common, format: Format, harm: &Harm) -> Result<Exit, Failure> {
    let page = args.html.as_deref().map(|file| place::place("page", file)).transpose()?;
    let mut journal = open::journal(common)?;
    let state = open::going(&journal, args.run.run.as_deref())?;
    let mut plan = open::plan(&state)?;
    plan.expected = history::of(&journal, &plan)?;
    let to = match args.to.as_str() {
        "start" => RollbackTo::Start,
        name => RollbackTo::Step(step(&plan.runbook, name)?),
    };
    reached(&plan, &state, &to)?;
    let queue = plan.undo_queue(&state, &to);
    // A run of which nothing is in the world is ended so, once.
    let ends = to == RollbackTo::Start && state.rest.as_ref().is_none_or(|rest| !rest.is_over());
    if queue.is_empty() && !ends {
        return Err(Failure::refused(format!("nothing is to be undone: nothing after `{to}` has been done")));
    }
    let sentences = planning::sentences(&plan, &state.run, &state.outputs());
    match format {
        Format::Text => out(&display::rollback_text(&plan, &state, &to, &queue, &sentences))?,
        Format::Markdown => out(&display::rollback_markdown(&plan, &state, &to, &queue, &sentences))?,
        Format::Json if args.dry_run => {
            out(&format!("{}\n", display::rollback_json(&plan, &state, &to, &queue, &sentences)))?;
        }
        Format::Json => {}
    }
    if let Some(page) = page {
        let origin = planning::origin(state.opened.fingerprint.clone(), None);
        page.write(&display::rollback_html(&plan, &origin, &state, &to, &queue, &sentences))?;
        planning::tell(format, &page.told())?;
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
    as_shown(&plan, (&state, &queue), &now, &to)?;
    reached(&plan, &now, &to)?;
    Execution { journal, plan, common, format, harm }.go(lease, now, Intent::Rollback { to })
}

/// Refuses a place that the run has not reached: what is said to stay there would not be there.
fn reached(plan: &Plan, state: &RunState, to: &RollbackTo) -> Result<(), Failure> {
    let Err(NoPlace { missing, nearest }) = plan.place(state, to) else { return Ok(()) };
    let mut failure = Failure::refused(format!("run `{}` cannot go back to `{to}`: it has not come there", state.run));
    for action in missing.iter().take(3) {
        failure = failure.cause(format!("`{action}` would stay done, and is {}", state.action(action).word()));
    }
    if missing.len() > 3 {
        failure = failure.cause(format!("and so are {} more", missing.len() - 3));
    }
    Err(failure.hint(format!("the furthest place there is: `runbook rollback {} --to {nearest}`", state.run)))
}

/// Refuses when what would be undone now is not what was shown.
fn as_shown(
    plan: &Plan,
    (shown, queue): (&RunState, &[ActionPath]),
    now: &RunState,
    to: &RollbackTo,
) -> Result<(), Failure> {
    let mut failure =
        Failure::refused(format!("nothing was changed: run `{}` has gone on since this was shown", now.run));
    if now.opened.plan == shown.opened.plan {
        let queue_now = plan.undo_queue(now, to);
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
        failure = causes.into_iter().fold(failure, Failure::cause);
    } else {
        failure = failure.cause("what had not run was planned anew");
    }
    Err(failure.hint(format!("`runbook rollback {} --to {to}` shows it as it is now, and asks", now.run)))
}
