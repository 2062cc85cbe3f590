//! Whether the caller may do all that run and rollback need: asked before anything is changed, told with the plan; what is missing
//! refuses the actions that need it.

use crate::access::{Access, Caller};
use crate::action::check_permissions;
use crate::engine::deeds;
use crate::model::{ActionPath, Failure, Lack, Permissions, RunId, Values};
use crate::plan::{Look, Plan};
use std::collections::BTreeMap;

/// Who asks AWS, and where.
pub(in crate::cli) struct Asking<'a> {
    pub(in crate::cli) access: &'a Access,
    pub(in crate::cli) caller: &'a Caller,
    pub(in crate::cli) region: &'a str,
}

/// Asks for the whole plan: nothing is known of where a rollback may have to go. `outputs` are what is known already of what
/// actions give.
pub(in crate::cli) async fn check(
    plan: &Plan,
    run: Option<&RunId>,
    asking: &Asking<'_>,
    outputs: &BTreeMap<ActionPath, Values>,
) -> Permissions {
    check_permissions(asking.access, asking.caller, asking.region, &deeds(plan, run, outputs)).await
}

/// Lets every action refuse that lacks a permission, unless looking at it has refused already.
pub(in crate::cli) fn refuse(plan: &Plan, told: &Permissions, looks: &mut [(ActionPath, Look)]) {
    let missing = told.missing_by_action();
    for (action, look) in looks {
        let Some(lacks) = missing.get(action) else { continue };
        let mut failure = match look {
            Look::Refused(failure) => failure.clone(),
            _ => Failure::refused(format!("`{}` is not allowed what `{action}` needs", told.caller)),
        };
        for (purpose, lacks) in lacks {
            failure.causes.push(format!("missing {}: {}", purpose.words(), named(lacks)));
        }
        let advice = format!(
            "`runbook iam-policy {}` with the same inputs prints the policy that run and rollback need",
            plan.runbook.name
        );
        *look = Look::Refused(failure.advise(advice));
    }
}

fn named(lacks: &[&Lack]) -> String {
    lacks.iter().map(|lack| format!("`{}` ({})", lack.permission, lack.why)).collect::<Vec<_>>().join(", ")
}
