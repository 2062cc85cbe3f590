//! Array literals, as tokens: where each element, its key and its value stand.

use std::ops::Range;

use super::lex::{Token, TokenKind};

/// A literal `array(...)` or `[...]`. All numbers are places in the list of tokens.
#[derive(Debug)]
pub(super) struct Array {
    /// The bracket that opens it.
    pub(super) open: usize,
    /// The bracket that closes it.
    pub(super) close: usize,
    pub(super) elements: Vec<ArrayElement>,
}

/// One element of an array, from its first token to its last, never empty.
#[derive(Debug, Clone)]
pub(super) struct ArrayElement {
    pub(super) tokens: Range<usize>,
    /// The `=>` between key and value.
    pub(super) arrow: Option<usize>,
    /// The comma after it.
    pub(super) comma: Option<usize>,
}

impl ArrayElement {
    /// The tokens of the value; empty only in a file that PHP would not read.
    pub(super) fn value(&self) -> Range<usize> {
        self.arrow.map_or(self.tokens.start, |arrow| arrow + 1)..self.tokens.end
    }
}

/// Reads the array literal that begins with the token `at`; none if there is no such literal, or
/// its brackets do not match.
pub(super) fn read(bytes: &[u8], tokens: &[Token], at: usize) -> Option<Array> {
    let is =
        |index: usize, text: &[u8]| tokens.get(index).is_some_and(|token| token.text(bytes).eq_ignore_ascii_case(text));
    let open = if is(at, b"array") && is(at + 1, b"(") {
        at + 1
    } else if is(at, b"[") {
        at
    } else {
        return None;
    };
    let mut array = Array { open, close: open, elements: Vec::new() };
    let mut brackets: Vec<&[u8]> = Vec::new();
    let mut start = open + 1;
    let mut arrow = None;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        let text = if token.kind == TokenKind::Sign { token.text(bytes) } else { b"" };
        match text {
            b"(" => brackets.push(b")"),
            b"[" => brackets.push(b"]"),
            b"{" => brackets.push(b"}"),
            b")" | b"]" | b"}" if brackets.pop() != Some(text) => return None,
            b"=>" if brackets.len() == 1 && arrow.is_none() => arrow = Some(index),
            _ => {}
        }
        let is_end = brackets.is_empty();
        let is_comma = brackets.len() == 1 && text == b",";
        if (is_end || is_comma) && index > start {
            let comma = is_comma.then_some(index);
            array.elements.push(ArrayElement { tokens: start..index, arrow, comma });
        }
        if is_end {
            array.close = index;
            return Some(array);
        }
        if is_comma {
            start = index + 1;
            arrow = None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::super::lex;
    use super::*;

    fn elements(text: &str) -> Option<Vec<(String, Option<String>)>> {
        let tokens = lex::fragment(text.as_bytes(), 0).unwrap();
        let array = read(text.as_bytes(), &tokens, 0)?;
        let joined =
            |range: Range<usize>| tokens[range].iter().map(|token| &text[token.span.clone()]).collect::<String>();
        let of = |element: &ArrayElement| {
            let key = element.arrow.map(|arrow| joined(element.tokens.start..arrow));
            (joined(element.value()), key)
        };
        Some(array.elements.iter().map(of).collect())
    }

    #[test]
    fn elements_know_key_and_value() {
        let some = |key: &str| Some(key.to_owned());
        assert_eq!(
            elements("array('a' => 1, [2, 3 => 4,], 'b' => f(5, function () { return [6, 7]; }),)"),
            Some(vec![
                ("1".into(), some("'a'")),
                ("[2,3=>4,]".into(), None),
                ("f(5,function(){return[6,7];})".into(), some("'b'")),
            ])
        );
        assert_eq!(elements("[]"), Some(vec![]));
        assert_eq!(elements("ARRAY (1)"), Some(vec![("1".into(), None)]));
        assert_eq!(elements("['a' => fn($x) => 1]").unwrap()[0].1, some("'a'"));
    }

    #[test]
    fn what_is_no_array_literal_is_none() {
        for text in ["", "1", "array", "arrays(1)", "[1", "[1)", "array(1]", "['(']", "[(])"] {
            assert_eq!(elements(text).is_some(), text == "['(']", "{text}");
        }
    }
}
