//! A runbook that changes under its run; and rollbacks of runs in every condition.

use super::in_regions;
use crate::support::region::region;
use std::process::Stdio;

in_regions! { "documents": a_changed_runbook_and_ways_back }

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_changed_runbook_and_ways_back() {
        region(async |lab| {
            lab.write_inputs();
            let web = lab.account().instance.clone();
            let shipped = include_str!("../../../runbooks/single-to-ha.yaml");
            lab.write_home("mine.yaml", shipped);
            let names = async || lab.on(&web, "ls -A /etc/nginx/conf.d /etc/cron.d").await;
            let at_the_start = names().await;
            let run = ["run", "mine.yaml", "--inputs", "site.yaml", "--yes", "--until", "step-3"];
            lab.types(&run).await.exits(0).says("rests after step 3");
            let before = lab.files().await;

            let changed = shipped.replace("title: keep Nextcloud's background jobs", "title: keep Nextcloud's jobs");
            assert_ne!(changed, shipped);
            lab.write_home("mine.yaml", &changed);
            let refused = lab.types(&["resume"]).await.exits(3).says("mine.yaml` has changed since run");
            refused.says("- title: keep Nextcloud's background jobs").says("+ title: keep Nextcloud's jobs");
            assert_eq!(lab.files().await, before, "nothing was done");

            // Looking at a way back changes nothing; the way back does not need the runbook.
            lab.types(&["rollback", "--to", "step-1", "--dry-run"]).await.exits(0).says("edit-nginx/offload-tls");
            assert_eq!(lab.files().await, before, "a dry run");
            let nobody = lab.types(&["rollback", "--to", "step-1"]).await.exits(3);
            nobody.says("there is nobody to ask");
            lab.types(&["rollback", "--to", "step-9", "--yes"]).await.exits(3).says("it has not come there");
            lab.types(&["rollback", "--to", "no-such-step", "--yes"]).await.exits(2).says("stop-cron");
            lab.types(&["rollback", "--to", "step-2", "--yes"]).await.exits(0).says("is rolled back to");

            // Brought back as it was, it goes on, further than it was to rest for once; killed, it goes back all the same.
            lab.write_home("mine.yaml", shipped);
            let mut resume = lab.runbook(&["resume", "--until", "step-5"]);
            let mut child = resume.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            crate::support::region::eventually("the server goes down", || async {
                (lab.state(&web).await.as_str() != "running").then_some(())
            })
            .await;
            child.kill().await.unwrap();
            lab.types(&["rollback", "--to", "start", "--yes"]).await.exits(0).says("everything is undone");
            assert!(at_the_start.lines().any(|name| name == "nextcloud-cron-php"), "{at_the_start}");
            assert_eq!(names().await, at_the_start, "nothing is left beside the files, and none has another name");
            assert_eq!(lab.client().get(lab.site("/status.php")).send().await.unwrap().status(), 200);
            lab.types(&["rollback", "--to", "start", "--yes"]).await.exits(3).says("nothing is to be undone");
        })
        .await;
    }
}
