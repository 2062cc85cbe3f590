//! Byte-preserving edits of the two files a cutover changes on a web server.
//!
//! What it is: pure functions from a file's bytes to its new bytes. [`nginx::offload_tls`] turns a
//! site's TLS server into a plain HTTP one behind a balancer; [`php::set_config`] sets keys of
//! Nextcloud's `config.php`, [`php::unset_config`] takes them back.
//!
//! What it promises: no IO; never a panic, whatever the bytes; every byte outside what has to
//! change stays as it is (line endings, a byte order mark, bytes that are not UTF-8); a second
//! edit changes nothing. A file that is not understood is refused with every reason and its line:
//! nothing is guessed.
//!
//! What it does not handle: reading, writing, owners and modes (the file actions do that), files
//! that are included from elsewhere, and whether the daemon accepts the result (`nginx -t`,
//! `php -l`).

pub mod nginx;
pub mod php;
mod span;
pub mod text;

use std::fmt;

/// A file after an edit.
#[derive(Clone, PartialEq, Eq)]
pub struct Edit {
    /// The whole new content; the old content when nothing had to change.
    pub bytes: Vec<u8>,
    /// Whether `bytes` differs from what was given.
    pub changed: bool,
    /// What the operator should know, in the order of the file where a line is known.
    pub notes: Vec<Note>,
}

impl Edit {
    fn new(before: &[u8], after: Vec<u8>, notes: Vec<Note>) -> Self {
        Self { changed: after != before, bytes: after, notes }
    }
}

/// The content may hold secrets (`config.php` does): only its length is shown.
impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit")
            .field("bytes", &format_args!("<{} bytes>", self.bytes.len()))
            .field("changed", &self.changed)
            .field("notes", &self.notes)
            .finish()
    }
}

/// How much a [`Note`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Good to know.
    Remark,
    /// Likely to hurt later in the run (an unhealthy target, a clone that cannot start nginx).
    Warning,
}

/// Something about the file that does not stop the edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The line it is about, counted from 1 in the file as it was given.
    pub line: Option<usize>,
    /// The file, where it is another than the one that was given.
    pub file: Option<String>,
    /// How much it matters.
    pub weight: Weight,
    /// For the operator; no value of `config.php` is ever in it.
    pub message: String,
}

impl Note {
    fn remark(line: Option<usize>, message: impl Into<String>) -> Self {
        Self { line, file: None, weight: Weight::Remark, message: message.into() }
    }

    fn warning(line: Option<usize>, message: impl Into<String>) -> Self {
        Self { line, file: None, weight: Weight::Warning, message: message.into() }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "`{file}` line {line}: ")?,
            (Some(file), None) => write!(f, "`{file}`: ")?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)
    }
}

/// One place that cannot be edited safely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in bytes, counted from 1, where one place in the line is meant.
    pub column: Option<usize>,
    /// The file, where it is another than the one that was given.
    pub file: Option<String>,
    /// What was found and why it cannot be edited safely; no value of `config.php` is in it.
    pub message: String,
    /// What the operator can do about it.
    pub advice: String,
}

impl Reason {
    /// A reason at the byte `at` of `bytes`.
    fn at(bytes: &[u8], at: usize, message: impl Into<String>, advice: impl Into<String>) -> Self {
        let place = span::place(bytes, at);
        let (message, advice) = (message.into(), advice.into());
        Self { line: place.line, column: Some(place.column), file: None, message, advice }
    }

    /// A reason about the file as a whole.
    fn whole(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { line: 1, column: None, file: None, message: message.into(), advice: advice.into() }
    }

    fn of_file(mut self, file: &str) -> Self {
        self.file = Some(file.to_owned());
        self
    }

    /// Where it is, for a message: the line, and the file where it is another than the one that was given.
    #[must_use]
    pub fn place(&self) -> String {
        match &self.file {
            Some(file) => format!("`{file}` line {}", self.line),
            None => format!("line {}", self.line),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {} (advice: {})", self.message, self.advice)
    }
}

/// Why a file is not edited: every reason that was found, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditRefusal {
    /// At least one.
    pub reasons: Vec<Reason>,
}

impl EditRefusal {
    fn new(mut reasons: Vec<Reason>) -> Self {
        reasons.sort_by_key(|reason| (reason.file.clone(), reason.line, reason.column));
        reasons.dedup();
        Self { reasons }
    }
}

impl From<Reason> for EditRefusal {
    fn from(reason: Reason) -> Self {
        Self { reasons: vec![reason] }
    }
}

impl fmt::Display for EditRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the file cannot be edited safely")?;
        for reason in &self.reasons {
            write!(f, "\n  {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for EditRefusal {}
