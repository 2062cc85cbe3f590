//! The three-way view: what was planned, what was so when it was planned, what is so now.

use super::table::hanging;
use crate::model::{Change, Drift, KeyChange, Value};

/// Where the world is another one than the plan was made on, below a failure's message.
pub(super) fn drift_text(indent: usize, drifts: &[Drift]) -> String {
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
        text.push_str(&changes(&space(inner + 2), &drift.changes_planned));
        if drift.changes_now.is_empty() {
            text.push_str(&format!("{}the change as it would be now: the same, or not known\n", space(inner)));
        } else {
            text.push_str(&format!("{}the change as it would be now\n", space(inner)));
            text.push_str(&changes(&space(inner + 2), &drift.changes_now));
        }
    }
    text
}

fn row(space: &str, word: &str, text: &str) -> String {
    hanging(&format!("{space}{word}"), space.len() + word.len(), text)
}

fn changes(space: &str, changes: &[Change]) -> String {
    if changes.is_empty() {
        return format!("{space}nothing that looking showed\n");
    }
    changes.iter().map(|change| one(space, change)).collect()
}

fn one(space: &str, change: &Change) -> String {
    let lines = |text: &str| text.lines().map(|line| format!("{}\n", format!("{space}  {line}").trim_end())).collect();
    match change {
        Change::File { on, path, diff } => {
            let diff: String = lines(diff);
            format!("{space}`{path}` on {on}\n{diff}")
        }
        Change::Keys { on, path, keys } => {
            let keys: String = keys.iter().map(key).collect();
            let keys: String = lines(&keys);
            format!("{space}`{path}` on {on}, these keys\n{keys}")
        }
        Change::Request { operation, with } => {
            let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let with: String = with.iter().map(|(name, value)| format!("{name}: {}\n", plain(value))).collect();
            let with: String = lines(&with);
            format!("{space}{operation}\n{with}")
        }
        Change::Command { on, argv } => format!("{space}on {on}: {}\n", argv.join(" ")),
    }
}

fn key(key: &KeyChange) -> String {
    let side = |sign: &str, value: &Option<String>| {
        value.as_ref().map_or_else(String::new, |value| format!("{sign}{}: {value}\n", key.key))
    };
    format!("{}{}", side("-", &key.from), side("+", &key.to))
}
