//! The files of a configuration.

use super::glob;

/// What a file of ours begins with.
pub const MARK: &str = "# Made by runbook for ";

/// One file that nginx reads.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its path as nginx names it.
    pub path: String,
    /// Its path with symbolic links followed.
    pub real: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The content may hold secrets: only its length is shown.
impl std::fmt::Debug for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("File")
            .field("path", &self.path)
            .field("real", &self.real)
            .field("bytes", &format_args!("<{} bytes>", self.bytes.len()))
            .finish()
    }
}

impl File {
    /// Whether a run made it, this one or an earlier one.
    pub(super) fn is_ours(&self) -> bool {
        self.bytes.starts_with(MARK.as_bytes())
    }
}

/// All files of a configuration: the main one, and those that may be included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    main: String,
    /// In the order of their paths' bytes.
    all: Vec<File>,
}

impl Files {
    /// The main file's path, and every file, the main one included.
    #[must_use]
    pub fn new(main: impl Into<String>, mut all: Vec<File>) -> Self {
        all.sort_by(|one, other| one.path.as_bytes().cmp(other.path.as_bytes()));
        all.dedup_by(|one, other| one.path == other.path);
        Self { main: main.into(), all }
    }

    /// The main file's path.
    #[must_use]
    pub fn main(&self) -> &str {
        &self.main
    }

    /// The same with other content in every file that is `real`; a new file where there is none.
    #[must_use]
    pub fn with(&self, real: &str, bytes: &[u8]) -> Self {
        let mut all = self.all.clone();
        let mut is_there = false;
        for file in all.iter_mut().filter(|file| file.real == real) {
            file.bytes = bytes.to_vec();
            is_there = true;
        }
        if !is_there {
            all.push(File { path: real.to_owned(), real: real.to_owned(), bytes: bytes.to_vec() });
        }
        Self::new(self.main.clone(), all)
    }

    /// The same without the file that is `real`.
    #[must_use]
    pub fn without(&self, real: &str) -> Self {
        let all = self.all.iter().filter(|file| file.real != real).cloned().collect();
        Self { main: self.main.clone(), all }
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        self.all.iter().find(|file| file.path == path)
    }

    /// The file that is `real`.
    pub(super) fn of_real(&self, real: &str) -> Option<&File> {
        self.all.iter().find(|file| file.real == real)
    }

    /// The files that an `include` means. A relative path is one of the main file's folder (`ngx_conf_full_name`).
    pub(super) fn included(&self, pattern: &str) -> Vec<&File> {
        let pattern = self.full(pattern);
        if !glob::is_pattern(&pattern) {
            return self.get(&pattern).into_iter().collect();
        }
        self.all.iter().filter(|file| glob::matches(&pattern, &file.path)).collect()
    }

    pub(super) fn full(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let folder = self.main.rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{folder}/{path}")
    }
}

/// The files that the output of `nginx -T` names, the main one first. A file may hold a line that looks so: what is not
/// included by any other is never used.
#[must_use]
pub fn named_in(dump: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in dump.lines() {
        let name = line.strip_prefix("# configuration file ").and_then(|rest| rest.strip_suffix(':'));
        if let Some(name) = name.filter(|name| name.starts_with('/') && !names.iter().any(|known| known == name)) {
            names.push(name.to_owned());
        }
    }
    names
}
