//! What is looked up of an instance's network.

use super::Account;
use runbook::model::{ActionKind, FailureKind, Found, Phase};
use serde_json::json;

both_halves! {
    "aws_compute::look_up":
    tells_the_network_of_an_instance,
}

mod inside {
    use super::*;

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
                "vpc": account.id("vpc"), "group": account.id("web_group"), "subnet": account.seed["subnets"]["a"],
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
