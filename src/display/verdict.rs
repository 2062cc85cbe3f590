//! What was looked at, what was found, whether that is right: rows of a rehearsal or a doctor, and their verdict.

use crate::display::table::{beside, wide};
use crate::display::terminal::{Symbol, Terminal, width};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What.
    pub what: String,
    /// What was found.
    pub found: String,
    /// Whether that is as it must be.
    pub ok: bool,
}

/// The rows as a table, each with its mark.
#[must_use]
pub fn rows_table(rows: &[Row], look: Terminal) -> String {
    // A row of many words does not push what was found to the right edge: it stands below that one.
    let widest = rows.iter().map(|row| width(&row.what)).max().unwrap_or(0).min(wide() * 9 / 20);
    let mut text = String::new();
    for row in rows {
        let mark = if row.ok { Symbol::Done } else { Symbol::Failed };
        let mut line = format!("  {} {}", look.paint(mark, look.mark(mark)), row.what);
        let (gap, found) = (widest + 2, beside(widest + 6, 2, &row.found));
        match gap.checked_sub(width(&row.what)) {
            _ if found.is_empty() || found.starts_with('\n') => {}
            Some(gap @ 2..) => line.push_str(&" ".repeat(gap)),
            _ => line.push_str(&format!("\n{}", " ".repeat(widest + 6))),
        }
        text.push_str(&line);
        text.push_str(found.trim_end());
        text.push('\n');
    }
    text
}

/// One line like `verdict: passed, 14 of 14`. No row at all is no pass.
#[must_use]
pub fn verdict_line(rows: &[Row], look: Terminal) -> String {
    let good = rows.iter().filter(|row| row.ok).count();
    let passed = good == rows.len() && !rows.is_empty();
    let (mark, word) = if passed { (Symbol::Done, "passed") } else { (Symbol::Failed, "failed") };
    format!("{}\n", look.paint(mark, &format!("verdict: {word}, {good} of {}", rows.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bad_row_fails_and_no_row_is_no_pass() {
        let row = |what: &str, ok| Row { what: what.into(), found: "as it was".into(), ok };
        let rows = [row("site", true), row("cron on one node", false)];
        let unicode = Terminal { unicode: true, colour: false };
        assert_eq!(rows_table(&rows, unicode), "  ✓ site              as it was\n  ✗ cron on one node  as it was\n");
        let mut wordy = rows.clone();
        wordy[0].found = "word ".repeat(20);
        let text = rows_table(&wordy, unicode);
        let second = text.lines().nth(1).unwrap();
        assert_eq!(second.len() - second.trim_start().len(), "  ? cron on one node  ".len(), "{text}");
        let mut long = rows.clone();
        long[0].what = "word ".repeat(12).trim_end().to_owned();
        let text = rows_table(&long, unicode);
        let column = |line: &str, word: &str| line.chars().count() - line[line.find(word).unwrap()..].chars().count();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), column(lines[1], "as it"), column(lines[2], "as it")), (3, 49, 49), "{text}");
        assert_eq!(verdict_line(&rows, unicode), "verdict: failed, 1 of 2\n");
        assert_eq!(verdict_line(&rows[..1], Terminal::PLAIN), "verdict: passed, 1 of 1\n");
        assert_eq!(verdict_line(&[], Terminal::PLAIN), "verdict: failed, 0 of 0\n");
    }
}
