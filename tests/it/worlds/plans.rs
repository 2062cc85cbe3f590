//! The flagship's plan as a person signs it: whole, with one third done, and as the way back. Golden, word by word; ids,
//! addresses and fingerprints are numbered, and where lines break does not count.

use super::in_regions;
use super::operator::RUN;
use crate::support::region::{Lab, region};
use serde_json::Value;
use std::path::PathBuf;

in_regions! {
    "plans":
    the_plan_what_remains_of_it_and_the_way_back,
}

/// A word of the text that is another in every region.
#[derive(Default)]
struct Numbers {
    seen: Vec<(String, String)>,
}

impl Numbers {
    /// `i-1` for the first instance that is named, `i-2` for the next.
    fn of(&mut self, prefix: &str, id: &str) -> String {
        if let Some((_, name)) = self.seen.iter().find(|(known, _)| known == id) {
            return name.clone();
        }
        let number =
            self.seen.iter().filter(|(_, name)| name.rsplit_once('-').is_some_and(|(p, _)| p == prefix)).count();
        let name = format!("{prefix}-{}", number + 1);
        self.seen.push((id.to_owned(), name.clone()));
        name
    }

    fn word(&mut self, word: &str) -> String {
        if word.strip_prefix("SHA256:").is_some_and(|rest| rest.len() == 43) {
            return "SHA256:FINGERPRINT".to_owned();
        }
        if let Some(id) = word.strip_prefix("runbook-claim-") {
            return format!("runbook-claim-{}", self.word(id));
        }
        if let Some(name) = word.strip_prefix("Name=") {
            return format!("Name={}", self.word(name));
        }
        let hex =
            |text: &str| text.len() >= 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        let mut parts: Vec<String> = Vec::new();
        for part in word.split('/') {
            parts.push(match part.split_once('-') {
                Some((prefix, id)) if hex(id) => self.of(prefix, part),
                _ if hex(part) => "HEX".to_owned(),
                _ if part.len() == 36 && hex(&part.replace('-', "")) => "UUID".to_owned(),
                _ => part.to_owned(),
            });
        }
        parts.join("/")
    }
}

/// The beginning of a file's SHA-256: each lab has a config.php of its own.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split("sha256 ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        format!("{out}sha256 HASH{}", part.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
    })
}

fn redacted(lab: &Lab, run: Option<&str>, text: &str) -> String {
    let account = lab.account();
    let (public, private) = (account.public_ip.to_string(), account.private_ip.to_string());
    let mut known = vec![(account.zone.as_str(), "ZONE"), (&public, "PUBLIC-IP"), (&private, "PRIVATE-IP")];
    known.extend(run.map(|run| (run, "RUN")));
    let text = known.into_iter().fold(without_hashes(text), |text, (what, word)| text.replace(what, word));
    let mut numbers = Numbers::default();
    let is_end = |c: char| c.is_whitespace() || "`'\"()[]{},;".contains(c);
    let mut out = String::new();
    for piece in text.split_inclusive(is_end) {
        let word = piece.trim_end_matches(is_end);
        out.push_str(&numbers.word(word));
        out.push_str(&piece[word.len()..]);
    }
    // What is free on a host's disk is this machine's affair.
    let free = regex_lite::Regex::new(r"\d+(\s+MiB\s+at\s)").unwrap();
    let out = free.replace_all(&out, "FREE$1");
    // So is how long its own run took.
    let measured = regex_lite::Regex::new(r"usually\s+in\s+\d+\s+s\s+\(from\s+1\s+run\s+here\)").unwrap();
    measured.replace_all(&out, "usually in MEASURED (from 1 run here)").into_owned()
}

fn golden(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plans").join(format!("{name}.txt"));
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let words = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        // What was measured in this very run differs from run to run.
        for at in 2..words.len() {
            if words[at] == "(from" {
                words[at - 2..at].fill("TIME".to_owned());
            }
        }
        words
    };
    let (is, was) = (words(text), words(&expected));
    let at = is.iter().zip(&was).position(|(a, b)| a != b).unwrap_or(is.len().min(was.len()));
    let near = |all: &[String]| all[at.saturating_sub(8)..all.len().min(at + 12)].join(" ");
    let path = path.display();
    assert!(is == was, "{path} is another:\nis  .. {}\nwas .. {}\nBLESS=1 writes it", near(&is), near(&was));
}

/// What was seen of each action that the plan is held to, and what would be sent, one line each.
fn looks(json: &str) -> String {
    let plan: Value = serde_json::from_str(json).unwrap();
    let all = |value: &Value, name: &str| value[name].as_array().unwrap().clone();
    let mut out = String::new();
    for action in all(&plan, "steps").iter().flat_map(|step| all(step, "actions")) {
        let finding = &action["preflight"]["finding"];
        out.push_str(&format!("{}\n", action["action"].as_str().unwrap()));
        for (what, value) in finding["facts"].as_object().into_iter().flatten() {
            out.push_str(&format!("  fact: {what}: {}\n", value.as_str().unwrap()));
        }
        for change in finding["changes"].as_array().into_iter().flatten().filter(|c| c["change"] == "request") {
            out.push_str(&format!("  request: {} {}\n", change["operation"].as_str().unwrap(), change["with"]));
        }
    }
    out
}

/// No plan shows an empty value, or one that nobody knows as if it were known.
fn nothing_is_empty_or_made_up(text: &str) {
    for made_up in ["\"\"", "``", "null", ": \n", "(known after )"] {
        assert!(!text.contains(made_up), "{made_up:?} in:\n{text}");
    }
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn the_plan_what_remains_of_it_and_the_way_back() {
        region(async |lab| {
            lab.write_inputs();
            let files = lab.files().await;
            let whole = shown(lab, None, &["plan", "single-to-ha", "--inputs", "site.yaml"]).await;
            golden("single-to-ha", &whole);
            assert!(lab.files().await == files, "a plan changes no file of the web server");
            let json = lab.types(&["--format", "json", "plan", "single-to-ha", "--inputs", "site.yaml"]).await.exits(0);
            golden("single-to-ha.looks", &redacted(lab, None, &looks(&json.stdout)));

            let until: Vec<&str> = RUN.iter().chain(&["--until", "step-5"]).copied().collect();
            lab.types(&until).await.exits(0);
            let run = lab.status().await["run"].as_str().unwrap().to_owned();
            let rest = shown(lab, Some(&run), &["resume", "--dry-run"]).await;
            golden("single-to-ha.after-step-5", &rest);
            // What was said to be done is what had been done, and the rest is as it was planned.
            assert!(rest.contains("already so: done: ") && rest.contains("record `") == whole.contains("record `"));

            lab.types(&["resume"]).await.exits(0);
            let back = shown(lab, Some(&run), &["rollback", "--to", "step-5", "--dry-run"]).await;
            golden("single-to-ha.rollback-to-step-5", &back);
        })
        .await;
    }

    /// What a command shows that only reads, with the account's word that it does.
    async fn shown(lab: &Lab, run: Option<&str>, arguments: &[&str]) -> String {
        let from = lab.calls().await.len();
        let ran = lab.types(arguments).await.exits(0);
        let reads = ["Describe", "Get", "List", "Simulate"];
        let is_read = |call: &String| reads.iter().any(|verb| call.split(':').nth(1).unwrap().starts_with(verb));
        let changing: Vec<String> = lab.calls().await.split_off(from).into_iter().filter(|c| !is_read(c)).collect();
        assert_eq!(changing, Vec::<String>::new(), "{arguments:?}");
        let text = redacted(lab, run, &ran.stdout);
        nothing_is_empty_or_made_up(&text);
        text
    }
}
