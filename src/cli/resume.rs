//! `runbook resume`: goes on where a run rests or died; in the direction it was going.

use super::args::{Common, Format, ResumeArgs};
use super::executor::{Execution, lease};
use super::harm::Harm;
use super::run::step;
use super::{Exit, Failure, library, open};
use crate::engine::Intent;
use crate::journal::{Mode, Rest, RunState};
use crate::validate;

pub(super) fn resume(args: &ResumeArgs, common: &Common, format: Format, harm: &Harm) -> Result<Exit, Failure> {
    let mut journal = open::journal(common)?;
    let state = open::run(&journal, args.run.run.as_deref())?;
    let plan = open::plan(&state)?;
    let lease = lease(&mut journal, &state)?;
    // Read again under the lease: whoever held it before may have gone further.
    let state = journal.state(&state.run)?;
    unchanged(&state)?;
    let until = args.until.as_deref().map(|name| step(&plan.runbook, name)).transpose()?;
    let intent = intent(&state, until);
    Execution { journal, plan, common, format, harm }.go(lease, state, intent)
}

fn intent(state: &RunState, until: Option<crate::model::StepId>) -> Intent {
    match (&state.mode, &state.rest) {
        (Mode::Rollback { .. }, Some(Rest::RolledBack { .. })) | (Mode::Forward { .. }, _) => Intent::Forward { until },
        (Mode::Rollback { to }, _) => Intent::Rollback { to: to.clone() },
    }
}

/// Refuses when the runbook that comes with the tool under this name is another one now.
fn unchanged(state: &RunState) -> Result<(), Failure> {
    let shipped = library::SHIPPED.iter().find(|(name, _)| *name == state.opened.runbook);
    match shipped {
        Some((name, text)) if validate::fingerprint(text) != state.opened.fingerprint => {
            Err(Failure::refused(format!("`{name}` has changed since run `{}` was opened", state.run))
                .cause(super::plan::changes(&state.opened.document, text))
                .hint("use the version of `runbook` that opened the run, or roll back with it"))
        }
        _ => Ok(()),
    }
}
