//! One executor a run, as two terminals and a dead process see it.

use super::in_regions;
use super::operator::RUN;
use crate::support::region::{Lab, eventually, region};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

in_regions! { "leases": a_run_has_one_executor }

/// Whether the database is being converted: the long wait in which these tests meet a run.
async fn converting(lab: &Lab) -> Option<()> {
    (lab.count("rds:ModifyDBInstance").await > 0).then_some(())
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_run_has_one_executor() {
        region(async |lab| {
            lab.write_inputs();
            lab.configure(json!({ "rds_ticks": 600 })).await;
            let first = lab.begins(RUN);
            let pid = first.id().unwrap();
            eventually("the run waits for the database", || converting(lab)).await;

            let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
            let holder = format!("kim on {host} (process {pid})");
            lab.types(&["status"]).await.exits(0).says(&holder);
            lab.types(&["resume"]).await.exits(3).says("is being executed by").says(&holder).says("runbook status");
            lab.types(&["rollback", "--to", "start", "--yes"]).await.exits(3).says(&holder);

            kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), Signal::KILL).unwrap();
            assert_eq!(lab.end_of(first).await.code, None, "killed");
            let state = lab.types(&["status"]).await.exits(0);
            assert!(!state.stdout.contains(&holder), "nobody executes it: {}", state.stdout);

            // Two at once: one goes on, the other is refused.
            let (one, two) = (lab.begins(&["resume"]), lab.begins(&["resume"]));
            let pids = (one.id().unwrap(), two.id().unwrap());
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            lab.end_conversions().await;
            let (one, two) = tokio::join!(lab.end_of(one), lab.end_of(two));
            let (gone_on, refused, winner) = if one.code == Some(0) { (one, two, pids.0) } else { (two, one, pids.1) };
            let gone_on = gone_on.exits(0);
            refused.exits(3).says(&format!("process {winner}"));
            assert!(gone_on.stdout.contains("finished"), "{}", gone_on.stdout);
            for call in ["rds:ModifyDBInstance", "ec2:CreateImage", "ec2:RunInstances", "elbv2:CreateLoadBalancer"] {
                assert_eq!(lab.count(call).await, 1, "{call}");
            }
        })
        .await;
    }
}
