//! What the caller may do of all that a run needs, as it is told at the end of a plan and among its warnings.
//!
//! A missing permission that forbids the run is told by the actions that need it, as every refusal is; here is the rest.

use super::table::{count, hanging, list, wrapped};
use crate::model::{Judged, Lack, Permissions};
use serde_json::{Value, json};

/// The end of a plan's text.
#[must_use]
pub fn permissions_text(told: &Permissions) -> String {
    let mut text = format!("\n{}", wrapped("permissions: ", &summary(told)));
    if told.only_plans {
        text.push_str(&lacks("  missing, by those who need it:", &told.missing));
    }
    for warning in permission_warnings(told) {
        text.push_str(&hanging("  WARNING: ", 4, &warning));
    }
    if !told.unchecked.is_empty() {
        text.push_str(&lacks("  not checked, by those who need it:", &told.unchecked));
    }
    text
}

/// The verdict in a sentence.
pub(super) fn summary(told: &Permissions) -> String {
    let all = told.allowed.len() + told.missing.len() + told.unchecked.len();
    let (allowed, missing) = (told.allowed.len(), told.missing.len());
    let caller = &told.caller;
    let of = count(all, "IAM action");
    match (&told.judged, missing) {
        (Judged::Root, _) => format!("`{caller}` is the account's root user, who may do everything"),
        (_, 0) if told.unchecked.is_empty() => {
            format!("`{caller}` is allowed all {of} that run and rollback need{}", by(&told.judged))
        }
        (_, 0) => format!("`{caller}` is allowed {allowed} of the {of} that run and rollback need{}", by(&told.judged)),
        (_, _) if told.only_plans => {
            format!("`{caller}` may plan and not run: {missing} of the {of} that run and rollback need are missing")
        }
        (_, _) => format!("`{caller}` lacks {missing} of the {of} that run and rollback need{}", by(&told.judged)),
    }
}

fn by(judged: &Judged) -> &'static str {
    match judged {
        Judged::Root => "",
        Judged::Simulation => ", says IAM",
        Judged::DryRuns { .. } => ", as far as dry runs tell",
    }
}

/// What a reader must not overlook.
#[must_use]
pub fn permission_warnings(told: &Permissions) -> Vec<String> {
    let mut warnings = Vec::new();
    if told.only_plans {
        let caller = &told.caller;
        warnings.push(format!("`{caller}` may not run this plan: somebody with the permissions must"));
    }
    if !told.unchecked.is_empty() {
        let mut warning = format!("{} not checkable before the run", are(told.unchecked.len()));
        if let Judged::DryRuns { why } = &told.judged {
            warning.push_str(&format!(": {why}"));
        }
        warnings.push(warning);
    }
    warnings
}

fn are(number: usize) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} that run and rollback need {verb}", count(number, "IAM action"))
}

/// One line an IAM action.
fn lacks(heading: &str, all: &[Lack]) -> String {
    let mut text = format!("{heading}\n");
    for lack in all {
        let by: Vec<String> =
            lack.needed_by.iter().map(|need| format!("{} {}", need.action, need.purpose.words())).collect();
        let few = if by.len() > 3 { format!("{} and {} more", list(&by[..2]), by.len() - 2) } else { list(&by) };
        text.push_str(&hanging(&format!("    {}: ", lack.permission), 6, &format!("{few} ({})", lack.why)));
    }
    text
}

/// The same for programs: `caller`, `judged`, `allowed`, `missing`, `unchecked`, `only_plans`.
#[must_use]
pub fn permissions_json(told: &Permissions) -> Value {
    json!(told)
}
