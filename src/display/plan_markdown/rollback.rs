//! The rollback plan as Markdown.

use super::super::commands::{NextCommand, place};
use super::super::plan_text::Sentences;
use super::super::rollback_text::{afterwards, kept, one_or_more, undo_of};
use super::escape::{code, rich};
use super::table;
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
    let (site, ways) = afterwards(plan, state, to);
    let heading = format!("Rollback of run `{}` to {}", state.run, place(plan, to));
    let mut out = format!("# {}\n\n> **Afterwards {}**\n", rich(&heading), site.sentence());
    if !ways.is_empty() {
        out.push_str(">\n> The way back to service is one of:\n>\n");
    }
    for NextCommand { command, why } in ways {
        out.push_str(&format!("> - {} {}\n", code(&command), rich(&why)));
    }
    out.push_str(&format!("\n## What is undone\n\n{} undone, in this order.\n\n", one_or_more(queue.len())));
    let rows = queue.iter().enumerate().map(|(n, path)| {
        vec![(n + 1).to_string(), code(&path.to_string()), rich(&undo_of(plan, state, path, sentences))]
    });
    out.push_str(&table(&["", "Action", "Its undo"], rows));
    out.push_str("## What stays done\n\n");
    let kept = kept(plan, to);
    if kept.is_empty() {
        out.push_str("Nothing.\n");
    }
    for step in kept {
        out.push_str(&format!("- step {}, {}: {}\n", step.number, code(step.id.as_str()), rich(&step.title)));
    }
    out
}
