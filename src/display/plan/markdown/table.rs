//! Tables of Markdown.

/// A table; the cells are Markdown already.
pub(in crate::display) fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let heads: Vec<String> = heads.iter().map(|head| (*head).to_owned()).collect();
    let mut out = line(&heads);
    out.push_str(&format!("|{}\n", " --- |".repeat(heads.len())));
    for row in rows {
        out.push_str(&line(&row));
    }
    out.push('\n');
    out
}
