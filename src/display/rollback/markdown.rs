//! The rollback plan as Markdown.

use crate::display::plan::markdown::DURATIONS;
use crate::display::plan::markdown::escape::{code, rich, rich_text};
use crate::display::plan::markdown::table::table;
use crate::display::plan::spoken::Sentences;
use crate::display::rollback::sheet::RollbackSheet;
use crate::display::wording::place;
use crate::journal::{RollbackTo, RunState};
use crate::model::ActionPath;
use crate::plan::Plan;

/// The rollback plan as a Markdown document. `queue` is what has to be undone, in order, as the engine has it.
#[must_use]
pub fn rollback_markdown(
    plan: &Plan,
    state: &RunState,
    to: &RollbackTo,
    queue: &[ActionPath],
    sentences: Sentences<'_>,
) -> String {
    let sheet = RollbackSheet::new(plan, state, to, queue, sentences);
    let heading = format!("Rollback of run `{}` to {}", state.run, place(plan, to));
    let mut out = format!("# {}\n\n> **Afterwards {}**\n", rich(&heading), sheet.afterwards);
    if let Some(meanwhile) = sheet.meanwhile() {
        out.push_str(&format!(">\n> Meanwhile {meanwhile}.\n"));
    }
    if !sheet.stopped.is_empty() {
        out.push_str(">\n> Stays stopped:\n>\n");
    }
    for (action, does) in &sheet.stopped {
        out.push_str(&format!("> - {}: {}\n", code(&action.to_string()), rich_text(does)));
    }
    if !sheet.ways.is_empty() {
        out.push_str(">\n> The way back to service is one of:\n>\n");
    }
    for way in &sheet.ways {
        let why = format!("{}, usually in {}", way.why, way.usual.told());
        out.push_str(&format!("> - {} {}\n", code(&way.command), rich(&why)));
    }
    out.push_str(&format!("\n## What is undone\n\n{}, in this order.\n\n", sheet.size()));
    let rows = sheet.undone.iter().enumerate().map(|(n, undo)| {
        vec![(n + 1).to_string(), code(&undo.action.to_string()), rich_text(&undo.does), undo.usual.told()]
    });
    out.push_str(&table(&["", "Action", "Its undo", "Usually"], rows));
    out.push_str(&format!("Durations: {}\n\n## What stays done\n\n", rich(DURATIONS)));
    if sheet.kept.is_empty() {
        out.push_str("Nothing.\n");
    }
    for step in &sheet.kept {
        out.push_str(&format!("- step {}, {}: {}\n", step.number, code(step.id.as_str()), rich(&step.title)));
    }
    out
}
