//! `runbook rollback`: shows what will be undone, asks, undoes it.

use super::args::{Common, Format, RollbackArgs};
use super::executor::{Execution, lease};
use super::harm::Harm;
use super::out::out;
use super::run::{confirm, step};
use super::{Exit, Failure, account, history, open, place, plan as planning};
use crate::display;
use crate::engine::{Intent, undo_queue};
use crate::journal::RollbackTo;

pub(super) fn rollback(args: &RollbackArgs, common: &Common, format: Format, harm: &Harm) -> Result<Exit, Failure> {
    let page = args.html.as_deref().map(|file| place::place("page", file)).transpose()?;
    let mut journal = open::journal(common)?;
    let state = open::run(&journal, args.run.run.as_deref())?;
    let mut plan = open::plan(&state)?;
    plan.expected = history::of(&journal, &plan)?;
    let to = match args.to.as_str() {
        "start" => RollbackTo::Start,
        name => RollbackTo::Step(step(&plan.runbook, name)?),
    };
    let queue = undo_queue(&plan, &state, &to);
    if queue.is_empty() {
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
    account::of_run(&plan, common, state.run.as_str())?;
    confirm(args.yes, &format!("Undo these {} actions now?", queue.len()))?;
    let lease = lease(&mut journal, &state)?;
    let state = journal.state(&state.run)?;
    Execution { journal, plan, common, format, harm }.go(lease, state, Intent::Rollback { to })
}
