//! The report for programs.

use super::sheet::{ReportSheet, Reported};
use crate::display::time::rfc3339;
use crate::journal::{Question, Verdict, Way};
use crate::model::{Millis, Value};
use serde_json::json;

/// The report as JSON; docs/report.md lists its fields. Fields are only ever added. Durations are in milliseconds where they were
/// measured, in seconds where they were expected.
#[must_use]
pub fn report_json(of: Reported<'_>) -> Value {
    let sheet = ReportSheet::new(of);
    let time = |at: Option<Millis>| at.map(rfc3339);
    let actions = sheet.steps.iter().flat_map(|step| &step.actions).map(|it| {
        let spells: Vec<Value> = it
            .spells
            .iter()
            .map(|(begun, ended)| json!({ "begun": rfc3339(*begun), "ended": rfc3339(*ended) }))
            .collect();
        json!({
            "action": it.action.path,
            "state": it.word,
            "spells": spells,
            "work_ms": it.took.map(|took| took.work),
            "asked_ms": it.took.map(|took| took.asked),
            "usual_s": it.usual_s,
            "evidence": it.evidence,
            "outputs": it.outputs.iter().cloned().collect::<serde_json::Map<String, Value>>(),
        })
    });
    let outages = sheet.outages.iter().map(|it| {
        let costs = it.costs.iter().map(|cost| {
            json!({
                "action": cost.action,
                "way": way(cost.way),
                "begun": rfc3339(cost.begun),
                "ended": rfc3339(cost.ended),
            })
        });
        json!({
            "begun": rfc3339(it.begun),
            "ended": time(it.ended),
            "length_ms": it.length(of.now),
            "costs": costs.collect::<Vec<_>>(),
        })
    });
    let seen = sheet.seen.as_ref().map(|all| {
        let one = |it: &super::sheet::SeenOutage| {
            json!({
                "begun": rfc3339(it.begun),
                "ended": time(it.ended),
                "length_ms": it.length(of.state.at),
                "under_way": it.under_way,
                "seen": it.seen,
            })
        };
        all.iter().map(one).collect::<Vec<_>>()
    });
    let executions = sheet
        .history
        .executions()
        .iter()
        .map(|it| json!({ "by": it.by, "begun": rfc3339(it.begun), "ended": time(it.ended), "rest": it.rest }));
    let question = |it: &Question| {
        json!({
            "gate": it.gate, "action": it.action, "asked": rfc3339(it.asked),
            "answered": it.answer.as_ref().map(|(at, _, _)| rfc3339(*at)),
            "approved": it.answer.as_ref().map(|(_, approved, _)| approved),
            "by": it.answer.as_ref().map(|(_, _, by)| by),
        })
    };
    let decisions = sheet
        .decisions
        .iter()
        .map(|it| json!({ "at": rfc3339(it.at), "by": it.by, "what": it.what, "waited_ms": it.waited }));
    let troubles =
        sheet.troubles.iter().map(|it| json!({ "at": rfc3339(it.at), "of": it.of, "what": it.what, "then": it.then }));
    let (intact, head) = match of.verdict {
        Verdict::Intact { head, .. } => (true, Some(head)),
        Verdict::Broken(_) => (false, None),
    };
    json!({
        "run": of.state.run,
        "runbook": of.plan.runbook.name,
        "title": of.plan.runbook.title,
        "account": of.plan.account,
        "region": of.plan.region,
        "order": of.plan.order,
        "sentence": sheet.headline(),
        "rest": of.state.rest,
        "opened": { "at": rfc3339(of.state.opened.at), "by": of.state.opened.by, "plan_file": of.state.opened.plan_file },
        "executions": executions.collect::<Vec<_>>(),
        "planned": { "usual_s": sheet.timing.usual.seconds, "downtime_s": sheet.timing.down_usual.seconds },
        "actual": { "at_work_ms": sheet.at_work(), "downtime_ms": sheet.down(), "seen_down_ms": sheet.seen_down(), "waited_ms": sheet.waited() },
        "seen_outages": seen,
        "outages": outages.collect::<Vec<_>>(),
        "actions": actions.collect::<Vec<_>>(),
        "troubles": troubles.collect::<Vec<_>>(),
        "questions": sheet.history.questions().iter().map(question).collect::<Vec<_>>(),
        "decisions": decisions.collect::<Vec<_>>(),
        "standing": sheet.standing().map(|it| &it.action.path).collect::<Vec<_>>(),
        "way_back": sheet.way_back(),
        "journal": { "intact": intact, "head": head },
    })
}

fn way(way: Way) -> &'static str {
    match way {
        Way::Forward => "forward",
        Way::Back => "back",
    }
}
