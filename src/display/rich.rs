//! Texts with names in backticks, taken apart for forms that have a better way to show a name; and characters that would
//! deceive a reader, made visible.

use std::borrow::Cow;

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::display) enum Span<'a> {
    Plain(&'a str),
    /// What stood in backticks.
    Code(&'a str),
    /// `(known after step-6)`: only the run will bring it.
    Later(&'a str),
}

const LATER: &str = "(known after step-";

/// The pieces of a text, in order. A backtick without its fellow stays as it is.
pub(in crate::display) fn spans(text: &str) -> Vec<Span<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, behind)) = after.split_once('`') else { break };
        plain(before, &mut all);
        if !code.is_empty() {
            all.push(Span::Code(code));
        }
        rest = behind;
    }
    plain(rest, &mut all);
    all
}

fn plain<'a>(text: &'a str, all: &mut Vec<Span<'a>>) {
    let mut rest = text;
    while let Some(at) = rest.find(LATER) {
        let end = rest.get(at..).and_then(|tail| tail.find(')')).map_or(rest.len(), |n| at + n + 1);
        let (head, tail) = rest.split_at(end);
        let (before, later) = head.split_at(at);
        if !before.is_empty() {
            all.push(Span::Plain(before));
        }
        all.push(Span::Later(later));
        rest = tail;
    }
    if !rest.is_empty() {
        all.push(Span::Plain(rest));
    }
}

/// A text with control characters and those that turn the direction of reading shown by their code points: what a
/// reader sees is what is there. Line breaks and tabs stay.
pub(in crate::display) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::new();
    for c in text.chars() {
        if is_hidden(c) {
            shown.push_str(&format!("[U+{:04X}]", u32::from(c)));
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Control characters, and the directional and invisible format characters of Unicode's general category Cf that can
/// reorder or hide text (Unicode Technical Report 36, "Bidirectional Text Spoofing").
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(u32::from(c), 0x00AD | 0x061C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_later_values_are_found() {
        use Span::{Code, Later, Plain};
        assert_eq!(
            spans("make `a b` of (known after step-6), then"),
            [Plain("make "), Code("a b"), Plain(" of "), Later("(known after step-6)"), Plain(", then")]
        );
        assert_eq!(spans("a ` b"), [Plain("a ` b")]);
        assert_eq!(spans("``"), []);
        assert_eq!(spans("(known after step-6"), [Later("(known after step-6")]);
    }

    #[test]
    fn what_would_deceive_is_shown() {
        assert_eq!(visible("a\u{202e}b\u{0}\n"), "a[U+202E]b[U+0000]\n");
        assert!(matches!(visible("名前 `x`\t"), Cow::Borrowed(_)));
    }
}
