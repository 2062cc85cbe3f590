//! The balancer and its listeners.

use super::*;
use aws_sdk_elasticloadbalancingv2::types::LoadBalancerAttribute;
use runbook::model::{Found, Outcome, Phase};

both_halves! {
    "aws_network::balancing":
    a_balancer_that_failed_is_told_and_replaced,
    a_balancer_is_made_once_and_joined_while_it_is_provisioned,
    a_refused_network_says_what_a_balancer_needs,
    listeners_are_made_once_after_the_certificate_is_issued,
    an_https_listener_does_not_wait_for_ever_for_a_pending_certificate,
}

/// Group, targets, balancer and an issued certificate.
async fn ready(world: &World) -> (Deed, Deed, Deed) {
    let mut group = world.group();
    world.stage.carry_out(&mut group).await;
    let mut targets = world.target_group();
    world.stage.carry_out(&mut targets).await;
    let mut balancer = world.balancer(&group.output("group"));
    world.stage.carry_out(&mut balancer).await;
    let mut certificate = world.certificate();
    world.stage.carry_out(&mut certificate).await;
    (balancer, certificate, targets)
}

fn listeners(world: &World) -> Vec<Value> {
    world.named("load_balancers", "site")[0]["listeners"].as_array().unwrap().clone()
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_balancer_that_failed_is_told_and_replaced() {
        let world = World::new();
        let mut group = world.group();
        world.stage.carry_out(&mut group).await;
        let mut balancer = world.balancer(&group.output("group"));
        world.emulator.post("config", &json!({"alb_outcome": "failed"}));
        world.stage.look(&mut balancer).await;
        world.stage.apply(&mut balancer).await.unwrap();
        let failure = world.stage.verify(&mut balancer).await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.message.as_str()),
            (FailureKind::Permanent, "load balancer `site` is failed")
        );
        let dead = balancer.output("load_balancer");
        assert_eq!(world.stage.look(&mut balancer).await, Found::Otherwise);

        world.emulator.post("config", &json!({"alb_outcome": "active_impaired"}));
        world.stage.apply(&mut balancer).await.unwrap();
        assert_ne!(balancer.output("load_balancer"), dead);
        let failure = world.stage.verify(&mut balancer).await.unwrap_err();
        assert!(failure.by_hand()[0].contains("cannot grow"), "{failure:?}");
        assert_eq!(world.stage.look(&mut balancer).await, Found::Unknown, "a person decides");
        assert_eq!(world.named("load_balancers", "site").len(), 1);
        world.stage.undo(&balancer).await.unwrap();
        assert!(world.named("load_balancers", "site").is_empty());
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_balancer_is_made_once_and_joined_while_it_is_provisioned() {
        let world = World::new();
        world.emulator.post("config", &json!({"alb_ticks": 40}));
        let mut group = world.group();
        world.stage.carry_out(&mut group).await;
        let mut balancer = world.balancer(&group.output("group"));
        assert_eq!(world.stage.look(&mut balancer).await, Found::Absent);
        world.emulator.lose_answer("elbv2", "CreateLoadBalancer");
        world.stage.apply(&mut balancer).await.unwrap_err();
        let found = world.stage.observe(&balancer).await.unwrap();
        assert_eq!((found.found, found.ours), (Found::Otherwise, true), "it lacks its idle timeout");
        world.stage.apply(&mut balancer).await.unwrap();
        assert_eq!(world.stage.look(&mut balancer).await, Found::InProgress);
        let (outcome, notes) = world.stage.perform(&balancer, Phase::Verify).await;
        let Outcome::Verified { outputs, .. } = outcome else { panic!("{outcome:?}") };
        assert!(notes.iter().any(|note| note.contains("`site` is provisioning")), "{notes:?}");
        balancer.call.outputs.extend(outputs);
        let made = world.named("load_balancers", "site");
        assert_eq!((made.len(), &made[0]["attributes"]["idle_timeout.timeout_seconds"]), (1, &json!("600")));
        assert_eq!(balancer.output("dns_name"), made[0]["dns_name"].as_str().unwrap());
        assert_eq!(balancer.output("dns_zone"), "Z35SXDOTRQ7X7K");
        assert_eq!(world.emulator.calls("CreateLoadBalancer"), 1);

        let mut stranger = balancer.of_another_run();
        assert_refused(world.stage.observe(&stranger).await, "not this run's");
        assert_refused(world.stage.apply(&mut stranger).await, "not this run's");
        world.stage.undo(&stranger).await.unwrap();
        assert_eq!(world.named("load_balancers", "site").len(), 1);

        let aws = world.aws().await;
        let on = LoadBalancerAttribute::builder().key("deletion_protection.enabled").value("true").build();
        let request =
            aws.write.elb.modify_load_balancer_attributes().load_balancer_arn(balancer.output("load_balancer"));
        request.attributes(on).send().await.unwrap();
        world.stage.undo(&balancer.without_outputs()).await.unwrap();
        world.stage.undo(&balancer).await.unwrap();
        assert!(world.named("load_balancers", "site").is_empty());
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_refused_network_says_what_a_balancer_needs() {
        let world = World::new();
        let mut group = world.group();
        world.stage.carry_out(&mut group).await;
        let mut balancer = world.balancer(&group.output("group"));
        let mut late = balancer.clone();
        world.emulator.refuse("elbv2", "CreateLoadBalancer", "InvalidSecurityGroup", 3);
        world.stage.carry_out(&mut late).await;
        assert_eq!(world.emulator.calls("CreateLoadBalancer"), 4, "a group that was made a moment ago");
        world.stage.undo(&late).await.unwrap();
        let one = world.seed["subnets"]["a"].clone();
        balancer.call.parameters["subnets"] = json!([one]);
        let failure = world.stage.apply(&mut balancer).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.by_hand().join(" ").contains("two Availability Zones"), "{failure:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn listeners_are_made_once_after_the_certificate_is_issued() {
        let world = World::new();
        let (balancer, certificate, targets) = ready(&world).await;
        let mut record = world.record(&world.id("zone"), &certificate);
        world.stage.carry_out(&mut record).await;
        let with = json!({"certificate": certificate.output("certificate")});
        let mut issued = Deed::new("certify/issued", ActionKind::CertificateWaitIssued, with);
        world.stage.carry_out(&mut issued).await;

        let mut https = world.https(&balancer, &certificate, &targets);
        assert_eq!(world.stage.look(&mut https).await, Found::Absent);
        world.emulator.refuse("elbv2", "CreateListener", "UnsupportedCertificate", 2);
        let (outcome, notes) = world.stage.perform(&https, Phase::Apply).await;
        let Outcome::Applied { outputs } = outcome else { panic!("{outcome:?}") };
        assert_eq!(notes.iter().filter(|note| note.contains("does not take the certificate yet")).count(), 2);
        https.call.outputs.extend(outputs);
        world.stage.verify(&mut https).await.unwrap();
        world.stage.apply(&mut https.without_outputs()).await.unwrap();

        let mut redirect = world.redirect(&balancer);
        assert_eq!(world.stage.look(&mut redirect).await, Found::Absent);
        let calls = world.emulator.calls("CreateListener");
        world.emulator.lose_answer("elbv2", "CreateListener");
        let lost = world.stage.apply(&mut redirect).await.unwrap_err();
        let counted = lost.kind.may_pass();
        assert!(counted, "the engine counts attempts, and looks before the next: {lost:?}");
        world.stage.apply(&mut redirect).await.unwrap();
        assert_eq!(world.emulator.calls("CreateListener"), calls + 1, "it is never sent again without a look");
        let made = listeners(&world);
        assert_eq!(made.len(), 2, "a lost answer makes no second listener");
        let to = &made.iter().find(|l| l["port"] == 80).unwrap()["default_actions"][0]["RedirectConfig"];
        assert_eq!(
            (&to["StatusCode"], &to["Port"], &to["Protocol"]),
            (&json!("HTTP_301"), &json!("443"), &json!("HTTPS"))
        );
        assert_eq!(
            (&to["Host"], &to["Path"], &to["Query"]),
            (&json!("#{host}"), &json!("/#{path}"), &json!("#{query}"))
        );

        let stranger = redirect.of_another_run();
        assert_refused(world.stage.observe(&stranger).await, "not this run's");
        world.stage.undo(&stranger).await.unwrap();
        assert_eq!(listeners(&world).len(), 2);
        let mut other = redirect.without_outputs();
        other.call.parameters["to_port"] = json!(8443);
        assert_refused(world.stage.observe(&other).await, "made or changed otherwise");

        let mut throttled = redirect.clone();
        world.stage.undo(&redirect).await.unwrap();
        world.emulator.refuse("elbv2", "CreateListener", "Throttling", 1);
        let calls = world.emulator.calls("CreateListener");
        assert_eq!(world.stage.apply(&mut throttled).await.unwrap_err().kind, FailureKind::Throttled);
        assert_eq!(world.emulator.calls("CreateListener"), calls + 1, "how often it is tried is the runbook's policy");
        world.stage.apply(&mut throttled).await.unwrap();
        redirect = throttled;

        for field in ["Port", "Protocol", "ListenerArn"] {
            let cut = json!({"service": "elbv2", "action": "DescribeListeners", "without": field});
            world.emulator.post("fault", &cut);
            let failure = world.stage.observe(&redirect).await.unwrap_err();
            assert_eq!(
                (failure.kind, failure.message.contains("does not say")),
                (FailureKind::Transient, true),
                "{field}"
            );
        }

        for listener in [&https, &redirect] {
            world.stage.undo(&listener.without_outputs()).await.unwrap();
            world.stage.undo(listener).await.unwrap();
        }
        assert!(listeners(&world).is_empty());
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_https_listener_does_not_wait_for_ever_for_a_pending_certificate() {
        let world = World::new();
        let (balancer, certificate, targets) = ready(&world).await;
        let mut https = world.https(&balancer, &certificate, &targets);
        world.stage.look(&mut https).await;
        let failure = world.stage.apply(&mut https).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Permanent);
        assert!(failure.by_hand()[0].contains("the certificate must be issued"), "{failure:?}");
        assert!(listeners(&world).is_empty());
    }
}
