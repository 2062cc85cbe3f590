//! Takes directives out of a file, so that it looks as if they had never been there.
//!
//! What it promises: a line goes as a whole when nothing else is on it (a comment after a
//! directive goes with it); comments directly above settings go when the paragraph ends with
//! them; two blank lines are not left where one was on either side. New directives come where the
//! first of the old ones stood, in its indentation.

use std::ops::Range;

use super::super::span::{self, Patch};
use super::tree::{Directive, Tree};

/// Directives that go, and what comes instead.
#[derive(Debug, Default)]
pub(super) struct Removal {
    gone: Vec<Gone>,
    arrival: Option<Arrival>,
}

#[derive(Debug)]
struct Gone {
    span: Range<usize>,
    /// Whether the comment above is about it.
    owns_comments: bool,
}

#[derive(Debug)]
struct Arrival {
    at: usize,
    directives: Vec<Vec<u8>>,
}

/// Directives that go and share lines: nothing, or something else, is left of those lines.
#[derive(Debug)]
struct Segment {
    lines: Range<usize>,
    spans: Vec<Range<usize>>,
    owns_comments: bool,
}

impl Removal {
    /// The setting goes, with the comment above it where that is only about it.
    pub(super) fn setting(&mut self, directive: &Directive) {
        self.gone.push(Gone { span: directive.span.clone(), owns_comments: true });
    }

    /// The block goes; a comment above stays.
    pub(super) fn block(&mut self, directive: &Directive) {
        self.gone.push(Gone { span: directive.span.clone(), owns_comments: false });
    }

    /// The directives come in the place of `old`, which goes.
    pub(super) fn exchange(&mut self, old: &Directive, directives: Vec<Vec<u8>>) {
        self.block(old);
        if !directives.is_empty() {
            self.arrival = Some(Arrival { at: old.span.start, directives });
        }
    }

    /// Adds the changes to the patch.
    pub(super) fn add_to(mut self, patch: &mut Patch, tree: &Tree<'_>) {
        self.gone.sort_by_key(|gone| gone.span.start);
        let mut run: Option<Segment> = None;
        for segment in self.segments(tree.bytes) {
            if !segment.leaves_nothing(tree.bytes) {
                self.cut_within_lines(&segment, patch, tree.bytes);
                continue;
            }
            run = match run.take() {
                Some(mut before) if before.lines.end == segment.lines.start => {
                    before.lines.end = segment.lines.end;
                    before.owns_comments &= segment.owns_comments;
                    Some(before)
                }
                before => {
                    self.cut_lines(before, patch, tree);
                    Some(segment)
                }
            };
        }
        self.cut_lines(run, patch, tree);
    }

    fn segments(&self, bytes: &[u8]) -> Vec<Segment> {
        let mut segments: Vec<Segment> = Vec::new();
        for gone in &self.gone {
            let end = span::line_end(bytes, gone.span.end);
            match segments.last_mut().filter(|last| gone.span.start < last.lines.end) {
                Some(last) => {
                    last.lines.end = last.lines.end.max(end);
                    last.spans.push(gone.span.clone());
                    last.owns_comments &= gone.owns_comments;
                }
                None => segments.push(Segment {
                    lines: span::line_start(bytes, gone.span.start)..end,
                    spans: vec![gone.span.clone()],
                    owns_comments: gone.owns_comments,
                }),
            }
        }
        segments
    }

    fn arrival_in(&self, segment: &Segment) -> Option<&Arrival> {
        self.arrival.as_ref().filter(|arrival| segment.lines.contains(&arrival.at))
    }

    fn cut_lines(&self, run: Option<Segment>, patch: &mut Patch, tree: &Tree<'_>) {
        let Some(run) = run else { return };
        let mut lines = run.lines.clone();
        if let Some(arrival) = self.arrival_in(&run) {
            let at = span::line_start(tree.bytes, arrival.at);
            let ending = span::line_ending(tree.bytes, at);
            let indent = span::indent(tree.bytes, arrival.at);
            patch.cut(lines.start..at);
            for directive in &arrival.directives {
                patch.insert(at, [indent, directive, ending].concat());
            }
            lines.start = at;
        } else {
            if run.owns_comments && ends_a_paragraph(tree.bytes, lines.end) {
                lines.start = above_comments(tree, lines.start);
            }
            close_the_gap(tree.bytes, &mut lines);
        }
        patch.cut(lines);
    }

    fn cut_within_lines(&self, segment: &Segment, patch: &mut Patch, bytes: &[u8]) {
        for gone in &segment.spans {
            let is_first = span::is_first_in_line(bytes, gone.start);
            let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t');
            let (from, to) = if is_first {
                let after = bytes[gone.end..].iter().take_while(blank).count();
                (gone.start, gone.end + after)
            } else {
                let before = bytes[..gone.start].iter().rev().take_while(blank).count();
                (gone.start - before, gone.end)
            };
            if let Some(arrival) = self.arrival.as_ref().filter(|one| one.at == gone.start) {
                for directive in &arrival.directives {
                    let (before, after) = if is_first { ("", " ") } else { (" ", "") };
                    let text = [before.as_bytes(), directive, after.as_bytes()].concat();
                    patch.insert(from, text);
                }
            }
            patch.cut(from..to);
        }
    }
}

impl Segment {
    /// Whether nothing but white space and a comment is on the lines besides what goes.
    fn leaves_nothing(&self, bytes: &[u8]) -> bool {
        let mut rest = Vec::new();
        let mut at = self.lines.start;
        for gone in &self.spans {
            rest.extend_from_slice(&bytes[at.min(gone.start)..gone.start]);
            at = at.max(gone.end);
        }
        rest.extend_from_slice(&bytes[at..self.lines.end]);
        matches!(rest.trim_ascii(), [] | [b'#', ..])
    }
}

fn ends_a_paragraph(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at..span::line_end(bytes, at)].trim_ascii(), [] | [b'}', ..])
}

/// Where the comment lines above the line that begins at `start` begin.
fn above_comments(tree: &Tree<'_>, mut start: usize) -> usize {
    while let Some(above) = line_above(tree.bytes, start) {
        let blanks = tree.bytes[above..start].iter().take_while(|byte| byte.is_ascii_whitespace());
        if !tree.is_comment(above + blanks.count()) {
            break;
        }
        start = above;
    }
    start
}

/// Widens the lines by one blank line where two would meet, or one would be left at the end.
fn close_the_gap(bytes: &[u8], lines: &mut Range<usize>) {
    let above = line_above(bytes, lines.start);
    let blank_above = above.filter(|above| span::is_blank(&bytes[*above..lines.start]));
    let below = lines.end..span::line_end(bytes, lines.end);
    if below.is_empty() {
        lines.start = blank_above.unwrap_or(lines.start);
    } else if (above.is_none() || blank_above.is_some()) && span::is_blank(&bytes[below.clone()]) {
        lines.end = below.end;
    }
}

fn line_above(bytes: &[u8], start: usize) -> Option<usize> {
    (start > span::bom_length(bytes)).then(|| span::line_start(bytes, start - 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    fn without(text: &str, name: &str) -> String {
        let tree = Tree::read(text.as_bytes()).unwrap();
        let mut removal = Removal::default();
        tree.all().filter(|found| found.is(name)).for_each(|found| removal.setting(found));
        let mut patch = Patch::default();
        removal.add_to(&mut patch, &tree);
        String::from_utf8(patch.apply(text.as_bytes())).unwrap()
    }

    #[test]
    fn a_line_goes_with_its_comment_and_neighbours_stay() {
        assert_eq!(without("a;\n  x 1; # why\nb;\n", "x"), "a;\nb;\n");
        assert_eq!(without("a; x 1; # why\nb;\n", "x"), "a; # why\nb;\n");
        assert_eq!(without("  x 1; a;\n", "x"), "  a;\n");
        assert_eq!(without("s { x 1; }\n", "x"), "s { }\n");
        assert_eq!(without("x 1; x 2;\nb;", "x"), "b;");
        assert_eq!(without("x\n 1\n;\nb;\n", "x"), "b;\n");
    }

    #[test]
    fn a_paragraph_goes_with_its_comments_and_its_blank_line() {
        let text = "a;\n\n# two\n# lines\nx 1;\nx 2;\n\nb;\n";
        assert_eq!(without(text, "x"), "a;\n\nb;\n");
        assert_eq!(without("a;\n\n# of b too\nx 1;\nb;\n", "x"), "a;\n\n# of b too\nb;\n");
        assert_eq!(without("s {\n a;\n # c\n x 1;\n}\n", "x"), "s {\n a;\n}\n");
    }

    #[test]
    fn text_that_looks_like_a_comment_is_kept() {
        let text = "a '\n# not one';\nx 1;\n\nb;\n";
        assert_eq!(without(text, "x"), "a '\n# not one';\n\nb;\n");
    }

    #[test]
    fn no_gap_is_left_at_the_ends_of_the_file() {
        assert_eq!(without("x 1;\n\nb;\n", "x"), "b;\n");
        assert_eq!(without("b;\n\nx 1;\n", "x"), "b;\n");
        assert_eq!(without("\u{feff}x 1;\nb;\n", "x"), "\u{feff}b;\n");
        assert_eq!(without("x 1;", "x"), "");
    }
}
