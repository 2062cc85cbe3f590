//! An image of a stopped instance is made once, and done when it has its snapshots; its undo takes those too.

use super::{Account, Work, tag, waits};
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::{Value, json};

both_halves! {
    "aws_compute::image":
    makes_one_image_and_takes_it_away,
    a_lost_answer_makes_no_second_image,
    an_undo_finishes_what_another_began,
    a_running_instance_and_a_taken_name_are_refused,
    what_passes_is_waited_out,
    what_cannot_be_looked_for_is_not_undone_unseen,
    each_volume_is_taken_before_the_instance_may_start,
    one_that_is_pending_is_taken_away,
    one_that_failed_is_told_and_made_again,
}

pub(super) fn deed(account: &Account) -> Work {
    let parameters = json!({"instance": account.web(), "name": "nextcloud-web-r1"});
    account.work(ActionKind::ImageCreate, "clone-server/create-image", parameters)
}

fn images(account: &Account) -> Vec<Value> {
    let state = account.lab.get("state");
    state["images"].as_array().unwrap().iter().filter(|i| i["name"] == "nextcloud-web-r1").cloned().collect()
}

/// Snapshots of this account that the run made.
fn snapshots(account: &Account) -> usize {
    let state = account.lab.get("state");
    state["snapshots"].as_array().unwrap().iter().filter(|s| s["tags"]["runbook:run"] == "r1").count()
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn makes_one_image_and_takes_it_away() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        account.lab.post("config", &json!({"image_ticks": 5, "snapshot_ticks": 3}));
        let mut image = deed(&account);
        assert_eq!(image.observe().await.found, Found::Absent);
        image.apply().await;
        let finding = image.observe().await;
        assert_eq!((finding.found, finding.ours), (Found::InProgress, true));
        account.refuse(("ec2", "DescribeImages"), "InvalidAMIID.NotFound", 2);
        image.verify().await;
        assert_eq!(images(&account)[0]["state"], "pending");
        image.apply().await;
        image.verify().await;
        assert_eq!(account.lab.calls("CreateImage"), 1);
        let finding = image.observe().await;
        assert_eq!((finding.found, finding.ours), (Found::Holds, true));
        assert_eq!(finding.outputs, image.deed.call.outputs);

        let made = &images(&account)[0];
        assert_eq!(made["id"], image.deed.call.outputs["image"]);
        assert_eq!(made["snapshot_ids"], image.deed.call.outputs["snapshots"]);
        for (key, value) in [("Name", "nextcloud-web-r1"), ("Owner", "tests"), ("runbook:step", "clone-server")] {
            assert_eq!(made["tags"][key], value);
        }
        let id = made["snapshot_ids"][0].as_str().unwrap();
        let told = account.aws.read.ec2.describe_snapshots().snapshot_ids(id).send().await.unwrap();
        assert_eq!(tag(told.snapshots()[0].tags(), "Name"), Some("nextcloud-web-r1"));

        account.refuse(("ec2", "DeleteSnapshot"), "InvalidSnapshot.InUse", 2);
        for _ in 0..2 {
            image.undo().await;
            assert_eq!((images(&account).len(), snapshots(&account)), (0, 0));
        }
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_lost_answer_makes_no_second_image() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut image = deed(&account);
        image.observe().await;
        account.lab.post("config", &json!({"snapshot_ticks": 9}));
        account.lose(("ec2", "CreateImage"));
        image.failure(Phase::Apply).await;
        assert_eq!(image.observe().await.found, Found::InProgress);
        image.apply().await;
        image.verify().await;
        assert_eq!(images(&account).len(), 1);
        image.forget_outputs();
        let evidence = image.verify().await;
        assert!(evidence.contains("1 snapshot(s)"), "{evidence}");

        // Undone by a process that knows nothing of it but its name.
        image.forget_outputs();
        image.undo().await;
        assert_eq!((images(&account).len(), snapshots(&account)), (0, 0));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_undo_finishes_what_another_began() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut image = deed(&account);
        image.observe().await;
        image.apply().await;
        // Died between deregistering and deleting, before the snapshots were known.
        let id = image.output("image");
        account.aws.write.ec2.deregister_image().image_id(id).send().await.unwrap();
        image.forget_outputs();
        assert_eq!(snapshots(&account), 1);
        image.undo().await;
        assert_eq!(snapshots(&account), 0);
        // And once more forward.
        image.deed.call.generation = 1;
        image.forward_as_told().await;
        assert_eq!(images(&account).len(), 1);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_passes_is_waited_out() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut image = deed(&account);
        account.refuse(("ec2", "CreateImage"), "SnapshotCreationPerVolumeRateExceeded", 5);
        account.refuse(("ec2", "CreateImage"), "InvalidAMIName.Duplicate", 3);
        image.forward().await;
        assert_eq!((images(&account).len(), account.lab.calls("CreateImage")), (1, 9));
        for _ in 0..3 {
            account.lose(("ec2", "DeregisterImage"));
            account.lose(("ec2", "DeleteSnapshot"));
        }
        image.undo().await;
        assert_eq!((images(&account).len(), snapshots(&account)), (0, 0));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_cannot_be_looked_for_is_not_undone_unseen() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        let mut image = deed(&account);
        image.observe().await;
        image.apply().await;
        // The process died before it could say what it made, and may not look now.
        image.forget_outputs();
        account.refuse(("ec2", "DescribeImages"), "UnauthorizedOperation", 2);
        for phase in [Phase::Observe, Phase::Undo] {
            let failure = image.failure(phase).await;
            assert!(failure.causes[0].starts_with("UnauthorizedOperation"), "{phase:?}: {failure:?}");
        }
        assert_eq!(images(&account).len(), 1);
        image.undo().await;
        assert_eq!((images(&account).len(), snapshots(&account)), (0, 0));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_running_instance_and_a_taken_name_are_refused() {
        let account = Account::new().await;
        let mut image = deed(&account);
        assert_eq!(image.observe().await.found, Found::Absent);
        let refused = image.failure(Phase::Apply).await;
        assert_eq!((refused.kind, refused.message.ends_with("is not stopped")), (FailureKind::Refused, true));
        account.stop(&account.web()).await;
        deed(&account).of_another_run().forward().await;
        for phase in [Phase::Observe, Phase::Apply, Phase::Undo] {
            assert_eq!(image.failure(phase).await.kind, FailureKind::Refused, "{phase:?}");
        }
        assert_eq!(images(&account).len(), 1);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn each_volume_is_taken_before_the_instance_may_start() {
        let account = Account::new().await;
        let ec2 = &account.aws.write.ec2;
        let data = ec2.create_volume().availability_zone("us-east-1a").size(8).send().await.unwrap();
        let attach = ec2.attach_volume().instance_id(account.web()).device("/dev/sdf");
        attach.volume_id(data.volume_id().unwrap()).send().await.unwrap();
        account.stop(&account.web()).await;
        account.lab.post("config", &json!({"image_ticks": 9, "snapshot_ticks": 4}));
        let mut image = deed(&account);
        let evidence = image.forward().await;
        assert!(evidence.contains("2 snapshot(s), and is `pending`"), "{evidence}");
        assert_eq!(image.deed.call.outputs["snapshots"].as_array().unwrap().len(), 2);
        // The account spoils an image whose instance is started before that.
        ec2.start_instances().instance_ids(account.web()).send().await.unwrap();
        account.settle(&account.web(), "running").await;
        let mut available = waits::available(&account, &image.output("image"));
        available.forward().await;
        assert_eq!(account.lab.get("state")["troubles"], json!([]));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn one_that_is_pending_is_taken_away() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        account.lab.post("config", &json!({"image_ticks": 1000}));
        let mut image = deed(&account);
        image.forward().await;
        assert_eq!(images(&account)[0]["state"], "pending");
        for _ in 0..2 {
            image.undo().await;
            assert_eq!((images(&account).len(), snapshots(&account)), (0, 0));
        }
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn one_that_failed_is_told_and_made_again() {
        let account = Account::new().await;
        account.stop(&account.web()).await;
        account.lab.post("config", &json!({"image_ticks": 0, "snapshot_ticks": 1, "image_outcome": "failed"}));
        let mut image = deed(&account);
        image.observe().await;
        image.apply().await;
        let failure = image.failure(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.causes[0].contains("Client.InternalError"), "{failure:?}");
        assert_eq!(image.observe().await.found, Found::Otherwise);
        account.lab.post("config", &json!({"image_outcome": "available"}));
        image.apply().await;
        image.verify().await;
        assert_eq!((images(&account).len(), snapshots(&account)), (1, 1));
    }
}
