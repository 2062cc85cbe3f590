//! A clone has everything that its image does not carry, is made once, and goes with its undo.

use super::{Account, Work, image, tag};
use aws_sdk_ec2::types::Tag;
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::{Value, json};

both_halves! {
    "aws_compute::clone":
    a_clone_is_like_its_original,
    a_lost_answer_launches_no_second_clone,
    an_answer_that_was_cut_off_launches_nothing,
    a_dead_clone_does_not_answer_for_a_new_one,
    a_launch_that_ec2_gives_up_on_later_is_tried_again,
    a_key_pair_that_is_gone_is_left_out,
    the_token_finds_what_the_tags_do_not,
    a_data_volume_does_not_outlive_its_clone,
    what_merely_bears_its_tags_is_left_alone,
    a_launch_waits_for_room_and_for_what_is_new,
    a_clone_that_boots_slowly_is_waited_for,
    a_clone_that_is_not_like_its_original_is_told,
}

/// The image of the stopped web server, made by this run, and the deed of launching from it.
async fn prepared() -> (Account, Work) {
    prepared_in(Account::new().await).await
}

async fn prepared_in(account: Account) -> (Account, Work) {
    account.stop(&account.web()).await;
    let mut image = image::deed(&account);
    image.forward().await;
    let parameters = json!({
        "image": image.output("image"), "like": account.web(), "subnet": account.seed["subnets"]["b"],
        "instance_type": "t3.small", "name": "nextcloud-web-2",
    });
    let work = account.work(ActionKind::InstanceClone, "clone-server/launch", parameters);
    (account, work)
}

fn clones(account: &Account) -> Vec<Value> {
    let state = account.lab.get("state");
    let all = state["instances"].as_array().unwrap();
    all.iter().filter(|i| i["name"] == "nextcloud-web-2" && i["state"] != "terminated").cloned().collect()
}

async fn volumes(account: &Account) -> usize {
    account.aws.read.ec2.describe_volumes().send().await.unwrap().volumes().len()
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_clone_is_like_its_original() {
        let (account, mut clone) = prepared().await;
        let before = volumes(&account).await;
        account.lab.post("config", &json!({"start_ticks": 4, "status_ticks": 4}));
        assert_eq!(clone.observe().await.found, Found::Absent);
        clone.apply().await;
        assert_eq!(clone.observe().await.found, Found::InProgress);
        account.refuse(("ec2", "DescribeInstances"), "InvalidInstanceID.NotFound", 2);
        clone.verify().await;
        clone.apply().await;
        clone.verify().await;
        let finding = clone.observe().await;
        assert_eq!((finding.found, finding.ours), (Found::Holds, true));
        assert_eq!(finding.outputs, clone.deed.call.outputs);
        assert_eq!(account.lab.calls("RunInstances"), 1);

        let (original, made) =
            (account.instance(&account.web()).await, account.instance(&clone.output("instance")).await);
        assert_eq!(made.key_name(), original.key_name());
        assert_eq!(made.iam_instance_profile().unwrap().arn(), original.iam_instance_profile().unwrap().arn());
        assert_eq!(made.metadata_options().unwrap().http_tokens().unwrap().as_str(), "required");
        assert_eq!(made.placement().unwrap().availability_zone(), Some("us-east-1b"));
        assert!(made.public_ip_address().is_some());
        for (key, value) in [("Name", "nextcloud-web-2"), ("Owner", "tests"), ("Team", "cloud"), ("runbook:run", "r1")]
        {
            assert_eq!(tag(made.tags(), key), Some(value));
        }

        for _ in 0..2 {
            clone.undo().await;
            assert_eq!(account.state(&clone.output("instance")).await, "terminated");
        }
        assert_eq!((clones(&account).len(), volumes(&account).await), (0, before));
        assert_eq!(account.state(&account.web()).await, "stopped");
    }

    /// Without its groups, say, an original would have a clone with none of them.
    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_answer_that_was_cut_off_launches_nothing() {
        let (account, mut clone) = prepared().await;
        assert_eq!(clone.observe().await.found, Found::Absent);
        for (field, told) in [
            ("groupSet", "the security groups of"),
            ("instanceType", "the type of"),
            ("placement", "the zone of"),
            ("metadataOptions", "the metadata options of"),
            ("ebsOptimized", "EBS optimised"),
        ] {
            let cut = json!({"service": "ec2", "action": "DescribeInstances", "without": field, "times": 1000});
            account.lab.post("fault", &cut);
            let failure = clone.failure(Phase::Apply).await;
            assert_eq!(failure.kind, FailureKind::Transient, "{field}: {failure:?}");
            assert!(failure.message.contains(told), "{field}: {failure:?}");
            account.lab.post("unfault", &json!({}));
        }
        assert_eq!(account.lab.calls("RunInstances"), 0);
        clone.apply().await;
        assert_eq!(clones(&account).len(), 1);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_lost_answer_launches_no_second_clone() {
        let (account, mut clone) = prepared().await;
        clone.observe().await;
        account.lose(("ec2", "RunInstances"));
        let failure = clone.failure(Phase::Apply).await;
        assert_eq!(failure.kind, FailureKind::Lost);
        assert!(failure.message.starts_with("no answer was had to: launch"), "{failure:?}");
        assert_eq!(clones(&account).len(), 1);
        clone.apply().await;
        assert_eq!(account.lab.calls("RunInstances"), 1, "it was found by its token");
        clone.verify().await;
        assert_eq!(clones(&account).len(), 1);
        clone.forget_outputs();
        clone.verify().await;
        clone.forget_outputs();
        clone.undo().await;
        assert_eq!(clones(&account).len(), 0);
        // Forward again after the rollback: another token.
        clone.forget_outputs();
        clone.deed.call.generation = 1;
        clone.forward_as_told().await;
        assert_eq!(clones(&account).len(), 1);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_dead_clone_does_not_answer_for_a_new_one() {
        let (account, mut clone) = prepared().await;
        clone.forward().await;
        let dead = clone.output("instance");
        account.aws.write.ec2.terminate_instances().instance_ids(&dead).send().await.unwrap();
        account.settle(&dead, "terminated").await;
        let failure = clone.failure(Phase::Verify).await;
        assert_eq!(failure.message, format!("instance `{dead}` did not come up"));
        clone.forget_outputs();
        clone.forward().await;
        assert_ne!(clone.output("instance"), dead);
        clone.apply().await;
        assert_eq!(clones(&account).len(), 1);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_key_pair_that_is_gone_is_left_out() {
        let (account, mut clone) = prepared().await;
        account.aws.write.ec2.delete_key_pair().key_name(account.id("key_name")).send().await.unwrap();
        let evidence = clone.forward().await;
        assert!(evidence.ends_with("key pair `nextcloud` is gone: launched without it (the keys are in the image)"));
        assert_eq!(account.instance(&clone.output("instance")).await.key_name(), None);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_merely_bears_its_tags_is_left_alone() {
        let (account, mut clone) = prepared().await;
        clone.forward().await;
        // "Launch more like this": a person's instance and volume with all the tags of the clone.
        let ec2 = &account.aws.write.ec2;
        let twin = ec2.run_instances().image_id(account.instance(&account.web()).await.image_id().unwrap());
        let twin = twin.min_count(1).max_count(1).instance_type("t3.small".into()).send().await.unwrap();
        let twin = twin.instances()[0].instance_id().unwrap();
        let kept = ec2.create_volume().availability_zone("us-east-1b").size(8).send().await.unwrap();
        let kept = kept.volume_id().unwrap();
        for (key, value) in [("Name", "nextcloud-web-2"), ("runbook:run", "r1"), ("runbook:step", "clone-server")] {
            account.tag(twin, key, value).await;
            account.tag(kept, key, value).await;
        }
        let made = clone.output("instance");
        clone.forget_outputs();
        assert_eq!(clone.observe().await.found, Found::Holds);
        clone.apply().await;
        assert_eq!(clone.output("instance"), made);
        let evidence = clone.undo().await;
        assert_eq!(account.state(&made).await, "terminated");
        account.settle(twin, "running").await;
        assert!(evidence.ends_with(&format!("not attached to it any more and left: `{kept}`")), "{evidence}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_launch_waits_for_room_and_for_what_is_new() {
        let (account, mut clone) = prepared().await;
        account.refuse(("ec2", "RunInstances"), "InvalidAMIID.NotFound", 4);
        clone.observe().await;
        clone.apply().await;
        assert_eq!((clones(&account).len(), account.lab.calls("RunInstances")), (1, 5));
        clone.verify().await;
        clone.undo().await;
        clone.forget_outputs();
        clone.deed.call.generation = 1;
        account.no_room("RunInstances", 3);
        for _ in 0..3 {
            assert_eq!(clone.observe().await.found, Found::Absent);
            let failure = clone.failure(Phase::Apply).await;
            assert_eq!(failure.kind, FailureKind::NoCapacity, "the executor waits, where the operator sees it");
        }
        clone.forward().await;
        assert_eq!((clones(&account).len(), account.lab.calls("RunInstances")), (1, 9));
        clone.undo().await;
        clone.forget_outputs();
        clone.deed.call.generation = 2;
        account.refuse(("ec2", "RunInstances"), "VcpuLimitExceeded", 1);
        let failure = clone.failure(Phase::Apply).await;
        assert_eq!(failure.kind, FailureKind::Permanent, "a limit of the account's does not pass by waiting");
        assert_eq!(clones(&account).len(), 0);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_clone_that_boots_slowly_is_waited_for() {
        let (account, mut clone) = prepared().await;
        account.lab.post("config", &json!({"impaired_looks": 12}));
        clone.forward().await;
        clone.undo().await;
        clone.forget_outputs();
        clone.deed.call.generation = 1;
        account.lab.post("config", &json!({"impaired_looks": -1}));
        clone.observe().await;
        clone.apply().await;
        let failure = clone.failure(Phase::Verify).await;
        assert_eq!(
            (failure.kind, failure.message.ends_with("fails its status checks")),
            (FailureKind::Permanent, true)
        );
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_clone_that_is_not_like_its_original_is_told() {
        let (account, mut clone) = prepared().await;
        clone.observe().await;
        clone.apply().await;
        account.tag(&clone.output("instance"), "Team", "somebody").await;
        let failure = clone.failure(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert_eq!(failure.causes, [r#"tag `Team`: wanted Some("cloud"), found Some("somebody")"#]);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_launch_that_ec2_gives_up_on_later_is_tried_again() {
        let (account, mut clone) = prepared().await;
        account.lab.post("config", &json!({"start_outcome": "given-up"}));
        for _ in 0..2 {
            assert_eq!(clone.observe().await.found, Found::Absent);
            clone.apply().await;
            let failure = clone.failure(Phase::Verify).await;
            assert_eq!(failure.kind, FailureKind::Transient);
            assert!(failure.causes[0].contains("Server.InsufficientInstanceCapacity"), "{failure:?}");
        }
        account.lab.post("config", &json!({"start_outcome": "running"}));
        // Two tokens are used up: what is lost is the answer to the call with the third.
        for _ in 0..3 {
            account.lose(("ec2", "RunInstances"));
        }
        clone.forget_outputs();
        assert_eq!(clone.failure(Phase::Apply).await.kind, FailureKind::Lost);
        clone.apply().await;
        clone.verify().await;
        assert_eq!(clones(&account).len(), 1);
        clone.undo().await;
        assert_eq!(clones(&account).len(), 0);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn the_token_finds_what_the_tags_do_not() {
        let (account, mut clone) = prepared().await;
        clone.forward().await;
        let (made, step) = (clone.output("instance"), Tag::builder().key("runbook:step").build());
        account.aws.write.ec2.delete_tags().resources(&made).tags(step).send().await.unwrap();
        clone.forget_outputs();
        assert_eq!(clone.observe().await.found, Found::Holds);
        clone.apply().await;
        assert_eq!(clone.output("instance"), made);
        assert_eq!(clones(&account).len(), 1);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_data_volume_does_not_outlive_its_clone() {
        let account = Account::new().await;
        let ec2 = &account.aws.write.ec2;
        let data = ec2.create_volume().availability_zone("us-east-1a").size(8).send().await.unwrap();
        let attach = ec2.attach_volume().instance_id(account.web()).device("/dev/sdf");
        attach.volume_id(data.volume_id().unwrap()).send().await.unwrap();
        let (account, mut clone) = prepared_in(account).await;
        let before = volumes(&account).await;
        clone.forward().await;
        assert_eq!(volumes(&account).await, before + 2);
        clone.forget_outputs();
        let evidence = clone.undo().await;
        assert!(evidence.ends_with("terminated, 1 volume(s) deleted"), "{evidence}");
        assert_eq!(volumes(&account).await, before);
    }
}
