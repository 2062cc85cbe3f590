//! Checks of names, security groups and the database.

use super::*;

both_halves!(
    "aws_checks::network":
    a_database_that_would_shut_the_clone_out_is_refused,
    names_that_are_taken_are_told,
    several_security_groups_are_one_rule_book,
    a_name_that_cannot_be_moved_is_told,
);

mod inside {
    use super::*;
    use aws_sdk_ec2::types::{IpPermission, IpRange, UserIdGroupPair};

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_database_that_would_shut_the_clone_out_is_refused() {
        let w = World::new().await;
        let rds = &w.aws.write.rds;
        let db = w.aws.read.rds.describe_db_instances().send().await.unwrap();
        let group = db.db_instances()[0].vpc_security_groups()[0].vpc_security_group_id().unwrap().to_owned();
        let rule = || IpPermission::builder().ip_protocol("tcp").from_port(3306).to_port(3306);
        let servers = UserIdGroupPair::builder().group_id(w.id("web_group")).build();
        let revoke = w.aws.write.ec2.revoke_security_group_ingress().group_id(&group);
        revoke.ip_permissions(rule().user_id_group_pairs(servers).build()).send().await.unwrap();
        let one = IpRange::builder().cidr_ip(format!("{}/32", w.id("private_ip"))).build();
        let admit = w.aws.write.ec2.authorize_security_group_ingress().group_id(&group);
        admit.ip_permissions(rule().ip_ranges(one).build()).send().await.unwrap();
        let rows = w.database().await;
        assert_eq!(verdicts(&rows), [Pass, Pass, Pass, Pass, Refuse], "{rows:#?}");

        rds.stop_db_instance().db_instance_identifier(w.id("db")).send().await.unwrap();
        assert_eq!(row(&w.database().await, "available").verdict, Refuse);
        let unknown = w.check(
            "rds.ready",
            json!({
                "db": "nobody", "clients": [w.id("web_group")], "client_subnets": [w.subnet("a")],
            }),
        );
        let unknown = unknown.await;
        let wanted = [Refuse, NotCheckable, NotCheckable, NotCheckable, NotCheckable];
        assert_eq!(verdicts(&unknown), wanted, "{unknown:#?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn names_that_are_taken_are_told() {
        let w = World::new().await;
        let (ec2, elb) = (&w.aws.write.ec2, &w.aws.write.elb);
        ec2.create_security_group().group_name("nc-alb").description("x").vpc_id(w.id("vpc")).send().await.unwrap();
        elb.create_target_group()
            .name("nc-web")
            .protocol("HTTP".into())
            .port(80)
            .vpc_id(w.id("vpc"))
            .send()
            .await
            .unwrap();
        let balancer = elb.create_load_balancer().name("nc-alb").subnets(w.subnet("a")).subnets(w.subnet("b"));
        balancer.send().await.unwrap();
        let tag = aws_sdk_ec2::types::Tag::builder().key("Name").value("nc-web-2").build();
        ec2.create_tags().resources(w.id("instance")).tags(tag).send().await.unwrap();
        let rows = w.free_names().await;
        assert_eq!(verdicts(&rows), [Refuse, Refuse, Refuse, Warn], "{rows:#?}");
        assert!(rows[3].evidence.contains(&w.id("instance")));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn several_security_groups_are_one_rule_book() {
        let w = World::new().await;
        let ec2 = &w.aws.write.ec2;
        let made = ec2.create_security_group().group_name("ssh").description("ssh").vpc_id(w.id("vpc")).send().await;
        let ssh = made.unwrap().group_id().unwrap().to_owned();
        // The database lets the second group in, the second group lets monitoring in.
        for both in [[ssh.clone(), w.id("web_group")], [w.id("web_group"), ssh.clone()]] {
            let places = [w.subnet("a"), w.subnet("b")];
            let with = json!({"db": w.id("db"), "clients": both, "client_subnets": places});
            assert_eq!(row(&w.check("rds.ready", with).await, "admits-servers").verdict, Pass);
            let open = w.check("security-group.closed", json!({"groups": both, "port": 80})).await;
            assert!(open[0].verdict == Warn && open[0].evidence.contains(&w.id("web_group")), "{open:?}");
        }
        let pair = UserIdGroupPair::builder().group_id(&ssh).build();
        let rule =
            IpPermission::builder().ip_protocol("tcp").from_port(443).to_port(443).user_id_group_pairs(pair).build();
        ec2.authorize_security_group_ingress().group_id(w.id("web_group")).ip_permissions(rule).send().await.unwrap();
        assert_eq!(verdicts(&w.rules(&[w.id("web_group")]).await), [Warn, Pass, Pass]);
        assert_eq!(verdicts(&w.rules(&[w.id("web_group"), ssh]).await), [Pass, Pass, Pass], "its own members");
        w.emulator.post("config", &json!({"rules_quota": 1}));
        let full = w.rules(&[w.id("web_group")]).await;
        assert_eq!(verdicts(&full), [Warn, Refuse, Refuse], "{full:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_name_that_cannot_be_moved_is_told() {
        let w = World::new().await;
        let (zone, fqdn) = (w.id("zone"), w.id("fqdn"));
        let external = w.name("external").await;
        assert_eq!(row(&external, "external").verdict, Warn);
        assert!(row(&external, "external").evidence.contains("WHILE THE SITE IS DOWN"));
        assert_eq!(row(&external, "ttl").verdict, Pass, "as the resolver says");
        assert!(!row(&external, "external").advice.concat().contains("ALIAS"));
        w.names.delegate(&fqdn, "ns-1.provider.example");
        let apex = w.name("external").await;
        assert!(row(&apex, "external").advice.concat().contains("no CNAME may stand"), "{apex:?}");
        w.names.remove(&fqdn);

        w.names.set_caa("nextcloud.example", "issue", "letsencrypt.org");
        let rows = w.name(&zone).await;
        assert_eq!(row(&rows, "caa").verdict, Refuse, "{rows:?}");
        assert!(row(&rows, "caa").evidence.contains("`letsencrypt.org`"));
        w.names.set_caa(&fqdn, "issue", "amazontrust.com; account=1");
        assert_eq!(row(&w.name(&zone).await, "caa").verdict, Pass, "the nearest records count");
        w.names.set_caa(&fqdn, "iodef", "mailto:hana@nextcloud.example");
        assert_eq!(row(&w.name(&zone).await, "caa").verdict, Pass, "also when they restrict nobody");
        w.names.remove(&fqdn);
        w.names.remove("nextcloud.example");

        // A zone that the world does not ask, or sees nothing of.
        let parent = fqdn.split_once('.').unwrap().1.to_owned();
        w.names.delegate(&parent, "ns-9.awsdns-09.org");
        let rows = w.name(&zone).await;
        assert_eq!(row(&rows, "zone").verdict, Refuse, "{rows:?}");
        w.names.remove(&parent);
        w.names.delegate(&fqdn, "ns-9.awsdns-09.org");
        assert!(row(&w.name(&zone).await, "zone").evidence.contains(&format!("asks zone `{fqdn}`")));
        w.names.remove(&fqdn);
        assert_eq!(row(&w.name(&zone).await, "zone").verdict, Pass);
        assert_eq!(row(&w.name("Z0123456789").await, "zone").verdict, Refuse, "no zone of this account");
        let vpc = aws_sdk_route53::types::Vpc::builder().vpc_id(w.id("vpc")).vpc_region("us-east-1".into()).build();
        let private = w.aws.write.route53.create_hosted_zone().name(&parent).caller_reference("private").vpc(vpc);
        let private =
            private.hosted_zone_config(aws_sdk_route53::types::HostedZoneConfig::builder().private_zone(true).build());
        let private = private.send().await.unwrap();
        let private = private.hosted_zone().unwrap().id().trim_start_matches("/hostedzone/").to_owned();
        let rows = w.name(&private).await;
        assert!(row(&rows, "zone").evidence.contains("is private"), "{rows:?}");
        let rows = w.name(&zone).await;
        assert_eq!(row(&rows, "private-zone").verdict, Warn, "{rows:?}");
        w.aws.write.route53.delete_hosted_zone().id(&private).send().await.unwrap();

        w.names.set_address(&fqdn, "192.0.2.1");
        let rows = w.name(&zone).await;
        assert_eq!(row(&rows, "points-here").verdict, Refuse);
        assert!(row(&rows, "points-here").evidence.contains("192.0.2.1"), "{rows:?}");
        w.names.remove(&fqdn);

        use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
        let value = ResourceRecord::builder().value(w.id("public_ip")).build().unwrap();
        let set = ResourceRecordSet::builder().name(&fqdn).r#type(RrType::A).ttl(3600).resource_records(value);
        let change = Change::builder().action(ChangeAction::Upsert).resource_record_set(set.build().unwrap());
        let batch = ChangeBatch::builder().changes(change.build().unwrap()).build().unwrap();
        let asked = w.aws.write.route53.change_resource_record_sets().hosted_zone_id(&zone);
        asked.change_batch(batch).send().await.unwrap();
        assert_eq!(row(&w.name(&zone).await, "ttl").verdict, Warn);

        let address = w.aws.read.ec2.describe_addresses().send().await.unwrap();
        let association = address.addresses()[0].association_id().unwrap();
        w.aws.write.ec2.disassociate_address().association_id(association).send().await.unwrap();
        assert_eq!(row(&w.name(&zone).await, "elastic-ip").verdict, Refuse);
    }
}
