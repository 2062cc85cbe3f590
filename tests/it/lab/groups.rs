//! Security groups admit and drop as on AWS.

use crate::support::region::{LIMIT, eventually, in_a_region, region};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn security_groups_are_enforced() {
    in_a_region("lab::groups::inside::security_groups_are_enforced", LIMIT).await;
}

mod inside {
    use super::super::made::*;
    use super::*;
    use aws_sdk_ec2::types as ec2;
    use aws_sdk_elasticloadbalancingv2::types as elb;
    use runbook::access::HttpOptions;
    use std::time::Duration;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn security_groups_are_enforced() {
        region(async |lab| {
            lab.consistent().await;
            assert_eq!(lab.region.unenforced(), None, "`runbook doctor` says why");
            let account = lab.account();
            let web = account.instance.as_str();
            lab.on(web, "sed -i 10,23d /etc/nginx/conf.d/nextcloud.conf; nginx -t -q; systemctl restart nginx").await;
            lab.on(web, NO_STOCK_SITE).await;
            lab.on(web, &trust_the_balancer(&account.fqdn)).await;

            assert_eq!(lab.is_open(22).await, Some(true));
            lab.admit_no_longer(&account.web_group, 22, "0.0.0.0/0").await;
            lab.admit(&account.web_group, 22, "192.0.2.0/24").await;
            eventually("SSH is closed: nobody answers", || async {
                (lab.is_open(22).await == Some(false)).then_some(())
            })
            .await;
            let config = lab.region.environment()["RUNBOOK_SSH_CONFIG"].as_str();
            let address = account.public_ip.to_string();
            let argv = ["ssh", "-F", config, "-o", "ConnectTimeout=1", &address, "true"];
            let ssh = lab.region.command(&argv).output().await.unwrap();
            assert!(String::from_utf8_lossy(&ssh.stderr).contains("timed out"), "{ssh:?}");
            let own = group(lab, "operators", &[]).await;
            lab.admit(&own, 22, "203.0.113.0/24").await;
            let both = lab.aws.ec2.modify_instance_attribute().instance_id(web);
            both.groups(&account.web_group).groups(&own).send().await.unwrap();
            eventually("a second group opens it for those who come from there", || async {
                (lab.is_open(22).await == Some(true)).then_some(())
            })
            .await;

            let (balancer, name) = make_balancer(lab).await;
            let targets = make_target_group(lab).await;
            lab.admit_no_longer(&account.web_group, 80, "0.0.0.0/0").await;
            let forward =
                elb::Action::builder().r#type(elb::ActionTypeEnum::Forward).target_group_arn(&targets).build();
            let listener = lab.aws.elb.create_listener().load_balancer_arn(&balancer).port(80);
            listener.protocol(elb::ProtocolEnum::Http).default_actions(forward).send().await.unwrap();
            let reason = eventually("the balancer does not get through", || async {
                let (state, reason, _) = health(lab, &targets).await?;
                (state == elb::TargetHealthStateEnum::Unhealthy).then_some(reason)
            })
            .await;
            assert_eq!(reason.as_deref(), Some("Target.Timeout"));

            let found = lab.aws.elb.describe_load_balancers().load_balancer_arns(&balancer).send().await.unwrap();
            let of_balancer = found.load_balancers()[0].security_groups()[0].clone();
            let pair = ec2::UserIdGroupPair::builder().group_id(&of_balancer).build();
            let admitted = lab.aws.ec2.authorize_security_group_ingress().group_id(&account.web_group);
            admitted.ip_permissions(permission(80).user_id_group_pairs(pair).build()).send().await.unwrap();
            eventually("the balancer's group is admitted", || async {
                (health(lab, &targets).await?.0 == elb::TargetHealthStateEnum::Healthy).then_some(())
            })
            .await;
            assert_eq!(lab.is_open(80).await, Some(false), "and nobody else");

            let through = || lab.client_with(&HttpOptions::default()).get(format!("http://{name}/status.php")).send();
            assert_eq!(through().await.unwrap().status(), 200);
            lab.admit_no_longer(&of_balancer, 80, "0.0.0.0/0").await;
            eventually("the balancer's own group is closed", || async {
                tokio::time::timeout(Duration::from_secs(1), through()).await.is_err().then_some(())
            })
            .await;
        })
        .await;
    }
}
