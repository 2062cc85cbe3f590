//! Splits a `config.php` into tokens that know their bytes; white space and comments are left out.
//!
//! What it promises: a string, a comment and a bracket are never taken for one another, or the
//! file is refused.
//!
//! What it does not handle, and refuses: text outside `<?php`, heredocs, shell commands in
//! backquotes, and expressions inside strings (`"{$a["b"]}"`), where a quote does not end the
//! string.

use std::ops::Range;

use super::super::{Reason, span};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A keyword, a constant or the name of a function.
    Word,
    /// `$name`.
    Variable,
    Number,
    /// A string in single quotes.
    Single,
    /// A string in double quotes.
    Double,
    /// An operator or a bracket: `=>` and `...` as one, other operators byte by byte.
    Sign,
    /// `?>`.
    Close,
}

/// A token and its bytes.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Range<usize>,
}

impl Token {
    /// The token as it stands in the file.
    pub(super) fn text<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.span.clone()]
    }
}

const OPEN: &[u8] = b"<?php";

/// All tokens after `<?php`.
///
/// # Errors
///
/// The first place that is not read safely.
pub(super) fn lex(bytes: &[u8]) -> Result<Vec<Token>, Reason> {
    let start = span::bom_length(bytes);
    let opens = bytes.get(start..start + OPEN.len());
    let is_ended = bytes.get(start + OPEN.len()).is_none_or(u8::is_ascii_whitespace);
    if !is_ended || !opens.is_some_and(|tag| tag.eq_ignore_ascii_case(OPEN)) {
        let message = "the file does not begin with `<?php`: what is before it is sent to clients";
        return Err(Reason::at(bytes, start, message, "let the file begin with `<?php`"));
    }
    let mut tokens = fragment(bytes, start + OPEN.len())?;
    if let Some(first_close) = tokens.iter().position(|token| token.kind == TokenKind::Close) {
        let end = tokens[first_close].span.end;
        let is_rest_blank = span::is_blank(&bytes[end..]);
        tokens.truncate(first_close + 1);
        if !is_rest_blank {
            let message = "there is text after `?>`, which is sent to clients";
            return Err(Reason::at(bytes, end, message, "take `?>` and the text after it out"));
        }
    }
    Ok(tokens)
}

/// The tokens from the byte `at` up to the first `?>` or the end.
///
/// # Errors
///
/// The first place that is not read safely.
pub(super) fn fragment(bytes: &[u8], at: usize) -> Result<Vec<Token>, Reason> {
    let mut lexer = Lexer { bytes, at };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.next()? {
        let is_last = token.kind == TokenKind::Close;
        tokens.push(token);
        if is_last {
            break;
        }
    }
    Ok(tokens)
}

struct Lexer<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Option<Token>, Reason> {
        while self.skip_space() || self.skip_comment()? {}
        let rest = self.rest();
        let start = self.at;
        let (kind, length) = match rest {
            [] => return Ok(None),
            [b'?', b'>', ..] => (TokenKind::Close, 2),
            [b'<', b'<', b'<', ..] => {
                let message = "a heredoc begins here, which this edit does not read";
                return Err(self.refuse(start, message, "write it as a string in quotes"));
            }
            [b'`', ..] => {
                let message = "a shell command in backquotes begins here";
                return Err(self.refuse(start, message, "edit the file by hand"));
            }
            [b'\'', ..] => (TokenKind::Single, self.string(b'\'')?),
            [b'"', ..] => (TokenKind::Double, self.string(b'"')?),
            [b'$', first, ..] if is_name_start(*first) => (TokenKind::Variable, 1 + name(&rest[1..])),
            [first, ..] if is_name_start(*first) => (TokenKind::Word, name(rest)),
            [first, ..] if first.is_ascii_digit() => (TokenKind::Number, number(rest)),
            [b'.', digit, ..] if digit.is_ascii_digit() => (TokenKind::Number, number(rest)),
            [b'.', b'.', b'.', ..] => (TokenKind::Sign, 3),
            [b'=', b'>', ..] => (TokenKind::Sign, 2),
            [b'=', b'=', ..] => (TokenKind::Sign, 2),
            [_, ..] => (TokenKind::Sign, 1),
        };
        self.at = start + length;
        Ok(Some(Token { kind, span: start..self.at }))
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn skip_space(&mut self) -> bool {
        let is_space = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\r' | b'\n');
        let length = self.rest().iter().take_while(is_space).count();
        self.at += length;
        length > 0
    }

    fn skip_comment(&mut self) -> Result<bool, Reason> {
        let length = match self.rest() {
            [b'/', b'*', inner @ ..] => match position(inner, b"*/") {
                Some(end) => end + 4,
                None => {
                    let message = "the comment that begins here is not closed";
                    return Err(self.refuse(self.at, message, "run `php -l` and mend the file"));
                }
            },
            [b'#', b'[', ..] => return Ok(false),
            [b'#', ..] | [b'/', b'/', ..] => {
                let is_end = |pair: &[u8]| matches!(pair, [b'\r' | b'\n', ..] | [b'?', b'>']);
                let rest = self.rest();
                let end = rest.windows(2).position(is_end);
                end.unwrap_or(match rest {
                    [before @ .., b'\r' | b'\n'] => before.len(),
                    all => all.len(),
                })
            }
            _ => return Ok(false),
        };
        self.at += length;
        Ok(true)
    }

    /// How long the string that begins here is, with its quotes.
    fn string(&self, quote: u8) -> Result<usize, Reason> {
        let rest = self.rest();
        let mut at = 1;
        loop {
            match &rest[at.min(rest.len())..] {
                [] => {
                    let message = "the string that begins here is not closed";
                    return Err(self.refuse(self.at, message, "run `php -l` and mend the file"));
                }
                [b'\\', ..] => at += 2,
                [b'{', b'$', ..] | [b'$', b'{', ..] if quote == b'"' => {
                    let message = "a string holds an expression, which this edit does not read";
                    return Err(self.refuse(self.at + at, message, "join the parts with `.`"));
                }
                [byte, ..] => {
                    at += 1;
                    if *byte == quote {
                        return Ok(at);
                    }
                }
            }
        }
    }

    fn refuse(&self, at: usize, message: &str, advice: &str) -> Reason {
        Reason::at(self.bytes, at.min(self.bytes.len()), message, advice)
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn name(rest: &[u8]) -> usize {
    rest.iter().take_while(|byte| is_name_start(**byte) || byte.is_ascii_digit()).count()
}

fn number(rest: &[u8]) -> usize {
    let mut before = b'0';
    let mut is_hex = false;
    rest.iter()
        .take_while(|byte| {
            let is_sign = matches!(**byte, b'+' | b'-') && matches!(before, b'e' | b'E') && !is_hex;
            is_hex |= matches!(**byte, b'x' | b'X');
            before = **byte;
            byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'.') || is_sign
        })
        .count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        let tokens = lex(text.as_bytes()).unwrap();
        tokens.iter().map(|token| &text[token.span.clone()]).collect()
    }

    fn refused(text: &str) -> String {
        lex(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn tokens_are_told_apart() {
        assert_eq!(
            texts("<?php $a = array('b\\'c' => 1.5e-3, \"d\\\"e\", ...$f); ?>\n"),
            ["$a", "=", "array", "(", "'b\\'c'", "=>", "1.5e-3", ",", "\"d\\\"e\"", ",", "...", "$f", ")", ";", "?>"]
        );
        assert_eq!(texts("<?php 0xe+1 == $$a"), ["0xe", "+", "1", "==", "$", "$a"]);
    }

    #[test]
    fn comments_are_left_out_and_end_where_php_ends_them() {
        assert_eq!(texts("<?php a // 'b'\n# c\r d /* ' */ e #[f"), ["a", "d", "e", "#", "[", "f"]);
        assert_eq!(texts("<?php a // b ?>\n"), ["a", "?>"]);
        assert_eq!(texts("<?php # b"), Vec::<&str>::new());
    }

    #[test]
    fn what_is_not_read_safely_is_refused_where_it_is() {
        for (text, expected) in [
            ("", "line 1, column 1: the file does not begin with `<?php`"),
            ("\n<?php", "line 1, column 1: the file does not begin with `<?php`"),
            ("<?php\n $a = <<<X\n", "line 2, column 7: a heredoc begins here"),
            ("<?php `ls`;", "column 7: a shell command"),
            ("<?php 'a", "column 7: the string that begins here is not closed"),
            ("<?php 'a\\", "column 7: the string that begins here is not closed"),
            ("<?php /* a", "column 7: the comment that begins here is not closed"),
            ("<?php \"a{$b}\"", "column 9: a string holds an expression"),
            ("<?php \"${b}\"", "column 8: a string holds an expression"),
            ("<?php a; ?> b", "column 12: there is text after `?>`"),
        ] {
            let reason = refused(text);
            assert!(reason.contains(expected), "{text}: {reason}");
        }
    }
}
