//! The two actions that only wait: for an image to be available, and for status checks. They change nothing, and what cannot come
//! about any more is told at once.

use super::{Account, Work, image};
use crate::support::told;
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::json;

both_halves! {
    "aws_compute::waits":
    an_image_is_waited_for,
    an_image_that_fails_or_is_gone_is_told,
    status_checks_are_waited_for,
    an_instance_that_is_down_is_not_waited_for,
}

/// Waiting for an image.
pub(super) fn available(account: &Account, image: &str) -> Work {
    account.work(ActionKind::ImageWaitAvailable, "clone-server/image-available", json!({"image": image}))
}

fn checked(account: &Account) -> Work {
    let parameters = json!({"instance": account.web()});
    account.work(ActionKind::InstanceWaitChecked, "clone-server/original-checked", parameters)
}

/// The image of the stopped web server, pending for so many reads.
async fn begun(account: &Account, reads: u32) -> Work {
    account.stop(&account.web()).await;
    account.lab.post("config", &json!({"image_ticks": reads}));
    let mut image = image::deed(account);
    image.forward().await;
    image
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_image_is_waited_for() {
        let account = Account::new().await;
        let image = begun(&account, 30).await;
        let mut wait = available(&account, &image.output("image"));
        let seen = wait.observe().await;
        assert_eq!((seen.found, seen.ours), (Found::Absent, false));
        assert!(seen.evidence.ends_with("is `pending`"), "{}", seen.evidence);
        account.refuse(("ec2", "DescribeImages"), "InvalidAMIID.NotFound", 2);
        account.lose(("ec2", "DescribeImages"));
        wait.apply().await;
        let (_, notes) = wait.stage.perform(&wait.deed, Phase::Verify).await;
        assert!(notes.iter().any(|note| note.contains("`pending`: `snap-") && note.ends_with("45%")), "{notes:?}");
        wait.apply().await;
        wait.verify().await;
        assert!(wait.undo().await.contains("only waited"));
        assert_eq!(wait.observe().await.found, Found::Holds, "an undo leaves it");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_image_that_fails_or_is_gone_is_told() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"image_outcome": "failed"}));
        let mut image = begun(&account, 20).await;
        let mut wait = available(&account, &image.output("image"));
        let failure = wait.failure(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.causes[0].contains("Client.InternalError"), "{failure:?}");
        assert!(
            told(&failure)[0].contains("`runbook rollback r1 --to ...`, then `runbook resume r1`, which makes another"),
            "{failure:?}"
        );
        let seen = wait.observe().await;
        assert_eq!(seen.found, Found::Absent);
        assert!(seen.evidence.contains("`failed`"), "{}", seen.evidence);
        image.undo().await;
        assert_eq!(wait.observe().await.found, Found::Absent);
        assert_eq!(wait.failure(Phase::Verify).await.kind, FailureKind::Refused);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn status_checks_are_waited_for() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        account.lab.post("config", &json!({"start_ticks": 4, "status_ticks": 30}));
        account.aws.write.ec2.start_instances().instance_ids(account.web()).send().await.unwrap();
        let mut wait = checked(&account);
        assert_eq!(wait.observe().await.found, Found::Absent);
        account.settle(&account.web(), "running").await;
        let seen = wait.observe().await;
        assert_eq!((seen.found, seen.ours), (Found::Absent, false));
        assert!(seen.evidence.contains("`initializing`"), "{}", seen.evidence);
        account.lose(("ec2", "DescribeInstanceStatus"));
        let evidence = wait.forward().await;
        assert!(evidence.ends_with("status checks 3/3"), "{evidence}");
        assert!(wait.undo().await.contains("only waited"));
        assert_eq!(account.state(&account.web()).await, "running", "an undo leaves it");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_instance_that_is_down_is_not_waited_for() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut wait = checked(&account);
        assert_eq!(wait.observe().await.found, Found::Absent);
        let failure = wait.failure(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.causes[0].contains("Client.UserInitiatedShutdown"), "{failure:?}");
        account.aws.write.ec2.terminate_instances().instance_ids(account.web()).send().await.unwrap();
        assert_eq!(wait.failure(Phase::Observe).await.kind, FailureKind::Refused);
        assert_eq!(account.lab.calls("StartInstances"), 0);
    }
}
