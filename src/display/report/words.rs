//! The words of a report that its forms share.

use super::sheet::{ReportSheet, ReportedAction, SeenOutage, numbered};
use crate::display::run::log::executed;
use crate::display::table::count;
use crate::display::time::{clock, date_time, duration, rough, whole};
use crate::display::wording::{order_sentence, plan_file_words, rest_word};
use crate::journal::Way;
use crate::model::{EVIDENCE, Millis, Value};
use crate::plan::{OutageCost, SiteOutage};

/// Who and where: name and value.
pub(in crate::display) fn facts(sheet: &ReportSheet<'_>) -> Vec<(&'static str, String)> {
    let (plan, opened) = (sheet.of.plan, &sheet.of.state.opened);
    let mut facts = vec![("run", sheet.of.state.run.to_string()), ("runbook", plan.runbook.name.clone())];
    facts.extend(plan.account.iter().map(|account| ("account", account.clone())));
    facts.extend(plan.region.iter().map(|region| ("region", region.clone())));
    facts.push(("order", order_sentence(plan.order).to_owned()));
    facts.push(("opened", format!("{} UTC by {}", date_time(opened.at), opened.by)));
    facts.extend(opened.plan_file.iter().map(|file| ("plan", plan_file_words(file))));
    for execution in sheet.history.executions() {
        let end = match (execution.ended, &execution.rest) {
            (Some(at), Some(rest)) => format!(" to {}: {}", clock(at), rest_word(rest)),
            (Some(at), None) => format!(" to {}: it died, or its connection did", clock(at)),
            (None, _) => ": it is at it".to_owned(),
        };
        facts.push(("executed", format!("{} UTC{end}, by {}", date_time(execution.begun), executed(&execution.by))));
    }
    facts.push(("report made", format!("{} UTC with runbook {}", date_time(sheet.of.now), sheet.of.tool)));
    let (intact, told) = sheet.seal();
    facts.push(("journal", if intact { told } else { format!("NOT AS IT WAS WRITTEN: {told}") }));
    facts
}

/// The figures, planned and actual: what, planned, actual.
pub(in crate::display) fn figures(sheet: &ReportSheet<'_>) -> Vec<[String; 3]> {
    let mut rows = vec![[
        "all of it".to_owned(),
        rough(sheet.timing.usual.seconds),
        format!("{} at work", duration(sheet.at_work())),
    ]];
    if sheet.takes_a_site_down() {
        let times = match sheet.outages.len() {
            0 => "not at all".to_owned(),
            1 => duration(sheet.down()),
            more => format!("{}, in {}", duration(sheet.down()), count(more, "time")),
        };
        let times = match sheet.outages.last() {
            Some(last) if last.ended.is_none() => format!("{times}, and it is down now"),
            _ => times,
        };
        rows.push(["site down".to_owned(), rough(sheet.timing.down_usual.seconds), times]);
    }
    if let (Some(seen), Some(down)) = (&sheet.seen, sheet.seen_down()) {
        let times = match seen.len() {
            0 => "at no time".to_owned(),
            1 => duration(down),
            more => format!("{}, in {}", duration(down), count(more, "time")),
        };
        let planned =
            if sheet.takes_a_site_down() { rough(sheet.timing.down_usual.seconds) } else { "not at all".to_owned() };
        rows.push(["site without an answer".to_owned(), planned, times]);
    }
    if sheet.waited() > 0 {
        rows.push(["waiting for people".to_owned(), "-".to_owned(), duration(sheet.waited())]);
    }
    rows
}

/// A downtime in a sentence.
pub(in crate::display) fn outage(sheet: &ReportSheet<'_>, it: &SiteOutage) -> String {
    let end = it.ended.map_or_else(|| "now; it is still down".to_owned(), clock);
    format!("{}, from {} UTC to {end}", duration(it.length(sheet.of.now)), date_time(it.begun))
}

/// A time in which the site's answers showed it down: when, for how long, what was under way, and what was seen.
pub(in crate::display) fn seen(sheet: &ReportSheet<'_>, it: &SeenOutage) -> [String; 4] {
    let under_way: Vec<String> = it.under_way.iter().map(ToString::to_string).collect();
    let end = it.ended.map_or_else(|| "; it was not seen up again".to_owned(), |at| format!(" to {}", clock(at)));
    [
        format!("{}{end}", date_time(it.begun)),
        duration(it.length(sheet.of.state.at)),
        if under_way.is_empty() { "nothing".to_owned() } else { under_way.join(", ") },
        it.seen.clone(),
    ]
}

/// What an action cost of a downtime: the action, how long, and how long that was expected to be.
fn cost(sheet: &ReportSheet<'_>, it: &OutageCost) -> [String; 3] {
    let plan = sheet.of.plan;
    let (way, usual) = match it.way {
        Way::Forward => {
            ("", plan.definition(&it.action).map(|action| crate::display::plan::usual::of_action(plan, action)))
        }
        Way::Back => {
            (" (undo)", plan.definition(&it.action).map(|action| crate::display::plan::usual::of_undo(plan, action)))
        }
    };
    let usual = usual.map_or_else(String::new, |usual| rough(usual.seconds));
    [format!("{}{way}", numbered(plan, &it.action)), duration(it.ended.saturating_sub(it.begun)), usual]
}

/// What a downtime went by in, in the order of time, and what of it in none of that.
pub(in crate::display) fn costs(sheet: &ReportSheet<'_>, it: &SiteOutage) -> Vec<[String; 3]> {
    let beside = it.beside(sheet.of.now);
    let rest = (beside >= 1_000).then(|| {
        [
            "between them: pauses, looking, and waits that were taken up again".to_owned(),
            duration(beside),
            String::new(),
        ]
    });
    it.costs.iter().map(|it| cost(sheet, it)).chain(rest).collect()
}

/// When an action began, from the run's beginning: `+3:05`; nothing of one that nobody was at.
pub(in crate::display) fn began(sheet: &ReportSheet<'_>, it: &ReportedAction<'_>) -> String {
    let first = it.spells.first().map(|(begun, _)| *begun);
    match (first, sheet.begun) {
        (Some(at), Some(zero)) => format!("+{}", since(at.saturating_sub(zero))),
        _ => String::new(),
    }
}

fn since(ms: Millis) -> String {
    duration(whole(ms))
}

/// What an action has given that is there now, a text each: `image = ami-1`.
pub(in crate::display) fn outputs(it: &ReportedAction<'_>) -> Vec<String> {
    let told = |(name, value): &(String, Value)| format!("{name} = {}", crate::display::pending_value::value(value));
    let names_nothing = |value: &Value| match value {
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        other => other.is_null(),
    };
    let is_there = |(name, value): &&(String, Value)| !EVIDENCE.contains(&name.as_str()) && !names_nothing(value);
    it.outputs.iter().filter(is_there).map(told).collect()
}
