//! Columns that line up, and texts that wrap.

use super::look::width;

/// How wide texts for people are wrapped. A screen of 80 columns shows most of them without a second wrap.
pub(super) const WIDE: usize = 96;

/// Rows with their columns lined up, two spaces between, the last one as long as it is; no space at a line's end.
pub(super) fn columns(indent: usize, rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |n: usize| rows.iter().filter_map(|row| row.get(n)).map(|cell| width(cell)).max().unwrap_or(0);
    let widths: Vec<usize> = (0..count).map(widest).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = " ".repeat(indent);
        for (cell, wide) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(wide.saturating_sub(width(cell)) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A text wrapped at words, every line after `first` and the later ones after as many spaces; a given line break stays.
pub(super) fn wrapped(first: &str, text: &str) -> String {
    let indent = " ".repeat(width(first));
    let mut out = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for (n, given) in text.trim_end().lines().enumerate() {
        if n > 0 {
            out.push_str(line.trim_end());
            out.push('\n');
            // What the author indented (a record to publish, a diff) keeps its indent.
            let own = given.len() - given.trim_start().len();
            line = format!("{indent}{}", " ".repeat(own));
            empty = true;
        }
        for word in given.split_whitespace() {
            if !empty && width(&line) + 1 + width(word) > WIDE {
                out.push_str(line.trim_end());
                out.push('\n');
                line.clone_from(&indent);
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
    }
    out.push_str(line.trim_end());
    out.push('\n');
    out
}

/// `1 step`, `2 steps`.
pub(super) fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn list<T: ToString>(items: &[T]) -> String {
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
    fn wrapping_keeps_indent_and_breaks() {
        let text = wrapped("  why: ", &"word ".repeat(30));
        assert!(text.lines().count() == 2 && text.lines().all(|l| width(l) <= WIDE));
        assert_eq!(
            wrapped("  ", "publish:\n    _x CNAME y\nthen approve"),
            "  publish:\n      _x CNAME y\n  then approve\n"
        );
        assert_eq!(wrapped("> ", ""), ">\n");
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
