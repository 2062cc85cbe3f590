//! Whether the account may run two servers of a type: its quota of vCPUs, and what runs of the same family of types.
//!
//! EC2 counts the vCPUs of running On-Demand instances, a quota for each group of families ("Amazon EC2 On-Demand instance
//! quotas" in the EC2 User Guide). Spot instances and those on Dedicated Hosts do not count.
//!
//! Not handled: instances launched with fewer cores than their type has; they count as their type here.

use super::Seen;
use crate::access::Aws;
use crate::action::aws::{failed, filter, type_of};
use crate::model::Failure;
use aws_sdk_ec2::types::{Instance, InstanceLifecycleType, InstanceType, InstanceTypeInfo, Tenancy};
use std::collections::BTreeMap;

/// The row's name.
pub(super) const ROW: &str = "vcpu-quota";

/// A quota of EC2: its code in Service Quotas, and which instances it is for.
type Quota = (&'static str, &'static str);

/// The quota that a type counts against; none for types that run on hosts of their own.
fn quota_of(kind: &str) -> Option<Quota> {
    let letters = kind.split(|c: char| !c.is_ascii_lowercase()).next().unwrap_or_default();
    Some(match letters {
        "inf" => ("L-1945791B", "Inf"),
        "trn" => ("L-2C3B7624", "Trn"),
        "dl" => ("L-6E869C2A", "DL"),
        "hpc" => ("L-F7808C92", "HPC"),
        "g" | "gr" | "vt" => ("L-DB2E81BA", "G and VT"),
        "p" => ("L-417A185B", "P"),
        "f" => ("L-74FC7D96", "F"),
        "x" => ("L-7295265B", "X"),
        "u" => ("L-43DA4232", "High Memory"),
        "mac" => return None,
        _ => match letters.chars().next()? {
            'a' | 'c' | 'd' | 'h' | 'i' | 'm' | 'r' | 't' | 'z' => ("L-1216C47A", "Standard"),
            _ => return None,
        },
    })
}

/// Whether two servers of a type may run beside all others, one of them in the place of `instance`.
pub(super) async fn room(aws: &Aws, instance: &Instance, kind: &str, info: &InstanceTypeInfo) -> Result<Seen, Failure> {
    let needed = 2 * cpus(info);
    let Some((code, name)) = quota_of(kind) else {
        return Ok(Seen::not_checkable(ROW, format!("two `{kind}` need {needed} vCPUs, of which quota is not known")));
    };
    let told = format!("two `{kind}` need {needed} vCPUs of the quota for running On-Demand {name} instances");
    let asked = aws.read.quotas.get_service_quota().service_code("ec2").quota_code(code).send().await;
    let answer = asked.map_err(failed(format!("{told}, which cannot be looked at")));
    let advice = format!("`aws service-quotas get-service-quota --service-code ec2 --quota-code {code}` tells it");
    let answer = answer.map_err(|failure| failure.advise(advice))?;
    let Some(quota) = answer.quota().and_then(|q| q.value()) else {
        return Ok(Seen::not_checkable(ROW, format!("{told}, which has no value")));
    };
    let others = others(aws, instance.instance_id().unwrap_or_default(), code).await?;
    let evidence = format!("{told}: it is {quota}, {others} are in use by others");
    // The API has the number of vCPUs as a fraction.
    if f64::from(others + needed) <= quota {
        return Ok(Seen::pass(ROW, evidence));
    }
    Ok(Seen::refuse(ROW, evidence).advise(format!(
        "have it raised: `aws service-quotas request-service-quota-increase --service-code ec2 --quota-code {code} \
         --desired-value {}`",
        others + needed
    )))
}

fn cpus(info: &InstanceTypeInfo) -> i32 {
    info.v_cpu_info().and_then(|v| v.default_v_cpus()).unwrap_or(0)
}

/// The vCPUs of the instances that count against a quota now, but for one.
async fn others(aws: &Aws, but: &str, code: &str) -> Result<i32, Failure> {
    let running = filter("instance-state-name", &["pending", "running"]);
    let pages = aws.read.ec2.describe_instances().filters(running).into_paginator().send();
    let pages: Result<Vec<_>, _> = pages.collect().await;
    let pages = pages.map_err(failed("cannot look at the running instances".to_owned()))?;
    let instances = pages.iter().flat_map(|p| p.reservations()).flat_map(|r| r.instances());
    let mut how_many: BTreeMap<&str, i32> = BTreeMap::new();
    for it in instances.filter(|it| it.instance_id() != Some(but) && counts(it)) {
        let kind = type_of(it);
        if quota_of(kind).is_some_and(|(its, _)| its == code) {
            *how_many.entry(kind).or_default() += 1;
        }
    }
    if how_many.is_empty() {
        return Ok(0);
    }
    let kinds = how_many.keys().map(|kind| InstanceType::from(*kind)).collect();
    let asked = aws.read.ec2.describe_instance_types().set_instance_types(Some(kinds)).into_paginator().items().send();
    let types: Result<Vec<InstanceTypeInfo>, _> = asked.collect().await;
    let types = types.map_err(failed("cannot look at the types of the running instances".to_owned()))?;
    let of = |info: &InstanceTypeInfo| {
        let kind = info.instance_type().map_or("", |t| t.as_str());
        how_many.get(kind).copied().unwrap_or(0) * cpus(info)
    };
    Ok(types.iter().map(of).sum())
}

/// Whether EC2 counts an instance: neither a spot instance nor one on a Dedicated Host.
fn counts(instance: &Instance) -> bool {
    let hosted = instance.placement().and_then(|p| p.tenancy()) == Some(&Tenancy::Host);
    instance.instance_lifecycle() != Some(&InstanceLifecycleType::Spot) && !hosted
}

#[cfg(test)]
mod tests {
    use super::quota_of;

    #[test]
    fn every_family_has_its_quota() {
        let code = |kind: &str| quota_of(kind).map(|(code, _)| code);
        for kind in
            ["t3.small", "m7i-flex.large", "im4gn.large", "is4gen.medium", "d3en.xlarge", "z1d.large", "a1.large"]
        {
            assert_eq!(code(kind), Some("L-1216C47A"), "{kind}");
        }
        let others = [
            ("inf2.xlarge", "L-1945791B"),
            ("x2gd.medium", "L-7295265B"),
            ("g4dn.xlarge", "L-DB2E81BA"),
            ("u-6tb1.metal", "L-43DA4232"),
        ];
        for (kind, wanted) in others {
            assert_eq!(code(kind), Some(wanted), "{kind}");
        }
        assert_eq!((code("mac2.metal"), code("")), (None, None));
    }
}
