//! One source file: what it defines, which names it brings in, and which paths it writes.

use super::tokens::{Token, tokens};
use std::collections::{BTreeMap, BTreeSet};

/// What stands in one module: a file's own, or one written inside it.
#[derive(Debug, Default)]
pub struct Module {
    /// Names of what it defines itself.
    pub defined: BTreeSet<String>,
    /// Names that its `use` lines bring in, each with the path as written.
    pub bound: BTreeMap<String, Vec<String>>,
    /// Paths of its `use ...::*` lines.
    pub globs: Vec<Vec<String>>,
}

/// A path as written somewhere in a file.
#[derive(Debug)]
pub struct Written {
    /// The module inside the file in which it stands; none: the file's own.
    pub within: Vec<String>,
    /// Its words.
    pub path: Vec<String>,
    /// The name it is handed on under, if it only is (`pub use`).
    pub handed_on: Option<String>,
}

/// A type's definition.
#[derive(Debug, PartialEq, Eq)]
pub struct Type {
    /// Its name.
    pub name: String,
    /// Whether other files can name it.
    pub public: bool,
}

/// A file as read.
#[derive(Debug, Default)]
pub struct Source {
    /// Its modules by their path inside it; the empty path is the file's own.
    pub modules: BTreeMap<Vec<String>, Module>,
    /// The paths that it writes.
    pub paths: Vec<Written>,
    /// The words of its code, `use` lines left out.
    pub words: BTreeSet<String>,
    /// The types that it defines.
    pub types: Vec<Type>,
}

impl Source {
    /// Reads a file's text. Modules under `#[cfg(test)]` are left out: a test may look at what stands above.
    pub fn read(text: &str) -> Source {
        let mut reader = Reader { tokens: tokens(text), at: 0, source: Source::default(), open: Vec::new() };
        reader.source.modules.insert(Vec::new(), Module::default());
        reader.read();
        reader.source
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    source: Source,
    /// What the braces round this place are: a module's name, or none.
    open: Vec<Option<String>>,
}

const ITEMS: [&str; 9] = ["struct", "enum", "union", "trait", "type", "fn", "const", "static", "macro_rules"];
const TYPES: [&str; 5] = ["struct", "enum", "union", "trait", "type"];

impl Reader {
    fn read(&mut self) {
        while let Some(token) = self.tokens.get(self.at).cloned() {
            match &token {
                Token::Word(word) if word == "use" => self.use_line(),
                Token::Word(word) if word == "mod" => self.module(),
                Token::Word(word) => {
                    self.source.words.insert(word.clone());
                    if ITEMS.contains(&word.as_str()) && self.at_module() {
                        self.define(&word.clone());
                    }
                    self.path();
                }
                Token::Sign('{') => self.enter(None),
                Token::Sign('}') => self.leave(),
                Token::Path | Token::Sign(_) => self.at += 1,
            }
        }
    }

    fn enter(&mut self, module: Option<String>) {
        self.open.push(module);
        self.at += 1;
    }

    fn leave(&mut self) {
        self.open.pop();
        self.at += 1;
    }

    fn within(&self) -> Vec<String> {
        self.open.iter().flatten().cloned().collect()
    }

    /// Whether this place is directly in a module, and in no function or impl.
    fn at_module(&self) -> bool {
        self.open.iter().all(Option::is_some)
    }

    fn here(&mut self) -> &mut Module {
        let within = self.within();
        self.source.modules.entry(within).or_default()
    }

    /// Whether the item whose keyword stands here is marked `pub`, in whatever reach.
    fn public(&self) -> bool {
        let before = &self.tokens[..self.at];
        let plain = |t: &Token| !t.sign(';') && !t.sign('}') && !t.sign('{') && !t.sign(']');
        before.iter().rev().take_while(|t| plain(t)).any(|t| t.is("pub"))
    }

    fn define(&mut self, kind: &str) {
        let skip = usize::from(kind == "macro_rules");
        let Some(name) = self.tokens.get(self.at + 1 + skip).and_then(Token::word).map(str::to_owned) else { return };
        if TYPES.contains(&kind) {
            let public = self.public();
            self.source.types.push(Type { name: name.clone(), public });
        }
        self.here().defined.insert(name);
    }

    /// `mod name;` defines nothing here; `mod name { ... }` is a module inside, or a test's, which is passed over.
    fn module(&mut self) {
        let test = self.at >= 7
            && self.tokens[self.at - 7..self.at].iter().any(|t| t.is("cfg"))
            && self.tokens[self.at - 7..self.at].iter().any(|t| t.is("test"));
        let name = self.tokens.get(self.at + 1).and_then(Token::word).map(str::to_owned);
        self.at += 2;
        if !self.tokens.get(self.at).is_some_and(|t| t.sign('{')) {
            return;
        }
        if test {
            let mut depth = 0;
            while let Some(token) = self.tokens.get(self.at) {
                depth += i32::from(token.sign('{')) - i32::from(token.sign('}'));
                self.at += 1;
                if depth == 0 {
                    break;
                }
            }
        } else {
            self.enter(name);
            self.here();
        }
    }

    /// A path of two words and more; what is behind it is read on.
    fn path(&mut self) {
        let first = self.at == 0 || self.tokens[self.at - 1] != Token::Path;
        let mut path = Vec::new();
        while let Some(word) = self.tokens.get(self.at).and_then(Token::word).map(str::to_owned) {
            self.source.words.insert(word.clone());
            path.push(word);
            self.at += 1;
            let goes_on = self.tokens.get(self.at) == Some(&Token::Path)
                && self.tokens.get(self.at + 1).is_some_and(|t| t.word().is_some());
            if !goes_on {
                break;
            }
            self.at += 1;
        }
        if first && path.len() > 1 {
            let within = self.within();
            self.source.paths.push(Written { within, path, handed_on: None });
        }
    }

    fn use_line(&mut self) {
        let public = self.public();
        self.at += 1;
        self.tree(&mut Vec::new(), public);
    }

    /// One tree of a `use` line, from behind `prefix`.
    fn tree(&mut self, prefix: &mut Vec<String>, public: bool) {
        let depth = prefix.len();
        loop {
            match self.tokens.get(self.at).cloned() {
                Some(Token::Word(word)) if word == "as" => {
                    let name = self.tokens[self.at + 1].word().unwrap_or("_").to_owned();
                    self.at += 2;
                    self.bind(prefix.clone(), name, public);
                    break;
                }
                Some(Token::Word(word)) => {
                    prefix.push(word);
                    self.at += 1;
                    let ends = self.tokens.get(self.at).is_none_or(|t| *t != Token::Path && !t.is("as"));
                    if ends {
                        let mut path = prefix.clone();
                        if path.len() > 1 && path.last().is_some_and(|word| word == "self") {
                            path.pop();
                        }
                        let name = path.last().cloned().unwrap_or_default();
                        self.bind(path, name, public);
                        break;
                    }
                }
                Some(Token::Path) => self.at += 1,
                Some(Token::Sign('*')) => {
                    self.at += 1;
                    let within = self.within();
                    self.here().globs.push(prefix.clone());
                    if !public {
                        self.source.paths.push(Written { within, path: prefix.clone(), handed_on: None });
                    }
                    break;
                }
                Some(Token::Sign('{')) => {
                    self.at += 1;
                    while self.tokens.get(self.at).is_some_and(|t| !t.sign('}')) {
                        self.tree(prefix, public);
                        if self.tokens.get(self.at).is_some_and(|t| t.sign(',')) {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    break;
                }
                _ => break,
            }
        }
        prefix.truncate(depth);
    }

    fn bind(&mut self, path: Vec<String>, name: String, public: bool) {
        let within = self.within();
        self.here().bound.insert(name.clone(), path.clone());
        self.source.paths.push(Written { within, path, handed_on: public.then_some(name) });
    }
}
