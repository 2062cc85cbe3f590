//! DNS that a person keeps elsewhere: asked for at a gate, and looked at until it is so.

use super::*;
use crate::support::names::BALANCER;
use runbook::model::{Found, Outcome, Phase};
use std::time::Duration;

both_halves! {
    "aws_network::external_dns":
    a_record_is_asked_for_and_waited_for,
    a_site_is_pointed_at_its_balancer_by_hand_and_back,
}

impl World {
    /// The phase stops at a gate; answers its prompt, and approves it.
    async fn gate(&self, deed: &mut Deed, phase: Phase, name: &str) -> String {
        let (outcome, _) = self.stage.perform(deed, phase).await;
        let Outcome::Waiting { gate, prompt } = outcome else { panic!("{outcome:?}") };
        assert_eq!(gate, name);
        deed.call.approved.push(gate);
        prompt
    }
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_record_is_asked_for_and_waited_for() {
        let world = World::new();
        let mut certificate = world.certificate();
        world.stage.carry_out(&mut certificate).await;
        let (name, value) = (certificate.output("record_name"), certificate.output("record_value"));
        let mut record = world.record("external", &certificate);
        assert_eq!(world.stage.look(&mut record).await, Found::Absent);
        let prompt = world.gate(&mut record, Phase::Apply, "dns-record").await;
        assert!(prompt.contains(&format!("`{name}` CNAME `{value}`")), "{prompt}");
        world.stage.apply(&mut record).await.unwrap();
        let verify = world.stage.perform(&record, Phase::Verify);
        let publish = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            world.names.set_cname(&name, &value);
        };
        let ((outcome, notes), ()) = tokio::join!(verify, publish);
        assert!(matches!(outcome, Outcome::Verified { .. }), "{outcome:?}");
        assert!(notes.iter().any(|n| n.contains("waiting for the record") && n.contains(&value)), "{notes:?}");
        assert_eq!(world.stage.look(&mut record).await, Found::Holds);

        let mut found = world.record("external", &certificate);
        assert_eq!(world.stage.look(&mut found).await, Found::Holds);
        assert!(world.stage.undo(&found).await.unwrap().contains("stays"));

        let prompt = world.gate(&mut record, Phase::Undo, "dns-undo-record").await;
        assert!(prompt.contains("remove") && prompt.contains(&name), "{prompt}");
        let remove = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            world.names.remove(&name);
        };
        let (undone, ()) = tokio::join!(world.stage.undo(&record), remove);
        undone.unwrap();
        record.call.approved.clear();
        world.stage.undo(&record).await.unwrap();
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_site_is_pointed_at_its_balancer_by_hand_and_back() {
        let world = World::new();
        let fqdn = world.id("fqdn");
        let mut group = world.group();
        world.stage.carry_out(&mut group).await;
        let mut balancer = world.balancer(&group.output("group"));
        world.stage.carry_out(&mut balancer).await;
        let mut point = world.point("external", &balancer);
        assert_eq!(world.stage.look(&mut point).await, Found::Otherwise);
        world.names.delegate(&fqdn, "ns-1.provider.example");
        let mut apex = world.point("external", &balancer);
        let prompt = world.gate(&mut apex, Phase::Apply, "dns-point").await;
        assert!(prompt.contains(&format!("{fqdn} ALIAS {}", balancer.output("dns_name"))), "{prompt}");
        world.names.remove(&fqdn);
        let prompt = world.gate(&mut point, Phase::Apply, "dns-point").await;
        assert!(prompt.contains(&format!("{fqdn} CNAME {}", balancer.output("dns_name"))), "{prompt}");
        world.stage.apply(&mut point).await.unwrap();
        world.names.set_cname(&fqdn, &balancer.output("dns_name"));
        let seen = world.stage.verify(&mut point).await.unwrap();
        assert!(seen.contains(&BALANCER.to_string()) && !seen.contains("AWS changes them"), "{seen}");
        assert_eq!(world.stage.look(&mut point).await, Found::Holds);

        // Somebody has written the balancer's addresses down, which holds until AWS changes them.
        world.names.set_address(&fqdn, &BALANCER.to_string());
        let seen = world.stage.verify(&mut point).await.unwrap();
        assert!(seen.contains("they end when AWS changes them; make it a CNAME record"), "{seen}");
        world.names.set_cname(&fqdn, &balancer.output("dns_name"));

        let prompt = world.gate(&mut point, Phase::Undo, "dns-undo-point").await;
        assert!(prompt.contains(&format!("{fqdn} A {}", world.id("public_ip"))), "{prompt}");
        let back = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            world.names.set_address(&fqdn, &world.id("public_ip"));
        };
        let (undone, ()) = tokio::join!(world.stage.undo(&point), back);
        assert!(undone.unwrap().contains(&world.id("public_ip")));
        point.call.approved.clear();
        world.stage.undo(&point).await.unwrap();
    }
}
