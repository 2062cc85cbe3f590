//! What an operator reads, compared with files in `tests/golden/display`. `BLESS=1` writes them anew.

pub(crate) mod changes;
pub(crate) mod checks;
mod console;
mod escaping;
pub(crate) mod fixture;
mod flagship;
mod forms;
mod guards;
mod permissions;
pub(crate) mod plans;
pub(crate) mod reports;
mod rests;
mod tables;

/// Compares a text with its golden file.
fn golden(name: &str, text: &str) {
    golden_file(&format!("{name}.txt"), text);
}

/// The same for a page, without what is the same in every page.
fn golden_page(name: &str, page: &str) {
    let parts = [
        ("style.css", include_str!("../../../src/display/plan/page/style.css")),
        ("script.js", include_str!("../../../src/display/plan/page/script.js")),
    ];
    let text = parts.iter().fold(page.to_owned(), |text, (file, source)| {
        assert_eq!(text.matches(source).count(), 1, "{file} is in {name} once, as it is");
        text.replace(source, &format!("({file})\n"))
    });
    golden_file(name, &text);
}

/// The same for a file with its own ending.
fn golden_file(name: &str, text: &str) {
    crate::support::golden(&format!("display/{name}"), text);
    let long: Vec<&str> = text.lines().filter(|line| line.ends_with(' ')).collect();
    assert!(long.is_empty(), "{name} has spaces at the end of lines: {long:?}");
}
