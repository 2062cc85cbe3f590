//! docs/field.md: each fact about an outside part has a source, a place in the code, the real thing that showed it or the word
//! that none did, and what the lab does.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// The outside parts, each a section of the page.
const PARTS: [&str; 14] = [
    "EC2",
    "RDS",
    "ELB",
    "ACM",
    "Route 53",
    "IAM",
    "nginx",
    "php",
    "Nextcloud",
    "sshd",
    "sudo",
    "systemd",
    "cron",
    "certbot",
];

/// A row of the page: what is relied on, who says so, where, what real thing showed it, what the lab does.
struct Fact {
    cells: [String; 5],
}

fn page() -> String {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/field.md")).unwrap()
}

/// The rows under each heading of the second level; a `|` inside a cell is written `\|`.
fn facts(page: &str) -> BTreeMap<String, Vec<Fact>> {
    let mut found: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    let mut section = String::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.to_owned();
        }
        let Some(row) = line.strip_prefix("| ").and_then(|row| row.strip_suffix(" |")) else { continue };
        let row = row.replace("\\|", "\u{1}");
        let cells: Vec<String> = row.split(" | ").map(|cell| cell.trim().replace('\u{1}', "|")).collect();
        if cells[0] == "fact" {
            continue;
        }
        let cells =
            cells.try_into().unwrap_or_else(|cells: Vec<String>| panic!("{} cells, not 5: {line}", cells.len()));
        found.entry(section.clone()).or_default().push(Fact { cells });
    }
    found
}

#[test]
fn every_outside_part_has_its_facts() {
    let facts = facts(&page());
    for part in PARTS {
        assert!(facts.get(part).is_some_and(|rows| rows.len() > 1), "no facts of {part}");
    }
}

#[test]
fn every_fact_has_a_source_a_place_and_a_word_on_what_showed_it() {
    for (part, rows) in facts(&page()) {
        if !PARTS.contains(&part.as_str()) {
            continue;
        }
        for Fact { cells: [fact, source, place, shown, lab] } in rows {
            assert!(!fact.is_empty() && !source.is_empty(), "{part}: a fact and its source: {fact}");
            assert!(!shown.is_empty(), "{part}: what real thing showed it, or `never`: {fact}");
            let told = ["yes", "no", "partly", "-"].iter().any(|word| lab.starts_with(word));
            assert!(told, "{part}: what the lab does begins with yes, no, partly or -: {fact}: {lab}");
            assert!(place.contains('`'), "{part}: where in the code: {fact}");
        }
    }
}

#[test]
fn every_place_is_there() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for (part, rows) in facts(&page()) {
        for Fact { cells: [fact, _, place, _, _] } in rows {
            let paths = place.split('`').skip(1).step_by(2);
            for path in paths {
                let file = path.split("::").next().unwrap_or(path);
                let known = [root.join("src").join(file), root.join(file)].iter().any(|path| path.exists());
                assert!(known, "{part}: `{path}` is not there: {fact}");
            }
        }
    }
}
