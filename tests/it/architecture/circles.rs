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

/// A planted circle is seen through every way of naming that [`House`] follows, and what is no circle is none.
#[test]
fn a_planted_circle_is_seen() {
    let circles = |texts: &[(&str, &str)]| House::read(texts.iter().copied()).circles();
    let face = ("a/mod.rs", "mod b;\nmod c;\npub use b::B;\npub use c::*;");
    for (b, c) in [
        ("use super::c::C;\npub struct B;", "use super::b::B;\npub struct C;"),
        ("use super::C;\npub struct B;", "use super::{self, B};\npub struct C;"),
        ("pub struct B;\nfn b() { crate::a::c::c() }", "pub fn c(_: crate::a::B) {}\npub struct C;"),
        (
            "use super::c;\npub struct B;\nfn b() { c::c() }",
            "mod inner { use super::super::b::B as Other; }\npub fn c() {}",
        ),
    ] {
        let found = circles(&[("lib.rs", "pub mod a;"), face, ("a/b.rs", b), ("a/c.rs", c)]);
        assert_eq!(found.len(), 1, "{b}\n{c}\n{found:?}");
        assert!(found[0].contains("a/b.rs -> a/c.rs") && found[0].contains("a/c.rs -> a/b.rs"), "{found:?}");
    }
    for (b, c) in [
        ("use super::c::C;\npub struct B;", "pub struct C;\n// use super::b::B;\nconst TEXT: &str = \"super::b::B\";"),
        ("use super::C;\npub struct B;", "pub struct C;\n#[cfg(test)]\nmod tests { use super::super::b::B; }"),
    ] {
        let found = circles(&[("lib.rs", "pub mod a;"), face, ("a/b.rs", b), ("a/c.rs", c)]);
        assert!(found.is_empty(), "{found:?}");
    }
}
