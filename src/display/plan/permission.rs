//! What the caller may do of all that a run needs, as it is told at the end of a plan and among its warnings.
//!
//! A missing permission that forbids the run is told by the actions that need it, as every refusal is; here is the rest.

use crate::display::table::{count, hanging};
use crate::model::{Judged, Lack, Permissions};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The end of a plan's text.
#[must_use]
pub fn permissions_text(told: &Permissions) -> String {
    let mut text = format!("\n{}", hanging("permissions: ", 2, &summary(told)));
    for warning in permission_warnings(told) {
        text.push_str(&hanging("  WARNING: ", 4, &warning));
    }
    text
}

/// The verdict in a sentence.
pub(in crate::display) fn summary(told: &Permissions) -> String {
    let all = told.allowed.len() + told.missing.len() + told.unchecked.len();
    let (allowed, missing) = (told.allowed.len(), told.missing.len());
    let caller = &told.caller;
    let of = format!("{} that run and rollback need", count(all, "IAM action"));
    match (&told.judged, missing) {
        (Judged::Root, _) => format!("`{caller}` is the account's root user, who may do everything"),
        (judged, 0) if told.unchecked.is_empty() => format!("`{caller}` is allowed all {of}, {}", says(judged)),
        (judged, 0) => format!("`{caller}` is allowed {allowed} of the {of}, {}", says(judged)),
        _ if told.only_plans => format!("`{caller}` may plan and not run: it lacks {missing} of the {of}"),
        (judged, _) => format!("`{caller}` lacks {missing} of the {of}, {}", says(judged)),
    }
}

fn says(judged: &Judged) -> &'static str {
    match judged {
        Judged::Root | Judged::Simulation => "says IAM",
        Judged::DryRuns { .. } => "as far as dry runs tell",
    }
}

/// What a reader must not overlook, each with the names it is about.
#[must_use]
pub fn permission_warnings(told: &Permissions) -> Vec<String> {
    let mut warnings = Vec::new();
    if told.only_plans {
        warnings.push(format!(
            "{}. Somebody else must run this plan. Missing: {}",
            summary(told),
            names(&told.missing)
        ));
    }
    if told.unchecked.is_empty() {
        return warnings;
    }
    let number = told.unchecked.len();
    let are = if number == 1 { "is" } else { "are" };
    let what = format!("{} that run and rollback need {are} not checkable before the run", count(number, "IAM action"));
    match &told.judged {
        Judged::DryRuns { why } => warnings.push(format!("{what}: {why}. Not checked: {}", names(&told.unchecked))),
        _ => {
            let mut by_reason: BTreeMap<&str, Vec<Lack>> = BTreeMap::new();
            for lack in &told.unchecked {
                by_reason.entry(&lack.why).or_default().push(lack.clone());
            }
            let reasons: Vec<String> =
                by_reason.into_iter().map(|(why, lacks)| format!("{} ({why})", names(&lacks))).collect();
            warnings.push(format!("{what}: {}", reasons.join("; ")));
        }
    }
    warnings
}

/// `ec2: RunInstances, StopInstances; rds: ModifyDBInstance`
fn names(lacks: &[Lack]) -> String {
    let mut by_service: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for lack in lacks {
        let (service, name) = lack.permission.split_once(':').unwrap_or(("", &lack.permission));
        by_service.entry(service).or_default().push(name);
    }
    let services: Vec<String> =
        by_service.into_iter().map(|(service, names)| format!("{service}: {}", names.join(", "))).collect();
    services.join("; ")
}

/// The same for programs: `caller`, `judged` (`by`: `root`, `simulation`, or `dry_runs` with `why`), `allowed` (names),
/// `missing` and `unchecked` (each: `permission`, `on` (ARNs), `why`, `needed_by` (each: `action`, `for`: `look`, `forward`,
/// `back`)), `only_plans`.
#[must_use]
pub fn permissions_json(told: &Permissions) -> Value {
    json!(told)
}
