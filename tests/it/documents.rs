//! Documents: what is shipped validates, what is broken is told in full.

use proptest::prelude::*;
use runbook::model::{ActionPath, Runbook, Values};
use runbook::plan::{Order, Plan};
use runbook::validate::{self, Problems};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

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

/// How many actions need nothing, of the flagship and of the second runbook; the same in every order.
const FREE: [usize; 2] = [1, 2];

#[test]
fn what_is_shipped_can_be_planned() {
    for name in ["single-to-ha", "restart-web-node"] {
        for order in [Order::Article, Order::Overlap, Order::LeastDowntime] {
            let runbook = shipped(name);
            let inputs = example_inputs(&runbook);
            let plan = Plan::make(runbook, inputs, None, order).unwrap();
            assert_eq!(plan.region.as_deref(), Some("ap-northeast-1"));
            let free = plan.actions.iter().filter(|a| a.needs.is_empty()).count();
            assert_eq!(free, FREE[usize::from(name == "restart-web-node")], "{name} in order {order:?}");
            let waits = |n: usize| plan.actions[n].needs.iter().chain(&plan.actions[n].after);
            let before = |n: usize, path: &ActionPath| plan.actions[..n].iter().any(|it| it.action == *path);
            let all = (0..plan.actions.len()).all(|n| waits(n).all(|path| before(n, path)));
            assert!(all, "{name} in order {order:?}: an action waits for one that comes later");
        }
    }
}

/// Every need of a plan's actions is done before them in the order written: no action waits for ever.
fn all_can_run(text: &str) -> Plan {
    let runbook = validate::parse_runbook("x.yaml", text).unwrap_or_else(|problems| panic!("{problems}"));
    let inputs = example_inputs(&runbook);
    let plan = Plan::make(runbook, inputs, None, Order::Overlap).unwrap();
    for (n, planned) in plan.actions.iter().enumerate() {
        for need in &planned.needs {
            let before = plan.actions[..n].iter().any(|p| p.action == *need);
            assert!(before, "`{}` waits for `{need}`, which comes later", planned.action);
        }
    }
    plan
}

#[test]
fn a_text_that_reads_like_a_target_is_no_need_of_one() {
    let text = fs::read_to_string(root().join("runbooks/single-to-ha.yaml")).unwrap();
    let name = "name: \"${{ inputs.name }}-web-2\"";
    assert!(text.contains(name));
    let same = all_can_run(&text);
    let renamed = all_can_run(&text.replace(name, "name: web-2"));
    for (one, other) in same.actions.iter().zip(&renamed.actions) {
        assert_eq!(one.needs, other.needs, "{}", one.action);
    }
}

#[test]
fn a_key_may_be_pinned_before_the_one_its_target_uses() {
    let text = fs::read_to_string(root().join("runbooks/single-to-ha.yaml")).unwrap();
    let pin = "      - id: pin-clone-host-key\n";
    let first = "      - id: pin-first\n        do: ssh.pin-host-key\n        with: { on: web-2, by: console }\n";
    assert!(text.contains(pin));
    all_can_run(&text.replace(pin, &format!("{first}{pin}")));
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

#[test]
fn values_of_the_command_line_are_told_by_their_option() {
    let sets = [("fqdn", "cloud"), ("site_password", "hunter2"), ("fqdm", "x"), ("ssh_port", "22"), ("ssh_port", "23")];
    let sets: Vec<(String, String)> = sets.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let problems = validate::parse_inputs(&shipped("restart-web-node"), None, &sets).unwrap_err();
    golden(&root().join("tests/golden/broken/sets.txt"), &problems.render(false));
    let problems = validate::parse_inputs(&shipped("single-to-ha"), None, &sets[..2]).unwrap_err();
    assert!(!problems.to_string().contains("hunter2"));
}

#[test]
fn a_name_given_twice_on_the_command_line_is_told_like_one_in_a_file() {
    let sets = [("tags", r#"{"Owner": "a", "Owner": "b"}"#), ("site_password", r#"{"env": "A", "env": "hunter2"}"#)];
    let sets: Vec<(String, String)> = sets.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let problems = validate::parse_inputs(&shipped("single-to-ha"), None, &sets).unwrap_err().to_string();
    assert!(problems.contains("input `tags`: `Owner` is given twice in it"), "{problems}");
    assert!(problems.contains("input `site_password`: a name is given twice in it"), "{problems}");
    assert!(!problems.contains("hunter2"), "{problems}");
}

#[test]
fn what_is_set_wins_over_the_file_and_defaults_fill_the_rest() {
    let runbook = shipped("single-to-ha");
    let name = "runbooks/single-to-ha.inputs.example.yaml";
    let text = fs::read_to_string(root().join(name)).unwrap();
    let set = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let sets =
        [set("fqdn", "other.example.org"), set("trusted_proxies", "10.0.0.0/8,10.1.0.0/16"), set("ssh_port", "2222")];
    let values = validate::parse_inputs(&runbook, Some((name, &text)), &sets).unwrap();
    assert_eq!(values["fqdn"], "other.example.org");
    assert_eq!(values["trusted_proxies"], serde_json::json!(["10.0.0.0/8", "10.1.0.0/16"]));
    assert_eq!(values["ssh_port"], 2222);
    assert_eq!(values["instance_type"], "t3.small");
}

#[test]
fn problems_are_data_too() {
    let problems = told(&root().join("tests/data/broken/needs-later.yaml"));
    assert_eq!(
        problems.to_json(),
        serde_json::json!({ "problems": [{
            "message": "step `one` needs `two`, which is written after it",
            "place": { "file": "needs-later.yaml", "line": 19, "column": 12 },
            "suggestion": "move `two` before `one`",
        }] })
    );
    assert!(problems.render(true).contains("\x1b[1;31merror\x1b[0m"));
}

#[test]
fn a_fingerprint_is_of_the_text() {
    assert_eq!(
        validate::fingerprint("a: 1\n"),
        "37b128c59f1f5097f73f82691cb519f1f568667faab5ced1b4ab979d36837eae".to_owned()
    );
    assert_ne!(validate::fingerprint("a: 1\n"), validate::fingerprint("a: 1 \n"));
}

/// Pieces of runbooks in any order, so that more than the parser is reached.
fn scraps() -> impl Strategy<Value = String> {
    let scrap = prop::sample::select(vec![
        "runbook: x\n",
        "title: x\n",
        "about: x\n",
        "steps:\n",
        "  - id: a\n",
        "    actions:\n",
        "      - id: b\n",
        "        do: ssh.run\n",
        "        with:\n",
        "          on: web\n",
        "          argv: [a, '${{ inputs.x }}']\n",
        "inputs:\n",
        "  x: { type: int, about: x, default: 1 }\n",
        "targets:\n",
        "  web: { host: x }\n",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ": ",
        "&a ",
        "*a ",
        "${{",
        "}}",
        "\"",
        "'",
        "|\n",
        "\n",
        "  ",
        "ü",
        "\t",
        "null",
        "1",
        "?",
        "!",
        "---\n",
        "#",
        "\u{1b}",
        "%",
    ]);
    prop::collection::vec(scrap, 0..40).prop_map(|scraps| scraps.concat())
}

static SECOND: LazyLock<Runbook> = LazyLock::new(|| shipped("restart-web-node"));

/// Reads a text as a runbook and as inputs; only a panic is a failure.
fn read(text: &str) {
    if let Err(problems) = validate::parse_runbook("x.yaml", text) {
        assert!(problems.count() > 0 && !problems.render(true).is_empty());
        assert_eq!(problems.to_json()["problems"].as_array().unwrap().len(), problems.count());
    }
    if let Err(problems) = validate::parse_inputs(&SECOND, Some(("x.yaml", text)), &[]) {
        assert!(!problems.render(false).chars().any(|c| c.is_control() && c != '\n'));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in prop_oneof![any::<String>(), "[ -~\n]{0,200}", scraps()]) {
        read(&text);
    }

    #[test]
    fn no_change_of_a_runbook_makes_it_panic(at in 0.0..1.0f64, cut in 0usize..40, put in scraps()) {
        let mut text = fs::read_to_string(root().join("runbooks/restart-web-node.yaml")).unwrap();
        let start = text.floor_char_boundary((at * text.len() as f64) as usize);
        let end = text.floor_char_boundary((start + cut).min(text.len()));
        text.replace_range(start..end, &put);
        read(&text);
    }

    #[test]
    fn every_unknown_field_is_one_problem(chosen in prop::collection::btree_set(0usize..60, 1..12)) {
        let text = fs::read_to_string(root().join("runbooks/restart-web-node.yaml")).unwrap();
        // A field of its own goes before a field that begins its line; lists and named values are left whole.
        let fields: Vec<usize> = text
            .lines()
            .enumerate()
            .filter(|(_, l)| ["title:", "region:", "type:", "instance:", "why:", "do:", "on:", "url:"].iter().any(|f| l.trim_start().starts_with(f)))
            .map(|(n, _)| n)
            .collect();
        let chosen: std::collections::BTreeSet<usize> = chosen.into_iter().map(|n| fields[n % fields.len()]).collect();
        let mut broken = String::new();
        for (n, line) in text.lines().enumerate() {
            if chosen.contains(&n) {
                let indent = &line[..line.len() - line.trim_start().len()];
                broken += &format!("{indent}xyzzy{n}: 1\n");
            }
            broken += line;
            broken.push('\n');
        }
        let problems = validate::parse_runbook("x.yaml", &broken).unwrap_err();
        prop_assert_eq!(problems.count(), chosen.len(), "{}", problems);
    }
}
