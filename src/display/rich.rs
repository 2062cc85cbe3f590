//! Texts with names in backticks, taken apart for forms that have a better way to show a name; and characters that would
//! deceive a reader, made visible.

use crate::model::Text;
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

/// The pieces of a text, in order. A backtick without its fellow stays as it is.
pub(in crate::display) fn spans(text: &Text) -> Vec<Span<'_>> {
    let (shown, mut all, mut at) = (text.as_str(), Vec::new(), 0);
    while let Some(open) = shown[at..].find('`').map(|n| at + n) {
        let Some(close) = shown[open + 1..].find('`').map(|n| open + 1 + n) else { break };
        plain(text, at, open, &mut all);
        if close > open + 1 {
            all.push(Span::Code(&shown[open + 1..close]));
        }
        at = close + 1;
    }
    plain(text, at, shown.len(), &mut all);
    all
}

/// What stands between two places of a text, outside of backticks.
fn plain<'a>(text: &'a Text, from: usize, to: usize, all: &mut Vec<Span<'a>>) {
    let (shown, mut at) = (text.as_str(), from);
    for gap in text.gaps().iter().filter(|gap| gap.is_output() && gap.from >= from && gap.to <= to) {
        if gap.from > at {
            all.push(Span::Plain(&shown[at..gap.from]));
        }
        all.push(Span::Later(&shown[gap.from..gap.to]));
        at = gap.to;
    }
    if to > at {
        all.push(Span::Plain(&shown[at..to]));
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
    use crate::model::{Reference, tell};

    #[test]
    fn names_and_later_values_are_found() {
        use Span::{Code, Later, Plain};
        let later = Text::unknown(Reference::parse("steps.a.b.c").unwrap(), "(known after step-6)".into());
        assert_eq!(
            spans(&tell!("make `a b` of {}, then `{}`", later, later)),
            [
                Plain("make "),
                Code("a b"),
                Plain(" of "),
                Later("(known after step-6)"),
                Plain(", then "),
                Code("(known after step-6)")
            ]
        );
        assert_eq!(spans(&"of (known after step-6)".into()), [Plain("of (known after step-6)")], "words alone");
        assert_eq!(spans(&"a ` b".into()), [Plain("a ` b")]);
        assert_eq!(spans(&"``".into()), []);
    }

    #[test]
    fn what_would_deceive_is_shown() {
        assert_eq!(visible("a\u{202e}b\u{0}\n"), "a[U+202E]b[U+0000]\n");
        assert!(matches!(visible("名前 `x`\t"), Cow::Borrowed(_)));
    }
}
