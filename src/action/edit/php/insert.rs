//! Puts elements at the end of an array literal, the way the array is laid out.

use super::super::span::{self, Patch};
use super::array::Array;
use super::config::Config;
use super::style::Style;

/// A new element, without a comma.
#[derive(Debug)]
pub(super) struct NewElement {
    /// Over as many lines as it takes, the first without indentation.
    pub(super) lines: Vec<u8>,
    /// On one line.
    pub(super) in_line: Vec<u8>,
}

/// How an array is laid out at its end.
enum Layout {
    /// The closing bracket is on a line of its own.
    Lines,
    /// One element a line, the bracket right after the last.
    LinesToTheBracket,
    /// On one line.
    InLine,
    /// Nothing between the brackets.
    Empty,
}

/// Adds the elements to the patch. Whether the last element has a comma stays as it was.
pub(super) fn at_the_end(config: &Config<'_>, style: &Style, array: &Array, new: &[NewElement], patch: &mut Patch) {
    if new.is_empty() {
        return;
    }
    let bytes = config.bytes;
    let close = config.tokens[array.close].span.start;
    let last = array.elements.last();
    let last_end = last.map_or(close, |last| config.span(last.tokens.clone()).end);
    let comma = last.and_then(|last| last.comma);
    let has_comma = comma.is_some() || last.is_none();
    let after_last = comma.map_or(last_end, |comma| config.tokens[comma].span.end);

    let indent = indent(config, style, array);
    let ending = style.line_ending;
    let with_comma = |at: usize| if has_comma || at + 1 < new.len() { b",".as_slice() } else { b"" };
    let numbered = || new.iter().enumerate();
    match layout(config, array) {
        Layout::Lines => {
            if !has_comma {
                patch.insert(last_end, ",");
            }
            let line = span::line_start(bytes, close);
            for (at, element) in numbered() {
                patch.insert(line, [&indent, &element.lines, with_comma(at), ending].concat());
            }
        }
        Layout::LinesToTheBracket => {
            if !has_comma {
                patch.insert(last_end, ",");
            }
            for (at, element) in numbered() {
                let text = [ending, &indent, &element.lines, with_comma(at)].concat();
                patch.insert(after_last, text);
            }
        }
        Layout::InLine => {
            for element in new {
                let [before, after] = if has_comma { [" ", ","] } else { [", ", ""] };
                let text = [before.as_bytes(), &element.in_line, after.as_bytes()].concat();
                patch.insert(after_last, text);
            }
        }
        Layout::Empty if array.open == config.array.open => {
            patch.insert(close, ending);
            for element in new {
                patch.insert(close, [&indent, element.lines.as_slice(), b",", ending].concat());
            }
        }
        Layout::Empty => {
            let elements: Vec<_> = new.iter().map(|element| element.in_line.as_slice()).collect();
            patch.insert(close, elements.join(b", ".as_slice()));
        }
    }
}

fn layout(config: &Config<'_>, array: &Array) -> Layout {
    let close = config.tokens[array.close].span.start;
    if span::is_first_in_line(config.bytes, close) {
        return Layout::Lines;
    }
    match array.elements.first() {
        None => Layout::Empty,
        Some(first) => {
            let first = config.span(first.tokens.clone()).start;
            if span::is_first_in_line(config.bytes, first) { Layout::LinesToTheBracket } else { Layout::InLine }
        }
    }
}

/// The blanks before an element of the array.
fn indent(config: &Config<'_>, style: &Style, array: &Array) -> Vec<u8> {
    let bytes = config.bytes;
    let first = array.elements.first().map(|first| config.span(first.tokens.clone()).start);
    let close = config.tokens[array.close].span.start;
    match first.filter(|first| span::is_first_in_line(bytes, *first)) {
        Some(first) => span::indent(bytes, first).to_vec(),
        None if array.open == config.array.open => style.indent.clone(),
        None => [span::indent(bytes, close), &style.unit].concat(),
    }
}
