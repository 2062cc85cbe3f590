//! Texts that stay texts in Markdown (CommonMark 0.31 with GitHub's tables).
//!
//! Not handled: names that a forge makes links of by itself (`#12`, `@name`, addresses). They lead nowhere new, and
//! breaking them up would change what is copied.

use crate::display::rich::{Span, spans, visible};
use crate::model::Text;

/// A text on one line, its names in backticks as code, everything else as it is written. Safe in a table's cell.
pub(in crate::display) fn rich(text: &str) -> String {
    rich_text(&text.into())
}

/// The same of a text in which what only the run will bring is emphasised.
pub(in crate::display) fn rich_text(text: &Text) -> String {
    let mut line = String::new();
    for span in spans(text) {
        match span {
            Span::Plain(plain) => line.push_str(&escaped(&spaced(plain))),
            Span::Code(name) => line.push_str(&code(name)),
            Span::Later(later) => line.push_str(&self::later(later)),
        }
    }
    harmless_start(line.trim())
}

/// The words for something that only the run will bring.
pub(in crate::display) fn later(words: &str) -> String {
    format!("*{}*", escaped(&spaced(words)).trim())
}

/// A value as code on one line; nothing when there is none. Safe in a table's cell.
pub(in crate::display) fn code(value: &str) -> String {
    let value = visible(value);
    let value: String = value.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let value = value.trim();
    if value.is_empty() {
        return String::new();
    }
    // A cell ends at a pipe even in code, and only there a backslash before it is taken away again. Outside of a table
    // it would stay, so that a value with a pipe is written as text.
    if value.contains('|') {
        return escaped(value);
    }
    let fence = "`".repeat(longest_run(value) + 1);
    // One space on each side is taken away again, and keeps a backtick from joining the fence.
    if value.starts_with('`') || value.ends_with('`') {
        format!("{fence} {value} {fence}")
    } else {
        format!("{fence}{value}{fence}")
    }
}

/// Lines that keep their breaks, in a fence that they cannot close.
pub(in crate::display) fn fenced(text: &str) -> String {
    fenced_as("text", text)
}

/// The same, named as a language that a forge may colour.
pub(in crate::display) fn fenced_as(language: &'static str, text: &str) -> String {
    let text = visible(text.trim_end_matches('\n'));
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!("{fence}{language}\n{text}\n{fence}\n")
}

/// An author's prose: paragraphs; what he indented or listed keeps its lines in a fence.
pub(in crate::display) fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").filter(|p| !p.trim().is_empty());
    let mut out = String::new();
    for paragraph in paragraphs {
        if paragraph.lines().any(|line| line.starts_with([' ', '\t', '-', '*'])) {
            out.push_str(&fenced(paragraph));
        } else {
            out.push_str(&rich(paragraph));
            out.push('\n');
        }
        out.push('\n');
    }
    out
}

fn spaced(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect()
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Everything that could begin something in a line is taken as it is.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                safe.push('\\');
                safe.push(c);
            }
            c => safe.push(c),
        }
    }
    safe
}

/// A line that begins neither a list nor a heading's underline.
fn harmless_start(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let (head, tail) = line.split_at(digits);
    match tail.chars().next() {
        Some('-' | '+' | '=') if digits == 0 => format!("\\{line}"),
        Some('.' | ')') if digits > 0 => format!("{head}\\{tail}"),
        _ => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Reference, tell};

    #[test]
    fn texts_stay_texts() {
        assert_eq!(rich("a | b <i> `x_y` *c*"), r"a \| b &lt;i&gt; `x_y` \*c\*");
        assert_eq!((rich("- a"), rich("1. a"), rich("# a")), (r"\- a".into(), r"1\. a".into(), r"\# a".into()));
        let later = Text::unknown(Reference::parse("steps.a.b.c").unwrap(), "(known after step-3)".into());
        assert_eq!(rich_text(&tell!("two\nlines {}", later)), "two lines *(known after step-3)*");
        assert_eq!(rich("two\nlines (known after step-3)"), "two lines (known after step-3)");
    }

    #[test]
    fn code_cannot_be_closed_from_within() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`a`"), "`` `a` ``");
        assert_eq!((code("a|b"), code(" ")), (r"a\|b".into(), String::new()));
        assert_eq!(fenced("a\n```\nb"), "````text\na\n```\nb\n````\n");
    }
}
