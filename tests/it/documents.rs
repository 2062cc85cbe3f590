//! Documents: what is shipped validates, what is broken is told in full.

use runbook::model::{Runbook, Values};
use runbook::validate::{self, Problems};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn shipped(name: &str) -> Runbook {
    let text = fs::read_to_string(root().join(format!("runbooks/{name}.yaml"))).unwrap();
    validate::parse_runbook(&format!("{name}.yaml"), &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn example_inputs(runbook: &Runbook) -> Values {
    let name = format!("{}.inputs.example.yaml", runbook.name);
    let text = fs::read_to_string(root().join("runbooks").join(&name)).unwrap();
    validate::parse_inputs(runbook, Some((&name, &text)), &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn the_flagship_is_the_procedure() {
    let runbook = shipped("single-to-ha");
    let ids: Vec<&str> = runbook.steps.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "stop-cron",
            "edit-nginx",
            "patch-config-php",
            "shut-down",
            "rds-multi-az",
            "clone-server",
            "load-balancer",
            "certificate",
            "redirect",
            "failover-test",
            "restore-cron"
        ]
    );
    let down: Vec<usize> = runbook.steps.iter().filter(|s| s.site_down).map(|s| s.number).collect();
    assert_eq!(
        down,
        [2, 3, 4, 5, 6, 7],
        "the site is down from step-2 until the name points at the balancer in step-8"
    );
    let values = example_inputs(&runbook);
    assert_eq!(values.len(), runbook.inputs.len());
}

#[test]
fn the_second_runbook_begins_with_two_independent_steps() {
    let runbook = shipped("restart-web-node");
    assert_eq!(runbook.steps.iter().filter(|s| s.needs.is_empty()).count(), 2);
    let values = example_inputs(&runbook);
    assert_eq!(values["ssh_port"], 22);
}

/// What is wrong with a broken document; a file whose name begins with `inputs-` holds inputs of the flagship.
fn told(path: &Path) -> Problems {
    let name = path.file_name().unwrap().to_str().unwrap();
    let text = fs::read_to_string(path).unwrap();
    let result = if name.starts_with("inputs-") {
        validate::parse_inputs(&shipped("single-to-ha"), Some((name, &text)), &[]).map(|_| ())
    } else {
        validate::parse_runbook(name, &text).map(|_| ())
    };
    result.expect_err(name)
}

/// Compares with a golden file; `BLESS=1` writes it instead.
fn golden(path: &Path, text: &str) {
    if std::env::var_os("BLESS").is_some() {
        fs::write(path, text).unwrap();
    }
    let expected = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}; BLESS=1 writes it", path.display()));
    assert_eq!(text, expected, "{} is another; see the difference, then BLESS=1 writes it", path.display());
}

fn files(dir: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join(dir)).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn broken_documents_are_told_in_full() {
    let documents = files("tests/data/broken");
    assert!(documents.len() >= 30);
    for path in &documents {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let text = told(path).render(false);
        assert!(!text.contains('\x1b') && !text.contains("hunter") && !text.contains("31415926"), "{text}");
        golden(&root().join(format!("tests/golden/broken/{stem}.txt")), &text);
    }
    let goldens = files("tests/golden/broken").into_iter().filter(|p| !p.ends_with("sets.txt"));
    assert_eq!(goldens.count(), documents.len(), "a golden text without its document");
}
