//! Names: the region's resolver finds its way from the root, so a zone counts as it is delegated and not because it is there.

use crate::support::region::{LIMIT, eventually, in_a_region, region};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_world_asks_the_zone_that_is_delegated() {
    in_a_region("lab::names::inside::the_world_asks_the_zone_that_is_delegated", LIMIT).await;
}

mod inside {
    use super::*;
    use aws_sdk_acm::types::{CertificateStatus, ValidationMethod};
    use aws_sdk_route53::types as dns;
    use runbook::access::{Access, Dns, Settings};
    use runbook::action::examine;
    use runbook::model::CheckVerdict::{Pass, Refuse};
    use runbook::model::{CheckCall, CheckKind, CheckRow};
    use serde_json::json;
    use std::collections::BTreeSet;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn the_world_asks_the_zone_that_is_delegated() {
        region(async |lab| {
            lab.consistent().await;
            let account = lab.account();
            let (route53, fqdn) = (&lab.aws.route53, account.fqdn.as_str());
            let domain = fqdn.split_once('.').unwrap().1;
            let world = Dns::default();
            let servers_of = async |zone: &str| -> BTreeSet<String> {
                let found = route53.get_hosted_zone().id(zone).send().await.unwrap();
                found.delegation_set().unwrap().name_servers().iter().cloned().collect()
            };
            let does = async |action: dns::ChangeAction,
                              zone: &str,
                              name: &str,
                              kind: dns::RrType,
                              values: &[String]| {
                let values = values.iter().map(|value| dns::ResourceRecord::builder().value(value).build().unwrap());
                let set = dns::ResourceRecordSet::builder().name(name).r#type(kind).ttl(60);
                let set = set.set_resource_records(Some(values.collect())).build().unwrap();
                let change = dns::Change::builder().action(action).resource_record_set(set);
                let batch = dns::ChangeBatch::builder().changes(change.build().unwrap()).build().unwrap();
                route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await.unwrap();
            };
            let change = async |zone: &str, name: &str, kind: dns::RrType, values: &[String]| {
                does(dns::ChangeAction::Upsert, zone, name, kind, values).await;
            };
            let new_zone = async |name: &str| {
                let made =
                    route53.create_hosted_zone().name(name).caller_reference(format!("second {name}")).send().await;
                made.unwrap().hosted_zone().unwrap().id().trim_start_matches("/hostedzone/").to_owned()
            };
            let access = Access::new(Settings {
                ssh_config: None,
                trust: None,
                poll: Settings::POLL,
                pace: runbook::model::Pace::USUAL,
                work_dir: lab.region.folder().into(),
                kept_dir: std::env::temp_dir(),
            });
            let zone_row = async |zone: &str| -> CheckRow {
                let parameters = json!({"fqdn": fqdn, "zone": zone, "instance": account.instance});
                let call = CheckCall {
                    id: "it".into(),
                    kind: CheckKind::DnsName,
                    parameters: parameters.into(),
                    region: Some(account.region.clone()),
                    ahead: runbook::model::Foresight::WithCommands,
                };
                examine(&call, &access).await.into_iter().find(|row| row.id.ends_with("zone")).unwrap()
            };
            let resolves_to = async |name: &str, wanted: &str| {
                let wanted = BTreeSet::from([wanted.parse().unwrap()]);
                eventually(&format!("{name} is {wanted:?}"), async || {
                    (world.addresses(name).await.is_ok_and(|found| found == wanted)).then_some(())
                })
                .await;
            };

            // The before-state's zone is delegated to the servers that Route 53 gave it.
            let own = servers_of(&account.zone).await;
            assert_eq!(world.name_servers(domain).await.unwrap(), own);
            resolves_to(fqdn, &account.public_ip.to_string()).await;
            assert!(world.addresses("www.debian.org").await.unwrap().is_empty(), "the world outside does not exist");
            let row = zone_row(&account.zone).await;
            assert_eq!(row.verdict, Pass, "{row:?}");

            // A second zone of the name: Route 53 carries out what is asked of it, and nobody sees it.
            let second = new_zone(domain).await;
            let others = servers_of(&second).await;
            assert!(own.is_disjoint(&others), "{own:?} {others:?}");
            change(&second, fqdn, dns::RrType::A, &["192.0.2.7".to_owned()]).await;
            let row = zone_row(&second).await;
            assert!(row.verdict == Refuse && row.evidence.contains("the world asks"), "{row:?}");
            resolves_to(fqdn, &account.public_ip.to_string()).await;

            // ACM looks for its record where the world does.
            let asked = lab.aws.acm.request_certificate().domain_name(fqdn).validation_method(ValidationMethod::Dns);
            let arn = asked.send().await.unwrap().certificate_arn().unwrap().to_owned();
            let certificate = async || {
                let found = lab.aws.acm.describe_certificate().certificate_arn(&arn).send().await.unwrap();
                found.certificate().unwrap().clone()
            };
            let wanted = eventually("the record is told", async || {
                certificate().await.domain_validation_options()[0].resource_record().cloned()
            })
            .await;
            change(&second, wanted.name(), dns::RrType::Cname, &[wanted.value().to_owned()]).await;
            for _ in 0..20 {
                assert_eq!(certificate().await.status(), Some(&CertificateStatus::PendingValidation));
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }

            // The registrar is told the second one's servers.
            lab.region.delegate(domain, others.clone());
            resolves_to(fqdn, "192.0.2.7").await;
            assert_eq!(world.name_servers(domain).await.unwrap(), others);
            assert_eq!(zone_row(&second).await.verdict, Pass);
            assert_eq!(zone_row(&account.zone).await.verdict, Refuse);
            assert_eq!(
                world.cname(wanted.name()).await.unwrap().as_deref(),
                Some(wanted.value().trim_end_matches('.'))
            );
            eventually("the certificate is issued", async || {
                (certificate().await.status() == Some(&CertificateStatus::Issued)).then_some(())
            })
            .await;

            // A zone below is delegated in the one above, not by the registrar.
            let below = new_zone(fqdn).await;
            change(&below, fqdn, dns::RrType::A, &["192.0.2.8".to_owned()]).await;
            resolves_to(fqdn, "192.0.2.7").await;
            let servers: Vec<String> = servers_of(&below).await.into_iter().collect();
            change(&second, fqdn, dns::RrType::Ns, &servers).await;
            resolves_to(fqdn, "192.0.2.8").await;
            let row = zone_row(&second).await;
            assert!(row.evidence.contains(&format!("asks zone `{fqdn}`")), "{row:?}");
            assert_eq!(zone_row(&below).await.verdict, Pass);

            // A zone that is gone answers nobody, though it is delegated still.
            does(dns::ChangeAction::Delete, &below, fqdn, dns::RrType::A, &["192.0.2.8".to_owned()]).await;
            route53.delete_hosted_zone().id(&below).send().await.unwrap();
            eventually("nobody answers", async || world.addresses(fqdn).await.is_err().then_some(())).await;
            does(dns::ChangeAction::Delete, &second, fqdn, dns::RrType::Ns, &servers).await;
            resolves_to(fqdn, "192.0.2.7").await;

            // Servers that nobody has.
            lab.region.delegate(domain, ["ns-9.nowhere.example".to_owned()]);
            eventually("nobody answers", async || world.addresses(fqdn).await.is_err().then_some(())).await;
        })
        .await;
    }
}
