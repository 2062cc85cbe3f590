//! Runbooks that are rehearsed on a world file: one that comes with the tool, and one of one's own.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const RUNBOOK: &str = env!("CARGO_BIN_EXE_runbook");

fn rehearse(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(RUNBOOK);
    command.args(["--format", "json", "rehearse"]).args(arguments).current_dir(folder).env("TMPDIR", folder);
    command.output().unwrap()
}

/// All rows of the verdict: what, and whether it is so.
fn rows(output: &Output) -> Vec<(String, bool)> {
    let events = String::from_utf8_lossy(&output.stdout).into_owned();
    let verdict = events.lines().rev().find_map(|line| {
        let event: Value = serde_json::from_str(line).ok()?;
        (event["event"] == "verdict").then_some(event)
    });
    let verdict = verdict.unwrap_or_else(|| panic!("no verdict: {}", String::from_utf8_lossy(&output.stderr)));
    let parts = verdict["report"]["parts"].as_array().unwrap();
    let rows = parts.iter().flat_map(|part| part["rows"].as_array().unwrap());
    rows.map(|row| (format!("{}: {}", row["what"].as_str().unwrap(), row["seen"].as_str().unwrap()), row["ok"] == true))
        .collect()
}

fn all_hold(output: &Output) {
    let wrong: Vec<(String, bool)> = rows(output).into_iter().filter(|(_, ok)| !ok).collect();
    assert!(wrong.is_empty() && output.status.success(), "{wrong:#?}");
}

fn has(output: &Output, what: &str) -> bool {
    rows(output).iter().any(|(row, ok)| *ok && row.starts_with(what))
}

/// Rehearses a runbook that comes with the tool there and back to the start, killed at each of its points but those of a step that
/// finds everything done.
fn there_and_back(name: &str, (actions, found_done): (usize, &str), holds: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let listed = Command::new(RUNBOOK)
        .args(["rehearse", name, "--rollback-to", "start", "--list-kill-points"])
        .output()
        .unwrap();
    let points = String::from_utf8(listed.stdout).unwrap();
    let points = points.lines().filter(|point| found_done.is_empty() || !point.starts_with(found_done));
    let kills: Vec<&str> = points.flat_map(|point| ["--kill", point]).collect();
    let output = rehearse(folder.path(), &[&[name, "--rollback-to", "start"], kills.as_slice()].concat());
    all_hold(&output);
    // Before and after each effect, on each way.
    let all = format!("killed by SIGKILL at every point asked for: {0} of {0}", 2 * actions);
    assert_eq!(rows(&output).into_iter().filter(|(row, _)| *row == all).count(), 2, "{all}: {:#?}", rows(&output));
    assert!(holds.iter().all(|what| has(&output, what)), "{:#?}", rows(&output));
}

#[test]
fn the_release_goes_there_and_back_killed_at_every_point() {
    there_and_back("release", (8, ""), &["app-2 runs the new release", "app-1 is as at the start"]);
}

#[test]
fn certificates_are_replaced_one_by_one_killed_at_every_point_and_no_visitor_is_turned_away() {
    there_and_back(
        "certificate-rolling",
        (15, ""),
        &["web-3 shows it", "no visitor was turned away", "web-3 is as at"],
    );
}

#[test]
fn a_database_moves_there_and_back_killed_at_every_point() {
    there_and_back("postgres-move", (10, ""), &["all rows are there, new ones after them", "db-2 is as at the start"]);
}

#[test]
fn logs_are_collected_and_not_any_more_killed_at_every_point() {
    // The world has the packages.
    there_and_back("central-logs", (15, "packages/"), &["all four are on the log host", "web-2 is as at the start"]);
}

/// The other way to do what the flagship does: the site answers all the time, whatever is killed.
#[test]
fn the_flagship_online_goes_there_and_back_killed_at_every_point_and_the_site_is_never_down() {
    let holds = [
        "the site answered all the time",
        "two servers of the smaller type run in two zones",
        "exactly one target group",
        "both targets healthy by the balancer's own check",
        "cron is active on web-1",
        "cron is hidden on web-2",
        "nextcloud-web-1 is as at the start",
        "the account is as at the start",
    ];
    there_and_back("single-to-ha-online", (46, ""), &holds);
}

#[test]
fn the_release_is_killed_at_its_appends_with_both_servers_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["release", "--rollback-to", "start", "--order", "overlap", "--kill-at-appends"];
    all_hold(&rehearse(folder.path(), &options));
}

const OWN: &str = "runbook: own\ntitle: t\nabout: a\ninputs:\n  text: { type: string, about: t }\n  at: { type: string, about: a }\n\
                   targets:\n  app: { host: app-1 }\nsteps:\n  - id: one\n    title: t\n    why: w\n    actions:\n      \
                   - { id: write, do: file.write, with: { on: app, path: /etc/app/app.conf, content: \"${{ inputs.text }} ${{ inputs.at }}\" } }\n      \
                   - { id: leave, do: ssh.run, with: { on: app, sudo: true, shell: LEAVES, undo: \":\" } }\n";

fn own(folder: &Path, leaves: &str, world: &str) {
    std::fs::write(folder.join("own.yaml"), OWN.replace("LEAVES", leaves)).unwrap();
    std::fs::write(folder.join("own.world.yaml"), world).unwrap();
}

/// What would run on this machine, and not on a host of the lab, is listed and asked for.
#[test]
fn what_runs_here_is_run_only_where_somebody_allows_it() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let here = format!(
        "      - {{ id: here, do: local.run, with: {{ shell: \"echo x >>{}\", undo: \":\" }} }}\n",
        mark.display()
    );
    own(
        folder.path(),
        "\":\"",
        "hosts: { app-1: { files: { /etc/app/app.conf: x } } }\noperator: [\"touch made\"]\ninputs: { text: a, at: b }\n",
    );
    let text = std::fs::read_to_string(folder.path().join("own.yaml")).unwrap() + &here;
    std::fs::write(folder.path().join("own.yaml"), text).unwrap();
    let refused = rehearse(folder.path(), &["own.yaml"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(
        said.contains("action one/here (`local.run`)") && said.contains("the world's `operator`: touch made"),
        "{said}"
    );
    assert!(!mark.exists());
    all_hold(&rehearse(folder.path(), &["own.yaml", "--allow-commands"]));
    assert!(mark.exists());
}

/// What `init` writes is rehearsed there and back as it is.
#[test]
fn a_first_runbook_is_rehearsed_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let init = |arguments: &[&str]| {
        Command::new(RUNBOOK).arg("init").args(arguments).current_dir(folder.path()).output().unwrap()
    };
    let hosts = ["--host", "web-1.example.org", "--host", "10.9.8.7"];
    assert!(init(&[&["first.yaml"], &hosts[..]].concat()).status.success());
    let output = rehearse(folder.path(), &["first.yaml", "--rollback-to", "start"]);
    all_hold(&output);
    assert!(has(&output, "it is noted on host-2") && has(&output, "web-1 is as at the start"), "{:#?}", rows(&output));
    // Neither file is overwritten, nor one of them left alone.
    std::fs::remove_file(folder.path().join("first.yaml")).unwrap();
    let again = init(&[&["first.yaml"], &hosts[..]].concat());
    assert!(String::from_utf8_lossy(&again.stderr).contains("`first.world.yaml` is there already"));
    assert!(!folder.path().join("first.yaml").exists());
    let nowhere = init(&[&["sub/first.yaml"], &hosts[..]].concat());
    assert!(String::from_utf8_lossy(&nowhere.stderr).contains("mkdir -p sub"), "{nowhere:?}");
}

#[test]
fn what_does_not_hold_and_what_does_not_come_back_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let world = "hosts:\n  app-1:\n    files: { /etc/app/app.conf: \"old\\n\" }\ninputs: { text: new, at: \"${host.app-1.address}\" }\nafter:\n  \
                 - { on: app-1, run: cut -d. -f1 /etc/app/app.conf, prints: new 10, what: it is written }\nalways:\n  \
                 - { on: app-1, run: \"find /var/lib/runbook -mindepth 1 ! -path '*.closed*'\", prints: \"\", what: no command has left anything }\n";
    own(folder.path(), "\":\"", world);
    let output = rehearse(folder.path(), &["own.yaml", "--rollback-to", "start"]);
    all_hold(&output);
    assert!(has(&output, "it is written") && has(&output, "app-1 is as at the start"));
    assert!(has(&output, "no command has left anything"), "{:#?}", rows(&output));
    // One that leaves a file behind, and one that does not do what it is to.
    own(folder.path(), "touch /etc/app/left", world);
    let output = rehearse(folder.path(), &["own.yaml", "--rollback-to", "start"]);
    let wrong: Vec<(String, bool)> = rows(&output).into_iter().filter(|(_, ok)| !ok).collect();
    assert!(output.status.code() == Some(1) && wrong.len() == 1, "{wrong:?}");
    assert!(wrong[0].0.starts_with("app-1 is as at the start: + file 644 0:0 /etc/app/left "), "{wrong:?}");
    // And one in a place that the world file does not name.
    own(folder.path(), "useradd left", world);
    let output = rehearse(folder.path(), &["own.yaml", "--rollback-to", "start"]);
    let wrong: Vec<(String, bool)> = rows(&output).into_iter().filter(|(_, ok)| !ok).collect();
    assert!(wrong.len() == 1 && wrong[0].0.contains("/etc/passwd"), "{wrong:?}");
    own(folder.path(), "echo other >/etc/app/app.conf", world);
    let output = rehearse(folder.path(), &["own.yaml"]);
    assert!(
        output.status.code() == Some(1)
            && rows(&output).iter().any(|(row, ok)| !ok && row.starts_with("it is written"))
    );
    // For a person what failed stands once more below the verdict, and what the hosts wrote of themselves is kept.
    let mut command = Command::new(RUNBOOK);
    let output =
        command.args(["rehearse", "own.yaml"]).current_dir(folder.path()).env("TMPDIR", folder.path()).output();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let below = said.split_once("verdict: failed, ").unwrap_or_else(|| panic!("{said}")).1;
    assert!(below.contains("after the run: it is written"), "{said}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let kept = told.split_once("the lab's files are in ").unwrap_or_else(|| panic!("{told}")).1;
    let journal = Path::new(kept.trim()).join("logs/journal-app-1.log");
    let journal = std::fs::read_to_string(&journal).unwrap_or_else(|e| panic!("{}: {e}", journal.display()));
    assert!(journal.contains("Server listening"), "{journal}");
}

const UNITS: &str = r#"runbook: units
title: a service of one's own
about: Its unit comes, is started at boot too, and changes.
targets: { app: { host: app-1 } }
steps:
  - id: tick
    title: start it
    why: It is new.
    actions:
      - id: unit
        do: file.write
        with:
          on: app
          path: /etc/systemd/system/tick.service
          content: |
            [Service]
            ExecStart=/bin/sleep 1000
            [Install]
            WantedBy=multi-user.target
      - { id: start, do: service.start, with: { on: app, service: tick, enable: true } }
  - id: change
    title: change how it is started
    why: systemd warns of a unit that it has not read anew, and starts it as it was.
    actions:
      - id: longer
        do: file.edit
        with: { on: app, path: /etc/systemd/system/tick.service, replace: [{ text: sleep 1000, with: sleep 2000 }], restart: tick }
      - id: longest
        do: file.edit
        with: { on: app, path: /etc/systemd/system/tick.service, replace: [{ text: sleep 2000, with: sleep 3000 }] }
      - { id: again, do: service.restart, with: { on: app, service: tick } }
"#;

/// A real systemd knows a unit as its file is now, on each way, and has it start at boot as long as the run says so.
#[test]
fn a_unit_is_as_its_file_says_killed_at_every_point() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("units.yaml"), UNITS).unwrap();
    let runs = |seconds: &str| {
        format!(
            "test \"$(tr '\\0' ' ' </proc/$(systemctl show -p MainPID --value tick)/cmdline)\" = '/bin/sleep {seconds} '"
        )
    };
    let world = format!(
        "hosts: {{ app-1: {{}} }}\nafter:\n  - {{ on: app-1, what: it starts at boot, run: systemctl is-enabled tick, prints: enabled, since: tick/start }}\n  \
         - on: app-1\n    what: it runs as its file says\n    run: |\n      {}\n    since: change/again\n  \
         - on: app-1\n    what: it runs as its first file said\n    run: |\n      {}\n    since: tick/start\n    until: change/longer\n",
        runs("3000"),
        runs("1000")
    );
    std::fs::write(folder.path().join("units.world.yaml"), world).unwrap();
    for to in ["tick", "start"] {
        let points: Vec<String> = ["tick/unit", "tick/start", "change/longer", "change/longest"]
            .iter()
            .flat_map(|action| [format!("{action}:before"), format!("{action}:after")])
            .collect();
        let kills: Vec<&str> = points.iter().flat_map(|point| ["--kill", point.as_str()]).collect();
        let output = rehearse(folder.path(), &[&["units.yaml", "--rollback-to", to], kills.as_slice()].concat());
        all_hold(&output);
        assert!(has(&output, "it starts at boot") && has(&output, "it runs as its file says"), "{:#?}", rows(&output));
        let back = if to == "start" { "app-1 is as at the start" } else { "it runs as its first file said" };
        assert!(has(&output, back), "{:#?}", rows(&output));
    }
}

#[test]
fn a_runbook_without_a_world_is_told_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let told = |arguments: &[&str]| {
        let output = rehearse(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    std::fs::write(folder.path().join("own.yaml"), OWN.replace("LEAVES", "\":\"")).unwrap();
    let said = told(&["own.yaml"]);
    assert!(said.contains("own.world.yaml") && said.contains("--world FILE"), "{said}");
    own(folder.path(), "\":\"", "hosts: { app-1: { fils: {} } }\n");
    assert!(told(&["own.yaml"]).contains("unknown field `fils`"));
    own(folder.path(), "\":\"", "hosts: { app-1: {} }\ninputs: { text: a }\n");
    assert!(told(&["own.yaml"]).contains("input `at` is missing"));
    // One that comes with the tool may be given another world.
    assert!(told(&["restart-web-node", "--world", "own.world.yaml"]).contains("input `region` is missing"));
    own(
        folder.path(),
        "\":\"",
        "hosts: { app-1: {} }\ninputs: { text: a, at: b }\nafter: [{ on: app-1, run: x, since: one/wirte }]\n",
    );
    let said = told(&["own.yaml"]);
    assert!(
        said.contains("the runbook has no action `one/wirte`") && said.contains("did you mean `one/write`?"),
        "{said}"
    );
    assert!(said.contains("\"line\":3"), "{said}");
    // What can never be looked at would look like what held.
    own(
        folder.path(),
        "\":\"",
        "hosts: { app-1: {} }\ninputs: { text: a, at: b }\nafter: [{ on: app-1, run: x, since: one/leave, until: one/write }]\n",
    );
    assert!(told(&["own.yaml"]).contains("`one/write` is done whenever what `since` says is"));
    own(folder.path(), "\":\"", "hosts: { app-1: {} }\ninputs: { text: a, at: b }\nafter: [{ on: app-2, run: x }]\n");
    assert!(told(&["own.yaml"]).contains("this world has no host `app-2`"));
    // An input is judged where it stands, and a host that the world lacks is told before the lab is made.
    own(folder.path(), "\":\"", "hosts: { app-1: {} }\ninputs:\n  text: a\n  at: b\n  txet: c\n");
    let said = told(&["own.yaml"]);
    assert!(said.contains("unknown input `txet`") && said.contains("\"line\":5"), "{said}");
    own(folder.path(), "\":\"", "hosts: { app-1: {} }\ninputs: { text: a, at: app-9 }\n");
    std::fs::write(
        folder.path().join("own.yaml"),
        OWN.replace("LEAVES", "\":\"").replace("host: app-1", "host: \"${{ inputs.at }}\""),
    )
    .unwrap();
    let said = told(&["own.yaml"]);
    assert!(said.contains("is the host `app-9`, which this world does not have"), "{said}");
    assert!(said.contains("did you mean `app-1`?") && said.contains("\"line\":2"), "{said}");
    // All is told at once.
    own(
        folder.path(),
        "\":\"",
        "hosts: { app-1: { fils: {} } }\npackges: [x]\ninputs: { text: a, at: app-1 }\nafter: [{ on: app-1, runs: x }]\n",
    );
    let said = told(&["own.yaml"]);
    assert!(said.matches("\"message\"").count() == 3 && said.contains("did you mean `packages`?"), "{said}");
    own(folder.path(), "\":\"", "hosts: { app-1: {} }\ninputs: { text: a, at: b }\n");
    assert!(told(&["own.yaml", "--fault", "no-room"]).contains("no fault `no-room` in this world"));
}
