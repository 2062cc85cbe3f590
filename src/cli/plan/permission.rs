//! What the caller may not do refuses the actions that need it, before a run is opened.

use crate::model::{ActionPath, Failure, Lack, Permissions};
use crate::plan::{Look, Plan};

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
