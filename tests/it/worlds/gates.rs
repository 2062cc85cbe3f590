//! Points that wait for a person: records that are kept elsewhere, a key that is compared by eye.

use super::in_regions;
use super::operator::RUN;
use crate::support::region::{Lab, region};
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use serde_json::Value;

in_regions! { "gates": records_kept_elsewhere_and_a_key_compared_by_eye }

/// The run that waits, its only open gate, and what it asks.
async fn waits(lab: &Lab) -> (String, String, String) {
    let status = lab.status().await;
    let gates = status["gates"].as_array().unwrap();
    assert_eq!(gates.len(), 1, "{status}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&status["run"]), text(&gates[0]["gate"]), gates[0].to_string())
}

async fn register(lab: &Lab, name: &str, kind: RrType, action: ChangeAction, value: &str) {
    let value = ResourceRecord::builder().value(value).build().unwrap();
    let set = ResourceRecordSet::builder().name(name).r#type(kind).ttl(60).resource_records(value).build().unwrap();
    let change = Change::builder().action(action).resource_record_set(set).build().unwrap();
    let batch = ChangeBatch::builder().changes(change).build().unwrap();
    let zone = &lab.account().zone;
    lab.aws.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch).send().await.unwrap();
}

mod inside {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "runs inside a region"]
    async fn records_kept_elsewhere_and_a_key_compared_by_eye() {
        region(async |lab| {
            lab.write_inputs();
            let account = lab.account();
            let more = ["--set", "zone=external", "--set", "clone_host_key=approve"];
            let run: Vec<&str> = RUN.iter().chain(&more).copied().collect();
            let first = lab.types(&run).await.exits(4);
            let (id, gate, asked) = waits(lab).await;
            assert!(asked.contains("SHA256:"), "{asked}");
            first.says(&format!("runbook approve {id} {gate}")).says("SHA256:");

            lab.types(&["approve", &id, "no-such-gate"]).await.exits(2).says(&gate);
            lab.types(&["approve", &id, &gate, "--reject"]).await.exits(0).says("refused");
            let refused = lab.types(&["resume"]).await;
            assert!(matches!(refused.code, Some(1 | 4)), "a refused key is not used: {}", refused.said());
            assert_eq!(lab.count("elbv2:CreateLoadBalancer").await, 0, "nothing was built on a refused key");
            lab.types(&["approve", &id, &gate]).await.exits(0).says("runbook resume");

            // The record that proves the name: shown exactly, and registered by hand.
            lab.types(&["resume"]).await.exits(4);
            let (_, gate, asked) = waits(lab).await;
            let mut listed = lab.aws.acm.list_certificates().into_paginator().items().send();
            let arn = listed.next().await.unwrap().unwrap().certificate_arn.unwrap();
            let found = lab.aws.acm.describe_certificate().certificate_arn(&arn).send().await.unwrap();
            let record = found.certificate().unwrap().domain_validation_options()[0].resource_record().unwrap().clone();
            assert!(asked.contains(record.name().trim_end_matches('.')), "{asked}");
            assert!(asked.contains(record.value().trim_end_matches('.')), "{asked}");
            register(lab, record.name(), RrType::Cname, ChangeAction::Upsert, record.value()).await;
            lab.types(&["approve", &id, &gate]).await.exits(0);

            // The site's own name.
            lab.types(&["resume"]).await.exits(4);
            let (_, gate, asked) = waits(lab).await;
            let mut balancers = lab.aws.elb.describe_load_balancers().into_paginator().items().send();
            let name = balancers.next().await.unwrap().unwrap().dns_name.unwrap();
            assert!(asked.contains(&account.fqdn) && asked.contains(&name), "{asked}");
            register(lab, &account.fqdn, RrType::A, ChangeAction::Delete, &account.public_ip.to_string()).await;
            register(lab, &account.fqdn, RrType::Cname, ChangeAction::Upsert, &name).await;
            lab.types(&["approve", &id, &gate]).await.exits(0);
            lab.types(&["resume"]).await.exits(0).says("finished");

            // The way back asks for the same by hand.
            let back = lab.types(&["rollback", "--to", "load-balancer", "--yes"]).await.exits(4);
            let (_, gate, asked) = waits(lab).await;
            back.says(&format!("runbook approve {id} {gate}"));
            assert!(asked.contains(&account.public_ip.to_string()), "{asked}");
            register(lab, &account.fqdn, RrType::Cname, ChangeAction::Delete, &name).await;
            register(lab, &account.fqdn, RrType::A, ChangeAction::Upsert, &account.public_ip.to_string()).await;
            lab.types(&["approve", &id, &gate]).await.exits(0);
            let mut end = lab.types(&["resume"]).await;
            if end.code == Some(4) {
                let (_, gate, asked) = waits(lab).await;
                assert!(asked.contains(record.name().trim_end_matches('.')), "{asked}");
                register(lab, record.name(), RrType::Cname, ChangeAction::Delete, record.value()).await;
                lab.types(&["approve", &id, &gate]).await.exits(0);
                end = lab.types(&["resume"]).await;
            }
            end.exits(0).says("is rolled back");
        })
        .await;
    }
}
