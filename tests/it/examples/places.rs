//! Which files must know a thing, as docs/architecture.md lists them and as the code has it.

use crate::architecture::{layers::rust_files, tokens::tokens};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The source files that a section of docs/architecture.md names, in backticks.
pub fn told(heading: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let section = text.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let quoted = section.split('`').skip(1).step_by(2);
    quoted.filter(|it| it.starts_with("src/") && it.ends_with(".rs")).map(str::to_owned).collect()
}

/// The words of the code with the source files that have them; what is in comments, texts and tests is no code.
pub struct Words(BTreeMap<String, BTreeSet<String>>);

impl Words {
    /// Reads all source files.
    pub fn read() -> Words {
        let mut files = Vec::new();
        rust_files(&root().join("src"), &mut files);
        let mut words: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for file in files.iter().filter(|file| !file.to_str().unwrap().ends_with("_test.rs")) {
            let text = fs::read_to_string(file).unwrap();
            let path = file.strip_prefix(root()).unwrap().to_str().unwrap();
            for token in tokens(text.split("\n#[cfg(test)]").next().unwrap()) {
                if let Some(word) = token.word() {
                    words.entry(word.to_owned()).or_default().insert(path.to_owned());
                }
            }
        }
        Words(words)
    }

    /// The files that have this word.
    pub fn naming(&self, word: &str) -> BTreeSet<String> {
        self.0.get(word).cloned().unwrap_or_default()
    }
}

/// Files as a set of their paths.
pub fn files<const N: usize>(paths: [&str; N]) -> BTreeSet<String> {
    paths.into_iter().map(str::to_owned).collect()
}
