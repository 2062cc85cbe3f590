//! The plan as one HTML file, made to be sent to those who decide.
//!
//! Promises: the file is whole (no network, no font, no picture from elsewhere; a content security policy forbids the
//! browser to load anything), says everything without its script, and nothing given by a runbook, an input or the world
//! is markup in it. It unfolds itself for printing, follows the reader's choice of dark or light and of motion, and says
//! nothing by colour alone.
//!
//! Not handled: the plan for programs is not in it; that is [`mod@crate::display::plan::json`].

pub(in crate::display) mod changes;
pub(in crate::display) mod checks;
pub(in crate::display) mod frame;
pub(in crate::display) mod markup;
pub(in crate::display) mod sections;
pub(in crate::display) mod steps;
pub(in crate::display) mod timeline;

use crate::display::plan::origin::PlanOrigin;
use crate::display::plan::sheet::Sheet;
use crate::display::plan::spoken::Sentences;
use crate::model::ActionPath;
use crate::plan::{Look, Plan};
use frame::{Frame, kicker, made};
use markup::el;

/// The plan as a page.
#[must_use]
pub fn plan_html(
    plan: &Plan,
    origin: &PlanOrigin,
    sentences: Sentences<'_>,
    preflight: &[(ActionPath, Look)],
) -> String {
    let sheet = Sheet::new(plan, origin, sentences, preflight);
    let main = el("main")
        .id("plan")
        .child(sections::verdict(&sheet))
        .child(sections::warnings(&sheet))
        .child(checks::section(&sheet))
        .child(sections::guards(&sheet))
        .child(sections::totals(&sheet))
        .child(sections::facts(&sheet))
        .child(sections::about(&sheet))
        .child(timeline::section(&sheet))
        .child(sections::work(&sheet))
        .child(steps::section(&sheet))
        .child(sections::inputs(&sheet));
    let runbook = &plan.runbook;
    let frame = Frame {
        title: format!("Plan of {}: {}", runbook.name, runbook.title),
        kicker: kicker("Plan of ", plan),
        heading: &runbook.title,
        skip: ("steps", "Skip to the steps"),
        foot: made(origin),
        live: None,
    };
    frame::page(frame, main)
}
