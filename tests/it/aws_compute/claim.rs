//! A mark on an instance keeps other runs away from it.

use super::{Account, Work, tag};
use aws_sdk_ec2::types::{AttributeBooleanValue, AttributeValue};
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::json;

both_halves! {
    "aws_compute::claim":
    marks_an_instance_and_keeps_others_off,
    a_lost_answer_is_found_again,
    what_a_shutdown_would_destroy_is_refused_with_all_reasons_at_once,
    a_release_can_be_taken_back,
}

fn claim(account: &Account) -> Work {
    account.work(ActionKind::InstanceClaim, "prepare/claim", json!({"instance": account.web()}))
}

fn release(account: &Account) -> Work {
    account.work(ActionKind::InstanceRelease, "restore-cron/release", json!({"instance": account.web()}))
}

async fn mark(account: &Account) -> Option<String> {
    tag(account.instance(&account.web()).await.tags(), "runbook:claim").map(str::to_owned)
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn marks_an_instance_and_keeps_others_off() {
        let account = Account::new().await;
        let mut ours = claim(&account);
        ours.forward_as_told().await;
        assert!(ours.observe().await.ours);
        ours.apply().await;
        assert_eq!(mark(&account).await.as_deref(), Some("r1"));

        let mut theirs = claim(&account).of_another_run();
        let refused = theirs.failure(Phase::Observe).await;
        assert_eq!(refused.kind, FailureKind::Refused);
        assert_eq!(refused.causes, ["it is being worked on by run `r1`"]);
        assert!(refused.advice[0].contains("delete-tags"), "{refused:?}");
        assert_eq!(theirs.failure(Phase::Apply).await.kind, FailureKind::Refused);
        theirs.undo().await;
        assert_eq!(mark(&account).await.as_deref(), Some("r1"), "an undo takes only its own mark away");

        for _ in 0..2 {
            ours.undo().await;
            assert_eq!(mark(&account).await, None);
        }
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_lost_answer_is_found_again() {
        let account = Account::new().await;
        let mut deed = claim(&account);
        assert_eq!(deed.observe().await.found, Found::Absent);
        account.lose(("ec2", "CreateTags"));
        assert_eq!(deed.failure(Phase::Apply).await.kind, FailureKind::Lost);
        let finding = deed.observe().await;
        assert_eq!((finding.found, finding.ours), (Found::Holds, true));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_a_shutdown_would_destroy_is_refused_with_all_reasons_at_once() {
        let account = Account::new().await;
        let id = account.web();
        let yes = AttributeBooleanValue::builder().value(true).build();
        let modify = || account.aws.write.ec2.modify_instance_attribute().instance_id(&id);
        let terminate = AttributeValue::builder().value("terminate").build();
        modify().instance_initiated_shutdown_behavior(terminate).send().await.unwrap();
        modify().disable_api_stop(yes.clone()).send().await.unwrap();
        modify().disable_api_termination(yes).send().await.unwrap();
        account.tag(&id, "runbook:claim", "r9").await;
        let refused = claim(&account).failure(Phase::Observe).await;
        assert_eq!(refused.kind, FailureKind::Refused);
        assert_eq!(
            refused.causes,
            [
                "its shutdown behaviour is `terminate`: a shutdown would destroy it",
                "it is protected against being stopped",
                "it is protected against termination: somebody wants it left alone",
                "it is being worked on by run `r9`",
            ]
        );
        assert_eq!(refused.advice.len(), 4);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_release_can_be_taken_back() {
        let account = Account::new().await;
        claim(&account).forward().await;
        let mut deed = release(&account);
        deed.forward_as_told().await;
        deed.apply().await;
        assert_eq!(mark(&account).await, None);
        for _ in 0..2 {
            deed.undo().await;
            assert_eq!(mark(&account).await.as_deref(), Some("r1"));
        }
        account.tag(&account.web(), "runbook:claim", "r2").await;
        assert_eq!(deed.failure(Phase::Undo).await.kind, FailureKind::Refused);
        assert_eq!(mark(&account).await.as_deref(), Some("r2"));
    }
}
