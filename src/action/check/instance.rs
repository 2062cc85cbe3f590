//! `instance.running`, `instance.clone-place`, `instance.type`.
//!
//! Not checked: whether EC2 has capacity, which only launching tells.

use super::fitness::{attachments, fits, marketplace, no_such_type};
use super::subnets::{self, Subnet};
use super::{Examine, Seen, routes, vcpus};
use crate::access::{Aws, code_of};
use crate::action::Lines;
use crate::action::aws::{Checks, checks, failed, filter, live, type_of, zone_of};
use crate::model::{Failure, FailureKind, InstanceClonePlace, InstanceRunning, InstanceTypeFits};
use aws_sdk_ec2::types::{
    HttpTokensEnforcedState, HttpTokensState, Instance, InstanceType, InstanceTypeInfo, LocationType,
};

impl Examine for InstanceRunning {
    const PERMISSIONS: &'static [&'static str] = &["ec2:DescribeInstances", "ec2:DescribeInstanceStatus"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let id = self.instance.as_str();
        let instance = live(&aws, id).await?;
        let state = instance.state().and_then(|s| s.name()).map_or("unknown", |s| s.as_str()).to_owned();
        let kind = type_of(&instance);
        let running = match state.as_str() {
            "running" => Seen::pass("running", format!("`{id}` ({kind}) is `running`")),
            _ => Seen::refuse("running", format!("`{id}` ({kind}) is `{state}`"))
                .advise(format!("start it: `aws ec2 start-instances --instance-ids {id}`")),
        };
        Ok(vec![running, Seen::of("status-checks", status_checks(&aws, id).await)])
    }
}

/// As the run judges them when it waits for them.
async fn status_checks(aws: &Aws, id: &str) -> Result<Seen, Failure> {
    Ok(judged(id, checks(aws, id).await?))
}

fn judged(id: &str, checks: Checks) -> Seen {
    const ROW: &str = "status-checks";
    match checks {
        Checks::Passed(count) => Seen::pass(ROW, format!("{count}/{count} status checks of `{id}` passed")),
        Checks::Pending(which) => Seen::refuse(ROW, format!("status checks of `{id}` have no result yet: {which}"))
            .advise("wait until all are `ok`"),
        Checks::Impaired(which) => Seen::refuse(ROW, format!("`{id}` fails its status checks: {which}"))
            .advise("wait until all are `ok`; an instance that is ill now may not start again"),
    }
}

impl Examine for InstanceClonePlace {
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:DescribeInstances",
        "ec2:DescribeKeyPairs",
        "ec2:DescribeRouteTables",
        "ec2:DescribeSubnets",
        "ec2:GetInstanceMetadataDefaults",
    ];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let instance = live(&aws, self.like.as_str()).await?;
        let (found, key_pair, metadata) = tokio::join!(
            subnets::describe(&aws, std::slice::from_ref(&self.subnet)),
            key_pair(&aws, &instance),
            metadata(&aws, &instance),
        );
        let mut rows = match found {
            Ok(found) => {
                let subnet = found.first().ok_or_else(|| Failure::permanent("EC2 names no subnet"))?;
                let tables = routes::tables(&aws, &subnet.vpc).await;
                vec![
                    network(&instance, subnet),
                    zone(&instance, subnet),
                    free_addresses(subnet),
                    Seen::of("route", tables.map(|tables| routes::route(&instance, subnet, &tables))),
                ]
            }
            // One cause is one refusal.
            Err(failure) => {
                let rest = ["zone", "addresses", "route"];
                let rest =
                    rest.map(|row| Seen::not_checkable(row, format!("`{}` could not be looked at", self.subnet)));
                [Seen::failed("network", &failure)].into_iter().chain(rest).collect()
            }
        };
        rows.extend([Seen::of("key-pair", key_pair), Seen::of("metadata", metadata)]);
        Ok(rows)
    }
}

/// Whether the clone may be launched with the instance's metadata options: an account, or a declarative policy of its
/// organization, may enforce that tokens are required (`HttpTokensEnforced`, GetInstanceMetadataDefaults in the EC2 API
/// Reference), and then EC2 refuses a launch that asks for less.
async fn metadata(aws: &Aws, instance: &Instance) -> Result<Seen, Failure> {
    const ROW: &str = "metadata";
    let tokens = instance.metadata_options().and_then(|o| o.http_tokens());
    if tokens == Some(&HttpTokensState::Required) {
        return Ok(Seen::pass(ROW, "the instance requires tokens of its metadata service, and so will its clone"));
    }
    let asked = aws.read.ec2.get_instance_metadata_defaults().send().await;
    let answer = asked.map_err(failed("cannot ask whether the account enforces tokens of the metadata service"))?;
    let enforced = answer.account_level().and_then(|d| d.http_tokens_enforced());
    let id = instance.instance_id().unwrap_or_default();
    Ok(match enforced {
        Some(HttpTokensEnforcedState::Enabled) => {
            let by = answer.account_level().and_then(|d| d.managed_by()).map_or("account", |by| by.as_str());
            let what = "the instance's metadata service does without tokens, which the clone would take over, and which EC2 forbids";
            Seen::refuse(ROW, format!("{what} (`HttpTokensEnforced`, by {by})")).advise(format!(
                "when nothing on it needs version 1: `aws ec2 modify-instance-metadata-options --instance-id {id} --http-tokens \
                 required`; the clone follows"
            ))
        }
        _ => Seen::pass(ROW, "the instance's metadata options may be taken over"),
    })
}

fn network(instance: &Instance, subnet: &Subnet) -> Seen {
    const ROW: &str = "network";
    let vpc = instance.vpc_id().unwrap_or_default();
    match vpc == subnet.vpc {
        true => Seen::pass(ROW, format!("`{}` is in {vpc}, as the instance is", subnet.id)),
        false => Seen::refuse(ROW, format!("`{}` is in {}, the instance in {vpc}", subnet.id, subnet.vpc))
            .advise("choose a subnet of the instance's VPC: its security groups are of that VPC"),
    }
}

fn zone(instance: &Instance, subnet: &Subnet) -> Seen {
    const ROW: &str = "zone";
    let zone = zone_of(instance);
    match zone == subnet.zone {
        false => Seen::pass(ROW, format!("`{}` is in {}, the instance in {zone}", subnet.id, subnet.zone)),
        true => Seen::refuse(ROW, format!("`{}` is in {zone}, as the instance is", subnet.id))
            .advise("choose a subnet of another Availability Zone: both servers would go down with this one"),
    }
}

fn free_addresses(subnet: &Subnet) -> Seen {
    const ROW: &str = "addresses";
    let evidence = format!("`{}` has {} free addresses", subnet.id, subnet.free);
    match subnet.free {
        1.. => Seen::pass(ROW, evidence),
        _ => Seen::refuse(ROW, evidence).advise("free one, or choose another subnet"),
    }
}

async fn key_pair(aws: &Aws, instance: &Instance) -> Result<Seen, Failure> {
    const ROW: &str = "key-pair";
    let Some(name) = instance.key_name().filter(|n| !n.is_empty()) else {
        return Ok(Seen::pass(ROW, "the instance was launched without a key pair, and so will be its clone"));
    };
    match aws.read.ec2.describe_key_pairs().key_names(name).send().await {
        Ok(answer) if !answer.key_pairs().is_empty() => Ok(Seen::pass(ROW, format!("key pair `{name}` is there"))),
        Err(e) if code_of(&e) != Some("InvalidKeyPair.NotFound") => {
            Err(failed(format!("cannot look for key pair `{name}`"))(e))
        }
        _ => Ok(Seen::refuse(ROW, format!("key pair `{name}`, with which the instance was launched, is gone"))
            .advise(format!("import its public key again: `aws ec2 import-key-pair --key-name {name} ...`"))),
    }
}

impl Examine for InstanceTypeFits {
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceTypeOfferings",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeSubnets",
        "servicequotas:GetServiceQuota",
    ];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let instance = live(&aws, self.instance.as_str()).await?;
        let kind = self.instance_type.as_str();
        let offered = match subnets::describe(&aws, std::slice::from_ref(&self.subnet)).await {
            Ok(subnets) => {
                let mut zones: Vec<String> =
                    [zone_of(&instance).to_owned()].into_iter().chain(subnets.into_iter().map(|s| s.zone)).collect();
                zones.dedup();
                offered(&aws, kind, &zones).await
            }
            // Another check refuses the subnet.
            Err(failure) => Err(Failure { kind: FailureKind::Permanent, ..failure }),
        };
        let mut rows = vec![Seen::of("offered", offered)];
        match type_info(&aws, kind).await {
            Ok(Some(info)) => {
                let room = vcpus::room(&aws, &instance, kind, &info).await;
                rows.push(fits(&instance, kind, &info));
                rows.push(attachments(&instance, kind, &info));
                rows.push(marketplace(&instance, kind));
                rows.push(Seen::of(vcpus::ROW, room));
            }
            Ok(None) => {
                let gone = no_such_type(kind, &aws.region);
                rows.push(Seen::failed("fits", &gone));
                let rest = ["attachments", "marketplace", vcpus::ROW];
                rows.extend(rest.map(|row| Seen::not_checkable(row, gone.message.clone())));
            }
            Err(failure) => {
                rows.extend(["fits", "attachments", "marketplace", vcpus::ROW].map(|row| Seen::failed(row, &failure)));
            }
        }
        Ok(rows)
    }
}

async fn offered(aws: &Aws, kind: &str, zones: &[String]) -> Result<Seen, Failure> {
    const ROW: &str = "offered";
    let filter = filter("instance-type", &[kind]);
    let asked = aws.read.ec2.describe_instance_type_offerings().location_type(LocationType::AvailabilityZone);
    let pages = asked.filters(filter).into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let offerings = pages.map_err(failed(format!("cannot ask where `{kind}` is offered")))?;
    let there: Vec<&str> = offerings.iter().filter_map(|o| o.location()).collect();
    let missing: Vec<&str> = zones.iter().map(String::as_str).filter(|z| !there.contains(z)).collect();
    Ok(match missing.is_empty() {
        true => Seen::pass(ROW, format!("`{kind}` is offered in {}", zones.join(" and "))),
        false => Seen::refuse(ROW, format!("`{kind}` is not offered in {}", missing.join(" and ")))
            .advise("choose another type, or a subnet of another Availability Zone"),
    })
}

async fn type_info(aws: &Aws, kind: &str) -> Result<Option<InstanceTypeInfo>, Failure> {
    match aws.read.ec2.describe_instance_types().instance_types(InstanceType::from(kind)).send().await {
        Ok(answer) => Ok(answer.instance_types().first().cloned()),
        Err(e) if code_of(&e) == Some("InvalidInstanceType") => Ok(None),
        Err(e) => Err(failed(format!("cannot look at instance type `{kind}`"))(e)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::Refuse;

    #[test]
    fn an_instance_that_a_run_would_wait_for_is_refused() {
        assert_eq!(judged("i-1", Checks::Passed(3)).evidence, "3/3 status checks of `i-1` passed");
        let volumes = judged("i-1", Checks::Impaired("attached volumes `impaired`".into()));
        assert_eq!(volumes.verdict, Refuse);
        assert!(volumes.evidence.contains("attached volumes `impaired`"), "{volumes:?}");
        assert_eq!(judged("i-1", Checks::Pending("system `initializing`".into())).verdict, Refuse);
    }
}
