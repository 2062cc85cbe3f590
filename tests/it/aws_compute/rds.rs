//! Multi-AZ of a database: the full wait, other pending changes, the way back.

use super::{Account, Work};
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::{Value, json};

both_halves! {
    "aws_compute::rds":
    converts_and_back_without_believing_the_first_available,
    a_lost_answer_is_joined_and_undone_in_the_middle,
    coming_back_single_az_is_a_failure,
    other_pending_changes_are_refused_by_name,
    a_db_that_is_so_already_is_found_and_kept,
    a_change_that_does_not_show_yet_is_neither_failed_nor_sent_anew,
    a_standby_that_rds_does_not_tell_of_is_not_waited_for_for_ever,
    a_change_that_rds_does_not_take_yet_is_waited_with,
    an_instance_of_a_cluster_is_refused,
    an_answer_without_the_setting_decides_nothing,
}

fn deed(account: &Account) -> Work {
    let parameters = json!({"db": account.id("db"), "multi_az": true});
    account.work(ActionKind::RdsSetMultiAz, "rds-multi-az/convert", parameters)
}

fn db(account: &Account) -> Value {
    account.lab.get("state")["db_instances"][0].clone()
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn converts_and_back_without_believing_the_first_available() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_ticks": 5}));
        let mut convert = deed(&account);
        convert.forward_as_told().await;
        assert_eq!(db(&account)["multi_az"], true);
        assert!(db(&account)["secondary_az"].is_string());
        convert.apply().await;
        assert_eq!(account.lab.calls("ModifyDBInstance"), 1);
        for _ in 0..2 {
            let evidence = convert.undo().await;
            assert!(evidence.ends_with("is `available`, single-AZ"), "{evidence}");
        }
        assert_eq!((db(&account)["multi_az"].clone(), account.lab.calls("ModifyDBInstance")), (json!(false), 2));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_lost_answer_is_joined_and_undone_in_the_middle() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_ticks": 4}));
        let mut convert = deed(&account);
        convert.observe().await;
        account.lose(("rds", "ModifyDBInstance"));
        assert_eq!(convert.failure(Phase::Apply).await.kind, FailureKind::Lost);
        // The first look does not show it yet, so it is sent again, and RDS says that nothing is new in it.
        assert_eq!(convert.observe().await.found, Found::Absent);
        convert.apply().await;
        assert!(account.lab.calls("ModifyDBInstance") <= 2);
        convert.undo().await;
        assert_eq!(
            (db(&account)["multi_az"].clone(), db(&account)["status"].clone()),
            (json!(false), json!("available"))
        );
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn coming_back_single_az_is_a_failure() {
        let account = Account::new().await;
        let mut convert = deed(&account);
        convert.forward().await;
        convert.undo().await;
        // RDS tells events oldest first, here one a page.
        let config = json!({"rds_ticks": 3, "rds_outcome": "unchanged", "page_size": 1, "empty_pages": true});
        account.lab.post("config", &config);
        let mut convert = deed(&account).of_another_run();
        convert.observe().await;
        convert.apply().await;
        let failure = convert.failure(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert_eq!(failure.message, format!("DB instance `{}` came back single-AZ", account.id("db")));
        let events = account.aws.read.rds.describe_events().into_paginator().items().send();
        let events: Vec<_> = events.collect::<Result<_, _>>().await.unwrap();
        let said: Vec<&str> = events.iter().filter_map(|event| event.message()).collect();
        assert!(said.len() > 2 && said[0] != said[said.len() - 1], "{said:?}");
        assert_eq!(failure.causes[0], format!("the last event RDS tells: {}", said[said.len() - 1]));
        // Also when verify begins after it was over.
        let failure = convert.failure(Phase::Verify).await;
        assert_eq!(failure.message, format!("DB instance `{}` came back single-AZ", account.id("db")));
        assert_eq!(convert.observe().await.found, Found::Absent);
        convert.undo().await;
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn other_pending_changes_are_refused_by_name() {
        let account = Account::new().await;
        let modify = account.aws.write.rds.modify_db_instance().db_instance_identifier(account.id("db"));
        modify.db_instance_class("db.t3.large").apply_immediately(false).send().await.unwrap();
        let mut convert = deed(&account);
        for phase in [Phase::Observe, Phase::Apply] {
            let refused = convert.failure(phase).await;
            assert_eq!(refused.kind, FailureKind::Refused);
            assert_eq!(refused.causes, ["they would be applied along with this one: instance class"]);
        }
        assert_eq!(db(&account)["class"], "db.t3.medium");

        let nobody = json!({"db": "nobody", "multi_az": true});
        let refused =
            account.work(ActionKind::RdsSetMultiAz, "rds-multi-az/convert", nobody).failure(Phase::Observe).await;
        assert_eq!(refused.message, "there is no DB instance `nobody` in us-east-1");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_change_that_does_not_show_yet_is_neither_failed_nor_sent_anew() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_unseen_ticks": 25}));
        let mut convert = deed(&account);
        convert.observe().await;
        account.lose(("rds", "ModifyDBInstance"));
        assert_eq!(convert.failure(Phase::Apply).await.kind, FailureKind::Lost);
        convert.observe().await;
        convert.apply().await;
        convert.verify().await;
        assert_eq!(db(&account)["multi_az"], true);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_standby_that_rds_does_not_tell_of_is_not_waited_for_for_ever() {
        let account = Account::new().await;
        account.lab.post("config", &json!({"rds_standby": "untold"}));
        let mut convert = deed(&account);
        convert.observe().await;
        convert.apply().await;
        let evidence = convert.verify().await;
        assert!(evidence.contains("does not tell the zone of its standby"), "{evidence}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_change_that_rds_does_not_take_yet_is_waited_with() {
        let account = Account::new().await;
        let mut convert = deed(&account);
        convert.observe().await;
        account.lab.refuse("rds", "ModifyDBInstance", "InvalidDBInstanceState", 3);
        convert.apply().await;
        assert_eq!(account.lab.calls("ModifyDBInstance"), 4);
        convert.verify().await;
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_instance_of_a_cluster_is_refused() {
        let account = Account::new().await;
        let rds = &account.aws.write.rds;
        let cluster = rds.create_db_cluster().db_cluster_identifier("three").engine("mysql").master_username("nc");
        let cluster = cluster.master_user_password("rehearsal-only").db_cluster_instance_class("db.m6gd.large");
        cluster.allocated_storage(100).storage_type("io1").iops(1000).send().await.unwrap();
        let all = account.aws.read.rds.describe_db_instances().send().await.unwrap();
        let member = all.db_instances().iter().find(|db| db.db_cluster_identifier() == Some("three"));
        let member = match member {
            Some(member) => member.db_instance_identifier().unwrap().to_owned(),
            None => {
                let member = rds.create_db_instance().db_instance_identifier("three-1").db_cluster_identifier("three");
                member.engine("mysql").db_instance_class("db.m6gd.large").send().await.unwrap();
                "three-1".to_owned()
            }
        };
        let with = json!({"db": member, "multi_az": true});
        let refused =
            account.work(ActionKind::RdsSetMultiAz, "rds-multi-az/convert", with).failure(Phase::Observe).await;
        assert_eq!(refused.kind, FailureKind::Refused);
        assert!(refused.message.contains("belongs to the DB cluster `three`"), "{refused:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_answer_without_the_setting_decides_nothing() {
        let account = Account::new().await;
        let mut convert = deed(&account);
        convert.forward().await;
        let cut = json!({"service": "rds", "action": "DescribeDBInstances", "without": "MultiAZ", "times": 1});
        account.lab.post("fault", &cut);
        let failure = convert.failure(Phase::Observe).await;
        assert_eq!(failure.kind, FailureKind::Transient);
        assert!(failure.message.contains("does not say the Multi-AZ setting"), "{failure:?}");
        account.lab.post("fault", &cut);
        convert.undo().await;
        assert_eq!(db(&account)["multi_az"], false, "a cut answer is no single-AZ database");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_db_that_is_so_already_is_found_and_kept() {
        let account = Account::new().await;
        deed(&account).forward().await;
        let mut again = deed(&account).of_another_run();
        assert_eq!(again.observe().await.found, Found::Holds);
        again.undo().await;
        assert_eq!(db(&account)["multi_az"], true);
    }
}
