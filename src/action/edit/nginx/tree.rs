//! An nginx file as directives that know their bytes.
//!
//! What it promises: directives in the order of the file, a block's directives right after it.
//! Values are as nginx reads them, spans as they stand in the file.

use std::ops::Range;

use super::super::{Reason, span};

/// One word of a directive.
#[derive(Debug)]
pub(super) struct Word {
    /// Its bytes in the file, quotes included.
    pub(super) span: Range<usize>,
    /// What nginx reads: without quotes and escapes.
    pub(super) value: Vec<u8>,
}

/// A directive, simple or with a block.
#[derive(Debug)]
pub(super) struct Directive {
    /// Its place in the list of directives.
    id: usize,
    parent: Option<usize>,
    /// How many blocks it is in.
    pub(super) depth: usize,
    /// The name, then the arguments: never empty.
    words: Vec<Word>,
    /// From the name to the `;` or to the closing brace, which is included.
    pub(super) span: Range<usize>,
    /// Whether it has a block.
    pub(super) is_block: bool,
}

impl Directive {
    /// What the directive is called.
    pub(super) fn name(&self) -> &[u8] {
        self.words.first().map_or(b"", |word| &word.value)
    }

    /// Whether the directive is called `name`.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name() == name.as_bytes()
    }

    /// The name and the arguments.
    pub(super) fn words(&self) -> &[Word] {
        &self.words
    }

    /// From the name to the `;`, or to the end of what stands before the block.
    pub(super) fn head(&self) -> Range<usize> {
        let last = self.words.last().map_or(self.span.start, |word| word.span.end);
        self.span.start..if self.is_block { last } else { self.span.end }
    }

    /// The arguments.
    pub(super) fn arguments(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// The value of the argument `index`, counted from 0; empty if there is none.
    pub(super) fn argument(&self, index: usize) -> &[u8] {
        self.arguments().get(index).map_or(b"", |word| &word.value)
    }

    /// Whether one of the arguments is `value`.
    pub(super) fn has_argument(&self, value: &str) -> bool {
        self.arguments().iter().any(|word| word.value == value.as_bytes())
    }
}

/// A whole file.
#[derive(Debug, Default)]
pub(super) struct Tree<'a> {
    pub(super) bytes: &'a [u8],
    directives: Vec<Directive>,
    /// Where each comment begins, in the order of the file.
    comments: Vec<usize>,
}

impl<'a> Tree<'a> {
    /// A file of which nothing has been read yet.
    pub(super) fn empty(bytes: &'a [u8]) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// Adds the next directive, in the block `parent`, and says where it is kept.
    pub(super) fn push(
        &mut self,
        parent: Option<usize>,
        words: Vec<Word>,
        span: Range<usize>,
        is_block: bool,
    ) -> usize {
        let id = self.directives.len();
        let depth = parent.map_or(0, |parent| self.directives[parent].depth + 1);
        self.directives.push(Directive { id, parent, depth, words, span, is_block });
        id
    }

    /// Adds the next comment.
    pub(super) fn push_comment(&mut self, at: usize) {
        self.comments.push(at);
    }

    /// The directive kept at `id`, which [`Tree::push`] said.
    pub(super) fn get(&mut self, id: usize) -> &mut Directive {
        &mut self.directives[id]
    }

    /// Every directive of the file, in its order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Directive> {
        self.directives.iter()
    }

    /// Every directive inside the block, at any depth, in the order of the file.
    pub(super) fn within(&self, block: &Directive) -> impl Iterator<Item = &Directive> {
        let end = block.span.end;
        self.directives[block.id + 1..].iter().take_while(move |inner| inner.span.start < end)
    }

    /// The directives directly inside the block.
    pub(super) fn children(&self, block: &Directive) -> impl Iterator<Item = &Directive> {
        let id = block.id;
        self.within(block).filter(move |inner| inner.parent == Some(id))
    }

    /// The block the directive is in; none at the top of the file.
    pub(super) fn parent(&self, directive: &Directive) -> Option<&Directive> {
        self.directives.get(directive.parent?)
    }

    /// The directives at the top of the file or directly in `http`.
    pub(super) fn outer(&self) -> impl Iterator<Item = &Directive> {
        self.all().filter(|directive| match self.parent(directive) {
            None => true,
            Some(parent) => parent.is("http") && parent.parent.is_none(),
        })
    }

    /// Whether a comment begins at the byte `at`.
    pub(super) fn is_comment(&self, at: usize) -> bool {
        self.comments.binary_search(&at).is_ok()
    }

    /// Whether the byte `at` is one of a comment.
    pub(super) fn is_in_comment(&self, at: usize) -> bool {
        let before = self.comments.partition_point(|start| *start <= at);
        before.checked_sub(1).is_some_and(|last| at < span::line_end(self.bytes, self.comments[last]))
    }

    /// Where each comment begins, in the order of the file.
    pub(super) fn comments(&self) -> impl Iterator<Item = usize> {
        self.comments.iter().copied()
    }

    /// The line the directive begins in, counted from 1.
    pub(super) fn line(&self, directive: &Directive) -> usize {
        span::line_number(self.bytes, directive.span.start)
    }

    /// A reason at the directive.
    pub(super) fn reason(
        &self,
        directive: &Directive,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Reason {
        Reason::at(self.bytes, directive.span.start, message, advice)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::*;

    #[test]
    fn blocks_know_what_is_in_them() {
        let tree = Tree::read(b"http { server { listen 80; } a; } b;").unwrap();
        let [http, server] = [0, 1].map(|id| &tree.directives[id]);
        let names = |found: Vec<&Directive>| {
            found.iter().map(|d| String::from_utf8_lossy(d.name()).into_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(tree.children(http).collect()), ["server", "a"]);
        assert_eq!(names(tree.within(http).collect()), ["server", "listen", "a"]);
        assert_eq!(names(tree.outer().collect()), ["http", "server", "a", "b"]);
        assert_eq!(&tree.bytes[server.span.clone()], b"server { listen 80; }");
    }
}
