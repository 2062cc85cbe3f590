//! Values that stand in the file as they are, and are not computed.

use serde_json::{Number, Value};

use super::array;
use super::lex::{Token, TokenKind};

/// A value written out in PHP.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(Vec<u8>),
    /// A string in double quotes with escapes that are not worked out: equal to nothing.
    Escaped,
    /// As it is written, with its sign.
    Number(Vec<u8>),
    Truth(bool),
    Null,
    List(Vec<(Option<Literal>, Literal)>),
}

/// What a literal is as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ArrayKey {
    /// This number.
    Number(i64),
    /// A text that is no number.
    Text,
    /// It is not worked out here.
    Unclear,
}

/// How deep literals are followed: far deeper than any setting, and no danger to the stack.
const DEEPEST: usize = 32;

/// Reads the tokens as one literal; none if they are computed.
pub(super) fn read(bytes: &[u8], tokens: &[Token]) -> Option<Literal> {
    read_nested(bytes, tokens, DEEPEST)
}

fn read_nested(bytes: &[u8], tokens: &[Token], depth: usize) -> Option<Literal> {
    match tokens {
        [token] => read_single(bytes, token),
        [sign, number] if number.kind == TokenKind::Number => {
            let text = number.text(bytes);
            match sign.text(bytes) {
                b"-" => Some(Literal::Number([b"-", text].concat())),
                b"+" => Some(Literal::Number(text.to_vec())),
                _ => None,
            }
        }
        _ => {
            let depth = depth.checked_sub(1)?;
            let array = array::read(bytes, tokens, 0)?;
            if array.close + 1 != tokens.len() {
                return None;
            }
            let elements = array.elements.iter().map(|element| {
                let key = element.arrow.map(|arrow| &tokens[element.tokens.start..arrow]);
                let key = match key {
                    Some([key]) => Some(read_single(bytes, key)?),
                    Some([_, _]) => Some(read_nested(bytes, key?, 0)?),
                    Some(_) => return None,
                    None => None,
                };
                Some((key, read_nested(bytes, &tokens[element.value()], depth)?))
            });
            Some(Literal::List(elements.collect::<Option<_>>()?))
        }
    }
}

fn read_single(bytes: &[u8], token: &Token) -> Option<Literal> {
    let text = token.text(bytes);
    match token.kind {
        TokenKind::Single | TokenKind::Double => string(bytes, token),
        TokenKind::Number => Some(Literal::Number(text.to_vec())),
        TokenKind::Word if text.eq_ignore_ascii_case(b"true") => Some(Literal::Truth(true)),
        TokenKind::Word if text.eq_ignore_ascii_case(b"false") => Some(Literal::Truth(false)),
        TokenKind::Word if text.eq_ignore_ascii_case(b"null") => Some(Literal::Null),
        TokenKind::Word | TokenKind::Variable | TokenKind::Sign | TokenKind::Close => None,
    }
}

/// The content of a string token; none if a variable in it is filled in.
fn string(bytes: &[u8], token: &Token) -> Option<Literal> {
    let inner = &bytes[token.span.start + 1..token.span.end - 1];
    let is_double = token.kind == TokenKind::Double;
    let mut text = Vec::with_capacity(inner.len());
    let mut is_escaped = false;
    let mut at = 0;
    while let Some(byte) = inner.get(at) {
        match (byte, inner.get(at + 1)) {
            (b'\\', Some(next @ b'\\')) => {
                text.push(*next);
                at += 1;
            }
            (b'\\', Some(b'\'')) if !is_double => {
                text.push(b'\'');
                at += 1;
            }
            (b'\\', Some(next @ (b'"' | b'$'))) if is_double => {
                text.push(*next);
                at += 1;
            }
            (b'\\', _) if is_double => is_escaped = true,
            (b'$', Some(next)) if is_double => {
                if next.is_ascii_alphabetic() || *next == b'_' || *next >= 0x80 {
                    return None;
                }
                text.push(b'$');
            }
            _ => text.push(*byte),
        }
        at += 1;
    }
    Some(if is_escaped { Literal::Escaped } else { Literal::Text(text) })
}

impl Literal {
    /// Whether the literal is the value.
    pub(super) fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(text), Value::String(wanted)) => text == wanted.as_bytes(),
            (Self::Truth(truth), Value::Bool(wanted)) => truth == wanted,
            (Self::Null, Value::Null) => true,
            (Self::Number(text), Value::Number(wanted)) => is_number(text, wanted),
            (Self::List(elements), Value::Array(wanted)) => {
                let plain = |at: usize, key: &Option<Self>| {
                    let at = i64::try_from(at).map_or(ArrayKey::Unclear, ArrayKey::Number);
                    key.as_ref().is_none_or(|key| key.as_key() == at)
                };
                elements.len() == wanted.len()
                    && elements
                        .iter()
                        .zip(wanted)
                        .enumerate()
                        .all(|(at, ((key, found), wanted))| plain(at, key) && found.is(wanted))
            }
            (Self::List(elements), Value::Object(wanted)) => {
                let holds = |wanted: (&String, &Value)| {
                    elements.iter().any(|(key, found)| {
                        let key = key.as_ref();
                        key.is_some_and(|key| key.is(&Value::from(wanted.0.as_str()))) && found.is(wanted.1)
                    })
                };
                elements.len() == wanted.len() && wanted.iter().all(holds)
            }
            _ => false,
        }
    }

    /// What the literal is as a key of an array: PHP turns a text of decimal digits into a number, and truths too
    /// (language.types.array of its manual).
    pub(super) fn as_key(&self) -> ArrayKey {
        match self {
            Self::Number(_) => self.integer().map_or(ArrayKey::Unclear, ArrayKey::Number),
            Self::Text(text) => {
                let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok());
                // Not `01`, `+1`, `-0`: those stay texts.
                number.filter(|number| number.to_string().as_bytes() == text).map_or(ArrayKey::Text, ArrayKey::Number)
            }
            Self::Truth(truth) => ArrayKey::Number(i64::from(*truth)),
            Self::Null => ArrayKey::Text,
            Self::Escaped | Self::List(_) => ArrayKey::Unclear,
        }
    }

    /// The whole number the literal is.
    fn integer(&self) -> Option<i64> {
        match self {
            Self::Number(text) => {
                let text = std::str::from_utf8(text).ok()?;
                // A leading zero means octal.
                let digits = text.strip_prefix('-').unwrap_or(text);
                (digits == "0" || !digits.starts_with('0')).then(|| text.parse().ok())?
            }
            _ => None,
        }
    }
}

fn is_number(text: &[u8], wanted: &Number) -> bool {
    if wanted.is_f64() {
        let text = std::str::from_utf8(text).ok();
        let is_float = |text: &&str| text.contains(['.', 'e', 'E']) && !text.contains(['x', 'X']);
        let found = text.filter(is_float).and_then(|text| text.parse::<f64>().ok());
        return found.is_some() && found == wanted.as_f64();
    }
    Literal::Number(text.to_vec()).integer().is_some_and(|found| Some(found) == wanted.as_i64())
        || text == wanted.to_string().as_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use serde_json::json;

    use super::super::lex;
    use super::*;

    fn literal(text: &str) -> Option<Literal> {
        read(text.as_bytes(), &lex::fragment(text.as_bytes(), 0).unwrap())
    }

    #[test]
    fn a_literal_is_the_value_it_stands_for() {
        for (text, value) in [
            (r"'a\'b\\c\d$e'", json!("a'b\\c\\d$e")),
            (r#""a\"b\$c\\ $ 5$""#, json!("a\"b$c\\ $ 5$")),
            ("TRUE", json!(true)),
            ("false", json!(false)),
            ("NULL", json!(null)),
            ("42", json!(42)),
            ("-42", json!(-42)),
            ("1.5e-3", json!(0.0015)),
            ("18446744073709551615", json!(18446744073709551615u64)),
            ("[]", json!([])),
            ("array (0 => 'a', 1 => array(),)", json!(["a", []])),
            ("['a', 'b']", json!(["a", "b"])),
            ("['a' => 1, 'b' => ['c' => null]]", json!({"b": {"c": null}, "a": 1})),
        ] {
            assert!(literal(text).unwrap().is(&value), "{text}");
        }
    }

    #[test]
    fn a_text_of_digits_is_a_number_as_a_key() {
        for (text, key) in [
            ("0", ArrayKey::Number(0)),
            ("'1'", ArrayKey::Number(1)),
            ("\"-5\"", ArrayKey::Number(-5)),
            ("true", ArrayKey::Number(1)),
            ("'01'", ArrayKey::Text),
            ("'-0'", ArrayKey::Text),
            ("'+1'", ArrayKey::Text),
            ("'1.5'", ArrayKey::Text),
            ("' 1'", ArrayKey::Text),
            ("'9223372036854775808'", ArrayKey::Text),
            ("null", ArrayKey::Text),
            ("'a'", ArrayKey::Text),
            ("1.5", ArrayKey::Unclear),
            ("010", ArrayKey::Unclear),
            (r#""\x31""#, ArrayKey::Unclear),
        ] {
            assert_eq!(literal(text).unwrap().as_key(), key, "{text}");
        }
        assert!(literal("['0' => 'a', 1 => 'b']").unwrap().is(&json!(["a", "b"])));
    }

    #[test]
    fn and_no_other() {
        for (text, value) in [
            ("'true'", json!(true)),
            ("'1'", json!(1)),
            ("010", json!(10)),
            ("1", json!(1.0)),
            (r#""a\n""#, json!("a\n")),
            ("[1 => 'a']", json!(["a"])),
            ("['a']", json!(["a", "b"])),
            ("['a' => 1, 'a' => 1]", json!({"a": 1, "b": 1})),
        ] {
            assert!(!literal(text).unwrap().is(&value), "{text}");
        }
    }

    #[test]
    fn what_is_computed_is_no_literal() {
        for text in [
            "",
            "$a",
            "getenv('A')",
            "'a' . 'b'",
            "\"a$b\"",
            "[getenv('A')]",
            "[...$a]",
            "[A => 1]",
            "[1] + [2]",
            "PHP_EOL",
            "(1)",
            "1 + 2",
        ] {
            assert_eq!(literal(text), None, "{text}");
        }
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        assert_eq!(literal(&deep), None, "too deep");
    }
}
