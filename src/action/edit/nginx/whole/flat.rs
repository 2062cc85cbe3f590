//! The configuration as one text, with the files in the places where they are included.

use std::ops::Range;

use super::super::super::{EditRefusal, Note, Reason, span};
use super::super::tree::{Directive, Tree};
use super::files::{File, Files};

/// nginx itself fails on a file that includes itself; a chain as long as this is one.
const DEEPEST: usize = 64;

/// One text of all files, in the order in which nginx reads them.
#[derive(Debug, Clone)]
pub struct Flat<'f> {
    text: Vec<u8>,
    pieces: Vec<Piece<'f>>,
    /// What `http` includes itself, as it is written.
    includes_of_http: Vec<String>,
    /// Files that are left out, because they hold what cannot be read, and why.
    unread: Vec<Reason>,
    /// The real path of a file that was edited, and what its lines were before.
    renumbered: Option<(String, Vec<usize>)>,
}

/// A part of the text that stands so in a file.
#[derive(Debug, Clone)]
struct Piece<'f> {
    file: &'f File,
    span: Range<usize>,
    /// Where it begins in the file.
    start: usize,
}

/// A file that is being read.
struct Open<'f> {
    file: &'f File,
    /// Where each `include` is, and what it means, the next one last.
    includes: Vec<(Range<usize>, Vec<&'f File>)>,
    /// Files of the last `include`, the next one last.
    pending: Vec<&'f File>,
    copied: usize,
}

impl<'f> Flat<'f> {
    /// Puts the files together.
    ///
    /// A file of others that holds Lua is left out, which `unread` tells.
    ///
    /// # Errors
    /// The first file that is not what nginx reads.
    pub fn of(files: &'f Files) -> Result<Self, EditRefusal> {
        let mut flat = Self {
            text: Vec::new(),
            pieces: Vec::new(),
            includes_of_http: Vec::new(),
            unread: Vec::new(),
            renumbered: None,
        };
        let Some(main) = files.get(files.main()) else {
            let message = format!("`{}`, nginx's main file, is not among those it reads", files.main());
            return Err(Reason::whole(message, "see what `nginx -T` says").into());
        };
        let mut open = vec![flat.opened(files, main)?];
        while let Some(inner) = open.last_mut() {
            if let Some(next) = inner.pending.pop() {
                if open.len() >= DEEPEST {
                    let reason = Reason::whole(format!("`{}` is included too deep", next.path), "run `nginx -t`");
                    return Err(reason.into());
                }
                match flat.opened(files, next) {
                    Ok(next) => open.push(next),
                    Err(reason) if holds_lua(&next.bytes) => flat.unread.push(reason),
                    Err(reason) => return Err(reason.into()),
                }
            } else if let Some((span, included)) = inner.includes.pop() {
                let (file, from) = (inner.file, inner.copied);
                inner.copied = span.end;
                inner.pending = included.into_iter().rev().collect();
                flat.copy(file, from..span.start);
            } else {
                let (file, from) = (inner.file, inner.copied);
                flat.copy(file, from..file.bytes.len());
                if !flat.text.ends_with(b"\n") {
                    flat.text.push(b'\n');
                }
                open.pop();
            }
        }
        Ok(flat)
    }

    fn opened(&mut self, files: &'f Files, file: &'f File) -> Result<Open<'f>, Reason> {
        let in_file = |reason: Reason| reason.of_file(&file.path);
        let tree = Tree::read(&file.bytes).map_err(in_file)?;
        let includes = tree.all().filter(|one| one.is("include") && !one.is_block && one.arguments().len() == 1);
        let mut meant = Vec::new();
        for include in includes {
            let pattern = String::from_utf8_lossy(include.argument(0)).into_owned();
            meant.push((include.span.clone(), files.included(&pattern)));
            if tree.parent(include).is_some_and(|outer| outer.is("http")) {
                self.includes_of_http.push(pattern);
            }
        }
        meant.reverse();
        Ok(Open { file, includes: meant, pending: Vec::new(), copied: span::bom_length(&file.bytes) })
    }

    /// The files that were left out, and why.
    pub(super) fn unread(&self) -> &[Reason] {
        &self.unread
    }

    /// The same, telling lines of the file that is `real` as they were in `before`.
    pub(super) fn renumbered_from(mut self, real: &str, before: &[u8], after: &[u8]) -> Self {
        self.renumbered = Some((real.to_owned(), lines_before(before, after)));
        self
    }

    fn copy(&mut self, file: &'f File, part: Range<usize>) {
        let at = self.text.len();
        self.text.extend_from_slice(&file.bytes[part.clone()]);
        self.pieces.push(Piece { file, span: at..self.text.len(), start: part.start });
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    fn piece(&self, at: usize) -> Option<&Piece<'f>> {
        let after = self.pieces.partition_point(|piece| piece.span.start <= at);
        self.pieces[..after].iter().rev().find(|piece| at <= piece.span.end)
    }

    /// The file that the byte `at` stands in, and the line there, counted from 1.
    pub(super) fn place(&self, at: usize) -> Option<(&'f File, usize)> {
        let piece = self.piece(at)?;
        let in_file = (piece.start + (at - piece.span.start)).min(piece.file.bytes.len());
        let line = span::line_number(&piece.file.bytes, in_file);
        let renumbered = self.renumbered.as_ref().filter(|(real, _)| *real == piece.file.real);
        let line = renumbered.map_or(line, |(_, lines)| lines.get(line - 1).copied().unwrap_or(line));
        Some((piece.file, line))
    }

    /// Whether the directive stands in the file whose real path this is.
    pub(super) fn is_in(&self, directive: &Directive, real: &str) -> bool {
        self.place(directive.span.start).is_some_and(|(file, _)| file.real == real)
    }

    /// What `http` includes itself, as it is written.
    pub(super) fn includes_of_http(&self) -> &[String] {
        &self.includes_of_http
    }

    /// Whether the path that nginx has for a file is one of the file whose real path this is.
    pub(super) fn is_real(&self, path: &str, real: &str) -> bool {
        self.pieces.iter().any(|piece| piece.file.path == path && piece.file.real == real)
    }

    /// Where the directive stands, for a message.
    pub(super) fn told(&self, directive: &Directive) -> String {
        match self.place(directive.span.start) {
            Some((file, line)) => format!("`{}` line {line}", file.path),
            None => String::from("a file that is not known"),
        }
    }

    /// Where line `line` of the text stands, for what nginx says of it.
    #[must_use]
    pub fn line_told(&self, line: usize) -> Option<String> {
        let start = match line.checked_sub(2) {
            None => 0,
            Some(nth) => self.text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(nth)?.0 + 1,
        };
        self.place(start).map(|(file, line)| format!("{}:{line}", file.path))
    }

    pub(super) fn reason(
        &self,
        directive: &Directive,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Reason {
        let mut reason = Reason::whole(message, advice);
        if let Some((file, line)) = self.place(directive.span.start) {
            reason.line = line;
            reason = reason.of_file(&file.path);
        }
        reason
    }

    /// A reason of the text as one of the file that it is about.
    pub(super) fn translated(&self, reason: Reason) -> (Reason, Option<&'f File>) {
        match self.of_line(reason.line, reason.column) {
            Some((file, line)) => (Reason { line, ..reason }.of_file(&file.path), Some(file)),
            None => (reason, None),
        }
    }

    /// A note of the text as one of the file that it is about.
    pub(super) fn translated_note(&self, note: Note) -> (Note, Option<&'f File>) {
        match note.line.and_then(|line| self.of_line(line, None)) {
            Some((file, line)) => (Note { line: Some(line), file: Some(file.path.clone()), ..note }, Some(file)),
            None => (note, None),
        }
    }

    fn of_line(&self, line: usize, column: Option<usize>) -> Option<(&'f File, usize)> {
        let mut starts = std::iter::once(0)
            .chain(self.text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1));
        let start = starts.nth(line.checked_sub(1)?)?;
        if let Some(column) = column {
            return self.place(start + column - 1);
        }
        // The first word of the line: what precedes it may be the end of another file.
        let blanks = self.text[start..].iter().take_while(|byte| matches!(**byte, b' ' | b'\t')).count();
        self.place(start + blanks)
    }
}

fn holds_lua(bytes: &[u8]) -> bool {
    const MARK: &[u8] = b"_by_lua_block";
    bytes.windows(MARK.len()).any(|window| window == MARK)
}

/// For each line of `after` the line it was in `before`, or the one that it came after.
fn lines_before(before: &[u8], after: &[u8]) -> Vec<usize> {
    let (before, after) = (String::from_utf8_lossy(before), String::from_utf8_lossy(after));
    let diff = similar::TextDiff::from_lines(before.as_ref(), after.as_ref());
    let mut last = 1;
    let mut lines = Vec::new();
    for change in diff.iter_all_changes() {
        if let Some(old) = change.old_index() {
            last = old + 1;
        }
        if change.new_index().is_some() {
            lines.push(last);
        }
    }
    lines
}
