//! Steps 7 to 9 of the flagship as one way, forward and back: afterwards the account is as it was, and no call was made that
//! the actions do not declare.

use super::*;
use crate::support::names::BALANCER;
use crate::support::sent::Told;
use runbook::action::{observe_permissions, permissions};
use runbook::model::Found;
use std::collections::BTreeSet;

both_halves! {
    "aws_network::there_and_back":
    there_and_back,
    traffic_is_moved_there_and_back,
}

/// IAM actions that AWS asks for beside a call, and those needed only when something went wrong: a smooth way shows none.
const NOT_CALLED: &[&str] = &[
    "ec2:CreateTags",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeNetworkInterfaces",
    "elasticloadbalancing:DescribeTags",
    // Of a group that was deleted and made again.
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DeleteLoadBalancer",
    "acm:ListTagsForCertificate",
];

/// What services call in the caller's name because of these calls; the log has it only where IAM is enforced.
fn called_by_services(used: &BTreeSet<String>) -> BTreeSet<String> {
    let rows = include_str!("../../../src/rehearsal/emulator/callers_name.json");
    let rows: Vec<Value> = serde_json::from_str(rows).unwrap();
    let of_these = rows.iter().filter(|row| used.contains(row["call"].as_str().unwrap()));
    of_these.flat_map(|row| row["needs"].as_array().unwrap()).map(|need| need.as_str().unwrap().to_owned()).collect()
}

impl World {
    /// The IAM actions of the calls made since there were `from` of them.
    fn used(&self, from: usize) -> BTreeSet<String> {
        let calls = self.emulator.get("calls");
        let service = |name: &str| if name == "elbv2" { "elasticloadbalancing".to_owned() } else { name.to_owned() };
        let calls = calls.as_array().unwrap().iter().skip(from);
        calls.map(|c| format!("{}:{}", service(c[0].as_str().unwrap()), c[1].as_str().unwrap())).collect()
    }

    fn call_count(&self) -> usize {
        self.emulator.get("calls").as_array().unwrap().len()
    }

    /// Carries a deed out, and holds what it called against what it declares.
    async fn forward(&self, mut deed: Deed) -> Deed {
        let told = Told::of(&self.stage, &deed).await;
        let from = self.call_count();
        let seen = self.stage.carry_out(&mut deed).await;
        assert!(!seen.is_empty());
        told.was_sent();
        let declared: BTreeSet<String> = permissions(deed.call.kind).0.iter().map(|&p| p.to_owned()).collect();
        let used = self.used(from);
        let undeclared: Vec<_> = used.difference(&declared).collect();
        assert!(undeclared.is_empty(), "{} calls without declaring it: {undeclared:?}", deed.call.kind);
        let by_services = called_by_services(&used);
        let known = |p: &str| NOT_CALLED.contains(&p) || by_services.contains(p);
        let idle: Vec<_> = declared.difference(&used).filter(|p| !known(p.as_str())).cloned().collect();
        assert!(idle.is_empty(), "{} declares and does not call: {idle:?}", deed.call.kind);
        deed
    }

    async fn back(&self, deed: &Deed) {
        let from = self.call_count();
        let undone = self.stage.undo(deed).await;
        undone.unwrap_or_else(|failure| panic!("undo {}: {failure:?}", deed.call.action));
        let (_, undo) = permissions(deed.call.kind);
        let declared: BTreeSet<String> =
            observe_permissions(deed.call.kind).iter().chain(undo).map(|&p| p.to_owned()).collect();
        let undeclared: Vec<_> = self.used(from).difference(&declared).cloned().collect();
        assert!(undeclared.is_empty(), "undo of {} calls without declaring it: {undeclared:?}", deed.call.kind);
    }
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn there_and_back() {
        go(&World::new()).await;
    }

    /// What `single-to-ha-online` does besides: a second group beside the first, a rule, shares, and the first group gone at last.
    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn traffic_is_moved_there_and_back() {
        let world = World::new();
        let before = world.emulator.state();
        let group = world.forward(world.group()).await;
        let old = world.forward(world.target_group()).await;
        let with = json!({"name": "new", "vpc": world.id("vpc"), "port": 80, "health_path": "/status.php"});
        let new = world.forward(Deed::new("move/targets", ActionKind::TargetGroupCreate, with)).await;
        let register = world.forward(world.register(&old.output("target_group"))).await;
        let in_new = json!({"target_group": new.output("target_group"), "instance": world.id("instance")});
        let in_new = world.forward(Deed::new("move/register", ActionKind::TargetGroupRegister, in_new)).await;
        let balancer = world.forward(world.balancer(&group.output("group"))).await;
        let certificate = world.forward(world.certificate()).await;
        let record = world.forward(world.record(&world.id("zone"), &certificate)).await;
        let with = json!({"certificate": certificate.output("certificate")});
        let issued = world.forward(Deed::new("certify/issued", ActionKind::CertificateWaitIssued, with)).await;
        let https = world.forward(world.https(&balancer, &certificate, &old)).await;
        let listener = https.output("listener");
        let rule = json!({"listener": listener, "priority": 10, "header": "X-Trial", "value": "run-1",
            "target_group": new.output("target_group")});
        let rule = world.forward(Deed::new("move/rule", ActionKind::ListenerAddRule, rule)).await;
        let gone = json!({"listener": listener, "priority": 10});
        let gone = world.forward(Deed::new("move/no-rule", ActionKind::ListenerRemoveRule, gone)).await;
        let split = |name: &str, percent: u32, sticky: bool| {
            let mut with = json!({"listener": listener, "from": old.output("target_group"), "to": new.output("target_group"),
                "percent": percent});
            if sticky {
                with["sticky_s"] = json!(3600);
            }
            Deed::new(&format!("move/{name}"), ActionKind::ListenerSplit, with)
        };
        // Where no group gets more than before, nobody's health is asked for.
        let (mut none, mut alone) = (split("none", 0, true), split("alone", 100, false));
        world.stage.carry_out(&mut none).await;
        let tenth = world.forward(split("tenth", 10, true)).await;
        let all = world.forward(split("all", 100, true)).await;
        world.stage.carry_out(&mut alone).await;
        let out = json!({"target_group": old.output("target_group"), "instance": world.id("instance")});
        let out = world.forward(Deed::new("move/out", ActionKind::TargetGroupDeregister, out)).await;
        let deleted = json!({"target_group": old.output("target_group")});
        let deleted = world.forward(Deed::new("move/delete", ActionKind::TargetGroupDelete, deleted)).await;
        let ttl = json!({"zone": world.id("zone"), "fqdn": world.id("fqdn"), "ttl": 30});
        let ttl = world.forward(Deed::new("move/ttl", ActionKind::DnsLowerTtl, ttl)).await;
        assert!(world.named("target_groups", "web").is_empty());

        let all = [
            group,
            old,
            new,
            register,
            in_new,
            balancer,
            certificate,
            record,
            issued,
            https,
            rule,
            gone,
            none,
            tenth,
            all,
            alone,
            out,
            deleted,
            ttl,
        ];
        for deed in all.iter().rev() {
            world.back(deed).await;
        }
        for deed in all.iter().rev() {
            world.back(&deed.without_outputs()).await;
        }
        let after = world.emulator.state();
        for part in ["security_groups", "load_balancers", "target_groups", "certificates", "zones"] {
            assert_eq!(before[part], after[part], "{part}");
        }
    }

    async fn go(world: &World) {
        let before = world.emulator.state();

        let group = world.forward(world.group()).await;
        let id = group.output("group");
        let admit = world.forward(world.admit(&id, &json!({"ranges": ["0.0.0.0/0", "2001:DB8::/32"]}))).await;
        let inner = world.forward(world.admit(&world.id("web_group"), &json!({"port": 8080, "source": id}))).await;
        let targets = world.forward(world.target_group()).await;
        let register = world.forward(world.register(&targets.output("target_group"))).await;
        let balancer = world.forward(world.balancer(&id)).await;
        let certificate = world.forward(world.certificate()).await;
        let record = world.forward(world.record(&world.id("zone"), &certificate)).await;
        let with = json!({"certificate": certificate.output("certificate")});
        let issued = world.forward(Deed::new("certify/issued", ActionKind::CertificateWaitIssued, with)).await;
        let https = world.forward(world.https(&balancer, &certificate, &targets)).await;
        let with = json!({"target_group": targets.output("target_group"), "instances": [world.id("instance")]});
        let healthy = world.forward(Deed::new("certify/healthy", ActionKind::TargetGroupWaitHealthy, with)).await;
        let point = world.forward(world.point(&world.id("zone"), &balancer)).await;
        let redirect = world.forward(world.redirect(&balancer)).await;
        let resolved = world.stage.verify(&mut point.clone()).await.unwrap();
        assert!(resolved.contains(&BALANCER.to_string()), "{resolved}");

        let mut all = [
            group,
            admit,
            inner,
            targets,
            register,
            balancer,
            certificate,
            record,
            issued,
            https,
            healthy,
            point,
            redirect,
        ];
        for deed in &mut all {
            let found = world.stage.look(deed).await;
            assert_eq!(found, Found::Holds, "{} once it is done", deed.call.action);
        }
        for deed in all.iter().rev() {
            world.back(deed).await;
        }
        for deed in all.iter().rev() {
            world.back(&deed.without_outputs()).await;
        }
        let after = world.emulator.state();
        for part in ["security_groups", "load_balancers", "target_groups", "certificates", "zones"] {
            assert_eq!(before[part], after[part], "{part}");
        }
    }
}
