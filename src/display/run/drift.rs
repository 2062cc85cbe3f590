//! The three-way view: what was planned, what was so when it was planned, what is so now.

use crate::display::plan::changes_text::one_change;
use crate::display::table::hanging;
use crate::model::{Change, Drift};

/// Where the world is another one than the plan was made on, below a failure's message.
pub(in crate::display) fn drift_text(indent: usize, drifts: &[Drift]) -> String {
    let mut text = String::new();
    let space = |more: usize| " ".repeat(indent + more);
    let several = drifts.len() > 1;
    for drift in drifts {
        if several {
            text.push_str(&format!("{}{}\n", space(0), drift.action));
        }
        let inner = if several { 2 } else { 0 };
        text.push_str(&row(&space(inner), "planned: ", &drift.planned));
        for fact in &drift.facts {
            text.push_str(&format!("{}{}\n", space(inner), fact.what));
            text.push_str(&row(&space(inner + 2), "was: ", &fact.was));
            text.push_str(&row(&space(inner + 2), "is:  ", fact.is.as_deref().unwrap_or("not there any more")));
        }
        if drift.changes_planned.is_empty() && drift.changes_now.is_empty() {
            continue;
        }
        text.push_str(&format!("{}the change as planned\n", space(inner)));
        text.push_str(&changes(indent + inner + 2, &drift.changes_planned));
        if drift.changes_now.is_empty() {
            text.push_str(&format!("{}the change as it would be now: the same, or not known\n", space(inner)));
        } else {
            text.push_str(&format!("{}the change as it would be now\n", space(inner)));
            text.push_str(&changes(indent + inner + 2, &drift.changes_now));
        }
    }
    text
}

fn row(space: &str, word: &str, text: &str) -> String {
    hanging(&format!("{space}{word}"), space.len() + word.len(), text)
}

fn changes(indent: usize, changes: &[Change]) -> String {
    if changes.is_empty() {
        return format!("{}nothing that looking showed\n", " ".repeat(indent));
    }
    changes.iter().map(|change| one_change(indent, change)).collect()
}
