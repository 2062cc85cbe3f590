//! What an action changes, in Markdown: diffs in a fence, requests and keys in tables, commands to copy.

use crate::display::pending_value::{some_key, value};
use crate::display::plan::changes::{counted, shell_block, shown_line};
use crate::display::plan::markdown::escape::{code, fenced_as, later, rich};
use crate::display::plan::markdown::table::table;
use crate::model::{Change, Value};

/// All of them, each under a line that says where.
pub(in crate::display) fn changes(changes: &[Change]) -> String {
    changes.iter().map(one).collect()
}

fn one(change: &Change) -> String {
    match change {
        Change::File { on, path, diff } => {
            let heading = format!("Changes {} on {}: {}\n\n", code(path), code(on), counted(diff));
            let lines = diff.lines().map(|line| shown_line(line).trim_end_matches(' ').to_owned());
            let body = lines.collect::<Vec<_>>().join("\n");
            format!("{heading}{}\n", fenced_as("diff", &body))
        }
        Change::Keys { on, path, keys } => {
            let told = |value: &Option<String>| match value {
                Some(value) => code(value),
                None => rich(some_key(None)),
            };
            let rows = keys.iter().map(|key| vec![code(&key.key), told(&key.from), told(&key.to)]);
            let table = table(&["Key", "Is", "Will be"], rows);
            format!("Changes {} on {}, these keys and nothing else:\n\n{table}", code(path), code(on))
        }
        Change::Request { operation, with, later } => {
            let rows = with.iter().map(|(name, it)| vec![code(name), later_or_code(it, later.contains(name))]);
            format!("Asks AWS for {}:\n\n{}", code(operation), table(&["Parameter", "Value"], rows))
        }
        Change::Command { on, argv } => {
            format!("Runs on {}:\n\n{}\n", code(on), fenced_as("sh", &shell_block(argv)))
        }
    }
}

/// A value as code; what only the run will bring is none.
fn later_or_code(it: &Value, is_later: bool) -> String {
    let all = it.as_array().map_or(std::slice::from_ref(it), Vec::as_slice).iter();
    match is_later {
        true => all.map(|it| later(&value(it))).collect::<Vec<_>>().join(", "),
        false => code(&value(it)),
    }
}
