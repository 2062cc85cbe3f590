//! Where the lines of a text begin, so that a place is found without counting from the start each time.

use super::Place;

/// How many bytes of a long line lie between two marks.
const APART: usize = 256;

/// A text with marks at the beginnings of its lines, and inside long ones.
#[derive(Debug, Clone)]
pub struct LineIndex<'t> {
    text: &'t str,
    marks: Vec<Place>,
}

impl<'t> LineIndex<'t> {
    /// Marks a text.
    #[must_use]
    pub fn of(text: &'t str) -> Self {
        let mut marks = vec![Place::START];
        let mut here = Place::START;
        for (at, c) in text.char_indices() {
            let next = at + c.len_utf8();
            let (line, column) = if c == '\n' { (here.line + 1, 1) } else { (here.line, here.column + 1) };
            here = Place { start: next, end: next, line, column };
            let last = marks.last().map_or(0, |mark| mark.start);
            if c == '\n' || next - last >= APART {
                marks.push(here);
            }
        }
        Self { text, marks }
    }

    /// The place of the bytes `start..end`; both are moved to the text's end and to whole characters.
    #[must_use]
    pub fn place(&self, start: usize, end: usize) -> Place {
        let start = self.floor(start);
        let before = self.marks.partition_point(|mark| mark.start <= start);
        let mark = before.checked_sub(1).and_then(|n| self.marks.get(n)).copied().unwrap_or(Place::START);
        mark.onward(self.text, start, self.floor(end))
    }

    /// The place of a line and a column, both from 1; its length is not known.
    #[must_use]
    pub fn at(&self, line: usize, column: usize) -> Place {
        let before = self.marks.partition_point(|mark| (mark.line, mark.column) <= (line, column));
        let mark = before.checked_sub(1).and_then(|n| self.marks.get(n)).copied().unwrap_or(Place::START);
        let rest = self.text[mark.start..].chars().take(column.saturating_sub(mark.column));
        let at = mark.start + rest.take_while(|c| *c != '\n').map(char::len_utf8).sum::<usize>();
        self.place(at, at)
    }

    /// The last character boundary at or before `at`.
    fn floor(&self, at: usize) -> usize {
        (0..=at.min(self.text.len())).rev().find(|&i| self.text.is_char_boundary(i)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters_and_stay_inside() {
        let text = "a: 1\nü: x\n";
        let lines = LineIndex::of(text);
        let x = text.find('x').unwrap();
        assert_eq!(lines.place(x, x + 1), Place { start: x, end: x + 1, line: 2, column: 4 });
        assert_eq!(lines.place(6, 7).start, 5);
        assert_eq!(lines.place(99, 999).line, 3);
        assert_eq!(lines.at(2, 4), lines.place(x, x));
        assert_eq!(lines.at(1, 99), lines.place(4, 4), "a column stays in its line");
        assert_eq!(LineIndex::of("").place(3, 1), Place::START);
    }

    #[test]
    fn marks_change_no_place() {
        let text = format!("{}\nb: {}c\n\n", "ü".repeat(700), "x".repeat(1000));
        let lines = LineIndex::of(&text);
        assert!(lines.marks.len() > 6);
        for (at, _) in text.char_indices() {
            let before = &text[..at];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            assert_eq!(lines.place(at, at), Place { start: at, end: at, line, column });
            assert_eq!(lines.at(line, column).start, at);
        }
    }
}
