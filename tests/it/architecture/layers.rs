//! Checks that modules import only what the layer table allows.
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each module with the modules it may import, lowest first.
const LAYERS: &[(&str, &[&str])] = &[
    ("document", &[]),
    ("model", &[]),
    ("validate", &["document", "model"]),
    ("journal", &["model"]),
    ("plan", &["model", "journal"]),
    ("event", &["model", "journal"]),
    ("access", &["model"]),
    ("action", &["model", "access"]),
    ("engine", &["model", "journal", "plan", "event", "access", "action"]),
    ("notify", &["model", "journal", "plan", "event", "access"]),
    ("display", &["model", "journal", "plan", "event"]),
    ("rehearsal", &["document", "model", "validate", "journal", "plan", "event", "access", "action", "engine"]),
    (
        "cli",
        &[
            "document",
            "model",
            "validate",
            "journal",
            "plan",
            "event",
            "access",
            "action",
            "engine",
            "notify",
            "display",
            "rehearsal",
        ],
    ),
];

pub fn rust_files(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

/// Top-level modules a source text names through `crate::`.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().map(|l| l.split("//").next().unwrap()).collect::<Vec<_>>().join("\n");
    let word = |s: &str| s.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + 7..];
        if let Some(group) = rest.trim_start().strip_prefix('{') {
            let (mut depth, mut start) = (0i32, true);
            for (i, c) in group.char_indices() {
                if start && !c.is_whitespace() {
                    found.insert(word(&group[i..]));
                    start = false;
                }
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => start = true,
                    _ => {}
                }
            }
        } else {
            found.insert(word(rest));
        }
    }
    found
}

#[test]
fn table_is_acyclic() {
    for (i, (name, allowed)) in LAYERS.iter().enumerate() {
        for dep in *allowed {
            let j = LAYERS.iter().position(|(n, _)| n == dep).unwrap();
            assert!(j < i, "{name} lists {dep}, which is not below it");
        }
    }
}

#[test]
fn imports_follow_the_table() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (name, allowed) in LAYERS {
        let mut files = Vec::new();
        rust_files(&src.join(name), &mut files);
        for file in files {
            for dep in imports(&fs::read_to_string(&file).unwrap()) {
                let known = LAYERS.iter().any(|(n, _)| *n == dep);
                if known && dep != *name && !allowed.contains(&dep.as_str()) {
                    wrong.push(format!("{}: {name} may not import {dep}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Each outside crate with the only modules that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("rusqlite", &["journal"]),
    ("openssh::", &["access"]), // not the Debian packages openssh-client and -server
    ("aws_sdk_", &["access", "action", "rehearsal"]),
    ("aws_config", &["access"]),
    ("hickory_resolver", &["access"]),
    ("hickory_server", &["rehearsal"]),
    ("indicatif", &["display"]),
    ("clap", &["cli"]),
];

#[test]
fn outside_crates_stay_home() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for (name, _) in LAYERS {
        let mut files = Vec::new();
        rust_files(&src.join(name), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for (krate, homes) in HOMES {
                let named = text.lines().map(|l| l.split("//").next().unwrap()).any(|l| l.contains(krate));
                if named && !homes.contains(name) {
                    wrong.push(format!("{}: {krate} belongs to {homes:?}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The lab is for any runbook: what there is before one and what must be so afterwards stand in its world file.
#[test]
fn the_lab_knows_no_runbook() {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rehearsal");
    let mut files = Vec::new();
    rust_files(&lab, &mut files);
    let shipped: Vec<String> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks"))
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".world.yaml").map(str::to_owned))
        .collect();
    // `release` is an ordinary word.
    let names: Vec<&str> = shipped.iter().map(String::as_str).filter(|name| name.contains('-')).collect();
    assert!(names.len() > 4, "{shipped:?}");
    let words = [&names[..], &["flagship", "offload-tls", "t3.small", "nextcloud.example"]].concat();
    let knows = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let mut code = code.lines().map(|line| line.split("//").next().unwrap());
        code.any(|line| words.iter().any(|word| line.contains(word)))
    };
    let wrong: Vec<PathBuf> = files.into_iter().filter(knows).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// A command that is told with a run's name must find the run again: `display::typed` alone makes one.
#[test]
fn a_runs_commands_are_written_in_one_place() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let words = ["resume", "rollback", "status", "approve", "resolve", "abandon"];
    let names_one = |line: &str| words.iter().any(|word| line.contains(&format!("runbook {word} {{")));
    let below = ["engine", "action", "access", "model", "plan"].map(|layer| src.join(layer));
    let wrong = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let mut code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let is_below = below.iter().any(|layer| file.starts_with(layer));
        code.any(|line| {
            names_one(line) || is_below && words.iter().any(|word| line.contains(&format!("`runbook {word}`")))
        })
    };
    assert!(names_one("format!(\"`runbook resume {run}` goes on\")"), "the look sees one");
    let wrong: Vec<PathBuf> = files.into_iter().filter(wrong).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn no_module_is_forgotten() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(src).unwrap() {
        let entry = entry.unwrap();
        if entry.path().is_dir() {
            let name = entry.file_name().into_string().unwrap();
            assert!(LAYERS.iter().any(|(n, _)| *n == name), "{name} is not in the layer table");
        }
    }
}
