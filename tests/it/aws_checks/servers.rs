//! Checks of the server and of where its clone is to be.

use super::*;

both_halves!(
    "aws_checks::servers":
    a_server_that_is_not_ready_is_told,
    places_and_types_that_do_not_fit_are_refused,
    an_old_server_does_not_get_a_new_type,
    a_subnet_without_a_way_out_is_refused,
    a_wrong_subnet_refuses_one_row,
    keys_are_looked_at_before_the_stop,
    metadata_options_that_the_account_forbids_are_refused,
);

mod inside {
    use super::*;
    use aws_sdk_ec2::types::{IpPermission, IpRange};

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_server_that_is_not_ready_is_told() {
        let w = World::new().await;
        w.aws.write.ec2.stop_instances().instance_ids(w.id("instance")).send().await.unwrap();
        assert_eq!(verdicts(&w.server().await), [Refuse, Refuse]);
        let gone = w.check("instance.running", json!({"instance": "i-0123456789abcdef0"})).await;
        assert_eq!(verdicts(&gone), [Refuse, NotCheckable], "one cause is one refusal");
        assert!(gone[0].evidence.contains("i-0123456789abcdef0"), "{gone:?}");
        w.aws.write.ec2.delete_key_pair().key_name(w.id("key_name")).send().await.unwrap();
        assert_eq!(row(&w.place("b").await, "key-pair").verdict, Refuse);
        let everybody = IpRange::builder().cidr_ip("0.0.0.0/0").build();
        let rule = IpPermission::builder().ip_protocol("tcp").from_port(80).to_port(80).ip_ranges(everybody).build();
        let group = w.aws.write.ec2.revoke_security_group_ingress().group_id(w.id("web_group"));
        group.ip_permissions(rule).send().await.unwrap();
        assert_eq!(verdicts(&w.port_80().await), [Pass]);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn places_and_types_that_do_not_fit_are_refused() {
        let w = World::new().await;
        assert_eq!(
            verdicts(&w.place("a").await),
            [Pass, Refuse, Pass, Pass, Pass, Pass],
            "the same zone as the server"
        );
        let arm = w.kind("t4g.small").await;
        assert_eq!(row(&arm, "fits").verdict, Refuse, "{arm:?}");
        let unknown = [Refuse, Refuse, NotCheckable, NotCheckable, NotCheckable];
        assert_eq!(verdicts(&w.kind("t3.gigantic").await), unknown);
        assert_eq!(verdicts(&w.balancer(&[w.subnet("a")]).await), [Refuse, Refuse, Pass, Pass]);

        let ec2 = &w.aws.write.ec2;
        let other =
            ec2.run_instances().image_id(w.image().await).instance_type("m5.xlarge".into()).min_count(1).max_count(1);
        other.send().await.unwrap();
        for (quota, verdict) in [(8, Pass), (7, Refuse)] {
            w.emulator.post("config", &json!({ "vcpu_quota": quota }));
            let rows = w.kind("t3.small").await;
            let room = row(&rows, "vcpu-quota");
            let wanted = format!("it is {quota}, 4 are in use by others");
            assert!(room.verdict == verdict && room.evidence.ends_with(&wanted), "{room:?}");
        }
        let mac = w.kind("mac1.metal").await;
        assert_eq!(row(&mac, "vcpu-quota").verdict, NotCheckable, "{mac:?}");
        let subnet = ec2.create_subnet().vpc_id(w.id("vpc")).cidr_block("10.77.9.0/28").availability_zone("us-east-1b");
        let subnet = subnet.send().await.unwrap().subnet().unwrap().subnet_id().unwrap().to_owned();
        let table = ec2.create_route_table().vpc_id(w.id("vpc")).send().await.unwrap();
        let table = table.route_table().unwrap().route_table_id().unwrap().to_owned();
        ec2.associate_route_table().route_table_id(table).subnet_id(&subnet).send().await.unwrap();
        for _ in 0..4 {
            ec2.create_network_interface().subnet_id(&subnet).send().await.unwrap();
        }
        let rows = w.balancer(&[w.subnet("a"), subnet.clone()]).await;
        assert_eq!(verdicts(&rows), [Pass, Pass, Refuse, Refuse], "{rows:#?}");
        assert!(row(&rows, "public").evidence.contains(&subnet));
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_old_server_does_not_get_a_new_type() {
        let w = World::new().await;
        let be = |what: Value| {
            let mut with = json!({"id": w.id("instance")});
            with.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
            w.emulator.post("instance", &with);
        };
        be(json!({"instance_type": "t2.medium", "ena_support": false}));
        let old = w.kind("t3.small").await;
        assert_eq!(row(&old, "fits").verdict, Refuse, "{old:?}");
        assert!(row(&old, "fits").evidence.contains("ENA"));
        assert_eq!(row(&w.kind("t2.small").await, "fits").verdict, Pass, "the same generation");
        be(json!({"ena_support": true, "virtualization_type": "paravirtual"}));
        assert_eq!(row(&w.kind("t3.small").await, "fits").verdict, Refuse);
        be(json!({"virtualization_type": "hvm", "current_instance_boot_mode": "uefi"}));
        assert_eq!(row(&w.kind("t2.small").await, "fits").verdict, Refuse, "it boots by BIOS only");
        assert_eq!(row(&w.kind("t3.small").await, "fits").verdict, Pass);
        be(json!({"product_codes": [{"ProductCodeId": "abc", "ProductCodeType": "marketplace"}]}));
        assert_eq!(row(&w.kind("t3.small").await, "marketplace").verdict, Warn);
        let ec2 = &w.aws.write.ec2;
        for n in 0..3 {
            let interface = ec2.create_network_interface().subnet_id(w.subnet("a")).send().await.unwrap();
            let interface = interface.network_interface().unwrap().network_interface_id().unwrap().to_owned();
            let attach = ec2.attach_network_interface().instance_id(w.id("instance")).device_index(n + 1);
            attach.network_interface_id(interface).send().await.unwrap();
        }
        let crowded = w.kind("t3.small").await;
        assert!(row(&crowded, "attachments").evidence.contains("4 network interfaces"), "{crowded:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_subnet_without_a_way_out_is_refused() {
        let w = World::new().await;
        let ec2 = &w.aws.write.ec2;
        let table = ec2.create_route_table().vpc_id(w.id("vpc")).send().await.unwrap();
        let table = table.route_table().unwrap().route_table_id().unwrap().to_owned();
        let subnet = ec2.create_subnet().vpc_id(w.id("vpc")).cidr_block("10.77.9.0/24").availability_zone("us-east-1b");
        let subnet = subnet.send().await.unwrap().subnet().unwrap().subnet_id().unwrap().to_owned();
        ec2.associate_route_table().route_table_id(table).subnet_id(&subnet).send().await.unwrap();
        let rows = w.check("instance.clone-place", json!({"like": w.id("instance"), "subnet": subnet})).await;
        let route = row(&rows, "route");
        assert!(route.verdict == Refuse && route.acceptable && route.evidence.contains("public address"), "{route:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn a_wrong_subnet_refuses_one_row() {
        let w = World::new().await;
        let nowhere = "subnet-0123456789abcdef0";
        let place = json!({"like": w.id("instance"), "subnet": nowhere});
        let place = w.check("instance.clone-place", place).await;
        assert_eq!(verdicts(&place), [Refuse, NotCheckable, NotCheckable, NotCheckable, Pass, Pass]);
        assert!(row(&place, "network").advice[0].contains("describe-subnets"), "{place:?}");
        let kind = json!({"instance": w.id("instance"), "subnet": nowhere, "instance_type": "t3.small"});
        let kind = w.check("instance.type", kind).await;
        assert_eq!(verdicts(&kind), [NotCheckable, Pass, Pass, Pass, Pass]);
        let balancer = w.balancer(&[w.subnet("a"), nowhere.to_owned()]).await;
        assert_eq!(balancer.iter().filter(|row| row.verdict == Refuse).count(), 1, "{balancer:?}");
        let gone = json!({"db": "no-such-db", "clients": [w.id("web_group")], "client_subnets": [w.subnet("a")]});
        let gone = w.check("rds.ready", gone).await;
        let refused: Vec<_> = gone.iter().filter(|row| row.verdict == Refuse).collect();
        assert!(refused.len() == 1 && !refused[0].acceptable, "nobody can accept what is not there: {gone:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn keys_are_looked_at_before_the_stop() {
        let w = World::new().await;
        let made = w.aws.write.kms.create_key().send().await.unwrap();
        let made = made.key_metadata().unwrap();
        let key = made.arn().unwrap().to_owned();
        let ec2 = &w.aws.write.ec2;
        let volume = ec2.create_volume().availability_zone("us-east-1a").size(8).encrypted(true).kms_key_id(&key);
        let volume = volume.send().await.unwrap().volume_id().unwrap().to_owned();
        let attach = ec2.attach_volume().instance_id(w.id("instance")).device("/dev/sdf").volume_id(&volume);
        attach.send().await.unwrap();
        let rows = w.keys().await;
        assert_eq!(verdicts(&rows), [Pass, Pass]);
        assert!(row(&rows, "usable").evidence.contains(&key), "{rows:?}");
        w.aws.write.kms.disable_key().key_id(made.key_id()).send().await.unwrap();
        let rows = w.keys().await;
        assert!(row(&rows, "enabled").verdict == Refuse && rows[0].evidence.contains(&volume), "{rows:?}");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn metadata_options_that_the_account_forbids_are_refused() {
        let w = World::new().await;
        let options = w.aws.write.ec2.modify_instance_metadata_options().instance_id(w.id("instance"));
        options.http_tokens(aws_sdk_ec2::types::HttpTokensState::Optional).send().await.unwrap();
        assert_eq!(row(&w.place("b").await, "metadata").verdict, Pass);
        w.emulator.post("config", &json!({"http_tokens_enforced": true}));
        let rows = w.place("b").await;
        let metadata = row(&rows, "metadata");
        assert!(metadata.verdict == Refuse && metadata.advice[0].contains("--http-tokens required"), "{metadata:?}");
    }
}
