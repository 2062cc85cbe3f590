//! The report as Markdown, for a ticket or a change board.

use super::sheet::{ReportSheet, Reported};
use super::words;
use crate::display::plan::markdown::escape::{code, rich};
use crate::display::plan::markdown::table::table;
use crate::display::time::{clock, date_time, duration, rough};

/// The report as a Markdown document.
#[must_use]
pub fn report_markdown(of: Reported<'_>) -> String {
    let sheet = ReportSheet::new(of);
    let mut out = format!("# Report of run {}: {}\n\n", code(of.state.run.as_str()), rich(&of.plan.runbook.title));
    out.push_str(&format!("> **It {}**\n>\n> {}\n\n", rich(&sheet.headline()), rich(&sheet.far())));
    out.push_str("## Planned and actual\n\n");
    let rows = words::figures(&sheet).into_iter().map(|[what, planned, actual]| vec![rich(&what), planned, actual]);
    out.push_str(&table(&["", "Planned", "Actual"], rows));
    for outage in &sheet.outages {
        out.push_str(&format!("## Site down for {}\n\n", words::outage(&sheet, outage)));
        let rows =
            words::costs(&sheet, outage).into_iter().map(|[action, took, usual]| vec![code(&action), took, usual]);
        out.push_str(&table(&["It went by in", "Took", "Usually"], rows));
    }
    if let Some(seen) = sheet.seen.as_ref().filter(|all| !all.is_empty()) {
        let rows = seen.iter().map(|it| {
            let [when, took, under_way, seen] = words::seen(&sheet, it);
            vec![when, took, code(&under_way), rich(&seen)]
        });
        let table = table(&["UTC", "For", "Under way when it began", "Seen"], rows);
        out.push_str(&format!("## When the site did not answer\n\n{table}"));
    }
    out.push_str("## Steps\n\n");
    for step in &sheet.steps {
        out.push_str(&format!("### {}. {}\n\n", step.step.number, rich(&step.step.title)));
        let rows = step.actions.iter().map(|action| {
            let took = action.took.map_or_else(String::new, |took| took.text());
            vec![
                code(action.action.path.name()),
                action.word.to_owned(),
                words::began(&sheet, action),
                took,
                rough(action.usual_s),
                rich(&action.evidence),
            ]
        });
        out.push_str(&table(&["Action", "State", "Begun", "Took", "Usually", "Seen"], rows));
    }
    if !sheet.troubles.is_empty() {
        let rows = sheet.troubles.iter().map(|it| vec![clock(it.at), code(&it.of), rich(&it.what), it.then.to_owned()]);
        out.push_str(&format!("## What did not go smoothly\n\n{}", table(&["UTC", "Action", "What", "Then"], rows)));
    }
    if !sheet.decisions.is_empty() {
        let rows = sheet.decisions.iter().map(|it| {
            let waited = it.waited.map_or_else(String::new, duration);
            vec![date_time(it.at), code(&it.by), rich(&it.what), waited]
        });
        out.push_str(&format!("## What people decided\n\n{}", table(&["UTC", "Who", "What", "Waited for"], rows)));
    }
    let made: Vec<Vec<String>> = sheet
        .standing()
        .map(|it| {
            let given: Vec<String> = words::outputs(it).iter().map(|told| code(told)).collect();
            vec![code(&it.action.path.to_string()), given.join("<br>")]
        })
        .collect();
    if !made.is_empty() {
        let table = table(&["Action", "What it gave"], made.into_iter());
        out.push_str(&format!("## Made or changed, and not taken back\n\n{table}"));
    }
    let back = sheet.way_back();
    if !back.is_empty() {
        let lines: String = back.iter().map(|told| format!("- {}\n", rich(told))).collect();
        out.push_str(&format!("## What a rollback to the start would still find\n\n{lines}\n"));
    }
    out.push_str("## This run\n\n");
    let rows = words::facts(&sheet).into_iter().map(|(name, value)| vec![name.to_owned(), code(&value)]);
    out.push_str(&table(&["", ""], rows));
    format!("{}\n", out.trim_end())
}
