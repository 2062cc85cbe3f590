//! The settings file, and who is told of what: through the whole program.

use crate::support::desk::Desk;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};

const RUNBOOK: &str = r#"runbook: told
title: somebody is told
about: Tries.
inputs:
  key: { type: secret, about: a key }
steps:
  - id: one
    title: down and up
    why: To see.
    actions:
      - { id: down, do: local.run, downtime: begins, with: { argv: ["true"], undo: ["true"] } }
      - { id: work, do: local.run, with: { shell: 'echo "$KEY"; test -e go', env: { KEY: "${{ inputs.key }}" }, cwd: FOLDER, undo: ["true"], repeatable: true } }
      - { id: up, do: local.run, downtime: ends, with: { argv: ["true"], undo: ["true"] } }
      - { id: ask, do: gate.approve, with: { prompt: all well? } }
"#;

fn desk(settings: &str) -> Desk {
    let desk = Desk::new();
    let folder = desk.path("").display().to_string();
    desk.write("told.yaml", &RUNBOOK.replace("FOLDER", folder.trim_end_matches('/')));
    desk.write("runbook.toml", settings);
    desk
}

const KEY: [&str; 2] = ["--set", r#"key={"command":["printf","hunter-2"]}"#];

fn notices(desk: &Desk) -> Vec<Value> {
    let text = std::fs::read_to_string(desk.path("notices")).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A receiver that keeps what it is told, and answers so.
fn hook(answer: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/hook/hunter-3", listener.local_addr().unwrap().port());
    let (told, heard) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut text = String::new();
            let mut bytes = [0; 4096];
            while !text.trim_end().ends_with('}') {
                match stream.read(&mut bytes) {
                    Ok(0) | Err(_) => break,
                    Ok(n) => text.push_str(&String::from_utf8_lossy(&bytes[..n])),
                }
            }
            let _ = stream.write_all(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n").as_bytes());
            let _ = told.send(text);
        }
    });
    (url, heard)
}

#[test]
fn each_occasion_is_told_once_and_nothing_of_a_secret() {
    let desk = desk("[[notify]]\ncommand = [\"sh\", \"-c\", \"cat >>notices; echo >>notices\"]\n");
    let with = |command: &[&str]| desk.types("hana", &[&["--settings", "runbook.toml"], command].concat());
    with(&[&["run", "told.yaml", "--yes"], &KEY[..]].concat()).exits(1);
    let events = |desk: &Desk| -> Vec<String> {
        notices(desk).iter().map(|it| it["event"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(events(&desk), ["downtime-begun", "failure", "rest"]);
    let rest = &notices(&desk)[2];
    assert!(rest["text"].as_str().unwrap().contains("is paused: one/work failed; the site is down"), "{rest}");
    desk.write("go", "");
    with(&["resume", "--yes"]).exits(4);
    assert_eq!(events(&desk)[3..], ["downtime-ended", "gate", "rest"]);
    let asked = notices(&desk)[4]["text"].as_str().unwrap().to_owned();
    assert!(asked.contains("asks: all well? (gate `"), "{asked}");
    let gate = asked.rsplit('`').nth(1).unwrap();
    with(&["approve", gate]).exits(0);
    with(&["resume", "--yes"]).exits(0);
    assert_eq!(events(&desk)[6..], ["finished"]);
    with(&["rollback", "--to", "start", "--yes"]).exits(0);
    assert_eq!(events(&desk)[7..], ["downtime-begun", "downtime-ended", "rest"]);
    let all = desk.read("notices");
    assert!(!all.contains("hunter"), "{all}");
    let records: std::collections::BTreeSet<u64> =
        notices(&desk).iter().map(|it| it["record"].as_u64().unwrap()).collect();
    assert_eq!(records.len(), 10);
}

#[test]
fn a_webhook_is_told_and_one_that_fails_holds_nothing_up() {
    let ((good, heard), (bad, refused)) = (hook("204 No Content"), hook("500 No"));
    let desk = desk(&format!(
        "[[notify]]\non = [\"rest\"]\nwebhook = {{ command = [\"echo\", \"{good}\"] }}\n[[notify]]\non = [\"rest\"]\nwebhook = \"{bad}\"\n"
    ));
    let arguments = [&["--settings", "runbook.toml", "run", "told.yaml", "--yes"], &KEY[..]].concat();
    let mut run = std::process::Command::new(env!("CARGO_BIN_EXE_runbook"));
    // Its waits are shortened, as in a rehearsal.
    let ran =
        desk.dressed(&mut run).current_dir(desk.path("")).env("RUNBOOK_PACE", "50").args(arguments).output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    let told = heard.recv().unwrap();
    assert!(told.contains("\"event\":\"rest\"") && told.to_lowercase().contains("idempotency-key: r"), "{told}");
    assert_eq!(refused.try_iter().count(), 4, "it is tried again");
    let said = String::from_utf8(ran.stderr).unwrap();
    assert!(said.contains("note: webhook http://127.0.0.1:") && said.contains("it answers 500"), "{said}");
    assert!(!said.contains("hunter-3"), "the address may be a secret: {said}");
}

#[test]
fn the_settings_are_shown_with_where_they_come_from() {
    let desk = desk(
        "state = \"elsewhere\"\npoll_interval = \"3s\"\n[[notify]]\non = [\"rest\"]\ncommand = [\"sh\", \"-c\", \"cat >notices\"]\n",
    );
    let shown = desk.types("hana", &["--settings", "runbook.toml", "settings"]).exits(0).stdout;
    assert!(shown.contains("poll_interval  3 s  (the settings file)"), "{shown}");
    assert!(shown.contains("ssh_config     ~/.ssh/config  (comes with the tool)"), "{shown}");
    assert!(shown.contains("command `sh`: rest"), "{shown}");
    let typed = ["--settings", "runbook.toml", "--poll-interval", "2s", "--format", "json", "settings"];
    let shown: Value = serde_json::from_str(&desk.types("hana", &typed).exits(0).stdout).unwrap();
    assert_eq!(shown["settings"]["poll_interval"]["from"], "typed, or the environment");
    desk.types("hana", &["--settings", "runbook.toml", "settings", "--try-notify"]).exits(0).says("told: command `sh`");
    assert!(desk.read("notices").contains("this is a try"));
}

#[test]
fn a_file_that_others_can_write_is_not_used() {
    let desk = desk("poll_interval = \"3s\"\n");
    let set =
        |mode| std::fs::set_permissions(desk.path("runbook.toml"), std::fs::Permissions::from_mode(mode)).unwrap();
    set(0o666);
    let refused = desk.types("hana", &["--settings", "runbook.toml", "runs"]).exits(2);
    assert!(refused.stderr.contains("others can write") && refused.stderr.contains("chmod go-w"), "{}", refused.stderr);
    set(0o644);
    desk.write("runbook.toml", "pol_interval = \"3s\"\n");
    let refused = desk.types("hana", &["--settings", "runbook.toml", "runs"]).exits(2);
    assert!(refused.stderr.contains("unknown field `pol_interval`"), "{}", refused.stderr);
    desk.types("hana", &["--settings", "none.toml", "runs"]).exits(2).says("cannot be read");
    // Whoever asks for help gets it.
    desk.types("hana", &["--settings", "runbook.toml", "list"]).exits(0);
}
