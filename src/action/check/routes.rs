//! Where a subnet's traffic goes: by its own route table, else by its VPC's main one ("Route tables", VPC User Guide).

use super::Seen;
use super::subnets::Subnet;
use crate::access::Aws;
use crate::action::aws::{failed, filter};
use crate::model::Failure;
use aws_sdk_ec2::types::{Instance, Route, RouteState, RouteTable};
use std::collections::BTreeSet;

/// The route tables of a VPC.
pub(super) async fn tables(aws: &Aws, vpc: &str) -> Result<Vec<RouteTable>, Failure> {
    let filter = filter("vpc-id", &[vpc]);
    let pages = aws.read.ec2.describe_route_tables().filters(filter).into_paginator().items().send();
    pages.collect::<Result<_, _>>().await.map_err(failed(format!("cannot look at the route tables of `{vpc}`")))
}

/// The way to the internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WayOut {
    /// By an internet gateway: with a public address there is a way in, too.
    Public,
    /// By something that only lets out: a NAT, a transit gateway, an appliance, a VPN.
    Through,
    /// None.
    Nowhere,
}

/// The way out of a subnet.
pub(super) fn way_out(tables: &[RouteTable], subnet: &str) -> WayOut {
    let routes = table_of(tables, subnet).map(|t| t.routes()).unwrap_or_default();
    let mut ways = routes.iter().filter(|route| route.destination_cidr_block() == Some("0.0.0.0/0")).filter_map(way);
    ways.next().unwrap_or(WayOut::Nowhere)
}

/// Where a default route leads; nowhere when its target is gone.
fn way(route: &Route) -> Option<WayOut> {
    if route.state() == Some(&RouteState::Blackhole) {
        return None;
    }
    if route.gateway_id().is_some_and(|gateway| gateway.starts_with("igw-")) {
        return Some(WayOut::Public);
    }
    let others = [
        route.gateway_id(),
        route.nat_gateway_id(),
        route.instance_id(),
        route.network_interface_id(),
        route.transit_gateway_id(),
        route.vpc_peering_connection_id(),
        route.carrier_gateway_id(),
        route.local_gateway_id(),
        route.core_network_arn(),
    ];
    others.iter().any(Option::is_some).then_some(WayOut::Through)
}

/// The prefix lists that a subnet reaches by a gateway endpoint: S3 and DynamoDB are reached so without a way out.
fn endpoints<'t>(tables: &'t [RouteTable], subnet: &str) -> BTreeSet<&'t str> {
    let routes = table_of(tables, subnet).map(|t| t.routes()).unwrap_or_default();
    let by_endpoint = routes.iter().filter(|r| r.gateway_id().is_some_and(|gateway| gateway.starts_with("vpce-")));
    by_endpoint.filter_map(|route| route.destination_prefix_list_id()).collect()
}

fn table_of<'t>(tables: &'t [RouteTable], subnet: &str) -> Option<&'t RouteTable> {
    let own = tables.iter().find(|t| t.associations().iter().any(|a| a.subnet_id() == Some(subnet)));
    own.or_else(|| tables.iter().find(|t| t.associations().iter().any(|a| a.main() == Some(true))))
}

/// Whether a clone in this subnet can be reached and reaches what its original does.
pub(super) fn route(instance: &Instance, subnet: &Subnet, tables: &[RouteTable]) -> Seen {
    const ROW: &str = "route";
    let own = instance.subnet_id().unwrap_or_default();
    let (theirs, way) = (way_out(tables, own), way_out(tables, &subnet.id));
    let public = instance.public_ip_address().is_some();
    let id = &subnet.id;
    if public && way != WayOut::Public {
        let what = "the new server gets a public address, as the instance has";
        return Seen::refuse(
            ROW,
            format!("{what}, and `{id}` has no route to an internet gateway: nobody reaches it there"),
        )
        .advise("choose a public subnet, or add the route; the run itself connects to it");
    }
    if way == WayOut::Nowhere && theirs != WayOut::Nowhere {
        return Seen::refuse(ROW, format!("`{id}` has no way out (no internet gateway, no NAT), and `{own}` has one"))
            .advise("choose a subnet with one, or add the route: object store, mail, updates and DNS resolvers may be out there");
    }
    let here = endpoints(tables, id);
    let missing: Vec<&str> = endpoints(tables, own).into_iter().filter(|list| !here.contains(list)).collect();
    if !missing.is_empty() {
        let told = missing.join(", ");
        return Seen::warn(ROW, format!("`{own}` reaches {told} by a gateway endpoint, `{id}` does not")).advise(
            "add its route table to the endpoint: else that traffic takes the way out, which may cost or be forbidden",
        );
    }
    let told = match way {
        WayOut::Public => "leads to an internet gateway",
        WayOut::Through => "has a way out by a NAT or the like",
        WayOut::Nowhere => "has no way out, as the instance's own has none",
    };
    Seen::pass(ROW, format!("`{id}` {told}"))
}

/// The subnets of a VPC whose traffic has no way to an internet gateway.
pub(super) async fn private(aws: &Aws, vpc: &str, subnets: &[Subnet]) -> Result<Vec<String>, Failure> {
    let tables = tables(aws, vpc).await?;
    let without = |s: &&Subnet| way_out(&tables, &s.id) != WayOut::Public;
    Ok(subnets.iter().filter(without).map(|s| s.id.clone()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse, Warn};
    use aws_sdk_ec2::types::RouteTableAssociation;

    fn out() -> aws_sdk_ec2::types::builders::RouteBuilder {
        Route::builder().destination_cidr_block("0.0.0.0/0")
    }

    fn table(subnet: Option<&str>, routes: &[Route]) -> RouteTable {
        let association = RouteTableAssociation::builder().set_subnet_id(subnet.map(str::to_owned));
        let association = association.main(subnet.is_none()).build();
        RouteTable::builder().associations(association).set_routes(Some(routes.to_vec())).build()
    }

    #[test]
    fn a_subnets_own_table_decides_else_the_main_one() {
        let tables = [
            table(None, &[out().gateway_id("igw-1").build()]),
            table(Some("subnet-1"), &[out().nat_gateway_id("nat-1").build()]),
            table(Some("subnet-3"), &[out().gateway_id("igw-gone").state(RouteState::Blackhole).build()]),
        ];
        assert_eq!(way_out(&tables, "subnet-1"), WayOut::Through);
        assert_eq!(way_out(&tables, "subnet-2"), WayOut::Public);
        assert_eq!(way_out(&tables, "subnet-3"), WayOut::Nowhere);
        assert_eq!(way_out(&tables[1..], "subnet-2"), WayOut::Nowhere);
    }

    #[test]
    fn a_clone_must_be_reached_and_reach_out() {
        let (igw, nat) = (out().gateway_id("igw-1").build(), out().nat_gateway_id("nat-1").build());
        let s3 = Route::builder().destination_prefix_list_id("pl-s3").gateway_id("vpce-1").build();
        let seen = |public: bool, own: &[Route], there: &[Route]| {
            let tables = [table(Some("subnet-own"), own), table(Some("subnet-new"), there)];
            let instance = Instance::builder().subnet_id("subnet-own");
            let instance = instance.set_public_ip_address(public.then(|| "198.51.100.7".to_owned())).build();
            let subnet = Subnet {
                id: "subnet-new".into(),
                vpc: "v".into(),
                zone: "z".into(),
                free: 9,
                range: "10.0.0.0/24".into(),
            };
            route(&instance, &subnet, &tables).verdict
        };
        let both = |route: &Route| [route.clone(), s3.clone()];
        assert_eq!(seen(true, std::slice::from_ref(&igw), std::slice::from_ref(&igw)), Pass);
        assert_eq!(seen(true, std::slice::from_ref(&igw), std::slice::from_ref(&nat)), Refuse);
        assert_eq!(seen(true, std::slice::from_ref(&igw), &[]), Refuse);
        assert_eq!(seen(false, std::slice::from_ref(&nat), std::slice::from_ref(&nat)), Pass);
        assert_eq!(seen(false, std::slice::from_ref(&nat), &[]), Refuse);
        assert_eq!(seen(false, &[], &[]), Pass);
        assert_eq!(seen(false, &both(&nat), std::slice::from_ref(&nat)), Warn);
        assert_eq!(seen(false, &both(&nat), &both(&nat)), Pass);
    }
}
