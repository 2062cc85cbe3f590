//! A journal that cannot be written, and what must never be in it.

use super::in_regions;
use super::operator::RUN;
use crate::support::region::{Lab, eventually, region};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

in_regions! {
    "journals":
    a_full_disk_stops_the_run,
    a_journal_that_goes_away_stops_the_run,
    a_journal_that_cannot_be_written_begins_nothing,
    no_secret_is_kept_or_shown,
}

fn contents(folder: &Path, into: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            contents(&path, into);
        } else if path.is_file() {
            into.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}

fn command_lines() -> Vec<Vec<u8>> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    processes.filter_map(|p| std::fs::read(p.path().join("cmdline")).ok()).collect()
}

async fn tool(lab: &Lab, argv: &[&str]) {
    let output = lab.region.command(argv).output().await.unwrap();
    assert!(output.status.success(), "{argv:?}: {}", String::from_utf8_lossy(&output.stderr));
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_full_disk_stops_the_run() {
        region(async |lab| {
            lab.write_inputs();
            let state = lab.region.folder().join("small");
            std::fs::create_dir(&state).unwrap();
            let place = state.display().to_string();
            tool(lab, &["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", &place]).await;
            lab.configure(json!({ "rds_ticks": 600 })).await;
            let mut run = lab.runbook(RUN);
            run.env("RUNBOOK_STATE", &place).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            let child = run.spawn().unwrap();
            eventually("the database is being converted", || async {
                (lab.count("rds:ModifyDBInstance").await > 0).then_some(())
            })
            .await;
            tokio::time::sleep(Duration::from_millis(500)).await;
            let filler = state.join("filler");
            let mut room = 1 << 24;
            while room > 0 {
                use std::io::Write;
                let mut file = std::fs::File::options().create(true).append(true).open(&filler).unwrap();
                if file.write_all(&vec![0; room]).is_err() {
                    room /= 2;
                }
            }
            lab.end_conversions().await;
            let ran = lab.end_of(child).await.exits(1);
            assert_eq!(lab.count("ec2:CreateImage").await, 0, "nothing further was done");
            ran.says("nothing further is done").says("full").says("runbook resume");

            std::fs::remove_file(&filler).unwrap();
            let mut resume = lab.runbook(&["resume"]);
            resume.env("RUNBOOK_STATE", &place);
            lab.ends(resume).await.exits(0).says("finished");
            assert_eq!(lab.count("rds:ModifyDBInstance").await, 1);
            assert_eq!(lab.count("ec2:CreateImage").await, 1);
            let mut log = lab.runbook(&["log", "--verify"]);
            log.env("RUNBOOK_STATE", &place);
            lab.ends(log).await.exits(0);
            tool(lab, &["umount", "-l", &place]).await;
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_journal_that_goes_away_stops_the_run() {
        region(async |lab| {
            lab.write_inputs();
            lab.configure(json!({ "rds_ticks": 600 })).await;
            let state = lab.region.folder().join("state");
            let journal = state.join("journal.db");
            let child = lab.begins(RUN);
            eventually("the database is being converted", || async {
                (lab.count("rds:ModifyDBInstance").await > 0).then_some(())
            })
            .await;
            lab.waits_for_the_database().await;
            // Removed: what the process still knows is not lost with it.
            for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
                std::fs::remove_file(state.join(name)).unwrap();
            }
            let ran = lab.end_of(child).await.exits(1);
            assert!(ran.took < Duration::from_secs(40), "it does not wait for what it cannot record: {:?}", ran.took);
            let ran = ran
                .says("nothing further is done, for it could not be recorded")
                .says("was removed or replaced while it was in use")
                .says("`rds-multi-az/multi-az` is in doubt")
                .says("runbook resume");
            let copy = std::fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path());
            let copy = copy.filter(|path| path.display().to_string().contains("rescued")).last().expect("a copy");
            ran.says(&copy.display().to_string()).says("rename that to `journal.db`");
            lab.types(&["resume"]).await.exits(2);
            for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
                let _ = std::fs::remove_file(state.join(name));
            }
            std::fs::rename(&copy, &journal).unwrap();
            lab.types(&["log", "--verify"]).await.exits(0).says("intact");

            // Replaced, by another journal.
            let child = lab.begins(&["resume"]);
            lab.waits_for_the_database().await;
            let away = state.join("away");
            std::fs::create_dir(&away).unwrap();
            for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
                std::fs::rename(state.join(name), away.join(name)).unwrap();
            }
            lab.types(&["runs"]).await.exits(0).says("there are no runs");
            lab.end_of(child)
                .await
                .exits(1)
                .says("was removed or replaced")
                .says("`rds-multi-az/multi-az` is in doubt");
            for name in ["journal.db", "journal.db-wal", "journal.db-shm"] {
                let _ = std::fs::remove_file(state.join(name));
                let _ = std::fs::rename(away.join(name), state.join(name));
            }
            lab.end_conversions().await;
            assert_eq!(lab.count("ec2:CreateImage").await, 0, "nothing further was done");

            lab.types(&["resume"]).await.exits(0).says("finished");
            lab.types(&["log", "--verify"]).await.exits(0).says("intact");
            for call in ["rds:ModifyDBInstance", "ec2:CreateImage", "ec2:RunInstances", "elbv2:CreateLoadBalancer"] {
                assert_eq!(lab.count(call).await, 1, "{call}");
            }
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_journal_that_cannot_be_written_begins_nothing() {
        region(async |lab| {
            lab.write_inputs();
            let state = lab.region.folder().join("small");
            std::fs::create_dir(&state).unwrap();
            let place = state.display().to_string();
            let command = |words: &[&str]| {
                let mut command = lab.runbook(words);
                command.env("RUNBOOK_STATE", &place);
                command
            };
            tool(lab, &["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", &place]).await;
            let before = lab.files().await;
            tool(lab, &["mount", "-o", "remount,ro", &place]).await;
            lab.forget_calls().await;
            lab.ends(command(RUN)).await.exits(1).says("cannot use the journal").says("--state FOLDER");
            assert!(lab.calls().await.iter().all(|call| !call.contains("Create")), "{:?}", lab.calls().await);
            assert_eq!(lab.files().await, before);

            // It was written before and cannot be any more: a run that rests does not go on.
            tool(lab, &["mount", "-o", "remount,rw", &place]).await;
            lab.ends(command(&[RUN, &["--until", "step-1"]].concat())).await.exits(0);
            tool(lab, &["mount", "-o", "remount,ro", &place]).await;
            let before = lab.files().await;
            let refused = lab.ends(command(&["resume"])).await.exits(1);
            assert!(refused.said().contains("journal"), "{}", refused.said());
            lab.ends(command(&["rollback", "--to", "start", "--yes"])).await.exits(1);
            assert_eq!(lab.files().await, before, "nothing was done that could not be recorded");
            tool(lab, &["mount", "-o", "remount,rw", &place]).await;
            lab.ends(command(&["rollback", "--to", "start", "--yes"])).await.exits(0);
            tool(lab, &["umount", "-l", &place]).await;
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn no_secret_is_kept_or_shown() {
        region(async |lab| {
            lab.write_inputs();
            let web = lab.account().instance.clone();
            let script = "php -r 'include \"/var/www/html/nextcloud/config/config.php\"; \
                          foreach ([\"passwordsalt\", \"secret\", \"dbpassword\"] as $k) echo $CONFIG[$k] ?? \"\", \"\\n\";'";
            let mut secrets: Vec<String> = lab.on(&web, script).await.lines().map(str::to_owned).collect();
            secrets.retain(|secret| secret.len() > 5);
            assert!(!secrets.is_empty(), "config.php of the lab has secrets");
            secrets.push(lab.region.environment()["NEXTCLOUD_PASSWORD"].clone());

            let mut seen = Vec::new();
            let child = lab.begins(RUN);
            let pid = child.id().unwrap();
            let end = tokio::spawn(child.wait_with_output());
            while !end.is_finished() {
                seen.extend(command_lines());
                tokio::time::sleep(Duration::from_millis(15)).await;
            }
            let output = end.await.unwrap().unwrap();
            assert!(output.status.success(), "process {pid}: {}", String::from_utf8_lossy(&output.stderr));
            let rollback = lab.types(&["--format", "json", "rollback", "--to", "step-8", "--yes"]).await.exits(0);
            let log = lab.types(&["--format", "json", "log"]).await.exits(0);
            let plan = lab.types(&["--format", "json", "plan", "single-to-ha", "--inputs", "site.yaml"]).await;

            let mut places: Vec<(String, Vec<u8>)> = vec![
                ("standard output".into(), output.stdout),
                ("standard error".into(), output.stderr),
                ("rollback".into(), rollback.said().into_bytes()),
                ("log".into(), log.said().into_bytes()),
                ("plan".into(), plan.said().into_bytes()),
            ];
            contents(&lab.region.folder().join("state"), &mut places);
            assert!(places.iter().any(|(name, _)| name.ends_with("journal.db")), "the journal was looked at");
            places.extend(seen.into_iter().map(|line| ("a command line".into(), line)));
            for secret in &secrets {
                for (name, bytes) in &places {
                    let found = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
                    assert!(!found, "a secret is in {name}");
                }
            }
        })
        .await;
    }
}
