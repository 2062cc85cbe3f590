//! What tests of the lab make in its account.

use crate::support::region::{Lab, eventually};
use aws_sdk_acm::types::{CertificateStatus, ValidationMethod};
use aws_sdk_ec2::types::{self as ec2, InstanceStateName, InstanceType, Tag};
use aws_sdk_elasticloadbalancingv2::types as elb;
use aws_sdk_route53::types as dns;
use runbook::access::HttpOptions;
use std::time::Duration;

/// Takes away the site that Debian's nginx comes with: the next one answers who asks by address.
pub(super) const NO_STOCK_SITE: &str = "rm /etc/nginx/sites-enabled/default; systemctl reload nginx";

impl Lab {
    pub(super) async fn image_of(&self, instance: &str) -> String {
        let made = self.aws.ec2.create_image().instance_id(instance).name("for-clones").send().await.unwrap();
        let image = made.image_id().unwrap().to_owned();
        eventually("image available", || async {
            let found = self.aws.ec2.describe_images().image_ids(&image).send().await.unwrap();
            (found.images()[0].state()?.as_str() == "available").then_some(())
        })
        .await;
        image
    }

    pub(super) async fn admit(&self, group: &str, port: i32, range: &str) {
        let rule = permission(port).ip_ranges(ec2::IpRange::builder().cidr_ip(range).build()).build();
        let asked = self.aws.ec2.authorize_security_group_ingress().group_id(group).ip_permissions(rule);
        asked.send().await.unwrap();
    }

    pub(super) async fn admit_no_longer(&self, group: &str, port: i32, range: &str) {
        let rule = permission(port).ip_ranges(ec2::IpRange::builder().cidr_ip(range).build()).build();
        let asked = self.aws.ec2.revoke_security_group_ingress().group_id(group).ip_permissions(rule);
        asked.send().await.unwrap();
    }

    /// Whether somebody outside gets a connection to the web server; a closed port would refuse, a group says nothing.
    pub(super) async fn is_open(&self, port: u16) -> Option<bool> {
        let address = (self.account().public_ip, port);
        let connect = tokio::net::TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_secs(1), connect).await {
            Ok(Ok(_)) => Some(true),
            Ok(Err(_)) => None,
            Err(_) => Some(false),
        }
    }

    pub(super) async fn clone_of(&self, image: &str) -> String {
        let account = self.account();
        let name = Tag::builder().key("Name").value("nextcloud-web-2").build();
        let tags = aws_sdk_ec2::types::TagSpecification::builder().resource_type("instance".into()).tags(name).build();
        let made = self.aws.ec2.run_instances().image_id(image).min_count(1).max_count(1);
        let made = made.instance_type(InstanceType::T3Small).subnet_id(&account.subnets["b"]);
        let made = made.security_group_ids(&account.web_group).tag_specifications(tags);
        let clone = made.send().await.unwrap().instances()[0].instance_id().unwrap().to_owned();
        self.reaches(&clone, InstanceStateName::Running).await;
        clone
    }
}

pub(super) async fn make_balancer(lab: &Lab) -> (String, String) {
    let subnets = lab.account().subnets.values().cloned().collect();
    let made = lab.aws.elb.create_load_balancer().name("site").set_subnets(Some(subnets));
    let made = made.security_groups(group(lab, "balancer", &[80, 443]).await).send().await.unwrap();
    let balancer = &made.load_balancers()[0];
    (balancer.load_balancer_arn().unwrap().to_owned(), balancer.dns_name().unwrap().to_owned())
}

/// A group that admits everybody on some ports.
pub(super) async fn group(lab: &Lab, name: &str, ports: &[i32]) -> String {
    let made = lab.aws.ec2.create_security_group().group_name(name).description(name);
    let made = made.vpc_id(&lab.account().vpc).send().await.unwrap();
    let group = made.group_id().unwrap().to_owned();
    for port in ports {
        lab.admit(&group, *port, "0.0.0.0/0").await;
    }
    group
}

pub(super) fn permission(port: i32) -> ec2::builders::IpPermissionBuilder {
    ec2::IpPermission::builder().ip_protocol("tcp").from_port(port).to_port(port)
}

pub(super) async fn make_target_group(lab: &Lab) -> String {
    let group = lab.aws.elb.create_target_group().name("web").protocol(elb::ProtocolEnum::Http).port(80);
    let group = group.vpc_id(&lab.account().vpc).health_check_path("/status.php").health_check_interval_seconds(10);
    let group = group.healthy_threshold_count(2).unhealthy_threshold_count(2).send().await.unwrap();
    let arn = group.target_groups()[0].target_group_arn().unwrap().to_owned();
    let target = elb::TargetDescription::builder().id(&lab.account().instance).build();
    lab.aws.elb.register_targets().target_group_arn(&arn).targets(target).send().await.unwrap();
    arn
}

pub(super) async fn health(
    lab: &Lab,
    group: &str,
) -> Option<(elb::TargetHealthStateEnum, Option<String>, Option<String>)> {
    let found = lab.aws.elb.describe_target_health().target_group_arn(group).send().await.ok()?;
    let health = found.target_health_descriptions().first()?.target_health()?.clone();
    let reason = health.reason().map(|reason| reason.as_str().to_owned());
    Some((health.state()?.clone(), reason, health.description().map(str::to_owned)))
}

pub(super) async fn issue_certificate(lab: &Lab) -> String {
    let asked = lab.aws.acm.request_certificate().domain_name(&lab.account().fqdn);
    let asked = asked.validation_method(ValidationMethod::Dns).send().await.unwrap();
    let arn = asked.certificate_arn().unwrap().to_owned();
    let look = || lab.aws.acm.describe_certificate().certificate_arn(&arn).send();
    let record = eventually("the validation record is told", || async {
        let found = look().await.unwrap();
        found.certificate()?.domain_validation_options().first()?.resource_record().cloned()
    })
    .await;
    let value = dns::ResourceRecord::builder().value(record.value()).build().unwrap();
    let set = dns::ResourceRecordSet::builder().name(record.name()).r#type(dns::RrType::Cname).ttl(60);
    upsert(lab, set.resource_records(value).build().unwrap()).await;
    eventually("the certificate is issued", || async {
        (look().await.unwrap().certificate()?.status()? == &CertificateStatus::Issued).then_some(())
    })
    .await;
    arn
}

pub(super) async fn point_name_at(lab: &Lab, name: &str, balancer: &str) {
    let found = lab.aws.elb.describe_load_balancers().load_balancer_arns(balancer).send().await.unwrap();
    let zone = found.load_balancers()[0].canonical_hosted_zone_id().unwrap().to_owned();
    let alias = dns::AliasTarget::builder().dns_name(name).hosted_zone_id(zone).evaluate_target_health(false);
    let set = dns::ResourceRecordSet::builder().name(&lab.account().fqdn).r#type(dns::RrType::A);
    upsert(lab, set.alias_target(alias.build().unwrap()).build().unwrap()).await;
}

pub(super) async fn upsert(lab: &Lab, set: dns::ResourceRecordSet) {
    let change = dns::Change::builder().action(dns::ChangeAction::Upsert).resource_record_set(set).build().unwrap();
    let batch = dns::ChangeBatch::builder().changes(change).build().unwrap();
    let zone = &lab.account().zone;
    lab.aws.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await.unwrap();
}

/// What the procedure makes of config.php, so that the balancer's check is answered 200.
pub(super) fn trust_the_balancer(fqdn: &str) -> String {
    format!(
        "sed -i \"s#^);#  'overwritehost' => '{fqdn}', 'overwriteprotocol' => 'https', 'trusted_proxies' => array('10.77.0.0/16'));#\" \
         /var/www/html/nextcloud/config/config.php; systemctl reload php8.2-fpm"
    )
}

/// As a browser does it: the form's token, the session's cookie, a redirect to where one wanted to go.
pub(super) async fn log_in_and_out(lab: &Lab, password: &str) {
    let client = lab.client_with(&HttpOptions { cookies: true, ..HttpOptions::default() });
    let open = async |path: &str| client.get(lab.site(path)).header("accept", "text/html").send().await.unwrap();
    let token = |page: &str| page.split("data-requesttoken=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let form = open("/index.php/login").await.text().await.unwrap();
    let log_in = async |password: &str| {
        let encode = |text: &str| text.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D").replace(':', "%3A");
        let body = format!("user=admin&password={}&requesttoken={}", encode(password), encode(&token(&form)));
        let post =
            client.post(lab.site("/index.php/login")).header("content-type", "application/x-www-form-urlencoded");
        let answer = post.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap().to_owned())
    };
    let (status, back) = log_in("wrong").await;
    assert_eq!((status, back.as_str()), (303, "/login?user=admin&direct=1"));
    let told = open("/login?user=admin&direct=1").await.text().await.unwrap();
    assert!(told.contains("initial-state-core-loginErrors"), "{told}");
    assert_eq!(log_in(password).await, (303, lab.site("/apps/dashboard/")));
    let page = open("/index.php/apps/files/").await;
    assert_eq!(page.headers()["x-lab-node"], "nextcloud-web-1");
    let page = page.text().await.unwrap();
    assert!(page.contains("data-user=\"admin\""), "{page}");
    let leave = format!("/index.php/logout?requesttoken={}", token(&page).replace('+', "%2B"));
    assert_eq!(open(&leave).await.status(), 303);
    assert_eq!(open("/index.php/apps/files/").await.status(), 303, "logged out");
    let client = client.get(lab.site("/index.php/apps/files/")).send().await.unwrap();
    assert_eq!(client.status(), 401, "as a client asks");
}
