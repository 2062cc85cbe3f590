//! A `config.php` whose `$CONFIG` is one array literal, with the place of each of its entries.
//!
//! What it promises: PHP would see exactly these entries: nothing else in the file touches
//! `$CONFIG`, and no entry's key is computed.
//!
//! What it does not handle: files beside it (`config/*.config.php`), which Nextcloud reads later.

use std::ops::Range;

use super::super::Reason;
use super::array::{self, Array, ArrayElement};
use super::lex::{self, Token, TokenKind};
use super::literal::{self, Literal};

const DROP_IN: &str = "put the settings into a file of their own beside it (`*.config.php`, read \
                       after config.php), or edit the file by hand";
const BY_HAND: &str = "edit the file by hand";

/// The file, read.
#[derive(Debug)]
pub(super) struct Config<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) tokens: Vec<Token>,
    pub(super) array: Array,
    entries: Vec<ConfigEntry>,
}

/// An element of `$CONFIG`.
#[derive(Debug)]
pub(super) struct ConfigEntry {
    /// The key where it is a string.
    key: Option<Vec<u8>>,
    pub(super) element: ArrayElement,
}

impl<'a> Config<'a> {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// Every reason why it is not certain what PHP makes of it.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Vec<Reason>> {
        let tokens = lex::lex(bytes).map_err(|reason| vec![reason])?;
        let at = assignment(bytes, &tokens)?;
        let value = at + 2;
        let Some(array) = array::read(bytes, &tokens, value) else {
            let at = tokens.get(value).map_or(bytes.len(), |token| token.span.start);
            let message = "`$CONFIG` is not one array written out";
            return Err(vec![Reason::at(bytes, at, message, DROP_IN)]);
        };
        let after = &tokens[array.close + 1..];
        let extra = match after {
            [] => None,
            [end, rest @ ..] if matches!(end.text(bytes), b";" | b"?>") => {
                rest.iter().find(|token| token.kind != TokenKind::Close)
            }
            [computes, ..] => Some(computes),
        };
        if let Some(token) = extra {
            let message = "the file goes on after the array of `$CONFIG`: it may compute settings";
            return Err(vec![Reason::at(bytes, token.span.start, message, DROP_IN)]);
        }
        let entries: Vec<_> = array.elements.iter().map(|element| entry(bytes, &tokens, element)).collect();
        let reasons: Vec<_> = entries.iter().filter_map(|entry| entry.as_ref().err()).collect();
        if !reasons.is_empty() {
            return Err(reasons.into_iter().cloned().collect());
        }
        let entries = entries.into_iter().flatten().collect();
        Ok(Self { bytes, tokens, array, entries })
    }

    /// The one entry with this key.
    ///
    /// # Errors
    ///
    /// The second of several.
    pub(super) fn entry(&self, key: &str) -> Result<Option<&ConfigEntry>, Reason> {
        let mut found = self.entries.iter().filter(|entry| entry.is(key));
        let first = found.next();
        if let Some(second) = found.next() {
            let at = self.span(second.element.tokens.clone()).start;
            let message = format!("`{key}` is set twice; PHP takes the last");
            return Err(Reason::at(self.bytes, at, message, "take one of the two out"));
        }
        Ok(first)
    }

    /// The entries with other keys, as they stand in the file.
    pub(super) fn others(&self, keys: &[&str]) -> Vec<&'a [u8]> {
        let others = self.entries.iter().filter(|entry| !keys.iter().any(|key| entry.is(key)));
        others.map(|entry| self.text(entry.element.tokens.clone())).collect()
    }

    /// The entry's value where it is written out.
    pub(super) fn literal(&self, entry: &ConfigEntry) -> Option<Literal> {
        literal::read(self.bytes, &self.tokens[entry.element.value()])
    }

    /// The bytes of these tokens, which must not be none, and of what is between them.
    pub(super) fn span(&self, tokens: Range<usize>) -> Range<usize> {
        self.tokens[tokens.start].span.start..self.tokens[tokens.end - 1].span.end
    }

    /// What stands there.
    pub(super) fn text(&self, tokens: Range<usize>) -> &'a [u8] {
        &self.bytes[self.span(tokens)]
    }

    /// A reason that the entry cannot be edited.
    pub(super) fn reason(&self, entry: &ConfigEntry, message: String, advice: &str) -> Reason {
        let at = self.span(entry.element.tokens.clone()).start;
        Reason::at(self.bytes, at, message, advice)
    }
}

impl ConfigEntry {
    fn is(&self, key: &str) -> bool {
        self.key.as_deref() == Some(key.as_bytes())
    }
}

/// Where `$CONFIG =` stands, at the top level and nowhere else.
fn assignment(bytes: &[u8], tokens: &[Token]) -> Result<usize, Vec<Reason>> {
    let is_config = |token: &Token| token.kind == TokenKind::Variable && token.text(bytes) == b"$CONFIG";
    let mut uses = tokens.iter().enumerate().filter(|(_, token)| is_config(token));
    let Some((at, first)) = uses.next() else {
        let message = "the file does not set `$CONFIG`";
        return Err(vec![Reason::whole(message, "give the path of Nextcloud's config.php")]);
    };
    let reason = |token: &Token, message: &str, advice: &str| Reason::at(bytes, token.span.start, message, advice);
    let mut reasons = Vec::new();
    if tokens.get(at + 1).is_none_or(|next| next.text(bytes) != b"=") {
        reasons.push(reason(first, "`$CONFIG` is used here before it is set", DROP_IN));
    }
    for (_, later) in uses {
        reasons.push(reason(later, "`$CONFIG` is used or changed again here", DROP_IN));
    }
    for token in tokens {
        if token.kind == TokenKind::Variable && token.text(bytes) == b"$GLOBALS" {
            reasons.push(reason(token, "`$GLOBALS` may change `$CONFIG`", BY_HAND));
        }
    }
    let depth = tokens[..at].iter().fold(0_i64, |depth, token| match token.text(bytes) {
        b"(" | b"[" | b"{" => depth + 1,
        b")" | b"]" | b"}" => depth - 1,
        _ => depth,
    });
    let before = at.checked_sub(1).map(|before| tokens[before].text(bytes));
    if depth != 0 || !matches!(before, None | Some(b";" | b"}")) {
        reasons.push(reason(first, "`$CONFIG` is not set by a statement of its own", DROP_IN));
    }
    if reasons.is_empty() { Ok(at) } else { Err(reasons) }
}

fn entry(bytes: &[u8], tokens: &[Token], element: &ArrayElement) -> Result<ConfigEntry, Reason> {
    let first = &tokens[element.tokens.start];
    let computed = |message: &str| Reason::at(bytes, first.span.start, message, DROP_IN);
    if first.text(bytes) == b"..." {
        return Err(computed("another array is spread into `$CONFIG`: its keys are not known"));
    }
    if element.value().is_empty() {
        let message = "an entry of `$CONFIG` has no value";
        return Err(Reason::at(bytes, first.span.start, message, "run `php -l` and mend the file"));
    }
    let Some(arrow) = element.arrow else {
        return Ok(ConfigEntry { key: None, element: element.clone() });
    };
    match literal::read(bytes, &tokens[element.tokens.start..arrow]) {
        Some(Literal::Text(key)) => Ok(ConfigEntry { key: Some(key), element: element.clone() }),
        Some(Literal::Number(_)) => Ok(ConfigEntry { key: None, element: element.clone() }),
        _ => Err(computed("the key of this entry of `$CONFIG` is computed: it may be any")),
    }
}
