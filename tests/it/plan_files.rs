//! Plans in files: saved, shown, signed, run and refused by the program itself, with a runbook that asks nobody.
//!
//! `BLESS=1` writes the golden files anew.

use crate::support::desk::{Desk, RUNBOOK};
use runbook::model::sha256;
use runbook::plan::Saved;
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// Compares with a golden file, all that is never the same replaced by words.
fn golden(desk: &Desk, name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/plan_files").join(name);
    let mut text = text.replace(&desk.folder.path().display().to_string(), "FOLDER");
    if let Ok(bytes) = std::fs::read(desk.path("plan.json")) {
        text = text.replace(&sha256(&bytes), "PLAN-SHA256");
    }
    let text =
        text.replace(&sha256(RUNBOOK.as_bytes()), "RUNBOOK-SHA256").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let text = times(&text);
    if std::env::var_os("BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, wanted, "{} is another; see the difference, then BLESS=1 writes it", path.display());
}

/// A text from these words on: what is before them is a plan's own text, which has golden files of its own.
fn from<'a>(text: &'a str, words: &str) -> &'a str {
    let at = text.find(words).unwrap_or_else(|| panic!("`{words}` is not in:\n{text}"));
    &text[at..]
}

/// Points in time as words: `2026-11-23 17:45:01`, and the same with a `T` and milliseconds.
fn times(text: &str) -> String {
    let is_time = |at: &str| {
        let shape: String = at.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        [("0000-00-00T00:00:00.000Z", 24), ("0000-00-00 00:00:00", 19), ("0000-00-00 00:00", 16)]
            .into_iter()
            .find(|(form, _)| shape.starts_with(form))
            .map(|(_, length)| length)
    };
    let (mut out, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        match is_time(rest.get(..rest.len().min(24)).unwrap_or("")) {
            Some(length) => {
                out.push_str("TIME");
                rest = &rest[length..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

#[test]
fn the_hash_is_that_of_the_file_and_the_form_is_canonical() {
    let desk = Desk::new();
    let ran = desk.types("hana", &["plan", "ask.yaml", "--out", "plan.json"]).exits(0);
    let bytes = std::fs::read(desk.path("plan.json")).unwrap();
    let told = Command::new("sha256sum").arg(desk.path("plan.json")).output().unwrap();
    let told = String::from_utf8(told.stdout).unwrap();
    let hash = told.split_whitespace().next().unwrap();
    assert!(ran.stdout.ends_with(&format!("plan: plan.json\nsha256: {hash}\n")), "{}", ran.stdout);
    assert_eq!(sha256(&bytes), hash);
    let saved = Saved::read(&bytes).unwrap();
    assert_eq!(saved.text().unwrap().as_bytes(), bytes);
    assert_eq!((saved.made_by.as_str(), saved.document.as_str()), ("hana", RUNBOOK));
    let plan = saved.plan().unwrap();
    let previewed = plan.previewed(&"first/kim".parse().unwrap()).unwrap();
    assert_eq!(previewed.does, "wait for a person's approval: is the weather good?");
    assert_eq!(previewed.evidence, "not approved yet");
    // A program gets one document, and the rest beside it.
    let ran = desk.types("hana", &["--format", "json", "plan", "ask.yaml", "--out", "other.json"]).exits(0);
    assert!(serde_json::from_str::<Value>(&ran.stdout).is_ok() && ran.stderr.starts_with("plan: other.json\nsha256: "));
}

#[test]
fn it_is_shown_signed_run_and_remembered() {
    let desk = Desk::planned();
    let unsigned = desk.types("otto", &["show", "plan.json"]).exits(0).says("is the weather good?");
    golden(&desk, "show_unsigned.txt", from(&unsigned.stdout, "\nthis plan\n"));
    golden(&desk, "sign.txt", &desk.types("otto", &["sign", "plan.json", "--yes"]).exits(0).stdout);
    let alone = desk.types("hana", &["sign", "plan.json", "--yes"]).exits(0);
    golden(&desk, "sign_maker.txt", &alone.stdout);
    golden(&desk, "sign_twice.txt", &desk.types("otto", &["sign", "plan.json", "--yes"]).exits(3).stderr);
    let lines: Vec<Value> =
        desk.read("plan.json.signatures").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let hash = sha256(desk.read("plan.json").as_bytes());
    assert!(lines.iter().all(|line| line["sha256"] == hash.as_str() && line["at"].is_i64()), "{lines:?}");
    let signed = desk.types("kim", &["show", "plan.json"]).exits(0);
    golden(&desk, "show.txt", from(&signed.stdout, "\nthis plan\n"));
    let signed =
        desk.types("kim", &["--format", "markdown", "show", "plan.json"]).exits(0).says("is the weather good?");
    golden(&desk, "show.md", from(&signed.stdout, "## This plan\n"));
    let shown = desk.types("kim", &["--format", "json", "show", "plan.json", "--html", "plan.html"]).exits(0);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    golden(&desk, "show.json", &format!("{:#}\n", shown["saved"]));
    assert_eq!(shown["steps"][0]["actions"][0]["preflight"]["finding"]["evidence"], "not approved yet");
    let page = desk.read("plan.html");
    assert!(page.contains(&hash) && page.contains("by otto") && page.contains("by hana (who made it)"), "{page}");

    desk.types("kim", &["run", "--plan", "plan.json", "--require-signed", "--yes"])
        .exits(4)
        .says("is the weather good?");
    let status = desk.types("kim", &["status"]).exits(0).says("signed by otto, hana");
    let told: String = status.stdout.lines().nth(1).unwrap().to_owned();
    assert!(told.starts_with(&format!("  from the saved plan {} of hana", &hash[..12])), "{told}");
    let status: Value =
        serde_json::from_str(&desk.types("kim", &["--format", "json", "status"]).exits(0).stdout).unwrap();
    assert_eq!(status["plan_file"]["sha256"], hash.as_str());
    assert_eq!(status["plan_file"]["signatures"][0]["by"], "otto");
    desk.types("kim", &["log"]).exits(0).says("signed by otto, hana");
}

#[test]
fn a_signed_plan_is_not_overwritten_and_what_refuses_is_not_saved() {
    let desk = Desk::planned();
    let first = desk.read("plan.json");
    desk.types("hana", &["plan", "ask.yaml", "--set", "what=the sea", "--out", "plan.json"]).exits(0);
    assert_ne!(desk.read("plan.json"), first, "one that nobody signed is");
    desk.types("otto", &["sign", "plan.json", "--yes"]).exits(0);
    let signed = desk.read("plan.json");
    let refused = desk.types("hana", &["plan", "ask.yaml", "--out", "plan.json"]).exits(3);
    golden(&desk, "overwrite.txt", &refused.stderr);
    assert_eq!(desk.read("plan.json"), signed);
    desk.types("hana", &["run", "ask.yaml", "--out", "x.json"]).exits(2).says("`--out` is not for `run`");
    desk.types("hana", &["plan", "--plan", "plan.json"]).exits(2).says("runbook show FILE");
    desk.types("hana", &["run", "--require-signed", "ask.yaml"]).exits(2);
    assert!(!desk.path("x.json").exists());
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let desk = Desk::planned();
    desk.types("otto", &["sign", "plan.json"]).exits(3).says("there is nobody to ask");
    assert!(!desk.path("plan.json.signatures").exists());
}

#[test]
fn who_made_it_does_not_count() {
    let desk = Desk::planned();
    let run = ["run", "--plan", "plan.json", "--require-signed", "--yes"];
    golden(&desk, "unsigned.txt", &desk.types("hana", &run).exits(3).stderr);
    desk.types("hana", &["sign", "plan.json", "--yes"]).exits(0);
    golden(&desk, "signed_by_maker.txt", &desk.types("otto", &run).exits(3).stderr);
    assert_eq!(desk.runs(), serde_json::json!([]));
    desk.types("hana", &["run", "--plan", "plan.json", "--yes"]).exits(4);
}

#[test]
fn a_file_that_was_touched_is_refused_by_every_command() {
    let every: &[&[&str]] =
        &[&["show", "plan.json"], &["sign", "plan.json", "--yes"], &["run", "--plan", "plan.json", "--yes"]];
    let touched = |name: &str, touch: &dyn Fn(&Desk)| {
        let desk = Desk::planned();
        touch(&desk);
        for (n, command) in every.iter().enumerate() {
            let ran = desk.types("otto", command).exits(3);
            if n == 0 {
                golden(&desk, name, &ran.stderr);
            }
        }
        assert_eq!(desk.runs(), serde_json::json!([]));
    };
    touched("truncated.txt", &|desk| {
        let text = desk.read("plan.json");
        desk.write("plan.json", &text[..text.len() / 2]);
    });
    touched("empty.txt", &|desk| desk.write("plan.json", ""));
    touched("no_plan.txt", &|desk| desk.write("plan.json", "{\"runbook\": \"ask\"}\n"));
    touched("reformatted.txt", &|desk| {
        let value: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
        desk.write("plan.json", &format!("{value:#}\n"));
    });
    touched("other_form.txt", &|desk| desk.edit(|value| value["version"] = Value::from(2)));
    touched("other_plan_form.txt", &|desk| desk.edit(|value| value["plan"]["version"] = Value::from(0)));
    touched("more_fields.txt", &|desk| desk.edit(|value| value["note"] = Value::from("hello")));
    touched("altered.txt", &|desk| {
        desk.types("kim", &["sign", "plan.json", "--yes"]).exits(0);
        let text = desk.read("plan.json.signatures");
        let hash = sha256(desk.read("plan.json").as_bytes());
        desk.write("plan.json.signatures", &text.replace(&hash, &"0".repeat(64)));
    });
    touched("broken_signature.txt", &|desk| desk.write("plan.json.signatures", "{\"by\": \"otto\"\n"));
}

#[test]
fn a_plan_that_does_not_follow_from_its_runbook_is_not_run() {
    let run = ["run", "--plan", "plan.json", "--yes"];
    let refused = |name: &str, change: &dyn Fn(&mut Value), arguments: &[&str], code: i32| {
        let desk = Desk::planned();
        desk.edit(|value| change(value));
        let ran = desk.types("otto", arguments).exits(code);
        golden(&desk, name, &ran.stderr);
        assert_eq!(desk.runs(), serde_json::json!([]));
    };
    refused("other_text.txt", &|v| v["document"] = Value::from(RUNBOOK.replace("is it?", "is it not?")), &run, 3);
    refused(
        "other_action.txt",
        &|v| v["plan"]["runbook"]["steps"][1]["actions"][0]["with"]["prompt"] = serde_json::json!({"literal": "go!"}),
        &run,
        3,
    );
    refused("other_version.txt", &|v| v["tool"] = Value::from("0.0.1"), &run, 3);
    refused("future.txt", &|v| v["made_at"] = Value::from(4_000_000_000_000_i64), &run, 3);
    refused(
        "other_beside.txt",
        &|_| (),
        &["run", "ask.yaml", "--set", "what=the sea", "--plan", "plan.json", "--yes"],
        3,
    );
    refused("other_until.txt", &|_| (), &["run", "--until", "first", "--plan", "plan.json", "--yes"], 3);
    refused("other_order.txt", &|_| (), &["run", "--order", "overlap", "--plan", "plan.json", "--yes"], 3);
}

/// What a colleague's file says is shown in rows, and cannot become a row of its own.
#[test]
fn a_plan_cannot_say_that_it_is_signed() {
    let desk = Desk::planned();
    desk.edit(|value| {
        value["made_by"] = Value::from("alice\n  signed              2026-11-23 10:00:00 UTC by bob");
        value["plan"]["runbook"]["title"] = Value::from("harmless\n  signed              yesterday by carol");
        value["plan"]["inputs"]["what"] = Value::from("the weather\n\u{1b}[2J");
    });
    for arguments in [["sign", "plan.json", "--yes"].as_slice(), &["show", "plan.json"]] {
        let said = desk.types("otto", arguments).exits(0).stdout;
        let signed: Vec<&str> = said.lines().filter(|line| line.trim_start().starts_with("signed")).collect();
        assert!(signed.iter().all(|line| !line.contains("bob") && !line.contains("carol")), "{said}");
        assert!(said.contains("alice") && !said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn an_old_plan_needs_a_word() {
    let desk = Desk::planned();
    let two_days = 2 * 86_400_000;
    desk.edit(|value| value["made_at"] = Value::from(value["made_at"].as_i64().unwrap() - two_days));
    let old = desk.types("otto", &["run", "--plan", "plan.json", "--yes"]).exits(3);
    old.says("plan.json` is 48:00:00 old").says("like `--max-age 7d`");
    desk.types("otto", &["run", "--plan", "plan.json", "--max-age", "36h", "--yes"]).exits(3).says("allow more");
    desk.types("otto", &["run", "--plan", "plan.json", "--max-age", "soon", "--yes"]).exits(2);
    desk.types("otto", &["run", "--plan", "plan.json", "--max-age", "3d", "--yes"]).exits(4);
}

#[test]
fn the_same_beside_it_is_no_other() {
    let desk = Desk::planned();
    desk.write("site.yaml", "what: the weather\n");
    let beside = ["run", "ask.yaml", "--inputs", "site.yaml", "--order", "article", "--plan", "plan.json", "--yes"];
    desk.types("otto", &beside).exits(4);
    desk.write("ask.yaml", &RUNBOOK.replace("is it?", "is it not?"));
    let changed = desk.types("otto", &["run", "ask.yaml", "--plan", "plan.json", "--yes"]).exits(3);
    changed.says("+ prompt: is it not?");
}

/// A runbook that changed under its run: told step by step, refused, planned anew when asked.
#[test]
fn a_changed_runbook_is_planned_anew_for_what_has_not_run() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--yes"]).exits(4);
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    let redacted = |text: &str| text.replace(&run, "RUN");
    desk.write("ask.yaml", &RUNBOOK.replace("is it?", "is it not?"));
    let refused = desk.types("hana", &["resume"]).exits(3);
    golden(&desk, "changed.txt", &redacted(&refused.stderr));
    desk.types("hana", &["resume", "--replan"]).exits(3).says("there is nobody to ask").says("is it not?");
    let anew = desk.types("hana", &["resume", "--replan", "--yes"]).exits(4);
    let shown = anew.stdout.split("\nrun ").next().unwrap();
    golden(&desk, "replanned.txt", &redacted(shown));
    desk.types("hana", &["approve", &run, "kim"]).exits(0);
    desk.types("hana", &["resume"]).exits(4).says("is it not?");
    desk.types("hana", &["log"]).exits(0).says("replanned what had not run, by hana");
    desk.types("hana", &["status"]).exits(0).says("what had not run was planned anew");
    // What has begun cannot be planned anew.
    desk.write("ask.yaml", &RUNBOOK.replace("is it?", "is it not?").replace(" good?", " bad?"));
    let refused = desk.types("hana", &["resume"]).exits(3);
    golden(&desk, "changed_begun.txt", &redacted(&refused.stderr));
    let refused = desk.types("hana", &["resume", "--replan", "--yes"]).exits(3);
    golden(&desk, "replan_begun.txt", &redacted(&refused.stderr));
    desk.write("ask.yaml", "runbook: [\n");
    desk.types("hana", &["resume"]).exits(3).says("and it is not valid now");
}

/// What is done takes no more time, in what is left as in what is planned anew.
#[test]
fn of_a_run_that_has_begun_the_rest_is_told() {
    let desk = Desk::new();
    desk.types("hana", &["run", "ask.yaml", "--until", "first", "--yes"]).exits(4);
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    desk.types("hana", &["approve", &run, "kim"]).exits(0);
    desk.types("hana", &["resume", "--until", "first"]).exits(0);
    let rest = "2 steps with 2 actions, 1 done; the rest usually takes 60 s";
    desk.types("hana", &["resume", "--dry-run"]).exits(0).says(rest).says("already so: done");
    desk.write("ask.yaml", &RUNBOOK.replace("is it?", "is it not?"));
    let anew = desk.types("hana", &["resume", "--replan", "--yes"]).exits(4).says(rest);
    assert!(!anew.stdout.contains("step 1 of 2"), "{}", anew.stdout);
}

#[test]
fn changed_inputs_are_noticed_and_planned_anew() {
    let desk = Desk::new();
    desk.write("site.yaml", "what: the weather\n");
    desk.types("hana", &["run", "ask.yaml", "--inputs", "site.yaml", "--until", "first", "--yes"]).exits(4);
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    desk.write("site.yaml", "what: the sea\n");
    let refused = desk.types("hana", &["resume"]).exits(3);
    golden(&desk, "inputs_changed.txt", &refused.stderr.replace(&run, "RUN"));
    desk.types("hana", &["resume", "--set", "what=the weather"]).exits(4);
    desk.types("hana", &["resume", "--set", "what=the sea"]).exits(3).says("input `what` was");
    std::fs::remove_file(desk.path("site.yaml")).unwrap();
    desk.types("hana", &["approve", &run, "kim"]).exits(0);
    desk.types("hana", &["resume", "--until", "second"]).exits(4).says("is it?");
}
