//! Texts that people read, compared with what they were when somebody last read them.

use std::path::PathBuf;

/// Compares a text with its file below tests/golden; `BLESS=1` writes the file anew.
pub(crate) fn golden(file: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(wanted == text, "{file} is not as in tests/golden (BLESS=1 writes it anew); it is now:\n{text}");
}
