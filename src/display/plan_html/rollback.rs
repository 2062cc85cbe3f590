//! The rollback plan as a page: what is undone, in which order, what stays, and the way back to service.

use super::super::commands::{NextCommand, place};
use super::super::plan_sheet::PlanOrigin;
use super::super::plan_text::Sentences;
use super::super::rollback_text::{afterwards, kept, one_or_more, undo_of};
use super::super::site::Site;
use super::markup::{Element, Html, el};
use super::page::{Frame, kicker, page};
use super::sections::titled;
use crate::journal::{RollbackTo, RunState};
use crate::model::ActionPath;
use crate::plan::Plan;

/// The rollback plan as a page. `queue` is what has to be undone, in order, as the engine has it.
#[must_use]
pub fn rollback_html(
    plan: &Plan,
    origin: &PlanOrigin,
    state: &RunState,
    to: &RollbackTo,
    queue: &[ActionPath],
    sentences: Sentences<'_>,
) -> String {
    let heading = format!("Roll run `{}` back to {}", state.run, place(plan, to));
    let rows = queue.iter().enumerate().map(|(n, path)| {
        el("tr")
            .child(el("td").text(&(n + 1).to_string()))
            .child(el("th").attr("scope", "row").child(el("code").text(&path.to_string())))
            .child(el("td").rich(&undo_of(plan, state, path, sentences)))
    });
    let heads = ["Order", "Action", "Its undo"].map(|name| el("th").attr("scope", "col").text(name));
    let table = el("table")
        .child(el("caption").text("From the last that was begun to the first that is taken back"))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").children(rows));
    let main = el("main")
        .child(verdict(plan, state, to, queue.len()))
        .child(titled("undone", "What is undone").child(table))
        .child(stays(plan, to));
    let frame = Frame {
        title: format!("Rollback of {} to {}", state.run, place(plan, to)),
        kicker: kicker("Rollback plan of ", plan),
        heading: &heading,
        skip: ("undone", "Skip to what is undone"),
        origin,
    };
    page(frame, main)
}

fn verdict(plan: &Plan, state: &RunState, to: &RollbackTo, undone: usize) -> Element {
    let (site, ways) = afterwards(plan, state, to);
    let (mood, sign) = if site == Site::Up { ("verdict clear", "✓") } else { ("verdict open", "!") };
    let heading = el("h2")
        .id("verdict-heading")
        .child(el("span").class("sign").attr("aria-hidden", "true").text(sign))
        .text(&format!("Afterwards {}", site.sentence()));
    let section = el("section").id("verdict").class(mood).attr("aria-labelledby", "verdict-heading");
    let section = section.child(heading).child(el("p").text(&format!("{} undone.", one_or_more(undone))));
    if ways.is_empty() {
        return section;
    }
    let way = |NextCommand { command, why }| el("li").child(el("code").text(&command)).text(" ").rich(&why);
    let ways = el("ul").class("refusals").children(ways.into_iter().map(way));
    section.child(el("p").text("The way back to service is one of:")).child(ways)
}

fn stays(plan: &Plan, to: &RollbackTo) -> Html {
    let kept = kept(plan, to);
    let list = match kept.as_slice() {
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
