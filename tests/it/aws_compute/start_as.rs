//! Starting an instance with another type, with and without capacity, and the way back.

use super::{Account, Work};
use crate::support::told;
use aws_sdk_ec2::types::AttributeValue;
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::{Value, json};

both_halves! {
    "aws_compute::start_as":
    resizes_and_undoes,
    lost_answers_are_joined,
    one_that_is_on_its_way_up_as_wanted_is_joined,
    without_capacity_the_old_type_comes_back,
    a_short_lack_of_capacity_is_waited_out,
    a_type_the_zone_does_not_have_and_no_way_back_are_told,
    whatever_is_refused_the_old_type_comes_back,
    somebody_elses_later_type_is_not_overwritten,
    a_start_that_ec2_gives_up_on_later_ends_with_the_old_type_too,
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
        account.lab.post("config", &json!({"status_ticks": 1000}));
        let mut resize = deed(&account);
        resize.forward_as_told().await;
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
        account.lose(("ec2", "ModifyInstanceAttribute"));
        assert_eq!(resize.failure(Phase::Apply).await.kind, FailureKind::Lost);
        assert_eq!(resize.observe().await.found, Found::Otherwise);
        account.lose(("ec2", "StartInstances"));
        assert_eq!(resize.failure(Phase::Apply).await.kind, FailureKind::Lost);
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
        account.no_room("StartInstances", 4);
        let failure = resize.failure(Phase::Apply).await;
        let id = account.web();
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert_eq!(
            failure.message,
            format!("no capacity for `t3.small` in us-east-1a: `{id}` runs again as `t3.medium`")
        );
        assert_eq!(failure.causes.len(), 1);
        assert!(told(&failure)[1].contains("runbook resolve r1 clone-server/resize-original --as done"), "{failure:?}");
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
        account.no_room("StartInstances", 3);
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
        account.refuse(("ec2", "ModifyInstanceAttribute"), "Unsupported", 1);
        let failure = resize.failure(Phase::Apply).await;
        let id = account.web();
        assert_eq!(
            failure.message,
            format!("`{id}` cannot be a `t3.small` in us-east-1a: `{id}` runs again as `t3.medium`")
        );
        assert!(told(&failure)[0].contains("in vain"), "a resume would stop it again for nothing: {failure:?}");
        assert_eq!(now(&account).await, is("running", "t3.medium"));

        account.no_room("StartInstances", 100);
        let failure = resize.failure(Phase::Apply).await;
        assert!(failure.message.ends_with("does not run as `t3.medium` either yet"), "{failure:?}");
        assert_eq!(now(&account).await, is("stopped", "t3.medium"));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn whatever_is_refused_the_old_type_comes_back() {
        let account = Account::new().await;
        let id = account.web();
        // An old server: EC2 takes the new type and refuses to start it.
        account.lab.post("instance", &json!({"id": id, "instance_type": "t2.medium", "ena_support": false}));
        account.stop(&id).await;
        let mut resize = deed(&account);
        resize.observe().await;
        let failure = resize.failure(Phase::Apply).await;
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert_eq!(
            failure.message,
            format!("`{id}` cannot be a `t3.small` in us-east-1a: `{id}` runs again as `t2.medium`")
        );
        assert!(failure.causes[0].contains("Elastic Network Adapter"), "{failure:?}");
        assert_eq!(now(&account).await, is("running", "t2.medium"));
        account.lab.post("instance", &json!({"id": id, "ena_support": true}));
        for code in ["UnsupportedOperation", "InvalidInterface.IpAddressLimitExceeded", "SomeCodeOfTomorrow"] {
            account.refuse(("ec2", "StartInstances"), code, 1);
            let failure = resize.failure(Phase::Apply).await;
            assert!(failure.message.ends_with("runs again as `t2.medium`"), "{failure:?}");
            assert_eq!(now(&account).await, is("running", "t2.medium"));
        }
        resize.apply().await;
        resize.verify().await;
        assert_eq!(now(&account).await, is("running", "t3.small"));
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

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_start_that_ec2_gives_up_on_later_ends_with_the_old_type_too() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        account.lab.post("config", &json!({"start_outcome": "given-up"}));
        let mut resize = deed(&account);
        for attempt in 1..3 {
            resize.deed.call.attempt = attempt;
            assert_eq!(resize.observe().await.found, Found::Otherwise);
            resize.apply().await;
            let failure = resize.failure(Phase::Verify).await;
            assert_eq!(failure.kind, FailureKind::Transient);
            assert!(failure.causes[0].contains("Server.InsufficientInstanceCapacity"), "{failure:?}");
            assert_eq!(now(&account).await, is("stopped", "t3.small"));
        }
        resize.deed.call.attempt = 3;
        account.lab.post("config", &json!({"start_outcome": "running"}));
        let failure = resize.failure(Phase::Apply).await;
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.message.ends_with("runs again as `t3.medium`"), "{failure:?}");
        assert_eq!(now(&account).await, is("running", "t3.medium"));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn one_that_is_on_its_way_up_as_wanted_is_joined() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"start_ticks": 8}));
        account.stop(&account.web()).await;
        let small = AttributeValue::builder().value("t3.small").build();
        let modify = account.aws.write.ec2.modify_instance_attribute().instance_id(account.web());
        modify.instance_type(small).send().await.unwrap();
        account.aws.write.ec2.start_instances().instance_ids(account.web()).send().await.unwrap();
        let mut resize = deed(&account);
        assert_eq!(resize.observe().await.found, Found::InProgress);
        // An engine that joins has no before-image: it records no start of its own.
        resize.deed.call.before = Value::Null;
        resize.verify().await;
        assert_eq!(now(&account).await, is("running", "t3.small"));
    }
}
