//! `runbook resume`: goes on where a run rests or died; in the direction it was going.

use super::args::{Common, Format, ResumeArgs};
use super::executor::{Execution, lease};
use super::harm::Harm;
use super::run::step;
use super::{Exit, Failure, account, open, replan};
use crate::engine::Intent;
use crate::journal::{Mode, Rest, RunState};

pub(super) fn resume(args: &ResumeArgs, common: &Common, format: Format, harm: &Harm) -> Result<Exit, Failure> {
    let mut journal = open::journal(common)?;
    let state = open::run(&journal, args.run.run.as_deref())?;
    let lease = lease(&mut journal, &state)?;
    // Read again under the lease: whoever held it before may have gone further.
    let mut state = journal.state(&state.run)?;
    let mut plan = open::plan(&state)?;
    let forward = matches!(intent(&state, None), Intent::Forward { .. });
    // The way back follows the plan that was executed, whatever the runbook says now.
    if forward {
        let now = replan::now(&state, &plan, args)?;
        if args.replan {
            (plan, state) = replan::replan(&mut journal, &lease, &state, &plan, now, (args, common, format))?;
        } else {
            replan::unchanged(&state, &plan, &now)?;
        }
    } else if args.replan {
        return Err(replan::only_forward(&state.run));
    }
    let until = args.until.as_deref().map(|name| step(&plan.runbook, name)).transpose()?;
    account::of_run(&plan, common, state.run.as_str())?;
    let intent = intent(&state, until);
    Execution { journal, plan, common, format, harm }.go(lease, state, intent)
}

fn intent(state: &RunState, until: Option<crate::model::StepId>) -> Intent {
    match (&state.mode, &state.rest) {
        (Mode::Rollback { .. }, Some(Rest::RolledBack { .. })) | (Mode::Forward { .. }, _) => Intent::Forward { until },
        (Mode::Rollback { to }, _) => Intent::Rollback { to: to.clone() },
    }
}
