//! The connection to a host goes away while an effect is made over SSH: the effect is there, its answer is not.

use super::in_regions;
use super::operator::RUN;
use crate::support::region::{Lab, eventually, region};
use serde_json::Value;
use std::time::Duration;

in_regions! { "lost_answers": an_effect_whose_answer_is_lost_is_made_once }

/// A `mv` that counts, and that does not come back while `/run/lab-slow` is there.
const SLOW_MV: &str = r#"cat >/usr/local/bin/mv <<'END'
#!/bin/sh
/bin/mv "$@"
status=$?
for last; do :; done
echo "$last" >>/var/tmp/lab-moved
[ ! -e /var/tmp/lab-slow ] || { touch /var/tmp/lab-waits; sleep 60; }
exit $status
END
chmod 755 /usr/local/bin/mv; touch /var/tmp/lab-slow"#;

async fn waits(lab: &Lab, web: &str) {
    eventually("the effect is made, its answer is held back", || async {
        lab.region.host(web)?.disk("/var/tmp/lab-waits").exists().then_some(())
    })
    .await;
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn an_effect_whose_answer_is_lost_is_made_once() {
        region(async |lab| {
            lab.write_inputs();
            let web = lab.account().instance.clone();
            lab.on(&web, SLOW_MV).await;
            let until_step_2: Vec<&str> = RUN.iter().copied().chain(["--until", "step-2"]).collect();
            let child = lab.begins(&until_step_2);

            // The cable, in the rename of cron's file: nobody is told, ssh finds out by itself.
            waits(lab, &web).await;
            lab.region.cut(&web).await.unwrap();
            let disk = lab.region.host(&web).unwrap();
            std::fs::remove_file(disk.disk("/var/tmp/lab-waits")).unwrap();
            std::fs::remove_file(disk.disk("/var/tmp/lab-slow")).unwrap();
            tokio::time::sleep(Duration::from_secs(18)).await;
            lab.region.uncut(&web).await.unwrap();

            lab.end_of(child).await.exits(0);

            let moved = lab.on(&web, "cat /var/tmp/lab-moved").await;
            let cron = "/etc/cron.d/.nextcloud-cron-php";
            assert_eq!(moved.lines().filter(|line| *line == cron).count(), 1, "{moved}");
            let log = lab.types(&["--format", "json", "log"]).await.exits(0);
            let log: Value = serde_json::from_str(&log.stdout).unwrap();
            let story: Vec<String> = log
                .as_array()
                .unwrap()
                .iter()
                .filter(|record| record["action"] == "stop-cron/hide-cron-file")
                .map(|record| match record["record"].as_str().unwrap() {
                    "failed" => format!("failed {}", record["failure"]["kind"].as_str().unwrap_or_default()),
                    kind => kind.to_owned(),
                })
                .collect();
            // It was looked at before anything else: no second `started`.
            assert_eq!(story.first().map(String::as_str), Some("started"), "{story:?}");
            assert_eq!(story.get(1).map(String::as_str), Some("failed lost"), "{story:?}");
            assert_eq!(story.iter().filter(|kind| *kind == "started").count(), 1, "{story:?}");
            assert!(story.ends_with(&["applied".to_owned(), "done".to_owned()]), "{story:?}");

            // The way back, with the same loss in the undo of nginx's file, by a session that is killed.
            lab.on(&web, "touch /var/tmp/lab-slow; : >/var/tmp/lab-moved").await;
            let child = lab.begins(&["rollback", "--to", "start", "--yes"]);
            waits(lab, &web).await;
            lab.on(&web, "rm /var/tmp/lab-slow /var/tmp/lab-waits; pkill -f '[s]shd: ubuntu'").await;
            lab.end_of(child).await.exits(0);
            let moved = lab.on(&web, "cat /var/tmp/lab-moved").await;
            let nginx = "/etc/nginx/conf.d/nextcloud.conf";
            assert_eq!(moved.lines().filter(|line| *line == nginx).count(), 1, "{moved}");
        })
        .await;
    }
}
