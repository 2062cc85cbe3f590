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
        assert_eq!(convert.observe().await.found, Found::InProgress);
        convert.apply().await;
        assert_eq!(account.lab.calls("ModifyDBInstance"), 1);
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
        account.lab.post("config", &json!({"rds_ticks": 3, "rds_outcome": "unchanged"}));
        let mut convert = deed(&account);
        convert.observe().await;
        convert.apply().await;
        let failure = convert.failure(Phase::Verify).await;
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert_eq!(failure.message, format!("DB instance `{}` came back single-AZ", account.id("db")));
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
    async fn a_db_that_is_so_already_is_found_and_kept() {
        let account = Account::new().await;
        deed(&account).forward().await;
        let mut again = deed(&account).of_another_run();
        assert_eq!(again.observe().await.found, Found::Holds);
        again.undo().await;
        assert_eq!(db(&account)["multi_az"], true);
    }
}
