//! A mark on an instance keeps other runs away from it.

use super::{Account, Work, tag};
use crate::support::told;
use aws_sdk_ec2::types::{AttributeBooleanValue, AttributeValue};
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::json;

both_halves! {
    "aws_compute::claim":
    marks_an_instance_and_keeps_others_off,
    a_lost_answer_is_found_again,
    what_a_shutdown_would_destroy_is_refused_with_all_reasons_at_once,
    a_release_can_be_taken_back,
    two_that_claim_at_once_never_both_have_it,
    a_lock_without_a_mark_keeps_others_off_too,
    what_could_not_be_marked_has_nothing_to_undo,
    lost_answers_on_the_way_back_need_nobody,
    what_another_run_has_claimed_is_not_changed,
    a_release_that_finds_another_run_refuses,
    protection_against_termination_is_told_and_stays,
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

/// The groups that are locks.
fn locks(account: &Account) -> Vec<String> {
    let state = account.lab.get("state");
    let groups = state["security_groups"].as_array().unwrap().iter();
    let names = groups.map(|group| group["name"].as_str().unwrap().to_owned());
    names.filter(|name| name.starts_with("runbook-claim-")).collect()
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
        assert!(refused.by_hand()[0].contains("delete-tags"), "{refused:?}");
        assert_eq!(theirs.failure(Phase::Apply).await.kind, FailureKind::Refused);
        theirs.undo().await;
        assert_eq!(mark(&account).await.as_deref(), Some("r1"), "an undo takes only its own mark away");

        assert_eq!(locks(&account), [format!("runbook-claim-{}", account.web())]);
        for _ in 0..2 {
            ours.undo().await;
            assert_eq!((mark(&account).await, locks(&account).len()), (None, 0));
        }
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn two_that_claim_at_once_never_both_have_it() {
        let account = Account::new().await;
        let (mut r1, mut r2) = (claim(&account), claim(&account).of_another_run());
        for round in 0..15 {
            // Both have looked, and neither has seen the other.
            assert_eq!((r1.observe().await.found, r2.observe().await.found), (Found::Absent, Found::Absent), "{round}");
            if round % 3 == 1 {
                account.lose(("ec2", "CreateSecurityGroup"));
            }
            let apply = async |work: &mut Work| {
                for _ in 0..3 {
                    match work.stage.apply(&mut work.deed).await {
                        Ok(()) => return true,
                        Err(failure) if failure.kind == FailureKind::Refused => return false,
                        Err(failure) => assert_eq!(failure.kind, FailureKind::Lost, "{failure:?}"),
                    }
                }
                panic!("no end to it");
            };
            let (one, two) = tokio::join!(apply(&mut r1), apply(&mut r2));
            assert!(one != two, "round {round}: r1 has it: {one}, r2 has it: {two}");
            let winner = if one { &mut r1 } else { &mut r2 };
            winner.verify().await;
            assert_eq!(mark(&account).await.as_deref(), Some(if one { "r1" } else { "r2" }));
            for work in [&mut r1, &mut r2] {
                work.undo().await;
                work.forget_outputs();
            }
            assert_eq!((mark(&account).await, locks(&account).len()), (None, 0), "{round}");
        }
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_lock_without_a_mark_keeps_others_off_too() {
        let account = Account::new().await;
        claim(&account).of_another_run().forward().await;
        let tag = aws_sdk_ec2::types::Tag::builder().key("runbook:claim").build();
        account.aws.write.ec2.delete_tags().resources(account.web()).tags(tag).send().await.unwrap();
        let refused = claim(&account).failure(Phase::Observe).await;
        assert_eq!(refused.causes, ["it is being worked on by run `r2`"]);
        for told in ["run `r2` is (`runbook runs` on", "delete-security-group --group-id sg-", "delete-tags"] {
            assert!(refused.by_hand()[0].contains(told), "{told}: {refused:?}");
        }
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_could_not_be_marked_has_nothing_to_undo() {
        let account = Account::new().await;
        account.refuse(("ec2", "CreateTags"), "UnauthorizedOperation", 100);
        account.refuse(("ec2", "DeleteTags"), "UnauthorizedOperation", 100);
        let mut deed = claim(&account);
        deed.observe().await;
        assert_eq!(deed.failure(Phase::Apply).await.kind, FailureKind::Permanent);
        let told = deed.undo().await;
        assert!(told.contains("bears no mark") && locks(&account).is_empty(), "{told}");
        // The lock could not even be had.
        account.refuse(("ec2", "CreateSecurityGroup"), "UnauthorizedOperation", 1);
        let mut deed = claim(&account);
        deed.observe().await;
        assert_eq!(deed.failure(Phase::Apply).await.kind, FailureKind::Permanent);
        let (tags, groups) = (account.lab.calls("DeleteTags"), account.lab.calls("DeleteSecurityGroup"));
        deed.undo().await;
        assert_eq!((account.lab.calls("DeleteTags"), account.lab.calls("DeleteSecurityGroup")), (tags, groups));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn lost_answers_on_the_way_back_need_nobody() {
        let account = Account::new().await;
        let mut deed = claim(&account);
        deed.forward().await;
        for _ in 0..5 {
            account.lose(("ec2", "DeleteTags"));
            account.lose(("ec2", "DeleteSecurityGroup"));
        }
        for _ in 0..2 {
            deed.undo().await;
            assert_eq!((mark(&account).await, locks(&account).len()), (None, 0));
        }
        assert!(account.lab.calls("DeleteSecurityGroup") < 10);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_another_run_has_claimed_is_not_changed() {
        let account = Account::new().await;
        let mut theirs = claim(&account).of_another_run();
        theirs.forward().await;
        let on_web = |kind, more: serde_json::Value| {
            let mut with = json!({"instance": account.web()});
            with.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            account.work(kind, "some/action", with)
        };
        let mut stop = on_web(ActionKind::InstanceStop, json!({}));
        stop.observe().await;
        let mut resize = on_web(ActionKind::InstanceStartAs, json!({"instance_type": "t3.small"}));
        resize.observe().await;
        for work in [&mut stop, &mut resize] {
            let refused = work.failure(Phase::Apply).await;
            assert_eq!(refused.kind, FailureKind::Refused);
            assert!(refused.message.contains("by run `r2`"), "{refused:?}");
        }
        assert_eq!(account.state(&account.web()).await, "running");
        theirs.undo().await;
        stop.apply().await;
        stop.verify().await;
        theirs.forward().await;
        let mut start = on_web(ActionKind::InstanceStart, json!({}));
        start.observe().await;
        assert_eq!(start.failure(Phase::Apply).await.kind, FailureKind::Refused);
        assert_eq!(stop.failure(Phase::Undo).await.kind, FailureKind::Refused);
        // A mark that came late, of a run that is over: the lock decides.
        theirs.undo().await;
        claim(&account).forward().await;
        account.tag(&account.web(), "runbook:claim", "r2").await;
        stop.undo().await;
        assert_eq!(account.state(&account.web()).await, "running");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_release_that_finds_another_run_refuses() {
        let account = Account::new().await;
        let mut ours = claim(&account);
        ours.forward().await;
        ours.undo().await;
        claim(&account).of_another_run().forward().await;
        let refused = release(&account).failure(Phase::Apply).await;
        assert_eq!(refused.kind, FailureKind::Refused);
        assert!(refused.causes[0].contains("taken it over"), "{refused:?}");
        assert!(told(&refused)[1].contains("runbook resolve r1 restore-cron/release --as done"), "{refused:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn protection_against_termination_is_told_and_stays() {
        let account = Account::new().await;
        let yes = AttributeBooleanValue::builder().value(true).build();
        let modify = account.aws.write.ec2.modify_instance_attribute().instance_id(account.web());
        modify.disable_api_termination(yes).send().await.unwrap();
        let mut deed = claim(&account);
        let finding = deed.observe().await;
        assert_eq!(finding.found, Found::Absent);
        assert!(finding.evidence.contains("protection against termination"), "{}", finding.evidence);
        deed.forward().await;
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
        modify().disable_api_stop(yes).send().await.unwrap();
        account.tag(&id, "runbook:claim", "r9").await;
        let refused = claim(&account).failure(Phase::Observe).await;
        assert_eq!(refused.kind, FailureKind::Refused);
        assert_eq!(
            refused.causes,
            [
                "its shutdown behaviour is `terminate`: a shutdown would destroy it",
                "it is protected against being stopped",
                "it is being worked on by run `r9`",
            ]
        );
        assert_eq!(refused.advice.len(), 3);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_release_can_be_taken_back() {
        let account = Account::new().await;
        claim(&account).forward().await;
        let mut deed = release(&account);
        deed.forward_as_told().await;
        deed.apply().await;
        assert_eq!((mark(&account).await, locks(&account).len()), (None, 0));
        for _ in 0..2 {
            deed.undo().await;
            assert_eq!(mark(&account).await.as_deref(), Some("r1"));
        }
        deed.apply().await;
        account.tag(&account.web(), "runbook:claim", "r2").await;
        assert_eq!(deed.failure(Phase::Undo).await.kind, FailureKind::Refused);
        assert_eq!(mark(&account).await.as_deref(), Some("r2"));
    }
}
