//! A runbook of commands on this machine, through the whole program: judged, planned, run, killed, found again and taken back.

use crate::support::desk::Desk;
use serde_json::Value;
use std::time::{Duration, Instant};

const RUNBOOK: &str = r#"runbook: here
title: commands here
about: Tries.
inputs:
  word: { type: string, about: a word }
  key: { type: secret, about: a key }
steps:
  - id: one
    title: count and put
    why: To see.
    actions:
      - id: count
        do: local.run
        with: { shell: "echo x >>looked; echo 4711", reads: true, cwd: "FOLDER", outputs: { rows: { type: int } } }
      - id: put
        do: local.run
        usually: 7m
        deadline: 20m
        with:
          shell: |
            echo x >>begun
            sleep 2
            echo "$WORD" >out
            echo "key $KEY"
          cwd: FOLDER
          env: { WORD: "${{ inputs.word }}", KEY: "${{ inputs.key }}" }
          undo: rm out
      - id: same
        do: local.run
        with:
          argv: [echo, "${{ steps.one.count.rows }}"]
          reads: true
          expect: { equals: "${{ steps.one.count.rows }}" }
"#;

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write("here.yaml", &RUNBOOK.replace("FOLDER", desk.path("").display().to_string().trim_end_matches('/')));
    desk.write("key.sh", "#!/bin/sh\nprintf 'hunter-2'\n");
    desk
}

const GIVEN: [&str; 4] = ["--set", "word=it's", "--set", r#"key={"command":["sh","key.sh"]}"#];

fn types(desk: &Desk, command: &[&str]) -> crate::support::desk::Ran {
    desk.types("hana", &[command, &GIVEN].concat())
}

fn lines(desk: &Desk, name: &str) -> usize {
    std::fs::read_to_string(desk.path(name)).unwrap_or_default().lines().count()
}

/// A run that is given up leaves nothing running: the command is ended with all its processes, and that is said.
#[test]
fn a_run_that_is_abandoned_ends_its_command() {
    let desk = Desk::new();
    let folder = desk.path("").display().to_string().trim_end_matches('/').to_owned();
    desk.write(
        "long.yaml",
        &format!(
            "runbook: long\ntitle: t\nabout: a\nsteps:\n  - id: one\n    title: t\n    why: w\n    actions:\n      - {{ id: long, do: local.run, \
             with: {{ shell: \"sleep 300 & echo $! >child; wait\", cwd: \"{folder}\", undo: \":\" }} }}\n"
        ),
    );
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_runbook"));
    desk.dressed(&mut command).args(["run", "long.yaml", "--yes"]);
    let quiet = std::process::Stdio::null;
    let mut executor = command.stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    let child = loop {
        if let Ok(child) = std::fs::read_to_string(desk.path("child")).unwrap_or_default().trim().parse::<u32>() {
            break child;
        }
        assert!(Instant::now() < end, "it does not begin");
        std::thread::sleep(Duration::from_millis(20));
    };
    executor.kill().unwrap();
    executor.wait().unwrap();
    let runs = |pid: u32| std::path::Path::new(&format!("/proc/{pid}/cmdline")).exists();
    assert!(runs(child), "it runs on without its executor");
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    let ended = desk.types("hana", &["abandon", &run, "--reason", "not tonight", "--yes"]).exits(0);
    let ended = ended.says("one/long: it still ran, and was ended with all its processes");
    let after = ended.stdout.split("was ended with all its processes").nth(1).unwrap();
    assert!(!after.contains("may still run"), "{after}");
    assert!(!runs(child), "nothing of it is left");
    // What it said before it was ended is for who looks into it: what did not come to a good end is kept.
    assert!(kept(&desk).contains(&"out".to_owned()), "{:?}", kept(&desk));
}

/// What a command has left running in its group is ended when it is taken back, also when its run was finished long ago; and before it
/// is begun once more.
#[test]
fn what_a_command_leaves_running_is_ended_with_it() {
    let desk = Desk::new();
    let folder = desk.path("").display().to_string().trim_end_matches('/').to_owned();
    let text = |more: &str, end: &str| {
        format!(
            "runbook: left\ntitle: t\nabout: a\nsteps:\n  - id: one\n    title: t\n    why: w\n    actions:\n      - {{ id: it, do: local.run, \
             {more} with: {{ shell: \"sleep 300 >/dev/null 2>&1 & echo $! >>children; {end}\", cwd: \"{folder}\", undo: \":\" }} }}\n"
        )
    };
    let runs = |child: &str| std::path::Path::new(&format!("/proc/{child}/cmdline")).exists();
    desk.write("left.yaml", &text("", "true"));
    desk.types("hana", &["run", "left.yaml", "--yes"]).exits(0);
    let child = desk.read("children").trim().to_owned();
    assert!(runs(&child), "it is left running, as it was meant");
    desk.types("hana", &["rollback", "--to", "start", "--yes"])
        .exits(0)
        .says("what it had left behind still ran and was ended");
    assert!(!runs(&child));
    let again = text("retry: { attempts: 3, first: 100ms, most: 100ms },", "[ $(wc -l <children) -gt 2 ] || exit 75");
    desk.write("left.yaml", &again.replace("undo:", "retry_on: [75], undo:"));
    desk.types("hana", &["run", "left.yaml", "--yes"]).exits(0);
    let children: Vec<String> = desk.read("children").lines().map(str::to_owned).collect();
    assert_eq!(
        children.iter().map(|child| runs(child)).collect::<Vec<_>>(),
        [false, false, true],
        "one after the other"
    );
    let run = desk.runs()[0]["run"].as_str().unwrap().to_owned();
    desk.types("hana", &["rollback", &run, "--to", "start", "--yes"]).exits(0);
    assert!(!runs(&children[2]));
}

/// What is to be typed next is what would not be refused: as far back as there is a way, and of a command that failed, a person's word.
#[test]
fn what_is_typed_next_is_what_can_be() {
    let desk = Desk::new();
    let head = "runbook: next\ntitle: t\nabout: a\nsteps:\n  - id: one\n    title: t\n    why: w\n    actions:\n      ";
    desk.write(
        "next.yaml",
        &format!("{head}- {{ id: a, do: local.run, irreversible: it is sent, with: {{ argv: [\"true\"] }} }}\n"),
    );
    let ended = desk.types("hana", &["run", "next.yaml", "--yes"]).exits(0);
    assert!(!ended.stdout.contains("--to start"), "{}", ended.stdout);
    desk.write("next.yaml", &format!("{head}- {{ id: a, do: local.run, with: {{ shell: exit 3, undo: \":\" }} }}\n"));
    let failed = desk.types("hana", &["run", "next.yaml", "--yes"]).exits(1);
    let failed =
        failed.says("--as not-done").says("it is begun once more only where somebody says that nothing of it is there");
    assert!(!failed.stdout.contains("tries it again"), "{}", failed.stdout);
}

/// Another user's command is that user's, and what it leaves is kept by root; for who is not root that takes `sudo`.
#[test]
fn a_command_runs_as_another_user() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let desk = Desk::new();
    desk.write(
        "user.yaml",
        "runbook: user\ntitle: t\nabout: a\nsteps:\n  - id: one\n    title: t\n    why: w\n    actions:\n      \
         - { id: it, do: local.run, with: { user: nobody, shell: \"id -un; pwd\", reads: true, expect: { equals: \"nobody\\n/\" } } }\n",
    );
    desk.types("hana", &["run", "user.yaml", "--yes"])
        .exits(0)
        .says("look by `sh -euc 'id -un; pwd'` on this machine as nobody");
    let text = desk.read("user.yaml").replace("user: nobody", "user: nobody, sudo: true");
    desk.write("user.yaml", &text);
    desk.types("hana", &["validate", "user.yaml"]).exits(2).says("has both `sudo` and `user`");
}

/// Where a secret is taken from is the operator's to say: a runbook's own default could take any, and send it anywhere.
#[test]
fn a_secret_that_the_runbook_takes_for_itself_is_asked_for() {
    let desk = desk();
    let text = desk
        .read("here.yaml")
        .replace("{ type: secret, about: a key }", "{ type: secret, about: a key, default: { env: HOME } }");
    desk.write("here.yaml", &text);
    let word = ["plan", "here.yaml", "--set", "word=x"];
    desk.types("hana", &word).exits(3).says("your environment variable `HOME`").says("--allow-commands");
    desk.types("hana", &[&word[..], &["--allow-commands"]].concat()).exits(0);
    desk.types("hana", &[&word[..], &["--set", r#"key={"command":["sh","key.sh"]}"#]].concat()).exits(0);
}

#[test]
fn a_plan_runs_the_authors_commands_only_where_that_is_allowed() {
    let desk = desk();
    let plan = types(&desk, &["plan", "here.yaml"]).exits(0);
    assert!(plan.stderr.contains("one/count: look by `sh -euc 'echo x") && plan.stderr.contains("--allow-commands"));
    assert!(plan.stdout.contains("now: not run: "), "{}", plan.stdout);
    assert_eq!(lines(&desk, "looked"), 0);
    let plan = types(&desk, &["plan", "here.yaml", "--allow-commands", "--out", "plan.json"]).exits(0);
    assert!(plan.stdout.contains("now: exit status 0: 4711") && !plan.stderr.contains("note:"), "{}", plan.stderr);
    assert!(plan.stdout.contains("usually 7 min (as the runbook says, and defaults)"), "{}", plan.stdout);
    assert_eq!((lines(&desk, "looked"), lines(&desk, "begun")), (1, 0));
    // It is part of what is signed, and a run of that plan needs no more.
    let saved: Value = serde_json::from_str(&desk.read("plan.json")).unwrap();
    assert_eq!(saved["plan"]["commands_allowed"], true);
    desk.types("hana", &["run", "--plan", "plan.json", "--yes"]).exits(0);
    assert_eq!((lines(&desk, "looked"), lines(&desk, "begun")), (3, 1));
}

/// What somebody says yes to is listed whole: the lines of scripts, of checks and of probes; and so the plan has what it would run.
#[test]
fn scripts_are_read_whole_before_anybody_says_yes() {
    let desk = Desk::new();
    desk.write(
        "whole.yaml",
        "runbook: whole\ntitle: t\nabout: a\npreflight:\n  - { id: pre, do: probe.holds, with: { shell: \"echo 1\\ntouch pre\" } }\n\
         steps:\n  - id: one\n    title: t\n    why: w\n    actions:\n      \
         - { id: a, do: local.run, with: { reads: true, shell: \"echo 1\\ntouch read\" } }\n      \
         - { id: b, do: local.run, with: { shell: \"echo 1\\ntouch b\", check: \"echo 1\\ntouch check\", undo: \"echo 1\\ntouch undo\" } }\n      \
         - { id: c, do: wait.for, with: { shell: \"echo 1\\ntouch wait\" } }\n      \
         - { id: d, do: local.run, irreversible: it is sent, with: { argv: [echo, mail] } }\n",
    );
    let plan = desk.types("hana", &["plan", "whole.yaml"]).exits(0);
    for line in ["touch pre", "touch read", "touch check", "touch wait"] {
        assert!(plan.stderr.contains(&format!("    | {line}\n")), "{line}: {}", plan.stderr);
    }
    for line in ["| touch read", "  touch b", "| touch check", "| touch undo", "| touch wait"] {
        assert!(plan.stdout.contains(&format!("{line}\n")), "{line}: {}", plan.stdout);
    }
    let plan = plan.says("POINT OF NO RETURN").says("1 action cannot be undone");
    assert!(plan.stdout.contains("`one/d` cannot be undone: it is sent. Once step 1 is done"), "{}", plan.stdout);
}

#[test]
fn a_person_at_a_terminal_is_asked() {
    let desk = desk();
    desk.write("inputs.yaml", "word: a\nkey: { command: [sh, key.sh] }\n");
    let plan = |answer: &str| {
        let asked = desk.types_at_a_terminal("hana", &["plan", "here.yaml", "--inputs", "inputs.yaml"]);
        asked.shows("would be run now").answers(answer)
    };
    plan("no").exits(0).says("now: not run: ");
    assert_eq!(lines(&desk, "looked"), 0);
    plan("yes").exits(0).says("now: exit status 0: 4711");
    assert_eq!(lines(&desk, "looked"), 1);
}

#[test]
fn a_default_that_names_a_program_for_a_secret_waits_for_a_yes() {
    let desk = desk();
    let text = desk.read("here.yaml");
    let own =
        text.replace("about: a key }", "about: a key, default: { command: [sh, -c, 'echo x >>stolen; echo k'] } }");
    desk.write("here.yaml", &own);
    let refused = desk.types("hana", &["plan", "here.yaml", "--set", "word=a"]).exits(3);
    assert!(
        refused.stderr.contains("input `key`: what `sh -c 'echo x >>stolen; echo k'` prints"),
        "{}",
        refused.stderr
    );
    assert_eq!(lines(&desk, "stolen"), 0);
    desk.types("hana", &["plan", "here.yaml", "--set", "word=a", "--allow-commands"]).exits(0);
    assert!(lines(&desk, "stolen") > 0);
    // The operator's own program is the operator's word.
    types(&desk, &["plan", "here.yaml"]).exits(0);
}

#[test]
fn a_killed_executor_leaves_it_running_and_the_next_one_joins_it() {
    let desk = desk();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_runbook"));
    desk.dressed(&mut command).current_dir(desk.path("")).args(["run", "here.yaml", "--yes"]).args(GIVEN);
    command.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut executor = command.spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while lines(&desk, "begun") == 0 {
        assert!(Instant::now() < end, "it does not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    executor.kill().unwrap();
    executor.wait().unwrap();
    desk.types("hana", &["resume", "--yes"]).exits(0);
    assert_eq!((lines(&desk, "begun"), desk.read("out").as_str()), (1, "it's\n"));
    let log = desk.types("hana", &["log"]).exits(0);
    assert!(log.stdout.contains("key (secret)") && !log.stdout.contains("hunter"), "{}", log.stdout);
    for entry in walk(&desk.path("")) {
        let bytes = std::fs::read(&entry).unwrap();
        let holds = bytes.windows(8).any(|it| it == b"hunter-2");
        assert!(!holds || entry.ends_with("key.sh"), "{}", entry.display());
    }
    // Of its commands nothing is left but that they were begun; the way back knows it.
    assert_eq!(kept(&desk), ["begun", "begun", "begun"]);
    desk.types("hana", &["rollback", "--to", "start", "--yes"]).exits(0);
    assert!(!desk.path("out").exists());
    assert_eq!(kept(&desk), ["begun", "begun", "begun", "begun"], "and its undo");
    assert_eq!(walk(&desk.path("")).iter().filter(|entry| entry.ends_with("input")).count(), 0);
}

/// The files that are kept of commands.
fn kept(desk: &Desk) -> Vec<String> {
    let kept =
        walk(&desk.path("")).into_iter().filter(|entry| entry.components().any(|it| it.as_os_str() == "commands"));
    kept.map(|entry| entry.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|entry| if entry.is_dir() { walk(&entry) } else { vec![entry] })
        .filter(|it| it.is_file())
        .collect()
}

#[test]
fn what_is_wrong_with_a_command_is_told_before_anything_runs() {
    let desk = Desk::new();
    let told = |with: &str, more: &str| {
        desk.write(
            "wrong.yaml",
            &format!(
                "runbook: wrong\ntitle: t\nabout: a\ninputs:\n  n: {{ type: int, about: n }}\n  s: {{ type: secret, about: s }}\n\
                 steps:\n  - id: one\n    title: t\n    why: w\n    actions:\n      - {{ id: a, do: local.run, {more} with: {with} }}\n"
            ),
        );
        let ran = desk.types("hana", &["validate", "wrong.yaml"]);
        ran.stderr
    };
    let undone = "undo: [echo]";
    for (with, more, says) in [
        (format!("{{ {undone} }}"), "", "has no command"),
        (format!("{{ argv: [a], shell: a, {undone} }}"), "", "both `argv` and `shell`"),
        (format!("{{ shell: \"echo ${{{{ inputs.n }}}}\", {undone} }}"), "", "`env: { NAME: ... }`"),
        (format!("{{ argv: [a, \"${{{{ inputs.s }}}}\"], {undone} }}"), "", "a secret can only stand"),
        (format!("{{ argv: [a, 0x10], {undone} }}"), "", "put it in quotes"),
        (format!("{{ argv: [a], env: {{ UID: 5 }}, {undone} }}"), "", "shells set themselves"),
        (format!("{{ argv: [a], env: {{ 1A: 5 }}, {undone} }}"), "", "no name of an environment variable"),
        ("{ argv: [a], reads: true, undo: [a] }".to_owned(), "", "only looks"),
        ("{ argv: [a] }".to_owned(), "", "cannot be undone"),
        ("{ argv: [a], reads: true }".to_owned(), "irreversible: so,", "a rollback can pass it"),
        ("{ argv: [a], reads: true, outputs: { A: {} } }".to_owned(), "", "no name of an output"),
        ("{ argv: [a], reads: true, outputs: { a: { jsn: /x } } }".to_owned(), "", "unknown field `jsn`"),
        ("{ argv: [a], reads: true, expect: { stdout: \"(\" } }".to_owned(), "", "no regular expression"),
        ("{ argv: [a], reads: true, retry_on: [0] }".to_owned(), "", "exit status, 1 to 255"),
        ("{ argv: [a], reads: true, every: 5 }".to_owned(), "", "a duration like `30s`"),
        (
            "{ argv: [a], reads: true, timeout: 5s }".to_owned(),
            "",
            "here it is called `deadline`, and said of the action",
        ),
        ("{ command: [a], reads: true }".to_owned(), "", "here it is called `argv`"),
        ("{ argv: [a], reads: true }".to_owned(), "usually: 2h,", "counts as failed after 600 s"),
        ("{ argv: [a], reads: true, check: \"x ${{ inputs.n }}\" }".to_owned(), "", "a text with references"),
    ] {
        let told = told(&with, more);
        assert!(told.contains(says), "{with}: {told}");
    }
    for (theirs, ours) in
        [("file.line", "file.edit"), ("file.copy", "file.upload"), ("shell", "ssh.run"), ("wait", "wait.for")]
    {
        let text = desk.read("wrong.yaml").replace("do: local.run", &format!("do: {theirs}"));
        desk.write("theirs.yaml", &text.replace("runbook: wrong", "runbook: theirs"));
        desk.types("hana", &["validate", "theirs.yaml"]).exits(2).says(&format!("here that is `{ours}`"));
    }
}
