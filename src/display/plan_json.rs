//! The plan for programs. Fields are only ever added.

use super::pending_value::{expr, is_pending};
use super::plan_text::{PreflightLine, Sentences};
use super::usual;
use crate::model::{ActionPath, CheckRow, Reversibility, StepAction, Value};
use crate::plan::Plan;
use serde_json::{Map, json};

/// Fields: `runbook`, `title`, `account`, `region`, `order`, `tags`, `inputs` (secrets are references), `usual_s`,
/// `downtime_s` (null when actions overlap), `refused` (how many actions refuse), `checks` (in the document's order; each:
/// `id`, `verdict`: `pass`, `warn`, `refuse` or `not-checkable`, `evidence`, `advice`, `acceptable`, `accepted`: the reason or
/// null), `refused_checks` (how many of them keep the run from beginning), `steps` (each: `number`, `id`, `title`,
/// `why`, `site_down`, `usual_s`, `actions`; an action: `action`, `kind`, `sentence`, `undo`, `reversibility`, `with`,
/// `pending` (names of parameters not known yet), `needs`, `usual_s`, `preflight` (`look`: `seen`, `refused`, `not_yet`,
/// with `finding` or `failure`; null when nothing was looked at)).
#[must_use]
pub fn plan_json(plan: &Plan, sentences: Sentences<'_>, preflight: &[(ActionPath, PreflightLine)]) -> Value {
    let steps = plan.runbook.steps.iter().map(|step| {
        json!({
            "number": step.number,
            "id": step.id,
            "title": step.title,
            "why": step.why,
            "site_down": step.site_down,
            "usual_s": usual::of_step(step),
            "actions": step.actions.iter().map(|a| action(plan, a, sentences, preflight)).collect::<Vec<_>>(),
        })
    });
    json!({
        "runbook": plan.runbook.name,
        "title": plan.runbook.title,
        "account": plan.account,
        "region": plan.region,
        "order": plan.order,
        "tags": plan.tags,
        "inputs": plan.inputs,
        "usual_s": usual::of_plan(plan),
        "downtime_s": usual::of_downtime(plan),
        "refused": preflight.iter().filter(|(_, line)| matches!(line, PreflightLine::Refused(_))).count(),
        "checks": plan.checks.iter().map(check).collect::<Vec<_>>(),
        "refused_checks": plan.checks.iter().filter(|row| row.refuses()).count(),
        "steps": steps.collect::<Vec<_>>(),
    })
}

fn check(row: &CheckRow) -> Value {
    json!({
        "id": row.id,
        "verdict": row.verdict,
        "evidence": row.evidence,
        "advice": row.advice,
        "acceptable": row.acceptable,
        "accepted": row.accepted,
    })
}

fn action(
    plan: &Plan,
    action: &StepAction,
    sentences: Sentences<'_>,
    preflight: &[(ActionPath, PreflightLine)],
) -> Value {
    let spec = action.kind.spec();
    let sentence = sentences(&action.path);
    let with: Map<String, Value> =
        action.with.iter().map(|(name, it)| (name.clone(), Value::from(expr(plan, it)))).collect();
    let needs = plan.actions.iter().find(|p| p.action == action.path).map(|p| &p.needs);
    json!({
        "action": action.path,
        "kind": action.kind,
        "sentence": sentence.as_ref().map(|told| &told.does),
        "undo": sentence.as_ref().and_then(|told| told.undo.as_ref()),
        "reversibility": match &action.irreversible {
            Some(why) => json!({ "is": "irreversible", "why": why }),
            None => reversibility(spec.reversibility),
        },
        "with": with,
        "pending": action.with.iter().filter(|(_, it)| is_pending(it)).map(|(name, _)| name).collect::<Vec<_>>(),
        "needs": needs,
        "usual_s": spec.usual_s,
        "preflight": preflight.iter().find(|(path, _)| *path == action.path).map(|(_, line)| look(line)),
    })
}

fn look(line: &PreflightLine) -> Value {
    match line {
        PreflightLine::Seen(finding) => json!({ "look": "seen", "finding": finding }),
        PreflightLine::Refused(failure) => json!({ "look": "refused", "failure": failure }),
        PreflightLine::NotYet => json!({ "look": "not_yet" }),
    }
}

fn reversibility(reversibility: Reversibility) -> Value {
    match reversibility {
        Reversibility::Reversible => json!({ "is": "reversible" }),
        Reversibility::WithLoss(what) => json!({ "is": "with_loss", "lost": what }),
        Reversibility::NothingToUndo(why) => json!({ "is": "nothing_to_undo", "why": why }),
        Reversibility::Irreversible(why) => json!({ "is": "irreversible", "why": why }),
    }
}
