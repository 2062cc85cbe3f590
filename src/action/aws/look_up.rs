//! `instance.look-up`: what later actions need to know of an instance and its network. Only looks.
//!
//! EC2 unites the rules of all security groups of an interface ("the rules are aggregated": Security groups, VPC User Guide), and
//! promises no order among them. So `sources` is what any of them admits on 443, and `group`, the one that is opened to the
//! balancer, is chosen by what it admits and then by its id: those that admit the site's visitors first, the VPC's default
//! group last. The evidence says which it is.
//!
//! Not carried into `sources`: security groups admitted on 443 (a balancer's group cannot admit them for visitors); they
//! are named in the evidence. A prefix list cannot be taken over as ranges and is refused, unless everything is admitted.
//! Only the primary interface counts: it has the address that the balancer sends to.

use super::admitted::Admitted;
use super::instance_state::{live, type_of, zone_of};
use super::preview::{fact, rules_of};
use super::tags;
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Perform, Stop, Verified};
use crate::model::{Facts, Failure, Finding, Found, InstanceLookUp, Text, Value, Values, tell};
use aws_sdk_ec2::types::{Instance, SecurityGroup, VpcCidrBlockStateCode};
use serde_json::json;
use std::collections::BTreeSet;

/// The port of a site that ends TLS itself.
const HTTPS: u16 = 443;

impl InstanceLookUp {
    async fn look(&self, cx: &Context<'_>) -> Result<(Values, String, Facts), Failure> {
        let aws = cx.aws().await?;
        let id = self.instance.as_str();
        let instance = live(&aws, id).await?;
        let missing = |what: &str| Failure::refused(format!("instance `{id}` has no {what}"));
        let vpc = instance.vpc_id().ok_or_else(|| missing("VPC"))?;
        let subnet = instance.subnet_id().ok_or_else(|| missing("subnet"))?;
        let groups = Guards::of(&aws, &instance).await?;
        let group = groups.opened().ok_or_else(|| missing("security group"))?;
        let ids = groups.ids();
        let (ranges, sources, note) = self.addresses(&aws, vpc, &groups).await?;
        let which = match ids.len() {
            1 => String::new(),
            _ => format!("; of its security groups {} `{group}` is the one to open", join(&ids)),
        };
        let note = format!("{which}{note}");
        let evidence = format!("`{id}` is a {} in {}, {vpc}{note}", type_of(&instance), zone_of(&instance));
        let outputs = Values::from([
            ("vpc".into(), json!(vpc)),
            ("group".into(), json!(group)),
            ("groups".into(), json!(ids)),
            ("subnet".into(), json!(subnet)),
            ("zone".into(), json!(zone_of(&instance))),
            ("ranges".into(), json!(ranges)),
            ("sources".into(), json!(sources)),
            ("instance_type".into(), json!(type_of(&instance))),
            ("name".into(), json!(tags::value(instance.tags(), "Name").filter(|n| !n.is_empty()).unwrap_or(id))),
            ("public_ip".into(), json!(instance.public_ip_address().unwrap_or_default())),
        ]);
        // Whom the site is open to is taken over from these groups, so a later rule of one would open more than was previewed.
        let facts = if self.sources.iter().flatten().next().is_some() {
            Facts::new()
        } else {
            let admitted = outputs.get("sources").and_then(Value::as_array).into_iter().flatten();
            let named = ids.iter().map(String::as_str).collect::<Vec<_>>().join("` and `");
            fact(rules_of(&named, HTTPS), super::preview::list(admitted.filter_map(Value::as_str)))
        };
        Ok((outputs, evidence, facts))
    }

    /// `ranges`, `sources`, and what the evidence must say of them.
    async fn addresses(
        &self,
        aws: &Aws,
        vpc: &str,
        groups: &Guards,
    ) -> Result<(Vec<String>, Vec<String>, String), Failure> {
        let given = |list: &Option<Vec<_>>| -> Vec<String> { list.iter().flatten().map(ToString::to_string).collect() };
        let mut ranges = given(&self.ranges);
        if ranges.is_empty() {
            ranges = vpc_ranges(aws, vpc).await?;
        }
        let sources = given(&self.sources);
        if !sources.is_empty() {
            return Ok((ranges, sources, String::new()));
        }
        let admitted = groups.admit(HTTPS);
        let note = match admitted.groups.len() {
            0 => String::new(),
            _ => format!("; not taken over as sources: {}", join(&admitted.groups)),
        };
        Ok((ranges, taken_over(admitted, &groups.ids())?, note))
    }
}

/// The IPv4 ranges of a VPC: a balancer's own addresses are among them.
async fn vpc_ranges(aws: &Aws, vpc: &str) -> Result<Vec<String>, Failure> {
    let answer = aws.read.ec2.describe_vpcs().vpc_ids(vpc).send().await;
    let answer = answer.map_err(|e| AwsError::from(e).failure(format!("cannot look at VPC `{vpc}`")))?;
    for it in answer.vpcs() {
        aws.names.note(vpc, tags::value(it.tags(), "Name"));
    }
    let blocks = answer.vpcs().iter().flat_map(|v| v.cidr_block_association_set()).filter(|block| {
        let state = block.cidr_block_state().and_then(|s| s.state());
        state.is_none_or(|s| *s == VpcCidrBlockStateCode::Associated)
    });
    let ranges: Vec<String> = blocks.filter_map(|b| b.cidr_block()).map(str::to_owned).collect();
    if ranges.is_empty() {
        return Err(Failure::refused(format!("VPC `{vpc}` has no address range")));
    }
    Ok(ranges)
}

/// The security groups of an instance's primary interface.
struct Guards(Vec<SecurityGroup>);

impl Guards {
    async fn of(aws: &Aws, instance: &Instance) -> Result<Self, Failure> {
        let primary =
            instance.network_interfaces().iter().find(|n| n.attachment().and_then(|a| a.device_index()) == Some(0));
        let groups = primary.map(|n| n.groups()).filter(|groups| !groups.is_empty());
        let ids: Vec<String> = groups
            .unwrap_or_else(|| instance.security_groups())
            .iter()
            .filter_map(|g| g.group_id())
            .map(str::to_owned)
            .collect();
        if ids.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let told = ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        let pages = aws.read.ec2.describe_security_groups().set_group_ids(Some(ids)).into_paginator().items().send();
        let found: Result<Vec<_>, _> = pages.collect().await;
        let found = found.map_err(|e| AwsError::from(e).failure(format!("cannot look at security group {told}")))?;
        Ok(Self(found))
    }

    fn ids(&self) -> BTreeSet<String> {
        self.0.iter().filter_map(|g| g.group_id()).map(str::to_owned).collect()
    }

    /// Whom all of them together admit on a port.
    fn admit(&self, port: u16) -> Admitted {
        Admitted::on(port.into(), self.0.iter().flat_map(|g| g.ip_permissions()))
    }

    /// The one to open for the balancer.
    fn opened(&self) -> Option<&str> {
        let rank = |group: &&SecurityGroup| {
            let visitors = Admitted::on(HTTPS.into(), group.ip_permissions().iter());
            let for_visitors = !visitors.ranges.is_empty() || !visitors.prefix_lists.is_empty();
            (!for_visitors, group.group_name() == Some("default"), group.group_id().map(str::to_owned))
        };
        self.0.iter().min_by_key(rank).and_then(|g| g.group_id())
    }
}

/// The ranges to take over from `groups`.
fn taken_over(admitted: Admitted, groups: &BTreeSet<String>) -> Result<Vec<String>, Failure> {
    let advice = "say in the runbook's inputs which ranges the balancer is to admit (`sources`)";
    let who = match groups.len() {
        1 => format!("security group {} admits", join(groups)),
        _ => format!("security groups {} admit", join(groups)),
    };
    if !admitted.prefix_lists.is_empty() && !admitted.ranges.contains("0.0.0.0/0") {
        return Err(Failure::refused(format!("{who} a prefix list on {HTTPS}"))
            .cause(format!("{} cannot be taken over as address ranges", join(&admitted.prefix_lists)))
            .advise(advice));
    }
    if admitted.ranges.is_empty() {
        return Err(Failure::refused(format!("{who} no address range on {HTTPS}")).advise(advice));
    }
    Ok(admitted.ranges.into_iter().collect())
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl Perform for InstanceLookUp {
    const OBSERVE_PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"];
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstances", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs"];

    fn sentence(&self) -> Text {
        tell!("look up the network and type of instance `{}`", self.instance)
    }

    fn undo_sentence(&self) -> Option<Text> {
        None
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let (outputs, evidence, facts) = self.look(cx).await?;
        Ok(Finding { outputs, facts, ..Finding::new(Found::Holds, false, evidence) })
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        Ok(self.look(cx).await?.0)
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        let (outputs, evidence, _) = self.look(cx).await?;
        Ok(Verified { outputs, evidence })
    }

    async fn undo(&self, _: &Context<'_>) -> Result<String, Stop> {
        Ok("nothing to undo: it only looked".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, PrefixListId};

    fn one() -> BTreeSet<String> {
        BTreeSet::from(["sg-1".to_owned()])
    }

    fn group(id: &str, name: &str, rules: &[IpPermission]) -> SecurityGroup {
        SecurityGroup::builder().group_id(id).group_name(name).set_ip_permissions(Some(rules.to_vec())).build()
    }

    #[test]
    fn all_groups_count_in_any_order() {
        let office = group("sg-1", "office", &[rule("tcp", (443, 443), "203.0.113.0/24")]);
        let public = group("sg-2", "public", &[rule("tcp", (443, 443), "0.0.0.0/0")]);
        let admin = group("sg-0", "ssh-admin", &[rule("tcp", (22, 22), "203.0.113.0/24")]);
        let default = group("sg-00", "default", &[rule("-1", (-1, -1), "10.0.0.0/8")]);
        let all = [office, public, admin, default];
        for first in 0..all.len() {
            let mut turned = all.to_vec();
            turned.rotate_left(first);
            let guards = Guards(turned);
            let sources = taken_over(guards.admit(443), &guards.ids()).unwrap();
            assert_eq!(sources, ["0.0.0.0/0", "10.0.0.0/8", "203.0.113.0/24"]);
            assert_eq!(guards.opened(), Some("sg-1"), "the first by id that lets visitors in");
        }
        assert_eq!(Guards(all[2..].to_vec()).opened(), Some("sg-00"));
        assert_eq!(Guards(Vec::new()).opened(), None);
    }

    fn rule(protocol: &str, ports: (i32, i32), cidr: &str) -> IpPermission {
        let builder = IpPermission::builder().ip_protocol(protocol).from_port(ports.0).to_port(ports.1);
        builder.ip_ranges(IpRange::builder().cidr_ip(cidr).build()).build()
    }

    #[test]
    fn what_is_admitted_on_443() {
        let v6 = Ipv6Range::builder().cidr_ipv6("2001:db8::/32").build();
        let rules = [
            rule("tcp", (443, 443), "203.0.113.0/24"),
            rule("tcp", (1, 1024), "192.0.2.0/24"),
            rule("-1", (-1, -1), "10.0.0.0/8"),
            rule("tcp", (80, 80), "0.0.0.0/0"),
            rule("udp", (443, 443), "0.0.0.0/0"),
            IpPermission::builder().ip_protocol("tcp").from_port(443).to_port(443).ipv6_ranges(v6).build(),
        ];
        let sources = taken_over(Admitted::on(443, rules.iter()), &one()).unwrap();
        assert_eq!(sources, ["10.0.0.0/8", "192.0.2.0/24", "2001:db8::/32", "203.0.113.0/24"]);
    }

    #[test]
    fn what_cannot_be_taken_over_is_refused() {
        let list = PrefixListId::builder().prefix_list_id("pl-0123").build();
        let listed =
            IpPermission::builder().ip_protocol("tcp").from_port(443).to_port(443).prefix_list_ids(list).build();
        let some = [listed.clone(), rule("tcp", (443, 443), "192.0.2.0/24")];
        let refused = taken_over(Admitted::on(443, some.iter()), &one()).unwrap_err();
        assert!(refused.causes[0].contains("pl-0123"), "{refused:?}");
        let all = [listed, rule("tcp", (443, 443), "0.0.0.0/0")];
        assert_eq!(taken_over(Admitted::on(443, all.iter()), &one()).unwrap(), ["0.0.0.0/0"]);
        assert!(taken_over(Admitted::default(), &one()).unwrap_err().message.contains("no address range"));
    }
}
