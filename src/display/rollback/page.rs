//! The rollback plan as a page: what is undone, in which order, what stays, and the way back to service.

use crate::display::plan::origin::PlanOrigin;
use crate::display::plan::page::frame::{Frame, kicker, made, page};
use crate::display::plan::page::markup::{Element, Html, el, titled};
use crate::display::plan::page::sections::DURATIONS;
use crate::display::plan::spoken::Sentences;
use crate::display::rollback::sheet::{RollbackSheet, SheetWay};
use crate::display::wording::place;
use crate::journal::{RollbackTo, RunState};
use crate::model::ActionPath;
use crate::plan::{Plan, Site};

/// What a rollback plan is made of.
#[derive(Clone, Copy)]
pub struct RollbackShown<'a> {
    /// The plan of the run.
    pub plan: &'a Plan,
    /// Where the run stands.
    pub state: &'a RunState,
    /// Where the rollback ends.
    pub to: &'a RollbackTo,
    /// What has to be undone, in order, as the engine has it.
    pub queue: &'a [ActionPath],
    /// What actions do, in words.
    pub sentences: Sentences<'a>,
}

/// The rollback plan as a page.
#[must_use]
pub fn rollback_html(origin: &PlanOrigin, back: &RollbackShown<'_>) -> String {
    let RollbackShown { plan, state, to, queue, sentences } = *back;
    let heading = format!("Roll run `{}` back to {}", state.run, place(plan, to));
    let sheet = RollbackSheet::new(plan, state, to, queue, sentences);
    let rows = sheet.undone.iter().enumerate().map(|(n, undo)| {
        el("tr")
            .child(el("td").text(&(n + 1).to_string()))
            .child(el("th").attr("scope", "row").child(el("code").text(&undo.action.to_string())))
            .child(el("td").rich_text(&undo.does))
            .child(el("td").text(&undo.usual.told()))
    });
    let heads = ["Order", "Action", "Its undo", "Usually takes"].map(|name| el("th").attr("scope", "col").text(name));
    let table = el("table")
        .child(el("caption").text("In the order in which they are begun; what bears the site comes first"))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(rows));
    let main = el("main")
        .child(verdict(&sheet))
        .child(titled("undone", "What is undone").child(table).child(el("p").class("note").text(DURATIONS)))
        .child(stays(&sheet));
    let frame = Frame {
        title: format!("Rollback of {} to {}", state.run, place(plan, to)),
        kicker: kicker("Rollback plan of ", plan),
        heading: &heading,
        skip: ("undone", "Skip to what is undone"),
        foot: made(origin),
        live: None,
    };
    page(frame, main)
}

fn verdict(sheet: &RollbackSheet<'_>) -> Element {
    let (mood, sign) = if sheet.site == Site::Up { ("verdict clear", "✓") } else { ("verdict open", "!") };
    let heading = el("h2")
        .id("verdict-heading")
        .child(el("span").class("sign").attr("aria-hidden", "true").text(sign))
        .text(&format!("Afterwards {}", sheet.afterwards));
    let section = el("section").id("verdict").class(mood).attr("aria-labelledby", "verdict-heading");
    let section = section
        .child(heading)
        .child(el("p").text(&format!("{}.", sheet.size())))
        .children(sheet.meanwhile().map(|told| el("p").text(&format!("Meanwhile {told}."))));
    let stopped = sheet
        .stopped
        .iter()
        .map(|(action, does)| el("li").child(el("code").text(&action.to_string())).text(": ").rich_text(does));
    let section = match sheet.stopped.as_slice() {
        [] => section,
        _ => section.child(el("p").text("Stays stopped:")).child(el("ul").class("refusals").children(stopped)),
    };
    if sheet.ways.is_empty() {
        return section;
    }
    let way = |way: &SheetWay| {
        let why = format!("{}, usually in {}", way.why, way.usual.told());
        el("li").child(el("code").text(&way.command)).text(" ").rich(&why)
    };
    let ways = el("ul").class("refusals").children(sheet.ways.iter().map(way));
    section.child(el("p").text("The way back to service is one of:")).child(ways)
}

fn stays(sheet: &RollbackSheet<'_>) -> Html {
    let list = match sheet.kept.as_slice() {
        [] => el("p").text("Nothing stays done."),
        steps => el("ul").children(steps.iter().map(|step| {
            el("li")
                .text(&format!("step {}, ", step.number))
                .child(el("code").text(step.id.as_str()))
                .text(": ")
                .rich(&step.title)
        })),
    };
    titled("kept", "What stays done").child(list).into()
}
