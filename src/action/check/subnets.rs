//! What EC2 says of subnets: VPC, zone, free addresses, range, and where their traffic goes.

use crate::access::Aws;
use crate::action::aws::{failed, filter, tag_value};
use crate::model::{Failure, SubnetId};
use aws_sdk_ec2::types::RouteTable;

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
            true => Failure { kind: crate::model::FailureKind::Refused, ..failure },
            false => failure,
        }
    })?;
    for subnet in &all {
        aws.names.note(subnet.subnet_id().unwrap_or_default(), tag_value(subnet.tags(), "Name"));
    }
    let find = |id: &SubnetId| {
        let found = all.iter().find(|s| s.subnet_id() == Some(id.as_str()));
        found.map(|s| Subnet {
            id: id.to_string(),
            vpc: s.vpc_id().unwrap_or_default().to_owned(),
            zone: s.availability_zone().unwrap_or_default().to_owned(),
            free: s.available_ip_address_count().unwrap_or(0),
            range: s.cidr_block().unwrap_or_default().to_owned(),
        })
    };
    ids.iter().map(|id| find(id).ok_or_else(|| Failure::refused(format!("there is no subnet `{id}`")))).collect()
}

/// The subnets of a VPC whose traffic has no way to an internet gateway: their own route table decides, else the VPC's main
/// one.
pub(super) async fn private(aws: &Aws, vpc: &str, subnets: &[Subnet]) -> Result<Vec<String>, Failure> {
    let filter = filter("vpc-id", &[vpc]);
    let pages = aws.read.ec2.describe_route_tables().filters(filter).into_paginator().items().send();
    let tables: Vec<RouteTable> =
        pages.collect::<Result<_, _>>().await.map_err(failed(format!("cannot look at the route tables of `{vpc}`")))?;
    let without = |s: &&Subnet| !table_of(&tables, &s.id).is_some_and(leads_out);
    Ok(subnets.iter().filter(without).map(|s| s.id.clone()).collect())
}

fn table_of<'t>(tables: &'t [RouteTable], subnet: &str) -> Option<&'t RouteTable> {
    let own = tables.iter().find(|t| t.associations().iter().any(|a| a.subnet_id() == Some(subnet)));
    own.or_else(|| tables.iter().find(|t| t.associations().iter().any(|a| a.main() == Some(true))))
}

fn leads_out(table: &RouteTable) -> bool {
    table.routes().iter().any(|route| {
        route.destination_cidr_block() == Some("0.0.0.0/0")
            && route.gateway_id().is_some_and(|gateway| gateway.starts_with("igw-"))
    })
}

/// "`subnet-1` in us-east-1a, `subnet-2` in us-east-1b".
pub(super) fn told(subnets: &[Subnet]) -> String {
    subnets.iter().map(|s| format!("`{}` in {}", s.id, s.zone)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{Route, RouteTableAssociation};

    fn table(subnet: Option<&str>, gateway: &str) -> RouteTable {
        let association = RouteTableAssociation::builder().set_subnet_id(subnet.map(str::to_owned));
        let route = Route::builder().destination_cidr_block("0.0.0.0/0").gateway_id(gateway).build();
        RouteTable::builder().associations(association.main(subnet.is_none()).build()).routes(route).build()
    }

    #[test]
    fn a_subnets_own_table_decides_else_the_main_one() {
        let tables = [table(None, "igw-1"), table(Some("subnet-1"), "vgw-1")];
        assert!(!table_of(&tables, "subnet-1").is_some_and(leads_out));
        assert!(table_of(&tables, "subnet-2").is_some_and(leads_out));
        assert!(table_of(&tables[1..], "subnet-2").is_none());
    }
}
