//! `balancer.subnets` and `balancer.quota`: what an Application Load Balancer needs of its subnets (ELB user guide: two
//! Availability Zones, one subnet in each, at least 8 free addresses, a route to an internet gateway) and of the account.

use super::subnets::{self, Subnet, told};
use super::{Examine, Seen, routes};
use crate::action::Lines;
use crate::action::aws::failed;
use crate::model::{BalancerQuota, BalancerSubnets, Failure};
use aws_sdk_elasticloadbalancingv2::types::LoadBalancerTypeEnum;
use std::collections::BTreeSet;

/// Free addresses that a balancer needs in each subnet.
const ADDRESSES: i32 = 8;

impl Examine for BalancerSubnets {
    const PERMISSIONS: &'static [&'static str] = &["ec2:DescribeRouteTables", "ec2:DescribeSubnets"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let own = subnets::describe(&aws, &self.subnets).await?;
        let servers = subnets::describe(&aws, &self.server_subnets).await?;
        let vpc = own.first().map(|s| s.vpc.clone()).unwrap_or_default();
        let public = routes::private(&aws, &vpc, &own).await.map(|private| public(&own, &private));
        Ok(vec![zones(&own), covers(&own, &servers), Seen::of("public", public), addresses(&own)])
    }
}

fn zones(own: &[Subnet]) -> Seen {
    const ROW: &str = "zones";
    let vpcs: BTreeSet<&str> = own.iter().map(|s| s.vpc.as_str()).collect();
    let zones: BTreeSet<&str> = own.iter().map(|s| s.zone.as_str()).collect();
    let ids: BTreeSet<&str> = own.iter().map(|s| s.id.as_str()).collect();
    let (evidence, advice) = match (vpcs.len(), zones.len()) {
        (2.., _) => (format!("they are in several VPCs: {}", told(own)), "choose subnets of one VPC"),
        (_, ..2) => (
            format!("they are in one Availability Zone: {}", told(own)),
            "add a subnet of another Availability Zone: a balancer needs two",
        ),
        (_, zones) if zones < ids.len() => {
            (format!("two are in the same Availability Zone: {}", told(own)), "choose one subnet in each zone")
        }
        _ => return Seen::pass(ROW, told(own)),
    };
    Seen::refuse(ROW, evidence).advise(advice)
}

fn covers(own: &[Subnet], servers: &[Subnet]) -> Seen {
    const ROW: &str = "covers-servers";
    let missing: BTreeSet<&str> =
        servers.iter().map(|s| s.zone.as_str()).filter(|zone| !own.iter().any(|s| s.zone == *zone)).collect();
    let missing: Vec<&str> = missing.into_iter().collect();
    match missing.is_empty() {
        true => Seen::pass(ROW, format!("the servers are in {}", told(servers))),
        false => {
            Seen::refuse(ROW, format!("the balancer has no subnet in {}, where a server is", missing.join(" and ")))
                .advise("add a subnet of that zone to the balancer's: a target in a zone without one stays `unused`")
        }
    }
}

fn public(own: &[Subnet], private: &[String]) -> Seen {
    const ROW: &str = "public";
    match private.is_empty() {
        true => Seen::pass(ROW, format!("all {} have a route to an internet gateway", own.len())),
        false => Seen::refuse(ROW, format!("no route to an internet gateway: {}", private.join(", ")))
            .advise("choose public subnets: visitors cannot reach a balancer in a private one"),
    }
}

fn addresses(own: &[Subnet]) -> Seen {
    const ROW: &str = "addresses";
    let free: Vec<String> = own.iter().map(|s| format!("`{}` {}", s.id, s.free)).collect();
    let evidence = format!("free addresses: {}", free.join(", "));
    match own.iter().all(|s| s.free >= ADDRESSES) {
        true => Seen::pass(ROW, evidence),
        false => Seen::refuse(ROW, evidence)
            .advise(format!("a balancer needs {ADDRESSES} in each: free some, or choose another subnet")),
    }
}

impl Examine for BalancerQuota {
    const PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeAccountLimits",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
    ];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let elb = &aws.read.elb;
        let limits = elb.describe_account_limits().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        let limits = limits.map_err(failed("cannot ask for the quotas of load balancing"))?;
        let limit = |name: &str| {
            let found = limits.iter().find(|l| l.name() == Some(name));
            found.and_then(|l| l.max()).and_then(|m| m.parse::<usize>().ok())
        };
        let balancers = elb.describe_load_balancers().into_paginator().items().send().collect::<Result<Vec<_>, _>>();
        let balancers = balancers.await.map_err(failed("cannot count the balancers")).map(|all| {
            all.iter().filter(|b| b.r#type().is_none_or(|t| *t == LoadBalancerTypeEnum::Application)).count()
        });
        let groups = elb.describe_target_groups().into_paginator().items().send().collect::<Result<Vec<_>, _>>();
        let groups = groups.await.map_err(failed("cannot count the target groups")).map(|all| all.len());
        let row = |row, what: &str, name, used: Result<usize, Failure>| {
            Seen::of(row, used.map(|used| room(row, what, used, limit(name))))
        };
        Ok(vec![
            row("balancers", "Application Load Balancers", "application-load-balancers", balancers),
            row("target-groups", "target groups", "target-groups", groups),
        ])
    }
}

fn room(row: &'static str, what: &str, used: usize, limit: Option<usize>) -> Seen {
    match limit {
        None => Seen::not_checkable(row, format!("{used} {what}; their quota is not told")),
        Some(limit) if used < limit => Seen::pass(row, format!("{used} of {limit} {what} are there")),
        Some(limit) => Seen::refuse(row, format!("{used} of {limit} {what} are there: no room for one more"))
            .advise("ask for a higher quota (Service Quotas, Elastic Load Balancing), or remove one that nobody needs"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{NotCheckable, Pass, Refuse};

    fn subnet(id: &str, vpc: &str, zone: &str, free: i32) -> Subnet {
        Subnet { id: id.into(), vpc: vpc.into(), zone: zone.into(), free, range: "10.0.0.0/24".into() }
    }

    #[test]
    fn zones_are_two_and_one_subnet_in_each() {
        let both = [subnet("s1", "v", "z-a", 9), subnet("s2", "v", "z-b", 9)];
        let with = |more: Subnet| [&both[..], &[more]].concat();
        assert_eq!(zones(&both).verdict, Pass);
        assert_eq!(zones(&both[..1]).verdict, Refuse);
        assert_eq!(zones(&with(subnet("s3", "v", "z-b", 9))).verdict, Refuse);
        assert_eq!(zones(&with(subnet("s3", "w", "z-c", 9))).verdict, Refuse);
        assert_eq!(covers(&both, &both[1..]).verdict, Pass);
        assert_eq!(covers(&both[..1], &both[1..]).verdict, Refuse);
        assert_eq!(addresses(&both).verdict, Pass);
        assert_eq!(addresses(&with(subnet("s3", "v", "z-c", 7))).verdict, Refuse);
    }

    #[test]
    fn a_quota_that_is_used_up_refuses_and_an_unknown_one_does_not() {
        assert_eq!(room("balancers", "balancers", 49, Some(50)).verdict, Pass);
        assert_eq!(room("balancers", "balancers", 50, Some(50)).verdict, Refuse);
        assert_eq!(room("balancers", "balancers", 50, None).verdict, NotCheckable);
    }
}
