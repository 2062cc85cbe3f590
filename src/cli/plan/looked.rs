//! Looking at the world for a plan, and at what the caller may do.

use crate::cli::clock::SystemClock;
use crate::cli::plan::permission::{self, Asking};
use crate::cli::plan::planned_id;
use crate::cli::settings::Looking;
use crate::cli::{CommandFailure, account};
use crate::engine::{Clock, Worker, outputs_of, preflight_with_checks};
use crate::model::{ActionPath, Permissions, RunId};
use crate::plan::{Look, Plan};
use std::rc::Rc;

/// What looking has given, and what the caller may do; nothing of that where AWS is not used.
pub(in crate::cli) type Looked = (Vec<(ActionPath, Look)>, Option<Permissions>);

/// Looks at the world for a plan: all that can be told before a run. A plan that is for an account already is held to it.
pub(in crate::cli) async fn look(plan: &mut Plan, run: &RunId, looking: &Looking) -> Result<Looked, CommandFailure> {
    let access = Rc::new(looking.access());
    let mut who = None;
    if let Some(region) = plan.region.clone() {
        let caller = account::of(&access, &region).await?;
        account::agree(plan, &caller.account)?;
        plan.account = Some(caller.account.clone());
        who = Some((caller, region));
    }
    let worker = Worker::new(Rc::clone(&access));
    let (mut looks, checks) = preflight_with_checks(plan, run, &worker, SystemClock.now()).await;
    plan.checks = checks;
    plan.names = access.names().all();
    let permissions = match &who {
        Some((caller, region)) => {
            let asking = Asking { access: &access, caller, region };
            Some(permission::check(plan, planned_id::begun(run), &asking, &outputs_of(&looks)).await)
        }
        None => None,
    };
    if let Some(told) = permissions.as_ref().filter(|told| !told.only_plans) {
        permission::refuse(plan, told, &mut looks);
    }
    Ok((looks, permissions))
}
