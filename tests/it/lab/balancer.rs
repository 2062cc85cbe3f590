//! The balancer serves what the account says.

use crate::support::region::{LIMIT, eventually, in_a_region, region};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_balancer_serves_what_the_account_says() {
    in_a_region("lab::balancer::inside::the_balancer_serves_what_the_account_says", LIMIT).await;
}

mod inside {
    use super::super::made::*;
    use super::*;
    use aws_sdk_elasticloadbalancingv2::types as elb;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn the_balancer_serves_what_the_account_says() {
        region(async |lab| {
            lab.consistent().await;
            let account = lab.account();
            let web = account.instance.as_str();
            // Port 80 answers the site itself, as after the procedure's step 2.
            lab.on(web, "sed -i 10,23d /etc/nginx/conf.d/nextcloud.conf; nginx -t -q; systemctl restart nginx").await;
            let (balancer, name) = make_balancer(lab).await;
            let group = make_target_group(lab).await;
            let certificate = issue_certificate(lab).await;
            let direct = format!("http://{name}/");
            assert!(lab.client().get(&direct).send().await.is_err(), "nothing listens without a listener");

            let forward = elb::Action::builder().r#type(elb::ActionTypeEnum::Forward).target_group_arn(&group).build();
            let shown = elb::Certificate::builder().certificate_arn(certificate).build();
            let listener = lab.aws.elb.create_listener().load_balancer_arn(&balancer).port(443);
            listener
                .protocol(elb::ProtocolEnum::Https)
                .certificates(shown)
                .default_actions(forward)
                .send()
                .await
                .unwrap();
            let reason = eventually("the target is found unhealthy", || async {
                let (state, reason, text) = health(lab, &group).await?;
                (state == elb::TargetHealthStateEnum::Unhealthy).then_some((reason, text))
            })
            .await;
            assert_eq!(reason.0.as_deref(), Some("Target.ResponseCodeMismatch"));
            let codes = "Health checks failed with these codes: ";
            assert_eq!(reason.1, Some(format!("{codes}[404]")), "Debian's own site answers who asks by address");
            lab.on(web, NO_STOCK_SITE).await;
            eventually("the site itself is asked, which does not trust the address", || async {
                (health(lab, &group).await?.2 == Some(format!("{codes}[400]"))).then_some(())
            })
            .await;

            point_name_at(lab, &name, &balancer).await;
            eventually("the balancer fails open", || async {
                let answer = lab.client().get(lab.site("/status.php")).send().await.ok()?;
                let through = answer.remote_addr()?.ip() != std::net::IpAddr::from(account.public_ip);
                (through && answer.status() == 200).then_some(())
            })
            .await;

            let fqdn = &account.fqdn;
            lab.on(web, &trust_the_balancer(fqdn)).await;
            eventually("the target is healthy", || async {
                (health(lab, &group).await?.0 == elb::TargetHealthStateEnum::Healthy).then_some(())
            })
            .await;
            assert_eq!(lab.region.balancer_health()[0].health.state, "healthy");

            let config = elb::RedirectActionConfig::builder().protocol("HTTPS").port("443");
            let config = config.status_code(elb::RedirectActionStatusCodeEnum::Http301).build();
            let redirect = elb::Action::builder().r#type(elb::ActionTypeEnum::Redirect).redirect_config(config).build();
            let listener = lab.aws.elb.create_listener().load_balancer_arn(&balancer).port(80);
            listener.protocol(elb::ProtocolEnum::Http).default_actions(redirect).send().await.unwrap();
            let location = eventually("the redirect answers", || async {
                let answer = lab.client().get(format!("http://{fqdn}/a?b=c")).send().await.ok()?;
                (answer.status() == 301).then(|| answer.headers()["location"].to_str().unwrap().to_owned())
            })
            .await;
            assert_eq!(location, format!("https://{fqdn}:443/a?b=c"), "as the real balancer writes it");

            lab.region.cut(web).await.unwrap();
            eventually("a cut target leaves service", || async {
                (health(lab, &group).await?.0 == elb::TargetHealthStateEnum::Unhealthy).then_some(())
            })
            .await;
            lab.region.uncut(web).await.unwrap();
            eventually("and comes back", || async {
                (health(lab, &group).await?.0 == elb::TargetHealthStateEnum::Healthy).then_some(())
            })
            .await;
        })
        .await;
    }
}
