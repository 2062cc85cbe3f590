//! Reads an nginx file into directives that know their bytes.
//!
//! What it relies on: the rules of nginx's own reader (`ngx_conf_read_token`): a word ends at
//! white space, `;` or `{`; quotes and `#` mean something only where a word begins; a backslash
//! takes the next byte as it is; the brace of `${` does not open a block.
//!
//! What it promises: no recursion, so no depth of nesting is too much.
//!
//! What it does not handle: files that are included, and blocks of Lua, which are not nginx's
//! grammar and are refused.

use super::super::{Reason, span};
use super::tree::{Tree, Word};

impl<'a> Tree<'a> {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// The first place where the file is not what nginx reads, or where Lua begins: what comes
    /// after cannot be trusted.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Reason> {
        Reader::new(bytes).read()
    }
}

/// What has been read so far.
struct Reader<'a> {
    tree: Tree<'a>,
    at: usize,
    /// The words since the last directive ended.
    words: Vec<Word>,
    /// The blocks that are open.
    open: Vec<usize>,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { tree: Tree::empty(bytes), at: span::bom_length(bytes), words: Vec::new(), open: Vec::new() }
    }

    fn read(mut self) -> Result<Tree<'a>, Reason> {
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'#' => self.comment(),
                b';' => self.end_directive()?,
                b'{' => self.open_block()?,
                b'}' => self.close_block()?,
                b'"' | b'\'' => self.quoted_word(byte)?,
                _ => self.plain_word(),
            }
        }
        if let Some(word) = self.words.first() {
            return Err(self.broken(word.span.start, "a directive is not ended by `;`"));
        }
        if let Some(open) = self.open.last().copied() {
            let start = self.tree.get(open).span.start;
            return Err(self.broken(start, "the block that begins here is not closed by `}`"));
        }
        Ok(self.tree)
    }

    fn peek(&self) -> Option<u8> {
        self.tree.bytes.get(self.at).copied()
    }

    fn comment(&mut self) {
        self.tree.push_comment(self.at);
        self.at = span::line_end(self.tree.bytes, self.at);
    }

    fn end_directive(&mut self) -> Result<(), Reason> {
        self.push_directive(false)?;
        self.at += 1;
        Ok(())
    }

    fn open_block(&mut self) -> Result<(), Reason> {
        let id = self.push_directive(true)?;
        self.open.push(id);
        self.at += 1;
        let block = self.tree.get(id);
        if !block.name().ends_with(b"_by_lua_block") {
            return Ok(());
        }
        let start = block.span.start;
        let name = String::from_utf8_lossy(block.name());
        let message = format!("`{name}` holds Lua, which cannot be read as an nginx file");
        let advice = "move the Lua code into a file of its own (`..._by_lua_file`), or edit the site by hand";
        Err(Reason::at(self.tree.bytes, start, message, advice))
    }

    fn push_directive(&mut self, is_block: bool) -> Result<usize, Reason> {
        let words = std::mem::take(&mut self.words);
        let Some(first) = words.first() else {
            return Err(self.unexpected());
        };
        let span = first.span.start..self.at + 1;
        Ok(self.tree.push(self.open.last().copied(), words, span, is_block))
    }

    fn close_block(&mut self) -> Result<(), Reason> {
        if let Some(word) = self.words.first() {
            return Err(self.broken(word.span.start, "a directive is not ended by `;`"));
        }
        let Some(id) = self.open.pop() else {
            return Err(self.unexpected());
        };
        self.at += 1;
        self.tree.get(id).span.end = self.at;
        Ok(())
    }

    fn quoted_word(&mut self, quote: u8) -> Result<(), Reason> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => return Err(self.broken(start, "the quote that begins here is not closed")),
                Some(b'\\') => self.at += 2,
                Some(byte) => {
                    self.at += 1;
                    if byte == quote {
                        break;
                    }
                }
            }
        }
        let value = unescape(&self.tree.bytes[start + 1..self.at - 1]);
        self.words.push(Word { span: start..self.at, value });
        match self.peek() {
            None | Some(b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' | b')') => Ok(()),
            Some(_) => Err(self.unexpected()),
        }
    }

    fn plain_word(&mut self) {
        let start = self.at;
        let mut after_dollar = false;
        while let Some(byte) = self.peek() {
            match byte {
                b'{' if after_dollar => {}
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' => break,
                b'\\' => {
                    after_dollar = false;
                    self.at += 1;
                }
                _ => after_dollar = byte == b'$',
            }
            self.at += 1;
        }
        self.at = self.at.min(self.tree.bytes.len());
        let value = unescape(&self.tree.bytes[start..self.at]);
        self.words.push(Word { span: start..self.at, value });
    }

    fn unexpected(&self) -> Reason {
        let found =
            self.peek().map_or(String::from("the end"), |byte| format!("`{}`", char::from(byte).escape_default()));
        self.broken(self.at, format!("{found} is not expected here"))
    }

    fn broken(&self, at: usize, message: impl Into<String>) -> Reason {
        let advice = "run `nginx -t` and mend the file first";
        Reason::at(self.tree.bytes, at, message, advice)
    }
}

/// What nginx makes of backslashes.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(raw.len());
    let mut rest = raw.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            value.push(byte);
            continue;
        }
        match rest.next() {
            Some(b't') => value.push(b'\t'),
            Some(b'r') => value.push(b'\r'),
            Some(b'n') => value.push(b'\n'),
            Some(plain @ (b'"' | b'\'' | b'\\')) => value.push(plain),
            Some(other) => value.extend([b'\\', other]),
            None => value.push(b'\\'),
        }
    }
    value
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

    use super::super::tree::Directive;
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let tree = Tree::read(text.as_bytes()).unwrap();
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let of = |directive: &Directive| {
            let arguments = directive.arguments().iter().map(|word| text(&word.value));
            std::iter::once(text(directive.name())).chain(arguments).collect()
        };
        tree.all().map(of).collect()
    }

    fn refused(text: &str) -> String {
        Tree::read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn words_are_read_as_nginx_reads_them() {
        assert_eq!(words("a b#c 'd e';"), [["a", "b#c", "d e"]]);
        assert_eq!(words(r#"log_format x "a\"b\n" \#c;"#), [["log_format", "x", "a\"b\n", "\\#c"]]);
        assert_eq!(words("set $a ${b}c;"), [["set", "$a", "${b}c"]]);
    }

    #[test]
    fn a_condition_may_end_in_a_quote_and_a_parenthesis() {
        assert_eq!(words("if ($a = \"x\") { return 1; }")[0], ["if", "($a", "=", "x", ")"]);
    }

    #[test]
    fn what_nginx_would_not_read_is_refused_where_it_is() {
        assert!(refused("a;\nb { c;\n").contains("line 2, column 1: the block that begins here"));
        assert!(refused("a; }").contains("line 1, column 4: `}` is not expected"));
        assert!(refused("a\n").contains("is not ended by `;`"));
        assert!(refused("a { b }").contains("line 1, column 5: a directive is not ended"));
        assert!(refused("a 'b").contains("column 3: the quote that begins here is not closed"));
        assert!(refused("a 'b'c;").contains("`c` is not expected here"));
        assert!(refused(";").contains("`;` is not expected here"));
        assert!(refused("content_by_lua_block { x = {} }").contains("holds Lua"));
    }

    #[test]
    fn a_deep_file_is_no_harm() {
        let deep = "a {".repeat(100_000) + &"}".repeat(100_000);
        assert_eq!(Tree::read(deep.as_bytes()).unwrap().all().count(), 100_000);
    }
}
