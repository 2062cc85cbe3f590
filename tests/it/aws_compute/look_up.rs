//! What is looked up of an instance's network.

use super::Account;
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::json;

both_halves! {
    "aws_compute::look_up":
    tells_the_network_of_an_instance,
    all_security_groups_count,
}

mod inside {
    use super::*;
    use aws_sdk_ec2::types::{IpPermission, IpRange};

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn all_security_groups_count() {
        let account = Account::new().await;
        let ec2 = &account.aws.write.ec2;
        let made = ec2.create_security_group().group_name("office").description("office").vpc_id(account.id("vpc"));
        let office = made.send().await.unwrap().group_id().unwrap().to_owned();
        let range = IpRange::builder().cidr_ip("203.0.113.0/24").build();
        let rule = IpPermission::builder().ip_protocol("tcp").from_port(443).to_port(443).ip_ranges(range).build();
        let admit = ec2.authorize_security_group_ingress().group_id(&office).ip_permissions(rule);
        admit.send().await.unwrap();
        let mut seen = Vec::new();
        for groups in [[office.clone(), account.id("web_group")], [account.id("web_group"), office.clone()]] {
            let modify = ec2.modify_instance_attribute().instance_id(account.web());
            modify.set_groups(Some(groups.to_vec())).send().await.unwrap();
            let mut deed =
                account.work(ActionKind::InstanceLookUp, "prepare/network", json!({"instance": account.web()}));
            let finding = deed.observe().await;
            assert_eq!(finding.outputs["sources"], json!(["0.0.0.0/0", "203.0.113.0/24"]));
            assert!(finding.evidence.contains("is the one to open"), "{}", finding.evidence);
            seen.push((finding.outputs["group"].clone(), finding.outputs["groups"].clone(), finding.facts));
        }
        assert_eq!(seen[0], seen[1], "whatever their order");
    }

    #[tokio::test]
    #[ignore = "run by its outer half"]
    async fn tells_the_network_of_an_instance() {
        let account = Account::new().await;
        let mut deed = account.work(ActionKind::InstanceLookUp, "prepare/network", json!({"instance": account.web()}));
        let finding = deed.observe().await;
        assert_eq!((finding.found, finding.ours), (Found::Holds, false));
        assert_eq!(
            serde_json::to_value(&finding.outputs).unwrap(),
            json!({
                "vpc": account.id("vpc"), "group": account.id("web_group"),
                "groups": [account.id("web_group")], "subnet": account.seed["subnets"]["a"],
                "zone": "us-east-1a", "ranges": ["10.77.0.0/16"], "sources": ["0.0.0.0/0"],
                "instance_type": "t3.medium", "name": "nextcloud-web-1",
                "public_ip": account.id("public_ip"),
            })
        );
        deed.apply().await;
        deed.verify().await;
        assert_eq!(deed.deed.call.outputs, finding.outputs);
        deed.undo().await;

        let given = json!({"instance": account.web(), "ranges": ["10.0.0.0/8"], "sources": ["192.0.2.0/24"]});
        let outputs = account.work(ActionKind::InstanceLookUp, "prepare/network", given).observe().await.outputs;
        assert_eq!((&outputs["ranges"], &outputs["sources"]), (&json!(["10.0.0.0/8"]), &json!(["192.0.2.0/24"])));

        let nobody = json!({"instance": "i-0123456789abcdef0"});
        let refused = account.work(ActionKind::InstanceLookUp, "prepare/network", nobody).failure(Phase::Observe).await;
        assert_eq!(refused.kind, FailureKind::Refused);
        assert_eq!(refused.message, "there is no instance `i-0123456789abcdef0` in us-east-1");
    }
}
