//! `runbook run`: plan, look, ask, open the run, execute it.

use super::args::{Common, Format, RunArgs};
use super::clock::SystemClock;
use super::executor::{Execution, block_on, lease};
use super::harm::Harm;
use super::out::out;
use super::refusal::{judge, refuse};
use super::settings::Looking;
use super::{Exit, Failure, account, history, library, open, operator, permission, plan as planning, saved, secrets};
use crate::display;
use crate::engine::{Clock, Intent, Look, Worker, preflight_with_checks};
use crate::journal::{InputsFrom, PlanFile, RecordKind};
use crate::model::{ActionPath, Permissions, RunId, StepId};
use crate::plan::{Order, Plan};
use crate::validate;
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::rc::Rc;

/// A plan with what was seen of the world.
pub(super) struct Prepared {
    pub(super) run: RunId,
    pub(super) text: String,
    pub(super) source: Option<String>,
    pub(super) inputs_from: Option<InputsFrom>,
    pub(super) plan: Plan,
    pub(super) looks: Vec<(ActionPath, Look)>,
    pub(super) until: Option<StepId>,
    /// What the caller may do; nothing where AWS is not used.
    pub(super) permissions: Option<Permissions>,
    /// The saved plan it is; nothing when it is planned on the spot.
    pub(super) plan_file: Option<PlanFile>,
}

pub(super) fn run(args: &RunArgs, common: &Common, format: Format, harm: &Harm) -> Result<Exit, Failure> {
    if args.dry_run {
        return planning::plan(args, common, format);
    }
    // First: what could not be recorded need not be looked at.
    let mut journal = open::journal(common)?;
    let mut prepared = prepare(args, common, new_run_id(SystemClock.now()))?;
    if let Some(told) = prepared.permissions.as_ref().filter(|told| told.only_plans) {
        permission::refuse(&prepared.plan, told, &mut prepared.looks);
    }
    refuse(&prepared.looks, &prepared.plan.checks)?;
    if !format.is_json() {
        out(&planning::text(&prepared))?;
    }
    confirm(args.yes, &format!("Run `{}` now?", prepared.plan.runbook.name))?;
    let opened = RecordKind::RunOpened {
        runbook: prepared.plan.runbook.name.clone(),
        document: prepared.text.clone(),
        fingerprint: validate::fingerprint(&prepared.text),
        plan: prepared.plan.to_value().map_err(|e| Failure::refused(e.to_string()))?,
        by: operator::name(),
        tool: env!("CARGO_PKG_VERSION").to_owned(),
        source: prepared.source,
        inputs_from: prepared.inputs_from,
        plan_file: prepared.plan_file,
        until: prepared.until.clone(),
    };
    let state = journal.open_run(&prepared.run, SystemClock.now(), opened)?;
    let lease = lease(&mut journal, &state)?;
    let execution = Execution { journal, plan: prepared.plan, common, format, harm };
    execution.go(lease, state, Intent::Forward { until: prepared.until })
}

/// Plans, and looks at the world; nothing is changed and nothing is recorded.
pub(super) fn prepare(args: &RunArgs, common: &Common, run: RunId) -> Result<Prepared, Failure> {
    if let Some(file) = &args.file {
        return saved::prepare(file, args, common, run);
    }
    let name = args.runbook.as_deref().ok_or_else(|| Failure::usage("no runbook is named"))?;
    let found = library::find(name)?;
    let inputs = library::inputs(&found.runbook, args.inputs.as_deref(), &args.sets)?;
    judge(&found.runbook, &args.accept)?;
    let until = args.until.as_deref().map(|name| step(&found.runbook, name)).transpose()?;
    let order = args.order.map_or(Order::Article, Order::from);
    let mut plan = Plan::make(found.runbook, inputs, None, order).map_err(|e| planning::no_plan(&e))?;
    let looking = Looking::new(common)?;
    let (looks, permissions) = block_on(async {
        secrets::of_plan(&plan).await?;
        look(&mut plan, &run, &looking).await
    })??;
    let outputs = planning::outputs_with(BTreeMap::new(), &looks);
    let seen = planning::previews(&plan, &run, &outputs, &looks);
    plan.preview(seen);
    plan.expected = history::expected(common, &plan)?;
    crate::model::accept(&mut plan.checks, &args.accept);
    let file = args.inputs.as_deref().and_then(|file| std::path::absolute(file).ok());
    let inputs_from = InputsFrom { file: file.map(|file| file.display().to_string()), sets: args.sets.clone() };
    let (text, source) = (found.text, found.source);
    Ok(Prepared { run, text, source, inputs_from: Some(inputs_from), plan, looks, until, permissions, plan_file: None })
}

/// What looking has given, and what the caller may do; nothing of that where AWS is not used.
pub(super) type Looked = (Vec<(ActionPath, Look)>, Option<Permissions>);

/// Looks at the world for a plan: all that can be told before a run. A plan that is for an account already is held to it.
pub(super) async fn look(plan: &mut Plan, run: &RunId, looking: &Looking) -> Result<Looked, Failure> {
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
        Some((caller, region)) => Some(permission::check(plan, run, &access, caller, region, &looks).await),
        None => None,
    };
    if let Some(told) = permissions.as_ref().filter(|told| !told.only_plans) {
        permission::refuse(plan, told, &mut looks);
    }
    Ok((looks, permissions))
}

/// Asks the person at the terminal; without a terminal only `--yes` answers.
pub(super) fn confirm(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::refused("nothing was changed: there is nobody to ask")
            .hint("say `--yes` to go ahead without being asked"));
    }
    display::to_stderr(&format!("{question} Type `yes` to go ahead: "));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(|e| Failure::output(&e))?;
    if answer.trim() == "yes" { Ok(()) } else { Err(Failure::refused("nothing was changed: not confirmed")) }
}

pub(super) fn step(runbook: &crate::model::Runbook, name: &str) -> Result<StepId, Failure> {
    runbook.step(name).map(|s| s.id.clone()).ok_or_else(|| {
        let steps: Vec<String> = runbook.steps.iter().map(|s| format!("step-{} {}", s.number, s.id)).collect();
        Failure::usage(format!("there is no step `{name}`")).hint(format!("steps: {}", steps.join(", ")))
    })
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
