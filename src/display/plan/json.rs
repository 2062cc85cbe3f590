//! The plan for programs. Fields are only ever added.

use crate::display::pending_value::parameter;
use crate::display::plan::changes::Shown;
use crate::display::plan::looks::Looks;
use crate::display::plan::spoken::Sentences;
use crate::display::plan::{asked_site, guards, usual};
use crate::display::run::failure::failure_json;
use crate::model::{ActionPath, CheckRow, Reversibility, StepAction, Value};
use crate::plan::{Look, Plan};
use serde_json::{Map, json};

/// Fields: docs/plan.md lists them, in "Fields of the JSON".
#[must_use]
pub fn plan_json(plan: &Plan, sentences: Sentences<'_>, preflight: &[(ActionPath, Look)]) -> Value {
    let looks = Looks::of(preflight);
    let steps = plan.runbook.steps.iter().map(|step| {
        json!({
            "number": step.number,
            "id": step.id,
            "title": step.title,
            "why": step.why,
            "site_down": step.site_down,
            "on_failure": step.on_failure,
            "usual_s": usual::of_step(plan, step).seconds,
            "usual_from": usual::of_step(plan, step).source_json(),
            "actions": step.actions.iter().map(|a| action(plan, a, sentences, &looks)).collect::<Vec<_>>(),
        })
    });
    let done = usual::done(preflight);
    let (usual, downtime) = (usual::of_plan(plan, &done), usual::of_downtime(plan, &done));
    json!({
        "runbook": plan.runbook.name,
        "title": plan.runbook.title,
        "account": plan.account,
        "region": plan.region,
        "order": plan.order,
        "left_out": plan.runbook.left_out,
        "tags": plan.tags,
        "names": plan.names,
        "inputs": plan.inputs,
        "done": done.len(),
        "usual_s": usual.seconds,
        "usual_from": usual.source_json(),
        "downtime_s": downtime.seconds,
        "downtime_from": downtime.source_json(),
        "max_downtime_s": plan.max_downtime_s,
        "window": plan.change_window,
        "refused": preflight.iter().filter(|(_, line)| matches!(line, Look::Refused(_))).count(),
        "checks": plan.checks.iter().map(check).collect::<Vec<_>>(),
        "refused_checks": plan.checks.iter().filter(|row| row.refuses()).count(),
        "guards": guards::json(plan),
        "site": asked_site::json(plan),
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

fn action(plan: &Plan, action: &StepAction, sentences: Sentences<'_>, looks: &Looks<'_>) -> Value {
    let sentence = sentences(&action.path);
    let (mut with, mut pending) = (Map::new(), Vec::new());
    for (name, given) in &action.with {
        let value = parameter(plan, sentence.as_ref(), name, given);
        with.insert(name.clone(), value.as_str().into());
        pending.extend(value.waits().then_some(name));
    }
    let shown = Shown::of(plan, &action.path, sentence.as_ref(), looks);
    let usual = usual::of_action(plan, action);
    let needs = plan.planned(&action.path).map(|planned| &planned.needs);
    json!({
        "action": action.path,
        "kind": action.kind,
        "sentence": sentence.as_ref().map(|told| &told.does),
        "undo": sentence.as_ref().and_then(|told| told.undo.as_ref()),
        "reversibility": match action.cannot_be_undone() {
            Some(why) => json!({ "is": "irreversible", "why": why }),
            None => reversibility(action.reversibility()),
        },
        "with": with,
        "pending": pending,
        "needs": needs,
        "usual_s": usual.seconds,
        "usual_slow_s": usual.slow_s,
        "usual_from": usual.source_json(),
        "changes": shown.changes,
        "changed_before_by": shown.after,
        "preflight": looks.line(&action.path).map(look),
    })
}

fn look(line: &Look) -> Value {
    match line {
        Look::Seen(finding) => json!({ "look": "seen", "finding": finding }),
        Look::Done(finding) => json!({ "look": "done", "finding": finding }),
        Look::Refused(failure) => json!({ "look": "refused", "failure": failure_json(failure, &failure.by_hand()) }),
        Look::NotYet => json!({ "look": "not_yet" }),
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
