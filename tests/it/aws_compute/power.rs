//! Stopping and starting an instance, and what refuses it.

use super::{Account, Work};
use runbook::model::{ActionKind, Change, FailureKind, Found, Phase};
use serde_json::json;

both_halves! {
    "aws_compute::power":
    a_stop_waits_and_its_undo_brings_the_instance_up,
    a_stop_that_found_the_instance_stopped_leaves_it_so,
    a_start_waits_for_the_status_checks,
    an_instance_that_went_away_is_told,
    what_was_told_beforehand_was_sent,
}

fn deed(kind: ActionKind, account: &Account) -> Work {
    account.work(kind, "failover-test/power", json!({"instance": account.web()}))
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_was_told_beforehand_was_sent() {
        let account = Account::new().await;
        deed(ActionKind::InstanceStop, &account).forward_as_told().await;
        deed(ActionKind::InstanceStart, &account).forward_as_told().await;
        let seen = deed(ActionKind::InstanceStop, &account).observe().await;
        let [Change::Request { operation, with, .. }] = seen.changes.as_slice() else { panic!("{seen:?}") };
        assert_eq!((operation.as_str(), &with["InstanceIds"]), ("ec2:StopInstances", &json!([account.web()])));
        assert_eq!(seen.facts[&format!("state of `{}`", account.web())], "running");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_stop_waits_and_its_undo_brings_the_instance_up() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"stop_ticks": 3, "start_ticks": 3, "status_ticks": 3}));
        let mut stop = deed(ActionKind::InstanceStop, &account);
        assert_eq!(stop.observe().await.found, Found::Absent);
        account.lose(("ec2", "StopInstances"));
        assert_eq!(stop.failure(Phase::Apply).await.kind, FailureKind::Lost);
        assert_eq!(stop.observe().await.found, Found::InProgress, "the lost stop is joined");
        let evidence = stop.verify().await;
        assert!(evidence.contains("Client.UserInitiatedShutdown"), "{evidence}");
        stop.apply().await;
        stop.verify().await;
        assert_eq!(stop.observe().await.found, Found::Holds);
        for _ in 0..2 {
            let evidence = stop.undo().await;
            assert!(evidence.ends_with("status checks 3/3"), "{evidence}");
            assert_eq!(account.state(&account.web()).await, "running");
        }
        // In the middle of the way down.
        stop.apply().await;
        stop.undo().await;
        assert_eq!(account.state(&account.web()).await, "running");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_stop_that_found_the_instance_stopped_leaves_it_so() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut stop = deed(ActionKind::InstanceStop, &account);
        assert_eq!(stop.observe().await.found, Found::Holds);
        stop.undo().await;
        assert_eq!(account.state(&account.web()).await, "stopped");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_start_waits_for_the_status_checks() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"start_ticks": 4, "status_ticks": 4}));
        account.stop(&account.web()).await;
        let mut start = deed(ActionKind::InstanceStart, &account);
        assert_eq!(start.observe().await.found, Found::Absent);
        account.no_room("StartInstances", 1);
        assert_eq!(start.failure(Phase::Apply).await.kind, FailureKind::NoCapacity);
        assert_eq!(start.observe().await.found, Found::Absent);
        account.lose(("ec2", "StartInstances"));
        assert_eq!(start.failure(Phase::Apply).await.kind, FailureKind::Lost);
        assert_eq!(start.observe().await.found, Found::InProgress);
        start.verify().await;
        assert_eq!(start.observe().await.found, Found::Holds);
        start.apply().await;
        start.verify().await;
        start.undo().await;
        assert_eq!(account.state(&account.web()).await, "running");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_instance_that_went_away_is_told() {
        let account = Account::new().await;
        let mut stop = deed(ActionKind::InstanceStop, &account);
        stop.observe().await;
        stop.apply().await;
        account.settle(&account.web(), "stopped").await;
        account.aws.write.ec2.terminate_instances().instance_ids(account.web()).send().await.unwrap();
        let failure = stop.failure(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.message.contains("terminated instead of stopped"), "{failure:?}");
        assert_eq!(stop.failure(Phase::Undo).await.kind, FailureKind::Refused);
    }
}
