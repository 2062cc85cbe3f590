//! Where the page is written, and which command has which form: the program itself, with a runbook that asks nobody.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

const RUNBOOK: &str = "runbook: ask\ntitle: ask a person\nabout: It only asks.\nsteps:\n  - id: ask\n    title: ask\n    \
                       why: To know.\n    actions:\n      - id: person\n        do: gate.approve\n        with:\n          \
                       prompt: is it <b>good</b>?\n";

fn runbook(folder: &Path, arguments: &[&str]) -> Output {
    std::fs::write(folder.join("ask.yaml"), RUNBOOK).unwrap();
    Command::new(env!("CARGO_BIN_EXE_runbook"))
        .env_clear()
        .envs([("HOME", folder), ("RUNBOOK_STATE", &folder.join("state")), ("USER", Path::new("hana"))])
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_page_is_written_beside_the_text() {
    let folder = tempfile::tempdir().unwrap();
    let output = runbook(folder.path(), &["plan", "ask.yaml", "--html", "plan.html"]);
    let (said, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && said.ends_with("\npage: plan.html\n"), "{said}{errors}");
    let file = folder.path().join("plan.html");
    let page = std::fs::read_to_string(&file).unwrap();
    assert!(
        page.contains("by hana with runbook") && page.contains("&lt;b&gt;good") && !page.contains("<b>good"),
        "{page}"
    );
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
    // Again over it, through a link: the link stays one, and nothing is left beside it.
    symlink("plan.html", folder.path().join("latest.html")).unwrap();
    std::fs::write(&file, "old").unwrap();
    let output = runbook(folder.path(), &["--format", "json", "plan", "ask.yaml", "--html", "latest.html"]);
    assert!(serde_json::from_slice::<serde_json::Value>(&output.stdout).is_ok(), "{}", text(&output.stdout));
    assert_eq!(text(&output.stderr), "page: latest.html\n");
    assert!(folder.path().join("latest.html").is_symlink());
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("<!DOCTYPE html>"));
    let names: Vec<String> =
        folder.path().read_dir().unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.ends_with(".new")), "{names:?}");
}

#[test]
fn a_page_goes_nowhere_but_into_a_plain_file() {
    let folder = tempfile::tempdir().unwrap();
    for (place, why) in [
        (".", "it is a directory"),
        ("missing/plan.html", "its directory does not exist"),
        ("/dev/null", "not a plain file"),
    ] {
        let output = runbook(folder.path(), &["plan", "ask.yaml", "--html", place]);
        assert_eq!(output.status.code(), Some(2), "{place}");
        assert!(text(&output.stderr).contains(why) && output.stdout.is_empty(), "{place}: {}", text(&output.stderr));
    }
}

#[test]
fn markdown_is_for_plans_only() {
    let folder = tempfile::tempdir().unwrap();
    let output = runbook(folder.path(), &["--format", "markdown", "plan", "ask.yaml"]);
    assert!(text(&output.stdout).starts_with("# Plan of `ask`: ask a person\n"), "{}", text(&output.stdout));
    let dry = runbook(folder.path(), &["--format", "markdown", "run", "--dry-run", "ask.yaml"]);
    assert!(dry.status.success() && text(&dry.stdout).starts_with("# Plan of `ask`"));
    for arguments in [["list"].as_slice(), &["runs"], &["run", "ask.yaml"], &["rollback", "--to", "start"]] {
        let output = runbook(folder.path(), &[&["--format", "markdown"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains("only plans and reports have it"), "{}", text(&output.stderr));
    }
    let output = runbook(folder.path(), &["run", "ask.yaml", "--html", "plan.html"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("without `--dry-run`"), "{}", text(&output.stderr));
}
