//! `runbook run`: plan, look, ask, open the run, execute it.

pub(in crate::cli) mod again;
pub(in crate::cli) mod clearing;
pub(in crate::cli) mod executor;
pub(in crate::cli) mod inputs_now;
pub(in crate::cli) mod kept;
pub(in crate::cli) mod limits;
pub(in crate::cli) mod remaining;
pub(in crate::cli) mod replan;
pub(in crate::cli) mod resume;
pub(in crate::cli) mod rollback;
pub(in crate::cli) mod signals;
pub(in crate::cli) mod spectator;
pub(in crate::cli) mod waits;

use self::executor::{ExecutorRun, lease};
use self::limits::{first_limits, set_limits};
use crate::cli::args::{Common, Format, RunArgs};
use crate::cli::clock::SystemClock;
use crate::cli::confirm::confirm;
use crate::cli::lab::harm::Harm;
use crate::cli::out::out;
use crate::cli::plan::prepare::prepare;
use crate::cli::plan::refusal::refuse;
use crate::cli::plan::{self, permission, shown};
use crate::cli::{CommandFailure, Exit, open, operator};
use crate::engine::{Clock, Intent};
use crate::journal::RecordKind;
use crate::model::RunId;
use crate::validate;

pub(in crate::cli) fn run(
    args: &RunArgs,
    common: &Common,
    format: Format,
    harm: &Harm,
) -> Result<Exit, CommandFailure> {
    if args.dry_run {
        return plan::plan(args, common, format);
    }
    // First: what could not be recorded need not be looked at.
    let mut journal = open::journal(common)?;
    let begins = SystemClock.now();
    let mut prepared = prepare(args, common, new_run_id(begins), Some(begins))?;
    if let Some(told) = prepared.permissions.as_ref().filter(|told| told.only_plans) {
        permission::refuse(&prepared.plan, told, &mut prepared.looks);
    }
    refuse(&prepared.looks, &prepared.plan.checks)?;
    if !format.is_json() {
        out(&shown::text(&prepared))?;
    }
    confirm(args.yes, &format!("Run `{}` now?", prepared.plan.runbook.name))?;
    let opened = RecordKind::RunOpened {
        runbook: prepared.plan.runbook.name.clone(),
        document: prepared.text.clone(),
        fingerprint: validate::fingerprint(&prepared.text),
        plan: prepared.plan.to_value().map_err(|e| CommandFailure::refused(e.to_string()))?,
        by: operator::name(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        source: prepared.source,
        inputs_from: prepared.inputs_from,
        plan_file: prepared.plan_file,
        until: prepared.until.clone(),
    };
    let state = journal.open_run(&prepared.run, SystemClock.now(), opened)?;
    let lease = lease(&mut journal, &state)?;
    // The window that was judged and confirmed, also when whoever confirmed took long.
    let state = match first_limits(&state, &prepared.plan, begins) {
        Some(limits) => set_limits(&mut journal, &lease, &state, limits)?,
        None => state,
    };
    let execution = ExecutorRun { journal, plan: prepared.plan, common, format, harm };
    execution.go(lease, state, Intent::Forward { until: prepared.until })
}

/// A new run's id: when it was opened (UTC), and four letters against two at once.
fn new_run_id(now: crate::model::Millis) -> RunId {
    use sha2::{Digest, Sha256};
    let at = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    let stamp = at.strftime("%Y%m%d-%H%M%S").to_string();
    let unique = jiff::Timestamp::now().as_nanosecond();
    let digest = Sha256::digest(format!("{unique} {}", std::process::id()));
    let letters: String =
        digest.iter().take(4).map(|b| char::from(b"abcdefghijkmnpqrstuvwxyz23456789"[usize::from(b % 32)])).collect();
    let id = format!("r{stamp}-{letters}");
    id.parse().expect("digits, dashes and lower-case letters after an `r` form an id")
}
