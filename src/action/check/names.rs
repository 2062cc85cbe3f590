//! `names.free`: the names of what a run creates. Before a run begins nothing can be its own, so whatever has one of the
//! names is somebody else's.

use super::{Examine, Seen};
use crate::access::{Aws, code_of};
use crate::action::Lines;
use crate::action::aws::failed;
use crate::model::{Failure, NamesFree};
use aws_sdk_ec2::types::Filter;

impl Examine for NamesFree {
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:DescribeInstances",
        "ec2:DescribeSecurityGroups",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
    ];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let (balancer, target_group, group, instance) = tokio::join!(
            balancer(&aws, &self.balancer),
            target_group(&aws, &self.target_group),
            group(&aws, &self.group, self.vpc.as_str()),
            instances(&aws, &self.instance),
        );
        Ok(vec![
            Seen::of("balancer", balancer.map(|found| free("balancer", "balancer", &self.balancer, found))),
            Seen::of(
                "target-group",
                target_group.map(|found| free("target-group", "target group", &self.target_group, found)),
            ),
            Seen::of("security-group", group.map(|found| free("security-group", "security group", &self.group, found))),
            Seen::of("instance", instance.map(|found| named_alike(&self.instance, &found))),
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

async fn balancer(aws: &Aws, name: &str) -> Result<Option<String>, Failure> {
    match aws.read.elb.describe_load_balancers().names(name).send().await {
        Ok(answer) => Ok(answer.load_balancers().first().and_then(|b| b.load_balancer_arn()).map(str::to_owned)),
        Err(e) if code_of(&e) == Some("LoadBalancerNotFound") => Ok(None),
        Err(e) => Err(failed(format!("cannot look for a balancer `{name}`"))(e)),
    }
}

async fn target_group(aws: &Aws, name: &str) -> Result<Option<String>, Failure> {
    match aws.read.elb.describe_target_groups().names(name).send().await {
        Ok(answer) => Ok(answer.target_groups().first().and_then(|t| t.target_group_arn()).map(str::to_owned)),
        Err(e) if code_of(&e) == Some("TargetGroupNotFound") => Ok(None),
        Err(e) => Err(failed(format!("cannot look for a target group `{name}`"))(e)),
    }
}

async fn group(aws: &Aws, name: &str, vpc: &str) -> Result<Option<String>, Failure> {
    let filter = |key: &str, value: &str| Filter::builder().name(key).values(value).build();
    let asked =
        aws.read.ec2.describe_security_groups().filters(filter("group-name", name)).filters(filter("vpc-id", vpc));
    let answer = asked.send().await.map_err(failed(format!("cannot look for a security group `{name}`")))?;
    Ok(answer.security_groups().first().and_then(|g| g.group_id()).map(str::to_owned))
}

async fn instances(aws: &Aws, name: &str) -> Result<Vec<String>, Failure> {
    let tagged = Filter::builder().name("tag:Name").values(name).build();
    let there = ["pending", "running", "stopping", "stopped"].map(str::to_owned);
    let live = Filter::builder().name("instance-state-name").set_values(Some(there.to_vec())).build();
    let asked = aws.read.ec2.describe_instances().filters(tagged).filters(live).send().await;
    let answer = asked.map_err(failed(format!("cannot look for instances named `{name}`")))?;
    let all = answer.reservations().iter().flat_map(|r| r.instances());
    Ok(all.filter_map(|i| i.instance_id()).map(|id| format!("`{id}`")).collect())
}
