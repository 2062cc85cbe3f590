//! Columns that line up, and texts that wrap.

use crate::display::rich::visible;
use crate::display::terminal::width;
use std::sync::OnceLock;

/// How wide texts for people are wrapped. A screen of 80 columns shows most of them without a second wrap.
const WIDE: usize = 96;
/// The narrowest width that is wrapped for; below it lines are left to the terminal.
const NARROW: usize = 40;
/// The least room in which the last column of a table stands beside the others.
const BESIDE: usize = 24;
/// A first column wider than this does not push what stands below a row to the right.
const FAR: usize = 8;

/// The width of the terminal that standard output is; not set when it is a file or a pipe.
static TERMINAL: OnceLock<usize> = OnceLock::new();

/// Wraps for a terminal of so many columns from now on. Only the first call counts.
pub(in crate::display) fn fit(columns: usize) {
    let _ = TERMINAL.set(columns.max(NARROW));
}

/// Where texts are wrapped.
pub(in crate::display) fn wide() -> usize {
    TERMINAL.get().map_or(WIDE, |columns| WIDE.min(*columns))
}

/// Rows with their columns lined up, two spaces between, no space at a line's end. The last column is wrapped on a
/// terminal, and as long as it is elsewhere: a line a row is what programs and files want. No cell can add a row or steer
/// the terminal, whoever wrote it: somebody may be about to sign what the rows say.
pub(in crate::display) fn columns(indent: usize, rows: &[Vec<String>]) -> String {
    columns_within(TERMINAL.get().copied(), indent, rows)
}

fn columns_within(most: Option<usize>, indent: usize, rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| in_one_line(cell)).collect()).collect();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |n: usize| rows.iter().filter_map(|row| row.get(n)).map(|cell| width(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(widest).collect();
    // Below the second column, when there is no room beside the last but one.
    let below = indent + widths.first().map_or(0, |first| first.min(&FAR) + 2);
    let mut text = String::new();
    for row in &rows {
        let mut line = " ".repeat(indent);
        for (n, (cell, wide)) in row.iter().zip(&widths).enumerate() {
            let column = width(&line);
            match most.filter(|most| n > 0 && n + 1 == count && column + width(cell) > *most) {
                Some(most) => line.push_str(&beside_within(most, column, below, cell)),
                None => {
                    line.push_str(cell);
                    line.push_str(&" ".repeat(wide.saturating_sub(width(cell)) + 2));
                }
            }
        }
        for line in line.trim_end().split('\n') {
            text.push_str(line.trim_end());
            text.push('\n');
        }
    }
    text
}

/// A cell without line breaks; what would steer or deceive is shown as what it is. Its spaces stay: they may be an indent.
fn in_one_line(cell: &str) -> String {
    visible(&cell.replace(['\n', '\t'], " ")).into_owned()
}

/// A text that goes on at `column` of a line that is there already, wrapped; when there is no room for it beside that, it
/// stands below the line, four columns after `under`.
pub(in crate::display) fn beside(column: usize, under: usize, text: &str) -> String {
    beside_within(wide(), column, under, text)
}

fn beside_within(most: usize, column: usize, under: usize, text: &str) -> String {
    let longest = words(text).iter().map(|word| width(word)).max().unwrap_or(0);
    if most >= column + BESIDE.max(longest) || text.trim().is_empty() {
        return hanging_within(most, &" ".repeat(column), column, text).trim_start().to_owned();
    }
    let room = most.saturating_sub(longest);
    let under = (under + 4).min(room).max(1);
    format!("\n{}", hanging_within(most, &" ".repeat(under), under, text))
}

/// A text wrapped at words, every line after `first` and the later ones after as many spaces; a given line break stays,
/// and so does what stands in backticks: a command must not break in two.
pub(in crate::display) fn wrapped(first: &str, text: &str) -> String {
    hanging(first, width(first), text)
}

/// The same with later lines after `indent` spaces.
pub(in crate::display) fn hanging(first: &str, indent: usize, text: &str) -> String {
    hanging_within(wide(), first, indent, text)
}

/// The same within `most` columns.
pub(in crate::display) fn hanging_within(most: usize, first: &str, indent: usize, text: &str) -> String {
    let indent = " ".repeat(indent);
    let mut out = String::new();
    let mut line = first.to_owned();
    for (n, given) in text.trim_end().lines().enumerate() {
        if n > 0 {
            end(&mut out, &line);
            // What the author indented (a record to publish, a diff) keeps its indent.
            let own = given.len() - given.trim_start().len();
            line = format!("{indent}{}", " ".repeat(own));
        }
        let mut empty = true;
        for word in words(given) {
            if !empty && width(&line) + 1 + width(&word) > most {
                end(&mut out, &line);
                line.clone_from(&indent);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(&word);
            empty = false;
        }
    }
    end(&mut out, &line);
    out
}

fn end(out: &mut String, line: &str) {
    out.push_str(line.trim_end());
    out.push('\n');
}

/// An author's prose, filled anew: single line breaks are spaces, blank lines and indented lines stay.
pub(in crate::display) fn prose(first: &str, text: &str) -> String {
    let mut filled: Vec<String> = Vec::new();
    let mut joins = false;
    for line in text.trim().lines() {
        let own = line.trim().is_empty() || line.starts_with([' ', '\t', '-', '*']);
        match filled.last_mut() {
            Some(last) if joins && !own => {
                last.push(' ');
                last.push_str(line.trim_end());
            }
            _ => filled.push(line.trim_end().to_owned()),
        }
        joins = !own;
    }
    wrapped(first, &filled.join("\n"))
}

/// The words of a line; what stands between two backticks is one, without control characters.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for part in line.split(|c: char| c.is_whitespace() || c.is_control()).filter(|p| !p.is_empty()) {
        match words.last_mut() {
            Some(last) if open => {
                last.push(' ');
                last.push_str(part);
            }
            _ => words.push(part.to_owned()),
        }
        open ^= part.matches('`').count() % 2 == 1;
    }
    words
}

/// `1 step`, `2 steps`.
#[must_use]
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub(in crate::display) fn list<T: ToString>(items: &[T]) -> String {
    let texts: Vec<String> = items.iter().map(ToString::to_string).collect();
    match texts.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_width() {
        let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let text = columns(2, &[row(&["a", "名前", "x"]), row(&["bbb", "c", ""]), row(&[])]);
        assert_eq!(text, "  a    名前  x\n  bbb  c\n\n");
    }

    #[test]
    fn a_long_last_column_is_wrapped_where_it_begins() {
        let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>();
        let rows = [row(&["name", "one two three four five six seven"]), row(&["n", "one"])];
        let text = columns_within(Some(32), 2, &rows);
        assert_eq!(text, "  name  one two three four five\n        six seven\n  n     one\n");
        let wide = [row(&["a very long name of a thing", "one two three four five"]), row(&["n", "one"])];
        let text = columns_within(Some(44), 0, &wide);
        assert_eq!(
            text,
            format!("a very long name of a thing\n{}one two three four five\nn{}one\n", " ".repeat(14), " ".repeat(28))
        );
        assert_eq!(columns_within(None, 2, &rows).lines().count(), 2, "no terminal, no wrapping");
    }

    #[test]
    fn a_cell_neither_adds_a_row_nor_steers_the_terminal() {
        let rows = [vec!["made".to_owned(), "by alice\n  signed  by bob".to_owned()], vec!["a\u{1b}[2J\r".to_owned()]];
        for most in [None, Some(60)] {
            let text = columns_within(most, 2, &rows);
            assert_eq!(text, "  made                  by alice   signed  by bob\n  a[U+001B][2J[U+000D]\n");
        }
        let long = [vec!["made".to_owned(), format!("by alice\n{}signed by bob", " ".repeat(60))]];
        let text = columns_within(Some(40), 2, &long);
        assert!(!text.lines().any(|line| line.trim_start().starts_with("signed")), "{text}");
    }

    #[test]
    fn wrapping_keeps_indent_and_breaks() {
        let text = wrapped("  why: ", &"word ".repeat(30));
        assert!(text.lines().count() == 2 && text.lines().all(|l| width(l) <= WIDE));
        assert_eq!(
            wrapped("  ", "publish:\n    _x CNAME y\nthen approve"),
            "  publish:\n      _x CNAME y\n  then approve\n"
        );
        assert_eq!(wrapped("> ", ""), ">\n");
        let command = format!("{} `runbook resume r1` goes on", "x".repeat(90));
        assert!(wrapped("", &command).ends_with("\n`runbook resume r1` goes on\n"));
    }

    #[test]
    fn prose_is_filled_anew() {
        let text = "One line\nand its end.\n\nAnother:\n    kept as it is\nand on.";
        assert_eq!(prose("  ", text), "  One line and its end.\n\n  Another:\n      kept as it is\n  and on.\n");
    }

    #[test]
    fn lists_and_counts() {
        assert_eq!(
            (list(&["a"]), list(&["a", "b", "c"]), list::<u8>(&[])),
            ("a".into(), "a, b and c".into(), String::new())
        );
        assert_eq!((count(1, "step"), count(0, "step")), ("1 step".into(), "0 steps".into()));
    }
}
