//! Changes of a hosted zone: one batch, which Route 53 carries out as a whole or not at all, and the wait until its name
//! servers all know it.

use super::answers::{answered, failed, unbuilt};
use super::dns_records::RecordSet;
use super::preview::request;
use crate::access::{Aws, AwsError};
use crate::action::{Context, Glance, wait_until};
use crate::model::{self, Failure, Value};
use aws_sdk_route53::types::{
    AliasTarget, Change, ChangeAction, ChangeBatch, ChangeStatus, ResourceRecord, ResourceRecordSet, RrType,
};
use serde_json::json;

/// One change of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RecordEdit {
    /// The set is to be so, whatever is there.
    Put(RecordSet),
    /// The set is to go; it must be given exactly as it is.
    Remove(RecordSet),
}

impl RecordEdit {
    fn change(&self) -> Result<Change, Failure> {
        let (action, set) = match self {
            RecordEdit::Put(set) => (ChangeAction::Upsert, set),
            RecordEdit::Remove(set) => (ChangeAction::Delete, set),
        };
        Change::builder().action(action).resource_record_set(in_full(set)?).build().map_err(unbuilt)
    }

    /// The change as a plan tells it.
    fn told(&self) -> Value {
        let (action, set) = match self {
            RecordEdit::Put(set) => ("UPSERT", set),
            RecordEdit::Remove(set) => ("DELETE", set),
        };
        let mut told = json!({"Name": set.name, "Type": set.kind});
        if let Some(ttl) = set.ttl {
            told["TTL"] = json!(ttl);
        }
        if !set.values.is_empty() {
            told["ResourceRecords"] = set.values.iter().map(|value| json!({"Value": value})).collect();
        }
        if let Some(alias) = &set.alias {
            told["AliasTarget"] = json!({
                "HostedZoneId": alias.zone, "DNSName": alias.target, "EvaluateTargetHealth": alias.evaluate_health,
            });
        }
        if let Some(check) = &set.health_check {
            told["HealthCheckId"] = json!(check);
        }
        json!({"Action": action, "ResourceRecordSet": told})
    }
}

/// The call that carries a batch out.
pub(super) fn changing(zone: &str, edits: &[RecordEdit]) -> model::Change {
    let changes: Vec<Value> = edits.iter().map(RecordEdit::told).collect();
    let with = [("HostedZoneId", json!(zone)), ("ChangeBatch", json!({"Changes": changes}))];
    request("route53:ChangeResourceRecordSets", with)
}

fn in_full(set: &RecordSet) -> Result<ResourceRecordSet, Failure> {
    let value = |v: &String| ResourceRecord::builder().value(v).build().map_err(unbuilt);
    let values = set.values.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    let alias = set.alias.as_ref().map(|alias| {
        let target = AliasTarget::builder().hosted_zone_id(&alias.zone).dns_name(alias.target.as_str());
        target.evaluate_target_health(alias.evaluate_health).build().map_err(unbuilt)
    });
    ResourceRecordSet::builder()
        .name(set.name.as_str())
        .r#type(RrType::from(set.kind.as_str()))
        .set_ttl(set.ttl)
        .set_resource_records((!values.is_empty()).then_some(values))
        .set_alias_target(alias.transpose()?)
        .set_health_check_id(set.health_check.clone())
        .build()
        .map_err(unbuilt)
}

/// Carries out a batch; answers the change's id. `why` is what an operator reads in the zone's history.
pub(super) async fn change(
    cx: &Context<'_>,
    aws: &Aws,
    zone: &str,
    edits: &[RecordEdit],
    why: &str,
) -> Result<String, Failure> {
    let changes = edits.iter().map(RecordEdit::change).collect::<Result<Vec<_>, _>>()?;
    let comment = format!("runbook {} {}: {why}", cx.call().run, cx.call().action);
    let batch = ChangeBatch::builder().set_changes(Some(changes)).comment(comment).build().map_err(unbuilt)?;
    let request = aws.write.route53.change_resource_record_sets().hosted_zone_id(zone).change_batch(batch);
    let answer = request.send().await.map_err(failed(format!("cannot change the records of zone `{zone}`")))?;
    let id = answered(
        answer.change_info().filter(|i| !i.id().is_empty()),
        format_args!("which change of zone `{zone}` it is"),
    )?
    .id();
    Ok(id.trim_start_matches("/change/").to_owned())
}

/// Waits until all name servers of the zone know a change.
pub(super) async fn in_sync(cx: &Context<'_>, aws: &Aws, id: &str) -> Result<(), Failure> {
    wait_until(cx, &format!("DNS change `{id}` in sync"), async || {
        let answer = match aws.read.route53.get_change().id(id).send().await.map_err(AwsError::from) {
            Ok(answer) => answer,
            // Route 53 forgets changes when they are old: then it is on all name servers for long.
            Err(e) if e.is(&["NoSuchChange"]) => return Ok(Glance::Done(())),
            Err(e) => return Err(e.failure(format!("cannot look at DNS change `{id}`"))),
        };
        let status = answer.change_info().map(|info| info.status());
        Ok(if status == Some(&ChangeStatus::Insync) {
            Glance::Done(())
        } else {
            Glance::NotYet(format!("DNS change `{id}` is not on all name servers yet"))
        })
    })
    .await
}
