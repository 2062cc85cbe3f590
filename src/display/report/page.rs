//! The report as one HTML file, by the rules of the plan's page: whole, nothing loaded, all of it said without its script.

use super::sheet::{ReportSheet, Reported, ReportedStep};
use super::{strip, words};
use crate::display::plan::page::frame::{Frame, kicker, page};
use crate::display::plan::page::markup::{Element, Html, el, rich, text, titled};
use crate::display::time::{clock, date_time, duration, rough};

/// The report as a page.
#[must_use]
pub fn report_html(of: Reported<'_>) -> String {
    let sheet = ReportSheet::new(of);
    let main = el("main").id("report").child(verdict(&sheet)).child(sections(&sheet));
    let runbook = &of.plan.runbook;
    let frame = Frame {
        title: format!("Report of {}: {}", of.state.run, runbook.title),
        kicker: kicker("Report of a run of ", of.plan),
        heading: &runbook.title,
        skip: ("steps", "Skip to the steps"),
        foot: format!(
            "Made {} UTC with runbook {} from the journal of run {}.",
            date_time(of.now),
            of.tool,
            of.state.run
        ),
        live: None,
    };
    page(frame, main)
}

/// All that follows the verdict.
pub(in crate::display) fn sections(sheet: &ReportSheet<'_>) -> Html {
    Html::from_iter([
        Html::from(figures(sheet)),
        strip::section(sheet).into(),
        outages(sheet),
        seen(sheet),
        troubles(sheet),
        decisions(sheet),
        steps(sheet).into(),
        made(sheet).into(),
        facts(sheet).into(),
    ])
}

fn verdict(sheet: &ReportSheet<'_>) -> Element {
    let (intact, seal) = sheet.seal();
    let (mood, sign) = match (intact, sheet.is_good()) {
        (false, _) => ("verdict refused", "✗"),
        (true, true) => ("verdict clear", "✓"),
        (true, false) => ("verdict open", "!"),
    };
    let heading = el("h2")
        .id("verdict-heading")
        .child(el("span").class("sign").attr("aria-hidden", "true").text(sign))
        .text(&format!("Run {} {}", sheet.of.state.run, sheet.headline()));
    let broken = (!intact).then(|| el("p").text(&format!("The journal is not as it was written: {seal}.")));
    let section = el("section").id("verdict").class(mood).attr("aria-labelledby", "verdict-heading");
    section.child(heading).child(broken).child(el("p").text(&format!("{}.", sheet.far())))
}

fn figures(sheet: &ReportSheet<'_>) -> Element {
    let cards = words::figures(sheet).into_iter().map(|[what, planned, actual]| {
        let planned = if planned == "-" { "not planned".to_owned() } else { format!("Planned: {planned}.") };
        el("div")
            .child(el("dt").text(&what))
            .child(el("dd").class("value").text(&actual))
            .child(el("dd").text(&planned))
    });
    titled("figures", "Planned and actual").child(el("dl").class("cards").children(cards))
}

fn outages(sheet: &ReportSheet<'_>) -> Html {
    if !sheet.takes_a_site_down() {
        return Html::default();
    }
    let mut section = titled("downtime", "What the site's downtime went by in");
    if sheet.outages.is_empty() {
        section = section.child(el("p").text("The site was not taken down."));
    }
    for outage in &sheet.outages {
        let rows = words::costs(sheet, outage)
            .into_iter()
            .map(|[action, took, usual]| vec![el("code").text(&action).into(), text(&took), text(&usual)]);
        section = section.child(table(&words::outage(sheet, outage), &["It went by in", "Took", "Usually"], rows));
    }
    section.into()
}

fn seen(sheet: &ReportSheet<'_>) -> Html {
    let Some(all) = &sheet.seen else { return Html::default() };
    let section = titled("answers", "When the site did not answer");
    if all.is_empty() {
        return section.child(el("p").text("It answered all the time that it was asked.")).into();
    }
    let rows = all.iter().map(|it| {
        let [when, took, under_way, seen] = words::seen(sheet, it);
        vec![text(&when), text(&took), el("code").text(&under_way).into(), rich(&seen)]
    });
    let heads = ["UTC", "For", "Under way when it began", "Seen"];
    section.child(table("Asked from the operator's machine, while somebody was at the run", &heads, rows)).into()
}

fn troubles(sheet: &ReportSheet<'_>) -> Html {
    if sheet.troubles.is_empty() {
        return titled("trouble", "What did not go smoothly").child(el("p").text("Nothing.")).into();
    }
    let rows = sheet
        .troubles
        .iter()
        .map(|it| vec![text(&clock(it.at)), el("code").text(&it.of).into(), rich(&it.what), text(it.then)]);
    let table =
        table("Failures, doubts and interruptions, and how each was settled", &["UTC", "Action", "What", "Then"], rows);
    titled("trouble", "What did not go smoothly").child(table).into()
}

fn decisions(sheet: &ReportSheet<'_>) -> Html {
    if sheet.decisions.is_empty() {
        return Html::default();
    }
    let rows = sheet.decisions.iter().map(|it| {
        let waited = it.waited.map_or_else(String::new, duration);
        vec![text(&date_time(it.at)), text(&it.by), rich(&it.what), text(&waited)]
    });
    let table =
        table("Answers and decisions; who is the name that was typed", &["UTC", "Who", "What", "Waited for"], rows);
    titled("people", "What people decided").child(table).into()
}

fn steps(sheet: &ReportSheet<'_>) -> Element {
    titled("steps", "Steps").children(sheet.steps.iter().map(|step| one_step(sheet, step)))
}

fn one_step(sheet: &ReportSheet<'_>, it: &ReportedStep<'_>) -> Element {
    let done = it.actions.iter().filter(|action| action.word == "done").count();
    let meta = format!("{done} of {} done", crate::display::table::count(it.actions.len(), "action"));
    let title = el("h3")
        .child(el("span").class("number").text(&it.step.number.to_string()))
        .child(el("span").rich(&it.step.title));
    let summary = el("summary").child(title).child(el("span").class("meta").text(&meta));
    let rows = it.actions.iter().map(|action| {
        let took = action.took.map_or_else(String::new, |took| took.text());
        vec![
            el("code").text(action.action.path.name()).into(),
            text(action.word),
            text(&words::began(sheet, action)),
            text(&took),
            text(&rough(action.usual_s)),
            rich(&action.evidence),
        ]
    });
    let table = table(it.step.id.as_str(), &["Action", "State", "Begun", "Took", "Usually", "Seen"], rows);
    el("details")
        .class("step")
        .id(format_args!("step-{}", it.step.number))
        .flag("open", done < it.actions.len())
        .child(summary)
        .child(el("div").class("body").child(table))
}

fn made(sheet: &ReportSheet<'_>) -> Element {
    let rows = sheet.standing().map(|it| {
        let given = el("ul").children(words::outputs(it).iter().map(|told| el("li").child(el("code").text(told))));
        vec![el("code").text(&it.action.path.to_string()).into(), Html::from(given)]
    });
    let rows: Vec<Vec<Html>> = rows.collect();
    let section = titled("made", "Made or changed, and not taken back");
    let section = match rows.is_empty() {
        true => section.child(el("p").text("Nothing.")),
        false => section.child(table(
            "What the run leaves as it stands, with what each gave",
            &["Action", "What it gave"],
            rows.into_iter(),
        )),
    };
    let back = sheet.way_back();
    match back.is_empty() {
        true => section,
        false => section
            .child(el("p").text("A rollback to the start would still find:"))
            .child(el("ul").children(back.iter().map(|told| el("li").text(told)))),
    }
}

fn facts(sheet: &ReportSheet<'_>) -> Element {
    let rows = words::facts(sheet)
        .into_iter()
        .map(|(name, value)| el("div").child(el("dt").text(name)).child(el("dd").text(&value)));
    titled("facts", "This run").child(el("dl").class("facts").children(rows))
}

/// A table that scrolls by itself where it is wider than the page.
fn table(caption: &str, heads: &[&str], rows: impl Iterator<Item = Vec<Html>>) -> Element {
    let head = heads.iter().map(|name| el("th").attr("scope", "col").text(name));
    let row = |cells: Vec<Html>| {
        let cells = cells.into_iter().enumerate().map(|(n, cell)| match n {
            0 => el("th").attr("scope", "row").child(cell),
            _ => el("td").child(cell),
        });
        el("tr").children(cells)
    };
    el("div").class("wide").child(
        el("table")
            .child(el("caption").text(caption))
            .child(el("thead").child(el("tr").children(head)))
            .child(el("tbody").children(rows.map(row))),
    )
}
