//! Target groups and what is in them.

use super::*;
use crate::support::sent::Told;
use runbook::model::{CheckKind, CheckVerdict, Found, Outcome, Phase};

both_halves! {
    "aws_network::targets":
    an_undo_sends_nothing_where_nothing_is_to_be_undone,
    a_target_group_is_made_once_with_its_attributes,
    a_target_goes_in_and_out_and_stays_where_it_was,
    health_is_waited_for_with_its_reason,
    health_is_probed_for_waiting_and_before_a_run,
    an_unhealthy_target_alone_is_not_out_for_the_balancer_fails_open,
}

impl World {
    /// A balancer with a listener that forwards to the group: only then are targets checked.
    async fn in_use(&self, targets: &Deed) -> Deed {
        let mut group = self.group();
        self.stage.carry_out(&mut group).await;
        let mut balancer = self.balancer(&group.output("group"));
        self.stage.carry_out(&mut balancer).await;
        let aws = self.aws().await;
        use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, ProtocolEnum};
        let arn = targets.output("target_group");
        let forward = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(arn).build();
        let request = aws.write.elb.create_listener().load_balancer_arn(balancer.output("load_balancer")).port(8080);
        request.protocol(ProtocolEnum::Http).default_actions(forward).send().await.unwrap();
        balancer
    }

    fn report(&self, targets: &Deed, instance: &str, state: &str) {
        let arn = targets.output("target_group");
        let mut report = json!({"event": "target-health", "target_group": arn, "id": instance, "state": state});
        if state == "unhealthy" {
            report["reason"] = json!("Target.ResponseCodeMismatch");
            report["description"] = json!("Health checks failed with these codes: [400]");
        }
        self.emulator.post("body", &report);
    }

    fn deregister(&self, targets: &Deed) -> Deed {
        let with = json!({"target_group": targets.output("target_group"), "instance": self.id("instance")});
        Deed::new("balance/deregister", ActionKind::TargetGroupDeregister, with)
    }

    fn registered(&self) -> usize {
        self.named("target_groups", "web")[0]["targets"].as_array().unwrap().len()
    }
}

mod inside {
    use super::*;

    /// Also where the changes are denied: what never came about needs no permission to be undone.
    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_undo_sends_nothing_where_nothing_is_to_be_undone() {
        let world = World::new();
        let mut targets = world.target_group();
        world.stage.carry_out(&mut targets).await;
        world.in_use(&targets).await;
        let mut register = world.register(&targets.output("target_group"));
        assert_eq!(world.stage.look(&mut register).await, Found::Absent);
        let refuse = |action: &str| world.emulator.refuse("elbv2", action, "AccessDenied", 99);
        refuse("RegisterTargets");
        refuse("DeregisterTargets");
        world.stage.apply(&mut register).await.unwrap_err();
        world.stage.undo(&register).await.unwrap();
        assert_eq!(world.emulator.calls("DeregisterTargets"), 0);
        world.emulator.post("unfault", &json!({}));

        let mut register = world.register(&targets.output("target_group"));
        world.stage.carry_out(&mut register).await;
        world.emulator.lose_answer("elbv2", "DeregisterTargets");
        world.stage.undo(&register).await.unwrap_err();
        world.stage.undo(&register).await.unwrap();
        world.stage.undo(&register).await.unwrap();
        assert_eq!(world.emulator.calls("DeregisterTargets"), 1);

        let mut register = world.register(&targets.output("target_group"));
        world.stage.carry_out(&mut register).await;
        let mut mirrored = world.deregister(&targets);
        world.stage.look(&mut mirrored).await;
        let calls = world.emulator.calls("RegisterTargets");
        world.stage.undo(&mirrored).await.unwrap();
        assert_eq!(world.emulator.calls("RegisterTargets"), calls, "it is registered");

        let cut = |field: &str| json!({"service": "elbv2", "action": "DescribeTargetHealth", "without": field});
        for field in ["State", "Id", "TargetHealth"] {
            world.emulator.post("fault", &cut(field));
            let failure = world.stage.observe(&register).await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Transient, "{failure:?}");
        }
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_target_group_is_made_once_with_its_attributes() {
        let world = World::new();
        let mut targets = world.target_group();
        assert_eq!(world.stage.look(&mut targets).await, Found::Absent);
        world.emulator.lose_answer("elbv2", "CreateTargetGroup");
        world.stage.apply(&mut targets).await.unwrap_err();
        let found = world.stage.observe(&targets).await.unwrap();
        assert_eq!((found.found, found.ours), (Found::Otherwise, true), "it lacks its attributes");
        world.stage.apply(&mut targets).await.unwrap();
        world.stage.verify(&mut targets).await.unwrap();
        assert_eq!(world.emulator.calls("CreateTargetGroup"), 1);
        let made = &world.named("target_groups", "web")[0];
        assert_eq!(made["attributes"]["deregistration_delay.timeout_seconds"], "30");
        assert_eq!(made["attributes"]["stickiness.enabled"], "true");
        let check = json!({
            "path": "/status.php", "port": "traffic-port", "protocol": "HTTP", "interval": 10, "timeout": 5,
            "healthy": 2, "unhealthy": 2, "matcher": "200",
        });
        assert_eq!(made["health_check"], check);

        let stranger = targets.of_another_run();
        assert_refused(world.stage.observe(&stranger).await, "not this run's");
        assert_refused(world.stage.apply(&mut stranger.clone()).await, "not this run's");
        world.stage.undo(&stranger).await.unwrap();
        let mut other = targets.without_outputs();
        other.call.parameters["health_path"] = json!("/");
        assert_refused(world.stage.observe(&other).await, "other settings");

        world.emulator.refuse("elbv2", "DeleteTargetGroup", "ResourceInUse", 3);
        world.stage.undo(&targets.without_outputs()).await.unwrap();
        world.stage.undo(&targets).await.unwrap();
        assert!(world.named("target_groups", "web").is_empty());

        // To targets that speak TLS by HTTPS, the health checks too; one that speaks in the clear is another.
        let mut by_tls = targets.without_outputs();
        by_tls.call.parameters["tls"] = json!(true);
        world.stage.carry_out(&mut by_tls).await;
        let made = &world.named("target_groups", "web")[0];
        assert_eq!((&made["protocol"], &made["health_check"]["protocol"]), (&json!("HTTPS"), &json!("HTTPS")));
        assert_refused(world.stage.observe(&targets.without_outputs()).await, "other settings");
        world.stage.undo(&by_tls).await.unwrap();
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_target_goes_in_and_out_and_stays_where_it_was() {
        let world = World::new();
        world.emulator.post("config", &json!({"drain_ticks": 4}));
        let mut targets = world.target_group();
        world.stage.carry_out(&mut targets).await;
        world.in_use(&targets).await;
        let mut register = world.register(&targets.output("target_group"));
        assert_eq!(world.stage.look(&mut register).await, Found::Absent);
        world.emulator.lose_answer("elbv2", "RegisterTargets");
        world.stage.apply(&mut register).await.unwrap_err();
        assert_eq!(world.stage.look(&mut register).await, Found::Holds);
        world.stage.apply(&mut register).await.unwrap();
        world.stage.verify(&mut register).await.unwrap();
        assert_eq!(world.registered(), 1);

        let mut late = world.register(&targets.output("target_group"));
        assert_eq!(world.stage.look(&mut late).await, Found::Holds);
        let stays = world.stage.undo(&late).await.unwrap();
        assert!(stays.contains("before this run"), "{stays}");
        assert_eq!(world.registered(), 1);

        let mut deregister = world.deregister(&targets);
        assert_eq!(world.stage.look(&mut deregister).await, Found::Absent);
        let told = Told::of(&world.stage, &deregister).await;
        world.stage.apply(&mut deregister).await.unwrap();
        told.was_sent();
        assert_eq!(world.stage.look(&mut deregister).await, Found::InProgress, "it is draining");
        let (outcome, notes) = world.stage.perform(&deregister, Phase::Verify).await;
        assert!(matches!(outcome, Outcome::Verified { .. }), "{outcome:?}");
        assert!(notes.iter().any(|note| note.contains("is draining")), "{notes:?}");
        assert_eq!(world.stage.look(&mut deregister).await, Found::Holds);
        let back = world.stage.undo(&deregister).await.unwrap();
        assert!(back.contains("is healthy"), "{back}");

        let (outcome, notes) = world.stage.perform(&register, Phase::Undo).await;
        assert!(matches!(outcome, Outcome::Undone { .. }), "{outcome:?}");
        assert!(notes.iter().any(|note| note.contains("is draining")), "undo waits until it is drained: {notes:?}");
        world.stage.undo(&register).await.unwrap();
        assert_eq!(world.registered(), 0);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn health_is_waited_for_with_its_reason() {
        let world = World::new();
        let instance = world.id("instance");
        let mut targets = world.target_group();
        world.stage.carry_out(&mut targets).await;
        let mut register = world.register(&targets.output("target_group"));
        world.stage.carry_out(&mut register).await;
        let with = json!({"target_group": targets.output("target_group"), "instances": [instance]});
        let mut healthy = Deed::new("balance/healthy", ActionKind::TargetGroupWaitHealthy, with);
        healthy.call.deadline_s = 1;

        let told = world.stage.verify(&mut healthy).await.unwrap_err();
        assert_eq!(told.kind, FailureKind::Deadline);
        assert!(told.causes[0].contains("no listener forwards"), "{told:?}");
        world.in_use(&targets).await;
        world.report(&targets, &instance, "unhealthy");
        assert_eq!(world.stage.look(&mut healthy).await, Found::Absent);
        let told = world.stage.verify(&mut healthy).await.unwrap_err();
        let why = "is unhealthy: Target.ResponseCodeMismatch (Health checks failed with these codes: [400])";
        assert_eq!(told.causes[0], format!("target `{instance}` {why}"));
        world.report(&targets, &instance, "healthy");
        world.stage.verify(&mut healthy).await.unwrap();
        assert_eq!(world.stage.look(&mut healthy).await, Found::Holds);
        assert!(world.stage.undo(&healthy).await.unwrap().contains("nothing to undo"));

        let mut waiting = world.register(&targets.output("target_group"));
        waiting.call.parameters["wait_healthy"] = json!(true);
        world.report(&targets, &instance, "initial");
        assert_eq!(world.stage.look(&mut waiting).await, Found::InProgress);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn health_is_probed_for_waiting_and_before_a_run() {
        let world = World::new();
        let instance = world.id("instance");
        let mut targets = world.target_group();
        world.stage.carry_out(&mut targets).await;
        world.stage.carry_out(&mut world.register(&targets.output("target_group"))).await;
        world.in_use(&targets).await;
        let probe = |state: &str| {
            let group = targets.output("target_group");
            json!({"target_health": {"target_group": group, "instances": [instance], "state": state}})
        };
        let row = async |state| world.stage.check(CheckKind::ProbeHolds, probe(state)).await.remove(0);
        let wait = |state| {
            let mut wait = Deed::new("balance/well", ActionKind::WaitFor, probe(state));
            wait.call.deadline_s = 1;
            wait
        };

        world.report(&targets, &instance, "unhealthy");
        let why = format!(
            "target `{instance}` is unhealthy: Target.ResponseCodeMismatch (Health checks failed with these codes: [400])"
        );
        let seen = row("healthy").await;
        assert!(seen.refuses() && seen.acceptable, "{seen:?}");
        assert_eq!((seen.evidence.as_str(), seen.advice.len()), (why.as_str(), 1));
        assert_eq!(seen.advice[0], format!("see to it that `{instance}` is `healthy` in target group `web`"));
        assert_eq!(world.stage.look(&mut wait("healthy")).await, Found::Absent);
        let told = world.stage.verify(&mut wait("healthy")).await.unwrap_err();
        assert_eq!((told.kind, told.causes[0].as_str()), (FailureKind::Deadline, why.as_str()));
        assert_eq!(row("unhealthy").await.verdict, CheckVerdict::Pass);
        assert_eq!(world.stage.look(&mut wait("unhealthy")).await, Found::Holds);

        world.report(&targets, &instance, "healthy");
        assert_eq!(row("healthy").await.verdict, CheckVerdict::Pass);
        assert_eq!(world.stage.look(&mut wait("healthy")).await, Found::Holds);
        let told = world.stage.verify(&mut wait("healthy")).await.unwrap();
        assert_eq!(told, format!("target `{instance}` is healthy"));

        // A group that is not there is no answer: nobody waits for it.
        let mut gone = wait("healthy");
        let arn = targets.output("target_group").replace("/web/", "/gone/");
        gone.call.parameters["target_health"]["target_group"] = json!(arn);
        let told = world.stage.verify(&mut gone).await.unwrap_err();
        assert!(told.kind == FailureKind::Permanent && told.message.contains("no target group `gone`"), "{told:?}");
        let seen = world.stage.check(CheckKind::ProbeHolds, gone.call.parameters).await.remove(0);
        assert_eq!(seen.verdict, CheckVerdict::NotCheckable, "{seen:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_unhealthy_target_alone_is_not_out_for_the_balancer_fails_open() {
        let world = World::new();
        let instance = world.id("instance");
        let mut targets = world.target_group();
        world.stage.carry_out(&mut targets).await;
        let mut register = world.register(&targets.output("target_group"));
        world.stage.carry_out(&mut register).await;
        world.in_use(&targets).await;
        let with = json!({"target_group": targets.output("target_group"), "instance": instance});
        let mut out = Deed::new("balance/out", ActionKind::TargetGroupWaitOut, with);
        out.call.deadline_s = 1;
        world.report(&targets, &instance, "unhealthy");
        let told = world.stage.verify(&mut out).await.unwrap_err();
        assert!(told.causes[0].contains("sends to all of them"), "{told:?}");

        let aws = world.aws().await;
        aws.write.ec2.stop_instances().instance_ids(&instance).send().await.unwrap();
        world.stage.verify(&mut out).await.unwrap();
        assert_eq!(world.stage.look(&mut out).await, Found::Holds, "a stopped one is out");
    }
}
