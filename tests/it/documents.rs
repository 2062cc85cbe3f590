//! Documents: what is shipped validates, what is broken is told in full.

use runbook::document;
use runbook::model::{Runbook, Values};
use runbook::validate;
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
