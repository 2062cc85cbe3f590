//! How things look: symbols and colours, and the width they may take.
//!
//! Symbols beyond ASCII only in a UTF-8 locale; colours only on a terminal, and never with `NO_COLOR` (no-color.org).

use std::env;

/// What the reader's terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Symbols beyond ASCII.
    pub unicode: bool,
    /// Colours.
    pub colour: bool,
}

/// What a line says about something, by a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) enum Symbol {
    Done,
    Failed,
    Back,
    Doubt,
    Person,
    Here,
    Plain,
}

impl Terminal {
    /// ASCII without colours.
    pub const PLAIN: Terminal = Terminal { unicode: false, colour: false };

    /// What the environment says; `terminal` is whether the stream in question is one.
    #[must_use]
    pub fn of_environment(terminal: bool) -> Self {
        let set = |name: &str| env::var_os(name).filter(|v| !v.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
        let locale = locale.map(|l| l.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        let unicode = locale.contains("utf-8") || locale.contains("utf8");
        Self { unicode, colour: terminal && set("NO_COLOR").is_none() && !is_dumb() }
    }

    pub(in crate::display) fn mark(self, mark: Symbol) -> &'static str {
        let (unicode, ascii) = match mark {
            Symbol::Done => ("✓", "+"),
            Symbol::Failed => ("✗", "x"),
            Symbol::Back => ("↶", "<"),
            Symbol::Doubt => ("?", "?"),
            Symbol::Person => ("●", "*"),
            Symbol::Here => ("▸", ">"),
            Symbol::Plain => (" ", " "),
        };
        if self.unicode { unicode } else { ascii }
    }

    /// A text in the colour of a mark.
    pub(in crate::display) fn paint(self, mark: Symbol, text: &str) -> String {
        let code = match mark {
            _ if !self.colour => return text.to_owned(),
            Symbol::Done => "32",
            Symbol::Failed => "31",
            Symbol::Back | Symbol::Doubt | Symbol::Person => "33",
            Symbol::Here | Symbol::Plain => return text.to_owned(),
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    /// A text that stands out.
    pub(in crate::display) fn strong(self, text: &str) -> String {
        if self.colour { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() }
    }

    /// One line of at most `most` columns; what is cut off is shown as cut off.
    pub(in crate::display) fn cut(self, text: &str, most: usize) -> String {
        let text = text.replace(|c: char| c.is_control(), " ");
        if width(&text) <= most {
            return text;
        }
        let end = if self.unicode { "…" } else { "..." };
        let room = most.saturating_sub(width(end));
        let mut used = 0;
        let kept: String = text
            .chars()
            .take_while(|c| {
                used += columns(*c);
                used <= room
            })
            .collect();
        let cut = format!("{}{end}", kept.trim_end());
        if width(&cut) <= most { cut } else { String::new() }
    }
}

/// Whether the terminal can only print line after line.
pub(in crate::display) fn is_dumb() -> bool {
    env::var_os("TERM").is_none_or(|t| t.is_empty() || t == "dumb")
}

/// A text with every run of white space and control characters made one space: it can neither wrap nor steer a terminal.
pub(in crate::display) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

/// How many columns a text takes.
pub(in crate::display) fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// Columns of one character: East Asian wide forms and emoji take two, combining marks none (the blocks of Unicode's
/// EastAsianWidth.txt that occur in names and paths; rarer ones count as one).
fn columns(c: char) -> usize {
    match u32::from(c) {
        0x0300..=0x036F | 0x200B..=0x200F | 0x20D0..=0x20FF | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF => 2,
        0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6 | 0x1F300..=0x1F64F | 0x1F900..=0x1F9FF => 2,
        0x2_0000..=0x3_FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_columns() {
        let look = Terminal { unicode: true, colour: false };
        assert_eq!(look.cut("image ami-0 pending", 40), "image ami-0 pending");
        assert_eq!(look.cut("image ami-0 pending", 10), "image ami…");
        assert_eq!(Terminal::PLAIN.cut("image ami-0 pending", 10), "image a...");
        assert_eq!(look.cut("サイトを止める", 7), "サイト…");
        assert_eq!(look.cut("a  b\n\x1b[2Jc", 12), "a  b  [2Jc");
        assert_eq!(look.cut("abc", 0), "");
    }
}
