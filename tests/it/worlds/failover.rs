//! Check 3 fails: the stopped server is started before the run rests.

use super::in_regions;
use super::operator::RUN;
use crate::support::region::{Lab, region};
use aws_sdk_ec2::types::InstanceStateName;

in_regions! { "failover": a_failed_check_leaves_no_server_stopped }

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn a_failed_check_leaves_no_server_stopped() {
        region(async |lab: &Lab| {
            lab.write_inputs();
            let web = lab.account().instance.clone();
            let until: Vec<&str> = RUN.iter().chain(&["--until", "redirect"]).copied().collect();
            lab.types(&until).await.exits(0).says("rests after step 9");
            // The password is another one now: the check fails for good.
            let mut resume = lab.runbook(&["resume"]);
            resume.env("NEXTCLOUD_PASSWORD", "not-this-one");
            let ran = lab.ends(resume).await.exits(1);
            assert!(!ran.said().contains("not-this-one"));
            ran.says("failover-test/check-site").says("is started again");
            assert_eq!(lab.state(&web).await, InstanceStateName::Running);

            // With both servers up it would prove nothing.
            lab.types(&["resume"])
                .await
                .exits(1)
                .says("would not show that it does without it")
                .says("runbook rollback");
            lab.types(&["rollback", "--to", "step-9", "--dry-run"]).await.exits(0);
            assert_eq!(lab.count("ec2:StopInstances").await, 1);
            lab.types(&["rollback", "--to", "step-9", "--yes"]).await.exits(0);
            lab.types(&["resume"]).await.exits(0).says("finished");
            assert_eq!(lab.count("ec2:StopInstances").await, 2, "the test was made anew");
        })
        .await;
    }
}
