//! Spans of bytes: where a byte is, what line it is in, and how changes are put together.
//!
//! What it promises: [`Patch::apply`] copies every byte outside its changes. What it does not
//! handle: encodings (a column is counted in bytes) and line ends other than LF and CRLF.

use std::ops::Range;

/// The byte order mark of UTF-8, which some editors put at the start of a file.
pub(super) const BOM: &[u8] = b"\xef\xbb\xbf";

/// A place in a file, counted from 1, the column in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanPlace {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// The place of the byte `at`.
pub(super) fn place(bytes: &[u8], at: usize) -> SpanPlace {
    SpanPlace { line: line_number(bytes, at), column: at - line_start(bytes, at) + 1 }
}

/// The number of the line that holds the byte `at`, counted from 1.
pub(super) fn line_number(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().filter(|byte| **byte == b'\n').count() + 1
}

/// How many bytes of a byte order mark the file starts with.
pub(super) fn bom_length(bytes: &[u8]) -> usize {
    if bytes.starts_with(BOM) { BOM.len() } else { 0 }
}

/// Where the line of the byte `at` begins; a byte order mark belongs to no line.
pub(super) fn line_start(bytes: &[u8], at: usize) -> usize {
    match bytes[..at].iter().rposition(|byte| *byte == b'\n') {
        Some(newline) => newline + 1,
        None => bom_length(bytes).min(at),
    }
}

/// Where the line of the byte `at` ends, its line end included.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    match bytes[at..].iter().position(|byte| *byte == b'\n') {
        Some(newline) => at + newline + 1,
        None => bytes.len(),
    }
}

/// The blanks the line of the byte `at` begins with, up to `at`.
pub(super) fn indent(bytes: &[u8], at: usize) -> &[u8] {
    let line = &bytes[line_start(bytes, at)..at];
    let length = line.iter().take_while(|byte| matches!(**byte, b' ' | b'\t')).count();
    &line[..length]
}

/// Whether nothing but blanks is before the byte `at` in its line.
pub(super) fn is_first_in_line(bytes: &[u8], at: usize) -> bool {
    is_blank(&bytes[line_start(bytes, at)..at])
}

/// Whether there is only white space, or nothing.
pub(super) fn is_blank(bytes: &[u8]) -> bool {
    bytes.trim_ascii().is_empty()
}

/// The line end to use for a line put in at the byte `at`: that of the line there, else that of
/// the file's first line, else LF.
pub(super) fn line_ending(bytes: &[u8], at: usize) -> &'static [u8] {
    let ends_with = |end: usize| match &bytes[..end] {
        [.., b'\r', b'\n'] => Some(b"\r\n".as_slice()),
        [.., b'\n'] => Some(b"\n".as_slice()),
        _ => None,
    };
    ends_with(line_end(bytes, at)).or_else(|| ends_with(line_end(bytes, 0))).unwrap_or(b"\n")
}

/// Changes to a file, each to a span of its bytes.
#[derive(Debug, Default)]
pub(super) struct Patch {
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Change {
    span: Range<usize>,
    with: Vec<u8>,
}

impl Patch {
    /// Takes the span out. What another change wants inside a span that is cut goes with it.
    pub(super) fn cut(&mut self, span: Range<usize>) {
        self.replace(span, Vec::new());
    }

    /// Puts `with` where the span was.
    pub(super) fn replace(&mut self, span: Range<usize>, with: impl Into<Vec<u8>>) {
        self.changes.push(Change { span, with: with.into() });
    }

    /// Puts `with` before the byte `at`; several at one place come in the order they were asked.
    pub(super) fn insert(&mut self, at: usize, with: impl Into<Vec<u8>>) {
        self.replace(at..at, with);
    }

    /// Whether a change is asked for inside the span, or at its start or its end.
    pub(super) fn touches(&self, span: &Range<usize>) -> bool {
        self.changes.iter().any(|change| change.span.start <= span.end && span.start <= change.span.end)
    }

    /// The file with the changes made.
    pub(super) fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut changes: Vec<_> = self.changes.iter().collect();
        changes.sort_by_key(|change| (change.span.start, !change.span.is_empty()));
        let mut after = Vec::with_capacity(bytes.len() + 256);
        let mut copied = 0;
        for change in changes {
            if change.span.start >= copied {
                after.extend_from_slice(&bytes[copied..change.span.start]);
                after.extend_from_slice(&change.with);
            }
            copied = copied.max(change.span.end);
        }
        after.extend_from_slice(&bytes[copied..]);
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(bytes: &[u8], changes: &[(Range<usize>, &str)]) -> Vec<u8> {
        let mut patch = Patch::default();
        for (span, with) in changes {
            patch.replace(span.clone(), *with);
        }
        patch.apply(bytes)
    }

    #[test]
    fn changes_are_made_in_the_order_of_the_file() {
        assert_eq!(patched(b"0123456789", &[(7..8, "b"), (1..3, "a")]), b"0a3456b89");
    }

    #[test]
    fn what_is_put_in_where_a_cut_begins_stays_and_inside_it_goes() {
        assert_eq!(patched(b"0123456789", &[(2..6, ""), (2..2, "x"), (4..4, "y")]), b"01x6789");
        assert_eq!(patched(b"0123456789", &[(2..6, ""), (6..6, "z")]), b"01z6789");
    }

    #[test]
    fn cuts_that_overlap_are_one_cut() {
        assert_eq!(patched(b"0123456789", &[(2..6, ""), (4..8, "")]), b"0189");
        assert_eq!(patched(b"0123456789", &[(2..8, ""), (4..6, "")]), b"0189");
    }

    #[test]
    fn places_are_counted_from_one_and_a_byte_order_mark_has_no_column() {
        assert_eq!(place(b"ab\ncd", 4), SpanPlace { line: 2, column: 2 });
        assert_eq!(place(b"\xef\xbb\xbfab", 3), SpanPlace { line: 1, column: 1 });
        assert_eq!(line_start(b"\xef\xbb\xbfab", 4), 3);
    }

    #[test]
    fn the_line_ending_is_the_neighbours() {
        assert_eq!(line_ending(b"a\r\nb\nc", 0), b"\r\n");
        assert_eq!(line_ending(b"a\r\nb\nc", 3), b"\n");
        assert_eq!(line_ending(b"a\r\nb\nc", 5), b"\r\n");
        assert_eq!(line_ending(b"a", 1), b"\n");
    }
}
