//! `runbook iam-policy`: the least that a plan, a run and a rollback must be allowed to do.
//!
//! It needs no credentials and connects to nobody: inputs tell most, options the rest.

use crate::action::policy::{
    CheckDeed, InstanceRole, Policy, PolicyDocument, PolicySurroundings, Purpose, policy_with_checks,
};
use crate::cli::args::{Format, IamPolicyArgs, PurposeArg};
use crate::cli::out::out;
use crate::cli::plan::refusal;
use crate::cli::{CommandFailure, Exit, library};
use crate::display;
use crate::engine::{deeds, preview_check, preview_guard};
use crate::model::{Guard, PreflightCheck};
use crate::plan::{Order, Plan};
use std::collections::BTreeMap;

pub(in crate::cli) fn iam_policy(args: &IamPolicyArgs, format: Format) -> Result<Exit, CommandFailure> {
    let found = library::find(&args.runbook)?;
    let inputs = library::inputs(&found.runbook, args.inputs.as_deref(), &args.sets)?;
    let plan = Plan::make(found.runbook, inputs, None, Order::Article).map_err(|e| refusal::no_plan(&e))?;
    let region = plan.region.clone().ok_or_else(|| {
        CommandFailure::usage(format!("`{}` does not use AWS", plan.runbook.name)).hint("it needs no IAM policy")
    })?;
    let around = PolicySurroundings {
        region,
        account: args.account.clone(),
        instance_role: match args.instance_role.as_deref() {
            None => InstanceRole::Unknown,
            Some("none") => InstanceRole::None,
            Some(name) => InstanceRole::Named(name.to_owned()),
        },
        kms_key: args.kms_key.clone(),
        principal: args.principal.clone(),
    };
    let deeds = deeds(&plan, None, &BTreeMap::new());
    let checks = plan.runbook.preflight.iter().map(|check| checked(&plan, check));
    let checks: Vec<CheckDeed> = checks.chain(plan.runbook.guards.iter().map(|guard| guarded(&plan, guard))).collect();
    let of = |purpose| policy_with_checks(&deeds, &checks, &around, purpose);
    if format.is_json() {
        out(&json(&of)?)?;
        return Ok(Exit::Done);
    }
    let told = of(args.purpose.into());
    for document in &told.documents {
        out(&text(document)?)?;
    }
    let notes: String = told.notes.iter().map(|note| format!("note: {note}\n")).collect();
    display::to_stderr(&notes);
    Ok(Exit::Done)
}

fn json(of: &dyn Fn(Purpose) -> Policy) -> Result<String, CommandFailure> {
    let purposes =
        [("plan", Purpose::Plan), ("run", Purpose::Run), ("rollback", Purpose::Rollback), ("all", Purpose::All)];
    let mut told = serde_json::Map::new();
    let mut notes = serde_json::Map::new();
    for (name, purpose) in purposes {
        let policy = of(purpose);
        told.insert(name.to_owned(), serde_json::to_value(&policy.documents).map_err(|e| unwritten(&e))?);
        notes.insert(name.to_owned(), policy.notes.into());
    }
    told.insert("notes".to_owned(), notes.into());
    Ok(format!("{}\n", serde_json::Value::from(told)))
}

fn text(document: &PolicyDocument) -> Result<String, CommandFailure> {
    serde_json::to_string_pretty(document).map(|text| text + "\n").map_err(|e| unwritten(&e))
}

fn unwritten(error: &serde_json::Error) -> CommandFailure {
    CommandFailure::new(Exit::Failed, "cannot write the policy").cause(error.to_string())
}

fn checked(plan: &Plan, check: &PreflightCheck) -> CheckDeed {
    CheckDeed { id: check.id.clone(), kind: check.kind, parameters: preview_check(plan, check) }
}

fn guarded(plan: &Plan, guard: &Guard) -> CheckDeed {
    CheckDeed { id: guard.id.clone(), kind: guard.kind, parameters: preview_guard(plan, guard) }
}

impl From<PurposeArg> for Purpose {
    fn from(purpose: PurposeArg) -> Self {
        match purpose {
            PurposeArg::Plan => Purpose::Plan,
            PurposeArg::Run => Purpose::Run,
            PurposeArg::Rollback => Purpose::Rollback,
            PurposeArg::All => Purpose::All,
        }
    }
}
