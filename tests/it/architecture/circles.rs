//! No files import each other in a circle, and no two types that other files can name have one name.

use super::{house::House, layers::rust_files};
use std::{fs, path::Path};

fn house() -> House {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let texts: Vec<(String, String)> = (files.iter())
        .map(|file| (file.strip_prefix(&src).unwrap().to_str().unwrap().to_owned(), fs::read_to_string(file).unwrap()))
        .collect();
    House::read(texts.iter().map(|(file, text)| (file.as_str(), text.as_str())))
}

#[test]
fn no_files_import_each_other() {
    let circles = house().circles();
    assert!(circles.is_empty(), "{} circles\n{}", circles.len(), circles.join("\n"));
}

#[test]
fn no_name_for_two_types() {
    let house = house();
    let types = house.public_types();
    let twice: Vec<String> = types
        .iter()
        .filter(|(_, files)| files.len() > 1)
        .map(|(name, files)| format!("{name}: {}", files.join(", ")))
        .collect();
    assert!(twice.is_empty(), "{} names\n{}", twice.len(), twice.join("\n"));
}
