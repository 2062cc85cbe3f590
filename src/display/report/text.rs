//! The report for a terminal, or a mail.

use super::sheet::{ReportSheet, Reported};
use super::words;
use crate::display::plan::checks::accepted_text;
use crate::display::table::{columns, wrapped};
use crate::display::terminal::one_line;
use crate::display::time::{clock, duration, rough};

/// The report as text.
#[must_use]
pub fn report_text(of: Reported<'_>) -> String {
    let sheet = ReportSheet::new(of);
    let runbook = &of.plan.runbook;
    let mut text = wrapped("", &format!("report of run {}: {}", of.state.run, runbook.title));
    text.push_str(&wrapped("  ", &format!("it {}", sheet.headline())));
    text.push_str(&wrapped("  ", &sheet.far()));
    text.push_str(&accepted_text(of.plan));
    section(&mut text, "planned and actual", words::figures(&sheet).into_iter().map(Vec::from));
    for outage in &sheet.outages {
        text.push_str(&format!("\nsite down for {}\n", words::outage(&sheet, outage)));
        let told = |[action, took, usual]: [String; 3]| {
            let usual = if usual.is_empty() { usual } else { format!("usually {usual}") };
            vec![took, usual, action]
        };
        let rows: Vec<Vec<String>> = words::costs(&sheet, outage).into_iter().map(told).collect();
        text.push_str(&columns(2, &rows));
    }
    let seen = sheet.seen.iter().flatten().map(|it| {
        let [when, took, under_way, seen] = words::seen(&sheet, it);
        vec![took, format!("{when} UTC"), format!("under way: {under_way}; {}", one_line(&seen))]
    });
    section(&mut text, "when the site did not answer", seen);
    text.push_str("\nsteps\n");
    let mut rows = Vec::new();
    for step in &sheet.steps {
        rows.push(vec![
            format!("step {:>2}", step.step.number),
            String::new(),
            String::new(),
            String::new(),
            step.step.title.clone(),
        ]);
        for action in &step.actions {
            let took = action.took.map_or_else(String::new, |took| took.text());
            let usual = if action.usual_s > 0 { format!("usually {}", rough(action.usual_s)) } else { String::new() };
            let told = [action.action.path.name(), action.word].join(": ");
            let evidence = one_line(&action.evidence);
            let told = if evidence.is_empty() { told } else { format!("{told}; {evidence}") };
            rows.push(vec![String::new(), words::began(&sheet, action), took, usual, told]);
        }
    }
    text.push_str(&columns(0, &rows));
    let troubles = sheet
        .troubles
        .iter()
        .map(|it| vec![clock(it.at), it.of.clone(), format!("{}; {}", one_line(&it.what), it.then)]);
    section(&mut text, "what did not go smoothly", troubles);
    let decisions = sheet.decisions.iter().map(|it| {
        let waited = it.waited.map_or_else(String::new, |ms| format!(" (asked {} before)", duration(ms)));
        vec![clock(it.at), it.by.clone(), format!("{}{waited}", one_line(&it.what))]
    });
    section(&mut text, "what people decided", decisions);
    let made = sheet.standing().map(|it| vec![it.action.path.to_string(), words::outputs(it).join("; ")]);
    section(&mut text, "made or changed, and not taken back", made);
    let back = sheet.way_back().into_iter().map(|told| vec![told]);
    section(&mut text, "what a rollback to the start would still find", back);
    let facts = words::facts(&sheet).into_iter().map(|(name, value)| vec![name.to_owned(), value]);
    section(&mut text, "this run", facts);
    text
}

/// A heading and its rows; nothing without rows.
fn section(text: &mut String, heading: &str, rows: impl Iterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.collect();
    if !rows.is_empty() {
        text.push_str(&format!("\n{heading}\n{}", columns(2, &rows)));
    }
}
