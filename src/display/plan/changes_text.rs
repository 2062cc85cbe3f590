//! What an action changes, for the terminal: lines that can be copied, never wrapped where a break would lie.

use crate::display::pending_value::{some_key, value};
use crate::display::plan::changes::{counted, script, shell_line, shown_line};
use crate::display::rich::visible;
use crate::display::table::hanging;
use crate::model::Change;

/// The lines below `changes:`, all of them after `indent` spaces.
pub(in crate::display) fn changes_text(indent: usize, changes: &[Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let (outer, inner) = (" ".repeat(indent), indent + 2);
    let mut text = format!("{outer}changes:\n");
    for change in changes {
        text.push_str(&one_change(inner, change));
    }
    text
}

/// One change, after `indent` spaces.
pub(in crate::display) fn one_change(indent: usize, change: &Change) -> String {
    let (space, more) = (" ".repeat(indent), " ".repeat(indent + 2));
    match change {
        Change::File { on, path, diff } => {
            let mut text = format!("{space}{} on {on}: {}\n", visible(path), counted(diff));
            for line in diff.lines().skip_while(|line| !line.starts_with("@@")) {
                text.push_str(format!("{more}{}", shown_line(line)).trim_end_matches(' '));
                text.push('\n');
            }
            text
        }
        Change::Keys { on, path, keys } => {
            let mut text = format!("{space}{} on {on}, these keys and nothing else:\n", visible(path));
            for key in keys {
                let (from, to) = (some_key(key.from.as_deref()), some_key(key.to.as_deref()));
                text.push_str(&hanging(&format!("{more}{}: ", key.key), indent + 6, &format!("{from} -> {to}")));
            }
            text
        }
        Change::Request { operation, with, .. } => {
            let mut text = format!("{space}{operation}\n");
            for (name, it) in with {
                text.push_str(&hanging(&format!("{more}{name}: "), indent + 6, &value(it)));
            }
            text
        }
        Change::Command { on, argv } => match script(argv) {
            None => format!("{space}on {on}: {}\n", visible(&shell_line(argv))),
            Some((before, lines)) => {
                let line = |line: &str| format!("{more}  {}", visible(line)).trim_end().to_owned() + "\n";
                let lines: String = lines.lines().map(line).collect();
                format!("{space}on {on}: {} '\n{lines}{more}'\n", visible(&shell_line(before)))
            }
        },
    }
}

/// The lines of a script, as they are.
#[must_use]
pub fn script_lines(indent: usize, script: &str) -> String {
    let line = |line: &str| format!("{}| {}", " ".repeat(indent), visible(line)).trim_end().to_owned() + "\n";
    script.trim_end().lines().map(line).collect()
}
