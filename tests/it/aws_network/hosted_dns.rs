//! Records in a hosted zone: found, made, brought back, and never taken from anybody.

use super::*;
use crate::support::names::BALANCER;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use runbook::model::Found;

both_halves! {
    "aws_network::hosted_dns":
    a_validation_record_stays_while_another_certificate_needs_it,
    a_foreign_record_is_neither_replaced_nor_removed,
    addresses_become_an_alias_and_come_back_whole,
    what_somebody_changed_later_is_not_overwritten,
    a_name_that_is_weighted_is_refused,
    a_cname_stays_a_cname,
    an_instances_old_address_is_not_published_again,
    an_address_that_went_before_the_look_is_not_published_again,
}

impl World {
    /// Somebody changes the zone by hand.
    async fn by_hand(&self, action: ChangeAction, name: &str, kind: RrType, (value, identifier): (&str, Option<&str>)) {
        let set = ResourceRecordSet::builder()
            .name(name)
            .r#type(kind)
            .ttl(77)
            .resource_records(ResourceRecord::builder().value(value).build().unwrap())
            .set_set_identifier(identifier.map(str::to_owned))
            .set_weight(identifier.map(|_| 1));
        let change = Change::builder().action(action).resource_record_set(set.build().unwrap()).build().unwrap();
        let batch = ChangeBatch::builder().changes(change).build().unwrap();
        let aws = self.aws().await;
        let request = aws.write.route53.change_resource_record_sets().hosted_zone_id(self.id("zone"));
        request.change_batch(batch).send().await.unwrap();
    }

    /// What the zone has at a name.
    fn records(&self, name: &str) -> Vec<Value> {
        let zones = self.all("zones");
        let records = zones[0]["records"].as_array().unwrap().clone();
        records.into_iter().filter(|r| r["name"] == format!("{name}.")).collect()
    }

    /// How often it was asked whether the name servers know a change.
    fn waits_for_sync(&self) -> usize {
        let calls = self.emulator.get("calls");
        calls.as_array().unwrap().iter().filter(|call| call[1] == "GetChange").count()
    }

    /// What the instance's state and public address are.
    async fn instance_now(&self, id: &str) -> (String, Option<String>) {
        let answer = self.aws().await.read.ec2.describe_instances().instance_ids(id).send().await.unwrap();
        let it = answer.reservations()[0].instances()[0].clone();
        (it.state().unwrap().name().unwrap().as_str().to_owned(), it.public_ip_address().map(str::to_owned))
    }

    async fn stop(&self, id: &str) {
        self.aws().await.write.ec2.stop_instances().instance_ids(id).send().await.unwrap();
        while self.instance_now(id).await.0 != "stopped" {}
    }

    /// Starts the instance; answers its public address.
    async fn start(&self, id: &str) -> String {
        self.aws().await.write.ec2.start_instances().instance_ids(id).send().await.unwrap();
        while self.instance_now(id).await.0 != "running" {}
        self.instance_now(id).await.1.unwrap()
    }

    /// A balancer to point at.
    async fn with_balancer(&self) -> Deed {
        let mut group = self.group();
        self.stage.carry_out(&mut group).await;
        let mut balancer = self.balancer(&group.output("group"));
        self.stage.carry_out(&mut balancer).await;
        balancer
    }
}

mod inside {
    use super::*;

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_validation_record_stays_while_another_certificate_needs_it() {
        let world = World::new();
        let mut certificate = world.certificate();
        world.stage.carry_out(&mut certificate).await;
        let mut other = certificate.of_another_run();
        world.stage.carry_out(&mut other).await;
        let mut record = world.record(&world.id("zone"), &certificate);
        let name = certificate.output("record_name");
        assert_eq!(world.stage.look(&mut record).await, Found::Absent);
        world.emulator.lose_answer("route53", "ChangeResourceRecordSets");
        world.stage.apply(&mut record).await.unwrap_err();
        assert_eq!(world.stage.look(&mut record).await, Found::Otherwise, "no change is known to wait for");
        world.stage.apply(&mut record).await.unwrap();
        assert_eq!(world.stage.look(&mut record).await, Found::Holds);
        let waited = world.waits_for_sync();
        world.stage.verify(&mut record).await.unwrap();
        assert!(world.waits_for_sync() > waited);
        assert_eq!(world.records(&name).len(), 1);

        let mut found = world.record(&world.id("zone"), &certificate);
        assert_eq!(world.stage.look(&mut found).await, Found::Holds);
        assert!(world.stage.undo(&found).await.unwrap().contains("was there before this run"));
        let stays = world.stage.undo(&record).await.unwrap();
        assert!(stays.contains("needs it too"), "{stays}");
        assert_eq!(world.records(&name).len(), 1);
        world.stage.undo(&other).await.unwrap();
        world.stage.undo(&record.without_outputs()).await.unwrap();
        world.stage.undo(&record).await.unwrap();
        assert!(world.records(&name).is_empty());
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_foreign_record_is_neither_replaced_nor_removed() {
        let world = World::new();
        let name = format!("www.{}", world.id("fqdn"));
        let with = json!({"zone": world.id("zone"), "name": name, "value": "ours.example.org"});
        let mut record = Deed::new("certify/www", ActionKind::DnsPutCname, with);
        world.stage.carry_out(&mut record).await;
        world.by_hand(ChangeAction::Upsert, &name, RrType::Cname, ("theirs.example.org", None)).await;
        assert_refused(world.stage.observe(&record).await, "theirs.example.org");
        assert_refused(world.stage.apply(&mut record).await, "theirs.example.org");
        let told = world.stage.undo(&record).await.unwrap();
        assert!(told.contains("was changed since"), "{told}");
        assert_eq!(world.records(&name)[0]["values"], json!(["theirs.example.org"]));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn addresses_become_an_alias_and_come_back_whole() {
        let world = World::new();
        let fqdn = world.id("fqdn");
        world.by_hand(ChangeAction::Create, &fqdn, RrType::Aaaa, ("2001:db8::7", None)).await;
        let before = world.records(&fqdn);
        let balancer = world.with_balancer().await;
        let mut point = world.point(&world.id("zone"), &balancer);
        assert_eq!(world.stage.look(&mut point).await, Found::Otherwise);
        world.emulator.lose_answer("route53", "ChangeResourceRecordSets");
        world.stage.apply(&mut point).await.unwrap_err();
        assert_eq!(world.stage.look(&mut point).await, Found::Otherwise, "no change is known to wait for");
        world.stage.apply(&mut point).await.unwrap();
        assert_eq!(world.stage.look(&mut point).await, Found::Holds);
        let seen = world.stage.verify(&mut point).await.unwrap();
        assert!(seen.contains(&BALANCER.to_string()), "{seen}");
        let now = world.records(&fqdn);
        assert_eq!(now.len(), 1, "an IPv4 balancer has no AAAA");
        assert_eq!(now[0]["alias"]["zone_id"], "Z35SXDOTRQ7X7K");
        assert!(now[0]["alias"]["dns_name"].as_str().unwrap().starts_with(&balancer.output("dns_name")));

        let there = world.emulator.calls("ChangeResourceRecordSets");
        for deed in [point.without_outputs(), point] {
            // The second time as after a kill in the first: the old records are back, and nothing is sent again.
            world.stage.undo(&deed).await.unwrap();
            let mut after = world.records(&fqdn);
            after.sort_by_key(|r| r["type"].to_string());
            assert_eq!(after, before, "with their TTLs");
        }
        assert!(world.waits_for_sync() > 0);
        assert_eq!(world.emulator.calls("ChangeResourceRecordSets") - there, 1, "an undo looks before it sends");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_somebody_changed_later_is_not_overwritten() {
        let world = World::new();
        let fqdn = world.id("fqdn");
        let balancer = world.with_balancer().await;
        let mut point = world.point(&world.id("zone"), &balancer);
        world.stage.look(&mut point).await;
        world.by_hand(ChangeAction::Upsert, &fqdn, RrType::A, ("192.0.2.1", None)).await;
        assert_refused(world.stage.apply(&mut point).await, "changed since they were looked at");
        world.by_hand(ChangeAction::Upsert, &fqdn, RrType::A, (&world.id("public_ip"), None)).await;
        world.stage.apply(&mut point).await.unwrap();
        world.stage.verify(&mut point).await.unwrap();
        world.by_hand(ChangeAction::Upsert, &fqdn, RrType::A, ("192.0.2.1", None)).await;
        assert_refused(world.stage.undo(&point).await, "were changed since");
        assert_eq!(world.records(&fqdn)[0]["values"], json!(["192.0.2.1"]));
        let failure = world.stage.verify(&mut point).await.unwrap_err();
        assert!(format!("{failure:?}").contains("does not point"), "{failure:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_name_that_is_weighted_is_refused() {
        let world = World::new();
        let fqdn = world.id("fqdn");
        let balancer = world.with_balancer().await;
        let ttl = world.records(&fqdn)[0]["ttl"].clone();
        assert_eq!(ttl, 60);
        world.by_hand(ChangeAction::Upsert, &fqdn, RrType::A, (&world.id("public_ip"), None)).await;
        world.by_hand(ChangeAction::Delete, &fqdn, RrType::A, (&world.id("public_ip"), None)).await;
        world.by_hand(ChangeAction::Create, &fqdn, RrType::A, ("192.0.2.1", Some("one"))).await;
        let point = world.point(&world.id("zone"), &balancer);
        assert_refused(world.stage.observe(&point).await, "routing identifier `one`");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_cname_stays_a_cname() {
        let world = World::new();
        let fqdn = world.id("fqdn");
        let balancer = world.with_balancer().await;
        world.by_hand(ChangeAction::Upsert, &fqdn, RrType::A, (&world.id("public_ip"), None)).await;
        world.by_hand(ChangeAction::Delete, &fqdn, RrType::A, (&world.id("public_ip"), None)).await;
        world.by_hand(ChangeAction::Create, &fqdn, RrType::Cname, ("old.example.org", None)).await;
        let mut point = world.point(&world.id("zone"), &balancer);
        world.stage.carry_out(&mut point).await;
        let now = world.records(&fqdn);
        assert_eq!((now.len(), &now[0]["type"], &now[0]["ttl"]), (1, &json!("CNAME"), &json!(77)));
        world.stage.undo(&point).await.unwrap();
        assert_eq!(world.records(&fqdn)[0]["values"], json!(["old.example.org"]));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_instances_old_address_is_not_published_again() {
        let world = World::new();
        let (fqdn, instance) = (world.id("fqdn"), world.id("instance"));
        let balancer = world.with_balancer().await;
        let aws = world.aws().await;
        let there = aws.read.ec2.describe_addresses().send().await.unwrap();
        let association = there.addresses()[0].association_id().unwrap();
        let mut point = world.point(&world.id("zone"), &balancer);
        world.stage.carry_out(&mut point).await;

        // Without its Elastic IP the instance has another address after a stop.
        aws.write.ec2.disassociate_address().association_id(association).send().await.unwrap();
        world.stop(&instance).await;
        assert_refused(world.stage.undo(&point).await, "no public address now");
        let address = world.start(&instance).await;
        assert_ne!(address, world.id("public_ip"));
        world.stage.undo(&point).await.unwrap();
        assert_eq!(world.records(&fqdn)[0]["values"], json!([address]));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_address_that_went_before_the_look_is_not_published_again() {
        let world = World::new();
        let (fqdn, instance) = (world.id("fqdn"), world.id("instance"));
        let balancer = world.with_balancer().await;
        let aws = world.aws().await;
        let look_up = Deed::new("first/look-up", ActionKind::InstanceLookUp, json!({"instance": instance}));
        let address_then = world.stage.observe(&look_up).await.unwrap().outputs["public_ip"].clone();
        assert_eq!(address_then, world.id("public_ip"));

        // The run stops and starts the server before it comes to the name.
        let there = aws.read.ec2.describe_addresses().send().await.unwrap();
        let association = there.addresses()[0].association_id().unwrap();
        aws.write.ec2.disassociate_address().association_id(association).send().await.unwrap();
        world.stop(&instance).await;
        let address = world.start(&instance).await;
        let mut point = world.point(&world.id("zone"), &balancer);
        point.call.parameters["instance_address"] = address_then;
        world.stage.carry_out(&mut point).await;
        world.stage.undo(&point).await.unwrap();
        assert_eq!(world.records(&fqdn)[0]["values"], json!([address]));
    }
}
