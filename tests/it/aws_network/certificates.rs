//! Certificates: requested once, deleted when nobody uses them.

use super::*;
use runbook::model::{Found, Outcome, Phase};

both_halves! {
    "aws_network::certificates":
    a_certificate_that_failed_is_told_at_once_and_does_not_count,
    a_certificate_is_requested_once_and_told_from_others,
    issuing_is_waited_for_and_says_for_what,
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_certificate_that_failed_is_told_at_once_and_does_not_count() {
        let world = World::new();
        world.emulator.post("config", &json!({"acm_outcome": "FAILED"}));
        let mut certificate = world.certificate();
        world.stage.carry_out(&mut certificate).await;
        let mut record = world.record(&world.id("zone"), &certificate);
        world.stage.carry_out(&mut record).await;
        let with = json!({"certificate": certificate.output("certificate")});
        let mut issued = Deed::new("certify/issued", ActionKind::CertificateWaitIssued, with);
        let failure = world.stage.verify(&mut issued).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.by_hand()[0].contains("CAA"), "{failure:?}");

        assert_eq!(world.stage.look(&mut certificate).await, Found::Absent);
        let dead = certificate.output("certificate");
        world.stage.apply(&mut certificate).await.unwrap();
        assert_ne!(certificate.output("certificate"), dead, "the old token would give the old certificate");
        assert_eq!(world.all("certificates").len(), 2);
        world.stage.undo(&certificate).await.unwrap();
        assert!(world.all("certificates").is_empty());
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_certificate_is_requested_once_and_told_from_others() {
        let world = World::new();
        world.emulator.post("config", &json!({"acm_rr_ticks": 30}));
        let mut certificate = world.certificate();
        let mut stranger = certificate.of_another_run();
        world.stage.carry_out(&mut stranger).await;
        assert_eq!(world.stage.look(&mut certificate).await, Found::Absent, "another run's does not count");
        world.emulator.lose_answer("acm", "RequestCertificate");
        world.stage.apply(&mut certificate).await.unwrap_err();
        let found = world.stage.observe(&certificate).await.unwrap();
        assert_eq!((found.found, found.ours), (Found::InProgress, true), "its record is not named yet");
        world.stage.apply(&mut certificate).await.unwrap();
        let (outcome, notes) = world.stage.perform(&certificate, Phase::Verify).await;
        let Outcome::Verified { outputs, .. } = outcome else { panic!("{outcome:?}") };
        assert!(notes.iter().any(|note| note.contains("has not named the validation record")), "{notes:?}");
        certificate.call.outputs.extend(outputs);
        assert!(!certificate.output("record_name").ends_with('.'));
        assert!(certificate.output("record_value").ends_with(".acm-validations.aws"));
        assert_eq!(world.all("certificates").len(), 2);
        assert_eq!(world.emulator.calls("RequestCertificate"), 2);

        world.emulator.refuse("acm", "DeleteCertificate", "ResourceInUseException", 3);
        let (outcome, notes) = world.stage.perform(&certificate.without_outputs(), Phase::Undo).await;
        assert!(matches!(outcome, Outcome::Undone { .. }), "{outcome:?}");
        assert_eq!(notes.iter().filter(|note| note.contains("still in use")).count(), 3, "{notes:?}");
        world.stage.undo(&certificate).await.unwrap();
        let left = world.all("certificates");
        assert_eq!((left.len(), &left[0]["tags"]["runbook:run"]), (1, &json!("r2")));

        certificate.call.generation = 1;
        certificate.call.outputs.clear();
        world.stage.apply(&mut certificate).await.unwrap();
        assert_eq!(world.all("certificates").len(), 2, "after a rollback a new one is requested");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn issuing_is_waited_for_and_says_for_what() {
        let world = World::new();
        let mut certificate = world.certificate();
        world.stage.carry_out(&mut certificate).await;
        let with = json!({"certificate": certificate.output("certificate")});
        let mut issued = Deed::new("certify/issued", ActionKind::CertificateWaitIssued, with);
        assert_eq!(world.stage.look(&mut issued).await, Found::Absent);
        issued.call.deadline_s = 1;
        let failure = world.stage.verify(&mut issued).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Deadline);
        assert!(failure.causes[0].contains(&certificate.output("record_name")), "{failure:?}");
        world.stage.carry_out(&mut world.record(&world.id("zone"), &certificate)).await;
        world.stage.verify(&mut issued).await.unwrap();
        assert_eq!(world.stage.look(&mut issued).await, Found::Holds);

        world.stage.undo(&certificate).await.unwrap();
        let failure = world.stage.verify(&mut issued).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Permanent, "a certificate that is gone is not waited for");
    }
}
