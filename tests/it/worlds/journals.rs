//! A journal that cannot be written, and what must never be in it.

use super::in_regions;
use super::operator::RUN;
use crate::support::region::{Lab, eventually, region};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

in_regions! { "journals": a_full_disk_stops_the_run, no_secret_is_kept_or_shown }

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
    async fn no_secret_is_kept_or_shown() {
        region(async |lab| {
            lab.write_inputs();
            let web = lab.region.account().instance.clone();
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
