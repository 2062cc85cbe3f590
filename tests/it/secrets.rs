//! Secrets that are fetched by a command: what the command says when it fails reaches the operator.

use std::process::{Command, Output};

const RUNBOOK: &str = "runbook: look\ntitle: look at a site\nabout: It only looks.\ninputs:\n  \
                       word: { type: secret, about: the user's password }\nsteps:\n  - id: look\n    title: look\n    \
                       why: To know.\n    actions:\n      - id: site\n        do: nextcloud.check\n        with:\n          \
                       fqdn: cloud.nextcloud.example\n          user: anna\n          password: ${{ inputs.word }}\n";

/// Plans with a password that comes by `command`, a YAML list.
fn planned(command: &str) -> (Output, String) {
    let desk = tempfile::tempdir().unwrap();
    std::fs::write(desk.path().join("look.yaml"), RUNBOOK).unwrap();
    std::fs::write(desk.path().join("inputs.yaml"), format!("word: {{ command: {command} }}\n")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_runbook"))
        .env("RUNBOOK_STATE", desk.path().join("state"))
        .current_dir(desk.path())
        .args(["plan", "look.yaml", "--inputs", "inputs.yaml"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    (output, said)
}

#[test]
fn what_a_command_says_is_seen_and_what_it_prints_is_not() {
    let (output, said) = planned("[sh, -c, 'echo the vault is locked >&2; printf hunter%d 2; exit 4']");
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("the vault is locked") && said.contains("`sh` failed (exit status: 4)"), "{said}");
    assert!(!said.contains("hunter2") && !String::from_utf8_lossy(&output.stdout).contains("hunter2"), "{said}");
}

#[test]
fn a_command_that_is_not_there_is_told_with_the_reason() {
    let (output, said) = planned("[no-such-vault]");
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot run `no-such-vault`: No such file or directory"), "{said}");
}
