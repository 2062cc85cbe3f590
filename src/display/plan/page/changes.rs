//! What an action changes: a file side by side, keys and requests as tables, commands to copy.
//!
//! Promises: what goes and what comes is said by a sign and by `del` and `ins`, not by colour alone; every table has a
//! caption and heads, so that it can be read without seeing it.

use crate::display::pending_value::{some_key, value};
use crate::display::plan::changes::{ChangeRow, counted, shell_block, shown_line, side_by_side};
use crate::display::plan::page::markup::{Element, Html, el, later, text};
use crate::model::{ActionPath, Change, Value};

/// All changes of an action under a heading; nothing when there are none.
pub(in crate::display) fn changes(path: &ActionPath, changes: &[Change]) -> Html {
    if changes.is_empty() {
        return Html::default();
    }
    let heading = el("h5").text("Changes").child(el("span").class("aside").text(&format!(" of {path}")));
    el("div").class("changes").child(heading).children(changes.iter().map(one)).into()
}

fn one(change: &Change) -> Html {
    match change {
        Change::File { on, path, diff } => {
            file(&place(path, on, &format!(": {}", counted(diff))), &side_by_side(diff)).into()
        }
        Change::Keys { on, path, keys } => {
            let told = |value: &Option<String>| match value {
                Some(value) => el("td").class("given").text(value),
                None => el("td").class("words").text(some_key(None)),
            };
            let rows =
                keys.iter().map(|key| el("tr").child(name(&key.key)).child(told(&key.from)).child(told(&key.to)));
            let caption = place(path, on, ", these keys and nothing else");
            table("keys", caption, &["Key", "Is", "Will be"], rows.collect()).into()
        }
        Change::Request { operation, with, later: brought } => {
            let mut caption = text("Request ");
            caption.add(el("code").text(operation));
            let told = |key: &String, it: &Value| match brought.contains(key) {
                true => el("td").class("words").child(later_words(it)),
                false => el("td").class("given").text(&value(it)),
            };
            let rows = with.iter().map(|(key, it)| el("tr").child(name(key)).child(told(key, it)));
            table("request", caption, &["Parameter", "Value"], rows.collect()).into()
        }
        Change::Command { on, argv } => {
            let mut html = Html::from(el("p").class("command-on").text("Command on ").child(el("code").text(on)));
            html.add(el("pre").class("command").child(el("code").text(&shell_block(argv))));
            html
        }
    }
}

/// What only the run will bring: one value, or one after the other.
fn later_words(it: &Value) -> Html {
    let mut html = Html::default();
    for (n, it) in it.as_array().map_or(std::slice::from_ref(it), Vec::as_slice).iter().enumerate() {
        if n > 0 {
            html.add(text(", "));
        }
        html.add(later(&value(it)));
    }
    html
}

/// `PATH on HOST`, and more.
fn place(path: &str, on: &str, more: &str) -> Html {
    let mut html = Html::from(el("code").text(path));
    html.add(text(" on "));
    html.add(el("code").text(on));
    html.add(text(more));
    html
}

fn name(name: &str) -> Element {
    el("th").attr("scope", "row").child(el("code").text(name))
}

fn table(class: &'static str, caption: Html, heads: &[&str], rows: Html) -> Element {
    let heads = heads.iter().map(|name| el("th").attr("scope", "col").text(name));
    el("table")
        .class(class)
        .child(el("caption").child(caption))
        .child(el("thead").child(el("tr").children(heads)))
        .child(el("tbody").child(rows))
}

fn file(caption: &Html, rows: &[ChangeRow<'_>]) -> Element {
    let rows = rows.iter().map(|row| match *row {
        ChangeRow::Place { old, new } => {
            let told = format!("from line {old} on; afterwards from line {new}");
            el("tr").class("jump").child(el("td").attr("colspan", 4).text(&told))
        }
        ChangeRow::Remark(remark) => el("tr").class("jump").child(el("td").attr("colspan", 4).text(remark)),
        ChangeRow::Same(old, new, line) => {
            el("tr").class("same").children(side("", "span", old, line)).children(side("", "span", new, line))
        }
        ChangeRow::Changed(old, new) => {
            let old = old.map_or_else(nothing, |(at, line)| side("-", "del", at, line));
            let new = new.map_or_else(nothing, |(at, line)| side("+", "ins", at, line));
            el("tr").children(old).children(new)
        }
    });
    table("diff", caption.clone(), &["Line", "Is", "Line", "Will be"], rows.collect())
}

/// The two cells of a line on one side: its number, and the line after its sign.
fn side(sign: &str, tag: &'static str, number: usize, line: &str) -> [Element; 2] {
    let class = match tag {
        "del" => "gone",
        "ins" => "come",
        _ => "stays",
    };
    let mark = (!sign.is_empty()).then(|| el("b").class("mark").text(sign));
    let line = el(tag).text(&shown_line(line));
    [el("td").class("at").text(&number.to_string()), el("td").class(class).child(mark).child(line)]
}

fn nothing() -> [Element; 2] {
    [el("td").class("at"), el("td").class("void")]
}
