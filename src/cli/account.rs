//! Which account the credentials are for, compared with the one a plan is for before anything is changed.

use crate::access::{Access, Caller};
use crate::cli::args::Common;
use crate::cli::run::executor::block_on;
use crate::cli::{CommandFailure, settings};
use crate::plan::Plan;

/// Whose credentials these are.
pub(in crate::cli) async fn of(access: &Access, region: &str) -> Result<Caller, CommandFailure> {
    access.caller(region).await.map_err(|e| {
        let what =
            format!("nothing was changed: AWS in `{region}` does not know these credentials, or cannot be reached");
        CommandFailure::from(e.failure(what))
    })
}

/// Refuses when the plan is for another account than this one.
pub(in crate::cli) fn agree(plan: &Plan, account: &str) -> Result<(), CommandFailure> {
    match &plan.account {
        Some(planned) if planned != account => {
            Err(CommandFailure::refused(format!("nothing was changed: the plan is for account {planned}"))
                .cause(format!("the credentials are for account {account}"))
                .hint(format!("use credentials for {planned}, like `AWS_PROFILE=... runbook ...`")))
        }
        _ => Ok(()),
    }
}

/// Refuses when these credentials are for another account than the plan.
pub(in crate::cli) async fn same(plan: &Plan, access: &Access) -> Result<(), CommandFailure> {
    match (&plan.region, &plan.account) {
        (Some(region), Some(_)) => agree(plan, &of(access, region).await?.account),
        _ => Ok(()),
    }
}

/// The same for a run that goes on.
pub(in crate::cli) fn of_run(plan: &Plan, common: &Common, run: &str) -> Result<(), CommandFailure> {
    let access = Access::new(settings::connections(common, run)?);
    block_on(same(plan, &access))?
}
