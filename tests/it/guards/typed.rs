//! The program on a desk, with a site that goes down and comes back.

use super::site::Site;
use crate::support::desk::Desk;
use serde_json::Value;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const RUNBOOK: &str = r#"runbook: here
title: work beside a site
about: Tries.
inputs:
  url: { type: url, about: the site }
guards:
  - id: site-up
    title: the site answers
FROM    do: http.answers
    with: { url: "${{ inputs.url }}" }
    every: 1s
    times: 2
steps:
  - id: first
    title: the first
    why: To see.
    actions:
      - { id: it, do: local.run, with: { shell: "echo first >>log", cwd: FOLDER, undo: "true" } }
  - id: long
    title: what takes long
    why: To see.
    actions:
      - { id: it, do: local.run, with: { shell: "touch began; until test -e go; do sleep 0.05; done; echo long >>log", cwd: FOLDER, undo: "true" } }
  - id: last
    title: the last
    why: To see.
    actions:
      - { id: it, do: local.run, with: { shell: "echo last >>log", cwd: FOLDER, undo: "true" } }
"#;

/// A desk with the runbook, whose guard begins with a step, or with the run.
fn desk(from: Option<&str>) -> Desk {
    let desk = Desk::new();
    let folder = desk.path("").display().to_string();
    let from = from.map_or_else(String::new, |step| format!("    from: {step}\n"));
    let text = RUNBOOK.replace("FOLDER", folder.trim_end_matches('/')).replace("FROM", &from);
    desk.write("here.yaml", &text);
    desk
}

/// The program, with waits so many times faster.
fn command(desk: &Desk, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runbook"));
    desk.dressed(&mut command).args(arguments).env("RUNBOOK_PACE", "50").stdin(Stdio::null());
    command
}

fn types(desk: &Desk, arguments: &[&str]) -> (Option<i32>, String) {
    ended(command(desk, arguments).output().unwrap())
}

fn ended(output: Output) -> (Option<i32>, String) {
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), said.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn begins(desk: &Desk, arguments: &[&str]) -> Child {
    command(desk, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until it is so: however long that takes.
fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn set(url: &str) -> String {
    format!("url={url}")
}

fn status(desk: &Desk) -> Value {
    serde_json::from_str(&desk.types("hana", &["--format", "json", "status"]).exits(0).stdout).unwrap()
}

fn log(desk: &Desk) -> String {
    std::fs::read_to_string(desk.path("log")).unwrap_or_default()
}

#[test]
fn it_breaks_in_the_middle_of_a_long_command_which_ends_and_a_resume_goes_on_when_the_site_is_back() {
    let (desk, site) = (desk(None), Site::new());
    let run = begins(&desk, &["run", "here.yaml", "--set", &set(&site.url), "--yes"]);
    until(|| desk.path("began").exists());
    site.goes(false);
    until(|| status(&desk)["broken_guards"][0]["guard"] == "site-up");
    let told = desk.types("hana", &["status"]).exits(0);
    assert!(told.stdout.contains("guard site-up is broken since"), "{}", told.stdout);
    // Nothing but the test ends the command.
    assert_eq!(log(&desk), "first\n");
    desk.write("go", "");
    let (code, said) = ended(run.wait_with_output().unwrap());
    assert_eq!((code, log(&desk).as_str()), (Some(1), "first\nlong\n"), "{said}");
    assert!(said.contains("rests before its next effect: guard site-up is broken"), "{said}");
    assert!(said.contains("answers 503, not 200") && said.contains("runbook resume"), "{said}");
    // Still down: it looks, and begins nothing.
    let (code, said) = types(&desk, &["resume"]);
    assert_eq!((code, log(&desk).as_str()), (Some(1), "first\nlong\n"), "{said}");
    site.goes(true);
    let (code, said) = types(&desk, &["resume"]);
    assert_eq!((code, log(&desk).as_str()), (Some(0), "first\nlong\nlast\n"), "{said}");
    assert!(said.contains("guard site-up holds again"), "{said}");
    let records = desk.types("hana", &["log"]).exits(0).stdout;
    let broke = records.matches("guard broke ").count();
    assert_eq!((broke, records.matches("guard mended").count()), (1, 1), "{records}");
    // On the way back nobody asks.
    site.goes(false);
    let (asked, (code, said)) = (site.asked(), types(&desk, &["rollback", "--to", "start", "--yes"]));
    assert_eq!((code, site.asked()), (Some(0), asked), "{said}");
}

#[test]
fn one_bad_look_is_no_break() {
    // The first answer is for the plan, the second for the first effect.
    let (desk, site) = (desk(None), Site::failing_at(&[2]));
    desk.write("go", "");
    let (code, said) = types(&desk, &["run", "here.yaml", "--set", &set(&site.url), "--yes"]);
    assert_eq!((code, log(&desk).as_str()), (Some(0), "first\nlong\nlast\n"), "{said}");
    assert!(site.asked() > 2);
    let records = desk.types("hana", &["log"]).exits(0).stdout;
    assert!(!records.contains("guard"), "looks that change nothing are no records:\n{records}");
}

#[test]
fn broken_before_the_run_it_refuses_as_a_check_does_and_nobody_can_accept_it() {
    let (desk, site) = (desk(None), Site::new());
    site.goes(false);
    let url = set(&site.url);
    let (code, said) = types(&desk, &["plan", "here.yaml", "--set", &url]);
    assert!(code == Some(3) && said.contains("REFUSED site-up.answers:"), "{said}");
    assert!(said.contains("guards: A guard that is broken keeps the run from its next effect"), "{said}");
    let (code, said) = types(&desk, &["run", "here.yaml", "--set", &url, "--yes"]);
    assert!(code == Some(3) && said.contains("check site-up.answers"), "{said}");
    let (code, said) = types(&desk, &["run", "here.yaml", "--set", &url, "--yes", "--accept", "site-up.answers=so"]);
    assert!(code == Some(2) && said.contains("cannot be accepted: the run would fail on it"), "{said}");
    assert_eq!(desk.runs().as_array().unwrap().len(), 0);
    assert_eq!(log(&desk), "");
}

#[test]
fn one_that_begins_later_is_told_and_not_asked_beforehand() {
    let (desk, site) = (desk(Some("last")), Site::new());
    site.goes(false);
    let url = set(&site.url);
    let plan = desk.types("hana", &["plan", "here.yaml", "--set", &url, "--html", "plan.html"]).exits(0);
    let plan = plan.says("holds from step `last` to the end: before 1 effect").says("nothing speaks against beginning");
    assert!(!plan.stdout.contains("site-up.answers"), "{}", plan.stdout);
    assert!(desk.read("plan.html").contains("id=\"guards\""));
    let told = desk.types("hana", &["plan", "here.yaml", "--set", &url, "--format", "markdown"]).exits(0);
    assert!(told.stdout.contains("## Guards"), "{}", told.stdout);
    let told = desk.types("hana", &["--format", "json", "plan", "here.yaml", "--set", &url]).exits(0);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    assert_eq!((&told["guards"][0]["id"], &told["guards"][0]["effects"]), (&"site-up".into(), &1.into()));
    assert_eq!(site.asked(), 0);
    desk.write("go", "");
    let (code, said) = types(&desk, &["run", "here.yaml", "--set", &url, "--yes"]);
    assert_eq!((code, log(&desk).as_str()), (Some(1), "first\nlong\n"), "{said}");
    assert!(site.asked() >= 2, "so many bad looks are a break");
}

/// Killed at each of its appends, and the next process too: in the end all is done, and once.
#[test]
fn killed_at_each_append_it_comes_to_the_same_end() {
    let mut killed = 0;
    for number in 1.. {
        let mut was_killed = false;
        for when in ["before", "after"] {
            // Broken from its first look in the run on, for as long as it takes to rest.
            let (desk, site) = (desk(None), Site::failing_at(&[2, 3]));
            desk.write("go", "");
            let (at, url) = (format!("{number}:{when}"), set(&site.url));
            let run = ["rehearsed", "--kill-at-append", &at, "run", "here.yaml", "--set", &url, "--yes"];
            let mut last = types(&desk, &run);
            was_killed |= last.0.is_none();
            for _ in 0..12 {
                if last.0 == Some(0) {
                    break;
                }
                last = types(&desk, &["rehearsed", "--kill-at-append", &at, "resume"]);
                was_killed |= last.0.is_none();
                // From here on it lives as long as it has anything to do.
                if last.0.is_none() {
                    last = types(&desk, &["resume"]);
                }
            }
            assert_eq!((last.0, log(&desk).as_str()), (Some(0), "first\nlong\nlast\n"), "{at}: {}", last.1);
            desk.types("hana", &["log", "--verify"]).exits(0);
        }
        killed += usize::from(was_killed);
        if !was_killed {
            break;
        }
    }
    // Begin, broke, rested, and three effects of three records with an end.
    assert!(killed >= 10, "{killed}");
}

fn holds(folder: &Path, secret: &[u8]) -> bool {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().any(|path| match path.is_dir() {
        true => holds(&path, secret),
        false => std::fs::read(&path).is_ok_and(|bytes| bytes.windows(secret.len()).any(|it| it == secret)),
    })
}

#[test]
fn a_command_is_listed_and_its_secrets_are_shown_nowhere() {
    let desk = desk(None);
    let folder = desk.path("").display().to_string();
    let folder = folder.trim_end_matches('/');
    let probe = format!(
        "    do: probe.holds\n    with: {{ shell: 'echo \"$P\"; test -e {folder}/well', env: {{ P: \"${{{{ inputs.word }}}}\" }} }}\n"
    );
    let text = desk.read("here.yaml");
    let text = text.replace("    do: http.answers\n    with: { url: \"${{ inputs.url }}\" }\n", &probe);
    desk.write("here.yaml", &text.replace("url: { type: url, about: the site }", "word: { type: secret, about: w }"));
    desk.write("inputs.yaml", "word: { env: WORD }\n");
    desk.write("well", "");
    desk.write("go", "");
    let with = |arguments: &[&str]| ended(command(&desk, arguments).env("WORD", "hunter-2-hunter").output().unwrap());
    let (code, said) = with(&["plan", "here.yaml", "--inputs", "inputs.yaml"]);
    assert!(code == Some(0) && said.contains("guard site-up: `sh -euc 'echo"), "{said}");
    assert!(said.contains("not checkable site-up.holds"), "without leave it is not run: {said}");
    std::fs::remove_file(desk.path("well")).unwrap();
    let (code, said) = with(&["plan", "here.yaml", "--inputs", "inputs.yaml", "--allow-commands"]);
    assert!(code == Some(3) && said.contains("REFUSED site-up.holds"), "{said}");
    assert!(!said.contains("hunter"), "{said}");
    desk.write("well", "");
    let later = desk.read("here.yaml").replace("    do: probe.holds", "    from: last\n    do: probe.holds");
    desk.write("here.yaml", &later);
    let (code, said) = with(&["plan", "here.yaml", "--inputs", "inputs.yaml"]);
    assert!(code == Some(0) && !said.contains("guard site-up: `sh"), "no look of a plan runs it: {said}");
    std::fs::remove_file(desk.path("well")).unwrap();
    let (code, said) = with(&["run", "here.yaml", "--inputs", "inputs.yaml", "--yes"]);
    assert!(code == Some(1) && said.contains("guard site-up is broken"), "{said}");
    assert!(!said.contains("hunter") && !holds(&desk.path("state"), b"hunter-2-hunter"), "{said}");
}
