//! The page that is watched, and what it is told as the run goes on.

use super::now::{WatchedRun, headline, panel};
use crate::display::plan::page::frame::{Frame, kicker, page, policy};
use crate::display::plan::page::markup::el;
use crate::display::report::page::sections;
use crate::display::report::sheet::ReportSheet;
use crate::display::time::clock;
use serde_json::json;

const SCRIPT: &str = include_str!("live.js");

/// The whole page, as it is now.
#[must_use]
pub fn watch_html(watched: WatchedRun<'_>) -> String {
    let (of, sheet) = (watched.of, ReportSheet::new(watched.of));
    let lost = el("div").id("lost").class("verdict refused").attr("role", "alert").flag("hidden", true);
    let main = el("main")
        .id("watch")
        .child(el("p").id("said").class("unseen").attr("role", "status").text(&said(&sheet)))
        .child(lost)
        .child(el("section").id("now").attr("aria-labelledby", "now-heading").child(panel(watched, &sheet)))
        .child(el("div").id("report").child(sections(&sheet)));
    let runbook = &of.plan.runbook;
    page(
        Frame {
            title: title(&sheet),
            kicker: kicker("Watching a run of ", of.plan),
            heading: &runbook.title,
            skip: ("steps", "Skip to the steps"),
            foot: format!(
                "Shown by runbook {} from the journal of run {}, by reading only. Times are UTC.",
                of.tool, of.state.run
            ),
            live: Some(SCRIPT),
        },
        main,
    )
}

/// What changes as time goes by, as one JSON value: `html` of the panel, `said` for who does not see it, `title`, `at`.
#[must_use]
pub fn watch_now_json(watched: WatchedRun<'_>) -> String {
    let sheet = ReportSheet::new(watched.of);
    json!({
        "html": panel(watched, &sheet).into_fragment(),
        "said": said(&sheet),
        "title": title(&sheet),
        "at": clock(watched.of.now),
    })
    .to_string()
}

/// What changes with the journal: `html` of the report below the panel.
#[must_use]
pub fn watch_report_json(watched: WatchedRun<'_>) -> String {
    json!({ "html": sections(&ReportSheet::new(watched.of)).into_fragment() }).to_string()
}

/// The content security policy of the page, for the header that brings it.
#[must_use]
pub fn watch_policy() -> String {
    format!("{}; frame-ancestors 'none'", policy(Some(SCRIPT)))
}

fn title(sheet: &ReportSheet<'_>) -> String {
    format!("{}: {} {}", sheet.of.plan.runbook.name, sheet.of.state.run, headline(sheet))
}

/// What a screen reader is told when it changes.
fn said(sheet: &ReportSheet<'_>) -> String {
    format!("Run {} {}. {}.", sheet.of.state.run, headline(sheet), sheet.far())
}
