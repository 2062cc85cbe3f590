//! `names.free`: the names of what a run creates. Before a run begins nothing can be its own, so whatever has one of the
//! names is somebody else's.

use super::{Examine, Seen};
use crate::access::Aws;
use crate::action::Lines;
use crate::action::aws::{balancer, failed, filter, group_named, target_group};
use crate::model::{Failure, NamesFree};

impl Examine for NamesFree {
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:DescribeInstances",
        "ec2:DescribeSecurityGroups",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
    ];

    /// Only groups are looked for in a VPC.
    const MAY_BE_UNKNOWN: &'static [&'static str] = &["vpc"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let group = async {
            match self.vpc.text().known() {
                Some(vpc) => group_named(&aws, self.group.as_str(), vpc).await,
                None => Err(Failure::permanent(format!("cannot look for a security group `{}`", self.group))
                    .cause("the server's VPC could not be looked up")),
            }
        };
        let (balancer, target_group, group, instance) = tokio::join!(
            balancer(&aws, self.balancer.as_str()),
            target_group(&aws, self.target_group.as_str()),
            group,
            instances(&aws, self.instance.as_str()),
        );
        let balancer = balancer.map(|found| found.and_then(|b| b.load_balancer_arn));
        let target_group = target_group.map(|found| found.and_then(|t| t.target_group_arn));
        let group = group.map(|found| found.and_then(|g| g.group_id));
        Ok(vec![
            Seen::of("balancer", balancer.map(|found| free("balancer", "balancer", self.balancer.as_str(), found))),
            Seen::of(
                "target-group",
                target_group.map(|found| free("target-group", "target group", self.target_group.as_str(), found)),
            ),
            Seen::of(
                "security-group",
                group.map(|found| free("security-group", "security group", self.group.as_str(), found)),
            ),
            Seen::of("instance", instance.map(|found| named_alike(self.instance.as_str(), &found))),
        ])
    }
}

fn free(row: &'static str, what: &str, name: &str, found: Option<String>) -> Seen {
    match found {
        None => Seen::pass(row, format!("no {what} is named `{name}`")),
        Some(id) => Seen::refuse(row, format!("there is a {what} `{name}` already: {id}"))
            .advise(format!("choose other names (input `name`), or remove that {what} when nobody needs it")),
    }
}

fn named_alike(name: &str, found: &[String]) -> Seen {
    match found {
        [] => Seen::pass("instance", format!("no instance is named `{name}`")),
        some => Seen::warn("instance", format!("named `{name}` already: {}", some.join(", ")))
            .advise("two instances would have the same Name tag: choose another name, or remove the old one"),
    }
}

async fn instances(aws: &Aws, name: &str) -> Result<Vec<String>, Failure> {
    let live = filter("instance-state-name", &["pending", "running", "stopping", "stopped"]);
    let asked = aws.read.ec2.describe_instances().filters(filter("tag:Name", &[name])).filters(live);
    let pages = asked.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let reservations = pages.map_err(failed(format!("cannot look for instances named `{name}`")))?;
    let all = reservations.iter().flat_map(|r| r.instances());
    Ok(all.filter_map(|i| i.instance_id()).map(|id| format!("`{id}`")).collect())
}
