//! What EC2 says of subnets: VPC, zone, free addresses.

use crate::access::Aws;
use crate::action::aws::{failed, said, tag_value};
use crate::model::{Failure, SubnetId};

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subnet {
    pub(super) id: String,
    pub(super) vpc: String,
    pub(super) zone: String,
    /// Addresses that are free now.
    pub(super) free: i32,
    /// Its IPv4 range.
    pub(super) range: String,
}

/// The subnets, in the order asked for.
///
/// # Errors
/// Refused when EC2 does not know one.
pub(super) async fn describe(aws: &Aws, ids: &[SubnetId]) -> Result<Vec<Subnet>, Failure> {
    let named = ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
    let texts = ids.iter().map(|id| id.as_str().to_owned()).collect();
    let pages = aws.read.ec2.describe_subnets().set_subnet_ids(Some(texts)).into_paginator().items().send();
    let all = pages.collect::<Result<Vec<_>, _>>().await.map_err(|e| {
        let failure = failed(format!("cannot look at {named}"))(e);
        match failure.causes.first().is_some_and(|c| c.starts_with("InvalidSubnetID")) {
            true => Failure { kind: crate::model::FailureKind::Refused, ..failure }.advise(format!(
                "check the ids, the region ({}) and whose credentials these are: `aws ec2 describe-subnets` lists what there is",
                aws.region
            )),
            false => failure,
        }
    })?;
    for subnet in &all {
        aws.names.note(subnet.subnet_id().unwrap_or_default(), tag_value(subnet.tags(), "Name"));
    }
    let missing = |id: &SubnetId| {
        Failure::refused(format!("there is no subnet `{id}` in {}", aws.region))
            .advise("check the id: `aws ec2 describe-subnets` lists what there is")
    };
    let find = |id: &SubnetId| {
        let found = all.iter().find(|s| s.subnet_id() == Some(id.as_str())).ok_or_else(|| missing(id))?;
        Ok(Subnet {
            id: id.to_string(),
            vpc: said(found.vpc_id(), format_args!("the VPC of `{id}`"))?.to_owned(),
            zone: said(found.availability_zone(), format_args!("the zone of `{id}`"))?.to_owned(),
            free: said(found.available_ip_address_count(), format_args!("the free addresses of `{id}`"))?,
            range: said(found.cidr_block(), format_args!("the range of `{id}`"))?.to_owned(),
        })
    };
    ids.iter().map(find).collect()
}

/// "`subnet-1` in us-east-1a, `subnet-2` in us-east-1b".
pub(super) fn told(subnets: &[Subnet]) -> String {
    subnets.iter().map(|s| format!("`{}` in {}", s.id, s.zone)).collect::<Vec<_>>().join(", ")
}
