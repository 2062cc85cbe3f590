//! Credentials that end in the middle: nothing has failed in the world, and somebody has to log in.

use super::in_regions;
use super::operator::RUN;
use crate::support::region::{Lab, region};
use serde_json::json;

in_regions! { "credentials": that_end_on_the_way_are_renewed_and_it_goes_on }

mod inside {
    use super::*;

    async fn end(lab: &Lab, service: &str, action: &str) {
        let message = "The security token included in the request is expired";
        let fault =
            json!({"service": service, "action": action, "code": "ExpiredToken", "message": message, "times": 1000});
        lab.region.emulator().fault(fault).await.unwrap();
    }

    async fn log_in(lab: &Lab) {
        lab.region.emulator().call("POST", "/plus/unfault", None).await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn that_end_on_the_way_are_renewed_and_it_goes_on() {
        region(async |lab| {
            lab.write_inputs();
            lab.configure(json!({ "rds_ticks": 1_500 })).await;
            let run = lab.begins(RUN);
            lab.waits_for_the_database().await;
            end(lab, "rds", "DescribeDBInstances").await;
            let rests = lab.end_of(run).await.exits(4);
            rests.says("the credentials have ended").says("log in again").says("runbook resume");
            let status = lab.types(&["status"]).await.exits(0);
            status.says("is paused at rds-multi-az/multi-az: the credentials have ended");

            // Not renewed, it rests in the same place; renewed, it goes on in the same wait.
            lab.types(&["resume"]).await.exits(4).says("the credentials have ended");
            log_in(lab).await;
            lab.configure(json!({ "rds_ticks": 1 })).await;
            lab.end_conversions().await;

            // A change that is refused for them was not made.
            end(lab, "elbv2", "CreateLoadBalancer").await;
            lab.types(&["resume"]).await.exits(4).says("the credentials have ended");
            log_in(lab).await;
            lab.types(&["resume"]).await.exits(0);
            assert_eq!(lab.count("rds:ModifyDBInstance").await, 1);

            end(lab, "ec2", "TerminateInstances").await;
            let back = lab.types(&["rollback", "--to", "step-5", "--yes"]).await.exits(4);
            back.says("on its way back to step 5, rds-multi-az, at clone-server/clone: the credentials have ended");
            log_in(lab).await;
            lab.types(&["resume"]).await.exits(0).says("is rolled back to step 5");
        })
        .await;
    }
}
