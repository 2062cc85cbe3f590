use super::{Account, Work};
use aws_sdk_ec2::types::AttributeValue;
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::json;

both_halves! {
    "aws_compute::start_as":
    resizes_and_undoes,
    lost_answers_are_joined,
    without_capacity_the_old_type_comes_back,
    a_short_lack_of_capacity_is_waited_out,
    a_type_the_zone_does_not_have_and_no_way_back_are_told,
    somebody_elses_later_type_is_not_overwritten,
}

fn deed(account: &Account) -> Work {
    let parameters = json!({"instance": account.web(), "instance_type": "t3.small"});
    account.work(ActionKind::InstanceStartAs, "clone-server/resize-original", parameters)
}

async fn now(account: &Account) -> (String, String) {
    let instance = account.instance(&account.web()).await;
    (instance.state().unwrap().name().unwrap().to_string(), instance.instance_type().unwrap().to_string())
}

fn is(state: &str, kind: &str) -> (String, String) {
    (state.to_owned(), kind.to_owned())
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn resizes_and_undoes() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut resize = deed(&account);
        resize.forward().await;
        assert_eq!(resize.output("previous_type"), "t3.medium");
        resize.apply().await;
        resize.verify().await;
        assert_eq!(resize.output("previous_type"), "t3.medium");
        assert_eq!(now(&account).await, is("running", "t3.small"));
        resize.forget_outputs();
        for _ in 0..2 {
            resize.undo().await;
            assert_eq!(now(&account).await, is("stopped", "t3.medium"));
        }
        assert_eq!(account.lab.calls("ModifyInstanceAttribute"), 2);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn lost_answers_are_joined() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut resize = deed(&account);
        resize.observe().await;
        account.fault(("ec2", "ModifyInstanceAttribute"), "RequestLimitExceeded", 1, true);
        assert_eq!(resize.failure(Phase::Apply).await.kind, FailureKind::Transient);
        assert_eq!(resize.observe().await.found, Found::Otherwise);
        account.fault(("ec2", "StartInstances"), "RequestLimitExceeded", 1, true);
        assert_eq!(resize.failure(Phase::Apply).await.kind, FailureKind::Transient);
        assert_eq!(resize.observe().await.found, Found::InProgress);
        resize.verify().await;
        assert_eq!(account.lab.calls("StartInstances"), 1);
        // Undone while it is still on its way up.
        resize.undo().await;
        resize.apply().await;
        resize.undo().await;
        assert_eq!(now(&account).await, is("stopped", "t3.medium"));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn without_capacity_the_old_type_comes_back() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut resize = deed(&account);
        resize.observe().await;
        account.fault(("ec2", "StartInstances"), "InsufficientInstanceCapacity", 4, false);
        let failure = resize.failure(Phase::Apply).await;
        let id = account.web();
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert_eq!(
            failure.message,
            format!("no capacity for `t3.small` in us-east-1a: `{id}` runs again as `t3.medium`")
        );
        assert_eq!(failure.causes.len(), 1);
        assert!(failure.advice[1].contains("runbook resolve r1 clone-server/resize-original --as done"), "{failure:?}");
        assert_eq!(now(&account).await, is("running", "t3.medium"));

        // A resume stops it for a moment and tries again.
        assert_eq!(resize.observe().await.found, Found::Otherwise);
        resize.apply().await;
        resize.verify().await;
        assert_eq!(now(&account).await, is("running", "t3.small"));
        resize.undo().await;
        assert_eq!(now(&account).await, is("stopped", "t3.medium"));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_short_lack_of_capacity_is_waited_out() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        account.fault(("ec2", "StartInstances"), "InsufficientInstanceCapacity", 3, false);
        deed(&account).forward().await;
        assert_eq!(now(&account).await, is("running", "t3.small"));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_type_the_zone_does_not_have_and_no_way_back_are_told() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut resize = deed(&account);
        resize.observe().await;
        account.fault(("ec2", "ModifyInstanceAttribute"), "Unsupported", 1, false);
        let failure = resize.failure(Phase::Apply).await;
        assert!(failure.message.ends_with("runs again as `t3.medium`"), "{failure:?}");
        assert_eq!(now(&account).await, is("running", "t3.medium"));

        account.fault(("ec2", "StartInstances"), "InsufficientInstanceCapacity", 100, false);
        let failure = resize.failure(Phase::Apply).await;
        assert!(failure.message.ends_with("does not run as `t3.medium` either yet"), "{failure:?}");
        assert_eq!(now(&account).await, is("stopped", "t3.medium"));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn somebody_elses_later_type_is_not_overwritten() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut resize = deed(&account);
        resize.forward().await;
        account.stop(&account.web()).await;
        let large = AttributeValue::builder().value("t3.large").build();
        let modify = account.aws.write.ec2.modify_instance_attribute().instance_id(account.web());
        modify.instance_type(large).send().await.unwrap();
        assert_eq!(resize.failure(Phase::Undo).await.kind, FailureKind::Refused);
        assert_eq!(now(&account).await, is("stopped", "t3.large"));
    }
}
