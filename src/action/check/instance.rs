//! `instance.running`, `instance.clone-place`, `instance.type`.
//!
//! Not checked: whether EC2 has capacity, which only launching tells.

use super::subnets::{self, Subnet};
use super::{Examine, Seen, vcpus};
use crate::access::{Aws, code_of};
use crate::action::Lines;
use crate::action::aws::{Checks, checks, failed, filter, live, type_of, zone_of};
use crate::model::{Failure, InstanceClonePlace, InstanceRunning, InstanceTypeFits};
use aws_sdk_ec2::types::{Instance, InstanceType, InstanceTypeInfo, LocationType};

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
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstances", "ec2:DescribeSubnets", "ec2:DescribeKeyPairs"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let id = self.like.as_str();
        let instance = live(&aws, id).await?;
        let found = subnets::describe(&aws, std::slice::from_ref(&self.subnet)).await?;
        let subnet = found.first().ok_or_else(|| Failure::refused(format!("there is no subnet `{}`", self.subnet)))?;
        Ok(vec![
            network(&instance, subnet),
            zone(&instance, subnet),
            free_addresses(subnet),
            Seen::of("key-pair", key_pair(&aws, &instance).await),
        ])
    }
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
        let subnets = subnets::describe(&aws, std::slice::from_ref(&self.subnet)).await?;
        let mut zones: Vec<String> =
            [zone_of(&instance).to_owned()].into_iter().chain(subnets.into_iter().map(|s| s.zone)).collect();
        zones.dedup();
        let kind = self.instance_type.as_str();
        let offered = Seen::of("offered", offered(&aws, kind, &zones).await);
        let known = type_info(&aws, kind).await;
        let (fits, quota) = match known {
            Ok(Some(info)) => {
                let room = vcpus::room(&aws, &instance, kind, &info).await;
                (fits(&instance, kind, &info), Seen::of(vcpus::ROW, room))
            }
            Ok(None) => {
                let gone = || {
                    Failure::refused(format!("there is no instance type `{kind}` in {}", aws.region))
                        .advise("check its name, or choose another type")
                };
                (Seen::failed("fits", &gone()), Seen::not_checkable(vcpus::ROW, gone().message))
            }
            Err(failure) => (Seen::failed("fits", &failure), Seen::failed(vcpus::ROW, &failure)),
        };
        Ok(vec![offered, fits, quota])
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

fn fits(instance: &Instance, kind: &str, info: &InstanceTypeInfo) -> Seen {
    const ROW: &str = "fits";
    let has = instance.architecture().map_or("unknown", |a| a.as_str());
    let can: Vec<&str> = info
        .processor_info()
        .map(|p| p.supported_architectures())
        .unwrap_or_default()
        .iter()
        .map(|a| a.as_str())
        .collect();
    if can.is_empty() {
        return Seen::not_checkable(ROW, format!("EC2 does not say which architectures `{kind}` has"));
    }
    let memory =
        info.memory_info().and_then(|m| m.size_in_mib()).map(|m| format!(", {m} MiB of memory")).unwrap_or_default();
    match can.contains(&has) {
        true => Seen::pass(ROW, format!("the instance is {has}, and so is `{kind}`{memory}")),
        false => Seen::refuse(ROW, format!("the instance is {has}, `{kind}` is {}", can.join(" or ")))
            .advise(format!("choose a type for {has}: nothing installed would run on the other")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse};
    use aws_sdk_ec2::types::{ArchitectureType, ArchitectureValues, ProcessorInfo};

    #[test]
    fn an_instance_that_a_run_would_wait_for_is_refused() {
        assert_eq!(judged("i-1", Checks::Passed(3)).evidence, "3/3 status checks of `i-1` passed");
        let volumes = judged("i-1", Checks::Impaired("attached volumes `impaired`".into()));
        assert_eq!(volumes.verdict, Refuse);
        assert!(volumes.evidence.contains("attached volumes `impaired`"), "{volumes:?}");
        assert_eq!(judged("i-1", Checks::Pending("system `initializing`".into())).verdict, Refuse);
    }

    #[test]
    fn a_type_of_another_architecture_is_refused() {
        let instance = Instance::builder().architecture(ArchitectureValues::X8664).build();
        let info = |a| {
            let processor = ProcessorInfo::builder().supported_architectures(a).build();
            InstanceTypeInfo::builder().processor_info(processor).build()
        };
        assert_eq!(fits(&instance, "t3.small", &info(ArchitectureType::X8664)).verdict, Pass);
        let arm = fits(&instance, "t4g.small", &info(ArchitectureType::Arm64));
        assert_eq!(arm.verdict, Refuse);
        assert!(arm.evidence.contains("x86_64") && arm.evidence.contains("arm64"), "{arm:?}");
    }
}
