//! Checks of an account before a run: an account that is ready, and one thing wrong at a time.

both_halves!(
    "aws_checks":
    an_account_that_is_ready_passes,
    an_account_whose_lists_come_entry_by_entry_passes_too,
    a_server_that_is_not_ready_is_told,
    places_and_types_that_do_not_fit_are_refused,
    a_database_that_would_shut_the_clone_out_is_refused,
    names_that_are_taken_are_told,
    an_old_server_does_not_get_a_new_type,
    a_subnet_without_a_way_out_is_refused,
    a_wrong_subnet_refuses_one_row,
    several_security_groups_are_one_rule_book,
    keys_are_looked_at_before_the_stop,
    metadata_options_that_the_account_forbids_are_refused,
    a_name_that_cannot_be_moved_is_told,
    what_may_not_be_asked_does_not_refuse,
    an_accepted_refusal_is_kept_with_the_run,
    what_was_accepted_holds_for_the_saved_plan_and_for_a_new_one_under_way,
);

use crate::support::emulator::{Emulator, REGION};
use crate::support::names::Names;
use crate::support::stage::Stage;
use runbook::access::Aws;
use runbook::model::CheckVerdict::{self, NotCheckable, Pass, Refuse, Warn};
use runbook::model::{CheckKind, CheckRow, Value};
use serde_json::json;

struct World {
    emulator: Emulator,
    names: Names,
    stage: Stage,
    seed: Value,
    aws: Aws,
}

impl World {
    async fn new() -> Self {
        let emulator = Emulator::here();
        emulator.post("config", &json!({"start_ticks": 0}));
        let seed = emulator.seed();
        let names = Names::of(&emulator);
        let stage = Stage::new().asking(names.place);
        Self { emulator, names, stage, seed, aws: Aws::connect(REGION).await }
    }

    fn id(&self, name: &str) -> String {
        self.seed[name].as_str().unwrap().to_owned()
    }

    fn subnet(&self, letter: &str) -> String {
        self.seed["subnets"][letter].as_str().unwrap().to_owned()
    }

    async fn check(&self, kind: &str, parameters: Value) -> Vec<CheckRow> {
        let kind: CheckKind = serde_json::from_value(Value::from(kind)).unwrap();
        let rows = self.stage.check(kind, parameters).await;
        let declared: Vec<String> = kind.spec().rows.iter().map(|row| format!("it.{}", row.name)).collect();
        let given: Vec<&String> = rows.iter().map(|row| &row.id).collect();
        assert!(given.into_iter().eq(&declared), "every row of the kind, in order: {rows:?}");
        for row in &rows {
            assert!(!row.evidence.is_empty() && !row.evidence.contains('\n'), "{row:?}");
            assert!(row.verdict != Refuse || !row.advice.is_empty(), "a refusal says what to do: {row:?}");
        }
        rows
    }

    /// Everything passes, but for the port that the whole world is let in by.
    async fn is_ready(&self) {
        let both = [self.subnet("a"), self.subnet("b")];
        let all = [
            self.server().await,
            self.place("b").await,
            self.kind("t3.small").await,
            self.balancer(&both).await,
            self.check("balancer.quota", json!({})).await,
            self.database().await,
            self.free_names().await,
            self.name(&self.id("zone")).await,
            self.rules(&[self.id("web_group")]).await,
            self.keys().await,
        ];
        for rows in &all {
            assert!(rows.iter().all(|row| row.verdict == Pass), "{rows:#?}");
        }
        assert_eq!(verdicts(&self.port_80().await), [Warn]);
    }

    async fn server(&self) -> Vec<CheckRow> {
        self.check("instance.running", json!({"instance": self.id("instance")})).await
    }

    async fn place(&self, letter: &str) -> Vec<CheckRow> {
        let with = json!({"like": self.id("instance"), "subnet": self.subnet(letter)});
        self.check("instance.clone-place", with).await
    }

    async fn kind(&self, name: &str) -> Vec<CheckRow> {
        let with = json!({"instance": self.id("instance"), "subnet": self.subnet("b"), "instance_type": name});
        self.check("instance.type", with).await
    }

    /// The image the server was launched from.
    async fn image(&self) -> String {
        let answer = self.aws.read.ec2.describe_instances().instance_ids(self.id("instance")).send().await.unwrap();
        answer.reservations()[0].instances()[0].image_id().unwrap().to_owned()
    }

    async fn balancer(&self, subnets: &[String]) -> Vec<CheckRow> {
        let servers = [self.subnet("a"), self.subnet("b")];
        self.check("balancer.subnets", json!({"subnets": subnets, "server_subnets": servers})).await
    }

    async fn database(&self) -> Vec<CheckRow> {
        let places = [self.subnet("a"), self.subnet("b")];
        let with = json!({"db": self.id("db"), "clients": [self.id("web_group")], "client_subnets": places});
        self.check("rds.ready", with).await
    }

    async fn free_names(&self) -> Vec<CheckRow> {
        let with = json!({
            "balancer": "nc-alb", "target_group": "nc-web", "group": "nc-alb", "vpc": self.id("vpc"), "instance": "nc-web-2",
        });
        self.check("names.free", with).await
    }

    async fn name(&self, zone: &str) -> Vec<CheckRow> {
        let with = json!({"fqdn": self.id("fqdn"), "zone": zone, "instance": self.id("instance")});
        self.check("dns.name", with).await
    }

    async fn rules(&self, groups: &[String]) -> Vec<CheckRow> {
        let with = json!({"groups": groups, "group": self.id("web_group"), "sources": ["0.0.0.0/0"]});
        self.check("security-group.rules", with).await
    }

    async fn keys(&self) -> Vec<CheckRow> {
        self.check("instance.volume-keys", json!({"instance": self.id("instance")})).await
    }

    async fn port_80(&self) -> Vec<CheckRow> {
        self.check("security-group.closed", json!({"groups": [self.id("web_group")], "port": 80})).await
    }
}

fn verdicts(rows: &[CheckRow]) -> Vec<CheckVerdict> {
    rows.iter().map(|row| row.verdict).collect()
}

fn row<'r>(rows: &'r [CheckRow], name: &str) -> &'r CheckRow {
    rows.iter().find(|row| row.id == format!("it.{name}")).unwrap()
}

mod inside {
    use super::*;
    use aws_sdk_ec2::types::{IpPermission, IpRange, Tag, UserIdGroupPair};

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_account_that_is_ready_passes() {
        let w = World::new().await;
        let caller = w.check("account.caller", json!({})).await;
        assert!(caller[0].verdict == Pass && caller[0].evidence.contains("123456789012"), "{caller:?}");
        w.is_ready().await;
        let read = |name: &str| ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb));
        let calls = w.emulator.get("calls");
        let calls: Vec<&str> = calls.as_array().unwrap().iter().map(|call| call[1].as_str().unwrap()).collect();
        assert!(calls.len() > 15 && calls.iter().all(|name| read(name)), "{calls:?}");
    }

    /// Some of them begin with a page of nothing but a token, as AWS's may.
    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_account_whose_lists_come_entry_by_entry_passes_too() {
        let w = World::new().await;
        w.emulator.post("config", &json!({"page_size": 1}));
        w.is_ready().await;
        w.emulator.post("config", &json!({"empty_pages": true}));
        w.is_ready().await;
        let name = Tag::builder().key("Name").value("nc-web-2").build();
        w.aws.write.ec2.create_tags().resources(w.id("instance")).tags(name).send().await.unwrap();
        assert_eq!(row(&w.free_names().await, "instance").verdict, Warn, "what comes on a later page counts too");
    }

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

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_may_not_be_asked_does_not_refuse() {
        let w = World::new().await;
        for (service, action) in [
            ("ec2", "DescribeAddresses"),
            ("route53", "ListResourceRecordSets"),
            ("rds", "DescribeOrderableDBInstanceOptions"),
            ("elbv2", "DescribeAccountLimits"),
            ("ec2", "DescribeInstanceTypeOfferings"),
        ] {
            w.emulator.refuse(service, action, "AccessDenied", 100);
        }
        let name = w.name(&w.id("zone")).await;
        assert_eq!(verdicts(&name), [Pass, Pass, Pass, Pass, NotCheckable, NotCheckable, Pass, Pass]);
        assert!(row(&name, "elastic-ip").evidence.contains("AccessDenied"), "{name:?}");
        assert_eq!(row(&w.database().await, "engine").verdict, NotCheckable);
        assert_eq!(row(&w.kind("t3.small").await, "offered").verdict, NotCheckable);
        assert_eq!(verdicts(&w.check("balancer.quota", json!({})).await), [NotCheckable, NotCheckable]);
    }

    const TINY: &str = r#"
runbook: tiny
title: look a server up, if a check lets us
about: a check that refuses, and two actions that look
region: us-east-1
inputs:
  instance: { type: instance-id, about: the server }
preflight:
  - { id: server, do: instance.clone-place, with: { like: "${{ inputs.instance }}", subnet: SUBNET } }
  - { id: server-up, do: instance.running, with: { instance: "${{ inputs.instance }}" } }
steps:
  - id: look
    title: look
    why: to know
    actions:
      - { id: up, do: instance.look-up, with: { instance: "${{ inputs.instance }}" } }
  - id: again
    title: look again
    why: to know it twice
    actions:
      - { id: up, do: instance.look-up, with: { instance: "${{ inputs.instance }}" } }
"#;

    /// A folder with `tiny.yaml` in it, whose check refuses the subnet.
    struct Tiny {
        folder: tempfile::TempDir,
        instance: String,
    }

    impl Tiny {
        fn of(w: &World) -> Self {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("tiny.yaml"), TINY.replace("SUBNET", &w.subnet("a"))).unwrap();
            Self { folder, instance: format!("instance={}", w.id("instance")) }
        }

        /// The exit code, and what was said.
        fn types(&self, arguments: &[&str]) -> (i32, String) {
            let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_runbook"));
            command.current_dir(&self.folder).args(["--state", "state"]).args(arguments);
            let output = command.output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8(text).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
            (output.status.code().unwrap(), text)
        }

        fn says(&self, arguments: &[&str], code: i32, words: &[&str]) {
            let (exit, told) = self.types(arguments);
            assert_eq!(exit, code, "{arguments:?}: {told}");
            for word in words {
                assert!(told.contains(word), "`{word}` is not in: {told}");
            }
        }
    }

    const REASON: &str = "server.zone=only one zone is left";

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn an_accepted_refusal_is_kept_with_the_run() {
        let w = World::new().await;
        let tiny = Tiny::of(&w);
        let run = ["run", "tiny.yaml", "--set", tiny.instance.as_str(), "--yes"];
        let words = ["nothing was changed", "check server.zone", "us-east-1a", "--accept server.zone=\"REASON\""];
        tiny.says(&run, 3, &words);
        assert_eq!(tiny.types(&["runs", "--format", "json"]), (0, "[]".into()), "no run was opened");

        tiny.says(&[&run[..], &["--accept", REASON]].concat(), 0, &[]);
        tiny.says(&["status"], 0, &["accepted: `server.zone`", "only one zone is left"]);
        tiny.says(&["log", "--verify"], 0, &[]);
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn what_was_accepted_holds_for_the_saved_plan_and_for_a_new_one_under_way() {
        let w = World::new().await;
        let tiny = Tiny::of(&w);
        let plan = ["plan", "tiny.yaml", "--set", tiny.instance.as_str(), "--out", "plan.json", "--until", "look"];
        tiny.says(&plan, 3, &["check server.zone"]);
        assert!(!tiny.folder.path().join("plan.json").exists(), "what refuses is not saved");
        tiny.says(&[&plan[..], &["--accept", REASON]].concat(), 0, &["sha256: "]);
        tiny.says(&["show", "plan.json"], 0, &["server.zone", "only one zone is left"]);
        let run = ["run", "--plan", "plan.json", "--yes"];
        tiny.says(&[&run[..], &["--accept", "server.zone=me too"]].concat(), 3, &["when a plan is made"]);

        // What refuses since, nobody has accepted.
        w.emulator.post("config", &json!({"stop_ticks": 0, "status_ticks": 0}));
        let (ec2, instance) = (&w.aws.write.ec2, w.id("instance"));
        ec2.stop_instances().instance_ids(&instance).send().await.unwrap();
        tiny.says(&run, 3, &["nothing was changed", "check server-up.running"]);
        ec2.start_instances().instance_ids(&instance).send().await.unwrap();
        tiny.says(&run, 0, &["rests after step 1"]);
        let accepted = ["accepted: `server.zone`", "only one zone is left"];
        tiny.says(&["status"], 0, &accepted);

        let text = std::fs::read_to_string(tiny.folder.path().join("tiny.yaml")).unwrap();
        std::fs::write(tiny.folder.path().join("tiny.yaml"), text.replace("to know it twice", "to be sure")).unwrap();
        tiny.says(&["resume"], 3, &["--replan"]);
        tiny.says(&["resume", "--replan", "--yes"], 0, &["what has not run of"]);
        tiny.says(&["status"], 0, &accepted);
    }
}
