//! The types of names against AWS's own models: whatever fits one of our types, AWS takes; and of what people type, our types
//! refuse nothing that AWS takes, but for what is said here.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use runbook::model::{Value, ValueType};
use runbook::rehearsal::{Cache, setup};
use serde_json::json;
use std::io::Write;
use std::process::{Command, Stdio};

/// Values tried of each type.
const TRIED: usize = 1500;

/// Names as people type them, and what is near the edges.
fn texts() -> impl Strategy<Value = String> {
    let plain = "[a-zA-Z0-9.-]{1,40}";
    let odd = "[a-zA-Z0-9 ._:/=+@()\\[\\]'&;{}!$*,#%<>äÖß面٣Ⅷ½☺\u{a0}\u{2028}\t𐐀-]{0,40}";
    let edges = "(internal-|sg-|SG-|aws:|AWS:|-|)[a-z0-9_]{0,20}(-| |\\.|)";
    let long = proptest::collection::vec("[a-zé0-9]{1,9}", 1..40).prop_map(|words| words.join("-"));
    let domain = proptest::collection::vec("[a-z0-9_-]{1,12}", 1..8).prop_map(|labels| labels.join("."));
    proptest::prop_oneof![plain, odd, edges, long, domain]
}

fn fits(kind: &str, text: &str) -> bool {
    match kind {
        "tag-key" => ValueType::Tags.check(&json!({text: "x"})).is_ok(),
        _ => ValueType::try_from(kind.to_owned()).unwrap().check(&Value::from(text)).is_ok(),
    }
}

/// What our types refuse and AWS takes, and why.
fn stricter(kind: &str, text: &str) -> bool {
    match kind {
        // The run's own; Name is given by each action.
        "tag-key" => text == "Name" || text.to_ascii_lowercase().starts_with("runbook:"),
        // Each VPC's own, and spaces at the ends, which EC2 cuts off.
        "group-name" => text.eq_ignore_ascii_case("default") || text.trim() != text,
        "group-description" => text.is_empty(),
        // Nobody's name; characters are counted in UTF-16.
        "instance-name" => text.is_empty() || text.contains(char::is_control),
        // A wildcard, and what is no domain name at all.
        "certificate-name" => {
            text.contains('*') || !text.contains('.') || text.split('.').any(|l| l.len() > 63) || {
                text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            }
        }
        "tag-value" => text.to_ascii_lowercase().starts_with("aws:"),
        _ => false,
    }
}

#[tokio::test]
async fn aws_takes_whatever_fits_our_types() {
    let say = |what: &str| eprintln!("{what}");
    let prepared = setup::ensure(&Cache::of_account().unwrap(), false, setup::Carry::default(), &say).await;
    let prepared = prepared.unwrap_or_else(|e| panic!("{e}"));
    let kinds = [
        "balancer-name",
        "target-group-name",
        "group-name",
        "group-description",
        "image-name",
        "snapshot-name",
        "instance-name",
        "tag-value",
        "tag-key",
        "certificate-name",
    ];
    let mut runner = TestRunner::new(Config::default());
    let mut asked: Vec<(&str, String)> = Vec::new();
    for kind in kinds {
        for _ in 0..TRIED {
            asked.push((kind, texts().new_tree(&mut runner).unwrap().current()));
        }
    }
    let root = env!("CARGO_MANIFEST_DIR");
    let mut python = Command::new(prepared.venv.join("bin/python"));
    python.args(["-B", &format!("{root}/tests/data/aws_names.py"), &format!("{root}/src/rehearsal/emulator")]);
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = python.stdin.take().unwrap();
    let lines: String =
        asked.iter().map(|(kind, value)| json!({"type": kind, "value": value}).to_string() + "\n").collect();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = python.wait_with_output().unwrap();
    writer.join().unwrap();
    let taken: Vec<bool> = String::from_utf8(output.stdout).unwrap().lines().map(|line| line == "true").collect();
    assert_eq!(taken.len(), asked.len(), "{}", output.status);
    for ((kind, text), taken) in asked.iter().zip(&taken) {
        let fits = fits(kind, text);
        assert!(!fits || *taken, "AWS refuses the {kind} {text:?}, which fits");
        assert!(fits || !taken || stricter(kind, text), "AWS takes the {kind} {text:?}, which does not fit");
    }
    for kind in kinds {
        let of = |wanted: bool| asked.iter().filter(|(k, text)| *k == kind && fits(kind, text) == wanted).count();
        assert!(of(true) > 20 && of(false) > 20, "{kind}: {} fit, {} do not", of(true), of(false));
    }
}
