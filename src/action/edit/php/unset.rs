//! Takes keys of `$CONFIG` back, in a file that somebody else has changed since.

use std::ops::Range;

use super::super::Reason;
use super::super::span::{self, Patch};
use super::array::{self, ArrayElement};
use super::config::Config;
use super::insert::{self, NewElement};
use super::lex::{self, TokenKind};
use super::set::{EntryAt, put_value};
use super::setting::Previous;
use super::style::{Style, quoted};

/// The changes that put the keys back to what they were.
///
/// # Errors
///
/// Every key that cannot be put back safely.
pub(super) fn unset(config: &Config<'_>, keys: &[(String, Previous)]) -> Result<Patch, Vec<Reason>> {
    let style = Style::of(config);
    let mut patch = Patch::default();
    let mut gone = Vec::new();
    let mut new = Vec::new();
    let mut reasons = Vec::new();
    for (key, previous) in keys {
        match (config.entry(key), previous) {
            (Err(reason), _) => reasons.push(reason),
            (Ok(None), Previous::Absent) => {}
            (Ok(Some(entry)), Previous::Absent) => gone.push(entry.element.clone()),
            (Ok(_), Previous::Was(raw)) if !is_expression(raw) => reasons.push(Reason::whole(
                format!("what is kept of the value of `{key}` is not one expression of PHP"),
                "put the value back by hand, from the copy of the file",
            )),
            (Ok(Some(entry)), Previous::Was(raw)) if config.text(entry.element.value()) == raw => {}
            (Ok(Some(entry)), Previous::Was(raw)) => {
                let value = entry.element.value();
                let is_list = raw.starts_with(b"[") || raw.starts_with(b"array");
                if is_list && array::read(config.bytes, &config.tokens, value.start).is_some() {
                    // A list stood there before and stands there now: on the same line, whatever the file's style.
                    patch.replace(config.span(value), raw.clone());
                } else {
                    put_value(&EntryAt { config, style: &style, entry }, raw, is_list, &mut patch);
                }
            }
            (Ok(None), Previous::Was(raw)) => {
                let text = [quoted(key), b" => ".to_vec(), raw.clone()].concat();
                new.push(NewElement { lines: text.clone(), in_line: text });
            }
        }
    }
    if !reasons.is_empty() {
        return Err(reasons);
    }
    remove(config, &gone, &mut patch);
    insert::at_the_end(config, &style, &config.array, &new, &mut patch);
    Ok(patch)
}

/// Whether the bytes are one expression, so that nothing else comes into the file with them.
fn is_expression(raw: &[u8]) -> bool {
    let Ok(tokens) = lex::fragment(raw, 0) else { return false };
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return false };
    // A comment at the end would take in the comma.
    if first.span.start != 0 || last.span.end != raw.len() {
        return false;
    }
    let mut brackets: Vec<&[u8]> = Vec::new();
    for token in &tokens {
        let text = if token.kind == TokenKind::Sign { token.text(raw) } else { b"" };
        match text {
            b"(" => brackets.push(b")"),
            b"[" => brackets.push(b"]"),
            b"{" => brackets.push(b"}"),
            b")" | b"]" | b"}" if brackets.pop() != Some(text) => return false,
            b"," | b";" | b"=>" if brackets.is_empty() => return false,
            _ if token.kind == TokenKind::Close => return false,
            _ => {}
        }
    }
    brackets.is_empty()
}

/// Takes the elements out. Those at the end of the array leave it as it was before they were put
/// there: with a comma at the end, or without.
fn remove(config: &Config<'_>, gone: &[ArrayElement], patch: &mut Patch) {
    let elements = &config.array.elements;
    let is_gone = |element: &ArrayElement| gone.iter().any(|one| one.tokens == element.tokens);
    let tail = elements.iter().rev().take_while(|element| is_gone(element)).count();
    let (head, tail) = elements.split_at(elements.len() - tail);
    head.iter().filter(|element| is_gone(element)).for_each(|element| cut_alone(config, element, patch));

    let Some(last) = tail.last() else { return };
    if let (None, Some(comma)) = (last.comma, head.last().and_then(|kept| kept.comma)) {
        patch.cut(config.tokens[comma].span.clone());
    }
    for element in tail {
        let span = whole(config, element);
        let before = config.tokens[element.tokens.start - 1].span.end;
        let follows_directly = !head.is_empty() && span::is_blank(&config.bytes[before..span.start]);
        if follows_directly && own_lines(config, last).is_none() {
            patch.cut(before..span.end);
        } else {
            cut_alone(config, element, patch);
        }
    }
}

/// The element and its comma go; the lines too when nothing else is on them.
fn cut_alone(config: &Config<'_>, element: &ArrayElement, patch: &mut Patch) {
    let Range { start, end } = whole(config, element);
    let is_blank = |byte: &&u8| matches!(**byte, b' ' | b'\t');
    if let Some(lines) = own_lines(config, element) {
        patch.cut(lines);
    } else if span::is_first_in_line(config.bytes, start) {
        let after = config.bytes[end..].iter().take_while(is_blank).count();
        patch.cut(start..end + after);
    } else {
        let before = config.bytes[..start].iter().rev().take_while(is_blank).count();
        patch.cut(start - before..end);
    }
}

/// The element with its comma.
fn whole(config: &Config<'_>, element: &ArrayElement) -> Range<usize> {
    config.span(element.tokens.start..element.comma.map_or(element.tokens.end, |comma| comma + 1))
}

/// The lines of the element if nothing else is on them.
fn own_lines(config: &Config<'_>, element: &ArrayElement) -> Option<Range<usize>> {
    let Range { start, end } = whole(config, element);
    let line_end = span::line_end(config.bytes, end);
    let is_alone = span::is_first_in_line(config.bytes, start) && span::is_blank(&config.bytes[end..line_end]);
    is_alone.then(|| span::line_start(config.bytes, start)..line_end)
}
