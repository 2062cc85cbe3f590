//! A snapshot of a database: made once, waited for, deleted and gone; what somebody else has is left alone.

use super::{Account, Work};
use aws_sdk_rds::types::Tag;
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::{Value, json};

both_halves! {
    "aws_compute::db_snapshot":
    it_is_made_with_its_tags_and_gone_after_the_undo,
    a_lost_answer_makes_no_second_one,
    undone_in_the_middle_it_is_waited_for_and_deleted,
    what_is_not_seen_yet_is_not_made_twice,
    one_of_the_name_that_is_anothers_is_refused_and_stays,
    one_that_fails_is_told_and_made_anew,
    a_database_that_is_busy_is_waited_for_and_one_that_is_stuck_refused,
    a_member_of_a_cluster_is_refused,
    one_that_somebody_deleted_meanwhile_is_not_waited_for,
}

const NAME: &str = "before-move";

fn deed(account: &Account) -> Work {
    let parameters = json!({"db": account.id("db"), "name": NAME});
    account.work(ActionKind::RdsSnapshot, "keep/snapshot", parameters)
}

fn all(account: &Account) -> Vec<Value> {
    account.lab.get("state")["db_snapshots"].as_array().unwrap().clone()
}

fn by_hand(account: &Account) -> aws_sdk_rds::operation::create_db_snapshot::builders::CreateDBSnapshotFluentBuilder {
    account.aws.write.rds.create_db_snapshot().db_instance_identifier(account.id("db")).db_snapshot_identifier(NAME)
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn it_is_made_with_its_tags_and_gone_after_the_undo() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_snapshot_ticks": 4}));
        let mut keep = deed(&account);
        keep.forward_as_told().await;
        let made = all(&account);
        assert_eq!(
            (made.len(), &made[0]["status"], &made[0]["db"]),
            (1, &json!("available"), &json!(account.id("db")))
        );
        assert_eq!(made[0]["tags"]["runbook:run"], "r1");
        assert_eq!((&made[0]["tags"]["runbook:step"], &made[0]["tags"]["Owner"]), (&json!("keep"), &json!("tests")));
        assert_eq!(keep.output("snapshot"), NAME);
        assert!(keep.output("arn").ends_with(":snapshot:before-move"), "{}", keep.output("arn"));
        keep.apply().await;
        assert_eq!(account.lab.calls("CreateDBSnapshot"), 1);
        for _ in 0..2 {
            assert_eq!(keep.undo().await, "DB snapshot `before-move` is gone");
        }
        assert_eq!((all(&account).len(), account.lab.calls("DeleteDBSnapshot")), (0, 1));
        // The way forward again.
        let mut again = deed(&account);
        again.forward().await;
        again.forget_outputs();
        again.undo().await;
        assert!(all(&account).is_empty());
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_lost_answer_makes_no_second_one() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_snapshot_ticks": 3}));
        let mut keep = deed(&account);
        assert_eq!(keep.observe().await.found, Found::Absent);
        account.lose(("rds", "CreateDBSnapshot"));
        assert_eq!(keep.failure(Phase::Apply).await.kind, FailureKind::Lost);
        let seen = keep.observe().await;
        assert_eq!((seen.found, seen.ours), (Found::InProgress, true), "{seen:?}");
        assert!(keep.verify().await.contains("is `available`"));
        assert_eq!(account.lab.calls("CreateDBSnapshot"), 1);
        account.lose(("rds", "DeleteDBSnapshot"));
        keep.undo().await;
        assert!(all(&account).is_empty());
        assert_eq!(account.lab.calls("DeleteDBSnapshot"), 1, "it is looked at before it is sent again");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn undone_in_the_middle_it_is_waited_for_and_deleted() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_snapshot_ticks": 5}));
        let mut keep = deed(&account);
        keep.observe().await;
        account.lose(("rds", "CreateDBSnapshot"));
        keep.failure(Phase::Apply).await;
        keep.undo().await;
        assert!(all(&account).is_empty());
        assert_eq!(account.lab.calls("DeleteDBSnapshot"), 1, "not before it could be deleted");
        // Nothing was begun: nothing is deleted.
        let mut never = deed(&account);
        never.observe().await;
        assert!(never.undo().await.contains("has made no DB snapshot"));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_is_not_seen_yet_is_not_made_twice() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"new_ticks": 30, "consistency_seed": 20}));
        let mut keep = deed(&account);
        keep.observe().await;
        keep.apply().await;
        // The process died before it could say so.
        keep.forget_outputs();
        assert_eq!(keep.observe().await.found, Found::Absent, "it does not show yet");
        keep.apply().await;
        assert!(account.lab.calls("CreateDBSnapshot") > 1, "asked for again, and told that it is there already");
        assert!(keep.verify().await.contains("is `available`"));
        assert_eq!(all(&account).len(), 1);
        keep.undo().await;
        assert!(all(&account).is_empty());
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn one_of_the_name_that_is_anothers_is_refused_and_stays() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_snapshot_ticks": 0}));
        by_hand(&account).db_snapshot_identifier("nobodys").send().await.unwrap();
        let run = Tag::builder().key("runbook:run").value("r0").build();
        by_hand(&account).tags(run).send().await.unwrap();
        let mut keep = deed(&account);
        for phase in [Phase::Observe, Phase::Apply] {
            let refused = keep.failure(phase).await;
            assert_eq!(refused.kind, FailureKind::Refused, "{refused:?}");
            assert_eq!(refused.causes, [format!("run `r0` made it of DB instance `{}`", account.id("db"))]);
            assert!(format!("{:?}", refused.advice).contains("aws rds delete-db-snapshot"), "{refused:?}");
        }
        keep.undo().await;
        assert_eq!((all(&account).len(), account.lab.calls("DeleteDBSnapshot")), (2, 0));

        let nobodys = json!({"db": account.id("db"), "name": "nobodys"});
        let refused = account.work(ActionKind::RdsSnapshot, "keep/snapshot", nobodys).failure(Phase::Observe).await;
        assert!(refused.causes[0].contains("no run made it"), "{refused:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn one_that_fails_is_told_and_made_anew() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"db_snapshot_outcome": "failed"}));
        let mut keep = deed(&account);
        keep.observe().await;
        keep.apply().await;
        let failure = keep.failure(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Permanent, "{failure:?}");
        assert!(failure.causes[0].ends_with("is `failed`"), "{failure:?}");
        assert_eq!(keep.observe().await.found, Found::Otherwise);
        account.lab.post("config", &json!({"db_snapshot_outcome": "available"}));
        keep.apply().await;
        assert!(keep.verify().await.contains("is `available`"));
        assert_eq!((all(&account).len(), account.lab.calls("CreateDBSnapshot")), (1, 2));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_database_that_is_busy_is_waited_for_and_one_that_is_stuck_refused() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_ticks": 12, "rds_unseen_ticks": 0}));
        let modify = account.aws.write.rds.modify_db_instance().db_instance_identifier(account.id("db"));
        modify.multi_az(true).apply_immediately(true).send().await.unwrap();
        while account.lab.get("state")["db_instances"][0]["status"] != "modifying" {
            account.aws.read.rds.describe_db_instances().send().await.unwrap();
        }
        let mut keep = deed(&account);
        let seen = keep.observe().await;
        assert!(seen.evidence.contains("it is made once"), "{seen:?}");
        account.lab.refuse("rds", "CreateDBSnapshot", "InvalidDBInstanceState", 2);
        keep.apply().await;
        keep.verify().await;
        assert_eq!(all(&account).len(), 1);
        keep.undo().await;

        account.aws.write.rds.stop_db_instance().db_instance_identifier(account.id("db")).send().await.unwrap();
        let refused = keep.failure(Phase::Observe).await;
        assert_eq!(refused.kind, FailureKind::Refused);
        assert!(refused.causes[0].contains("`stopped`"), "{refused:?}");

        let nobody = json!({"db": "nobody", "name": NAME});
        let refused = account.work(ActionKind::RdsSnapshot, "keep/snapshot", nobody).failure(Phase::Observe).await;
        assert_eq!(refused.message, "there is no DB instance `nobody` in us-east-1");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_member_of_a_cluster_is_refused() {
        let account = Account::new().await;
        let rds = &account.aws.write.rds;
        let cluster = rds.create_db_cluster().db_cluster_identifier("three").engine("aurora-mysql");
        cluster.master_username("nc").master_user_password("rehearsal-only").send().await.unwrap();
        let member = rds.create_db_instance().db_instance_identifier("three-1").db_cluster_identifier("three");
        member.engine("aurora-mysql").db_instance_class("db.r6g.large").send().await.unwrap();
        let with = json!({"db": "three-1", "name": NAME});
        let refused = account.work(ActionKind::RdsSnapshot, "keep/snapshot", with).failure(Phase::Observe).await;
        assert!(refused.message.contains("belongs to the DB cluster `three`"), "{refused:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn one_that_somebody_deleted_meanwhile_is_not_waited_for() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_snapshot_ticks": 0}));
        let mut keep = deed(&account);
        keep.observe().await;
        keep.apply().await;
        account.aws.write.rds.delete_db_snapshot().db_snapshot_identifier(NAME).send().await.unwrap();
        let failure = keep.failure(Phase::Verify).await;
        assert!(failure.message.contains("there is no DB snapshot"), "{failure:?}");
        // Another of the name is not this run's to delete.
        by_hand(&account).tags(Tag::builder().key("runbook:run").value("r0").build()).send().await.unwrap();
        assert!(keep.undo().await.contains("is not of this run"));
        assert_eq!(all(&account).len(), 1);
    }
}
