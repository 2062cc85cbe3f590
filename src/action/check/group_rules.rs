//! `security-group.rules`: what a balancer in front of servers changes for security groups.
//!
//! The quota of rules in a group (60 unless raised) counts inbound rules, those with IPv4 and with IPv6 ranges apart; a rule that
//! names a group counts for both ("Amazon VPC quotas", VPC User Guide). A prefix list counts as many as it may have entries,
//! which is not looked at: it counts as one here.

use super::{Examine, Seen, group};
use crate::access::Aws;
use crate::action::Lines;
use crate::action::aws::{Admitted, failed};
use crate::model::{Failure, SecurityGroupRules};
use aws_sdk_ec2::types::SecurityGroup;
use std::collections::BTreeSet;

/// The port of a site that ends TLS itself.
const HTTPS: i32 = 443;

/// Service Quotas' code of "Inbound or outbound rules per security group", of the service `vpc`.
const QUOTA: &str = "L-0EA8095F";

impl Examine for SecurityGroupRules {
    const PERMISSIONS: &'static [&'static str] = &["ec2:DescribeSecurityGroups", "servicequotas:GetServiceQuota"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let ids: Vec<String> = self.groups.iter().map(ToString::to_string).collect();
        let (groups, quota) = tokio::join!(group::describe(&aws, &ids), quota(&aws));
        let groups = groups?;
        let opened = groups.iter().find(|g| g.group_id() == Some(self.group.as_str()));
        let (id, sources) =
            (self.group.as_str(), self.sources.iter().map(ToString::to_string).collect::<BTreeSet<_>>());
        let servers = quota.clone().and_then(|most| match opened {
            Some(group) => Ok(servers_room(id, rules_in(group), most)),
            None => Err(Failure::permanent(format!("`{id}` is not among the servers' security groups"))),
        });
        Ok(vec![
            admitted(&groups),
            Seen::of("servers-room", servers),
            Seen::of("balancer-room", quota.map(|most| balancer_room(&sources, most))),
        ])
    }
}

async fn quota(aws: &Aws) -> Result<usize, Failure> {
    let asked = aws.read.quotas.get_service_quota().service_code("vpc").quota_code(QUOTA).send().await;
    let answer = asked.map_err(failed("cannot look at the quota of rules per security group"))?;
    let value = answer.quota().and_then(|q| q.value()).filter(|value| *value >= 1.0);
    let value = value.ok_or_else(|| Failure::permanent("the quota of rules per security group has no value"))?;
    // A count of rules, which the API gives as a fraction.
    Ok(format!("{value:.0}").parse().unwrap_or(usize::MAX))
}

/// The inbound rules of a group: those that count for IPv4, and for IPv6.
fn rules_in(group: &SecurityGroup) -> (usize, usize) {
    let rules = group.ip_permissions();
    let both: usize = rules.iter().map(|r| r.user_id_group_pairs().len() + r.prefix_list_ids().len()).sum();
    let v4: usize = rules.iter().map(|r| r.ip_ranges().len()).sum();
    let v6: usize = rules.iter().map(|r| r.ipv6_ranges().len()).sum();
    (v4 + both, v6 + both)
}

fn admitted(groups: &[SecurityGroup]) -> Seen {
    const ROW: &str = "admitted";
    let all = Admitted::on(HTTPS, groups.iter().flat_map(|g| g.ip_permissions()));
    let own: BTreeSet<&str> = groups.iter().filter_map(|g| g.group_id()).collect();
    let others: Vec<String> =
        all.groups.iter().filter(|g| !own.contains(g.as_str())).map(|g| format!("`{g}`")).collect();
    if others.is_empty() {
        return Seen::pass(ROW, format!("no other security group is admitted on {HTTPS}"));
    }
    let told = others.join(", ");
    Seen::warn(ROW, format!("{told} may reach the servers on {HTTPS} now, and not the balancer afterwards")).advise(
        "servers in them (monitoring, office suites, notify_push) reach the site's name by their public addresses then: give those \
         ranges in `alb_sources`, or admit the groups to the balancer's afterwards",
    )
}

fn servers_room(id: &str, (v4, v6): (usize, usize), most: usize) -> Seen {
    const ROW: &str = "servers-room";
    let told = format!("`{id}` has {} rules of {most}, and gets one more", v4.max(v6));
    match v4.max(v6) < most {
        true => Seen::pass(ROW, told),
        false => Seen::refuse(ROW, told).advise(raise("remove rules that nobody needs")),
    }
}

fn balancer_room(sources: &BTreeSet<String>, most: usize) -> Seen {
    const ROW: &str = "balancer-room";
    let v6 = sources.iter().filter(|range| range.contains(':')).count();
    let needed = 2 * v6.max(sources.len() - v6);
    let told =
        format!("{} ranges may reach the balancer on two ports: {needed} rules of one kind, of {most}", sources.len());
    match needed <= most {
        true => Seen::pass(ROW, told),
        false => Seen::refuse(ROW, told).advise(raise("give fewer, wider ranges (`alb_sources`)")),
    }
}

fn raise(first: &str) -> String {
    format!(
        "{first}, or have the quota raised: `aws service-quotas request-service-quota-increase --service-code vpc --quota-code {QUOTA} ...`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse, Warn};
    use aws_sdk_ec2::types::{IpPermission, IpRange, Ipv6Range, UserIdGroupPair};

    fn web(ranges: usize, groups: &[&str]) -> SecurityGroup {
        let ranges = vec![IpRange::builder().cidr_ip("203.0.113.0/24").build(); ranges];
        let pairs = groups.iter().map(|id| UserIdGroupPair::builder().group_id(*id).build()).collect();
        let rule = IpPermission::builder().ip_protocol("tcp").from_port(443).to_port(443).set_ip_ranges(Some(ranges));
        let rule =
            rule.set_user_id_group_pairs(Some(pairs)).ipv6_ranges(Ipv6Range::builder().cidr_ipv6("::/0").build());
        SecurityGroup::builder().group_id("sg-web").ip_permissions(rule.build()).build()
    }

    #[test]
    fn rules_are_counted_as_ec2_counts_them() {
        assert_eq!(rules_in(&web(57, &["sg-a", "sg-b"])), (59, 3));
        assert_eq!(servers_room("sg-web", (59, 3), 60).verdict, Pass);
        assert_eq!(servers_room("sg-web", (60, 3), 60).verdict, Refuse);
        let ranges = |n: usize| (0..n).map(|i| format!("10.0.{i}.0/24")).collect::<BTreeSet<_>>();
        assert_eq!(balancer_room(&ranges(30), 60).verdict, Pass);
        let full = balancer_room(&ranges(31), 60);
        assert!(full.verdict == Refuse && full.evidence.contains("62 rules"), "{full:?}");
        let mixed: BTreeSet<String> =
            ranges(30).into_iter().chain((0..30).map(|i| format!("2001:db8:{i}::/48"))).collect();
        assert_eq!(balancer_room(&mixed, 60).verdict, Pass, "IPv6 is counted apart");
    }

    #[test]
    fn groups_that_lose_the_site_are_named() {
        let seen = admitted(&[web(1, &["sg-monitoring", "sg-web"])]);
        assert!(seen.verdict == Warn && seen.evidence.starts_with("`sg-monitoring` may reach"), "{seen:?}");
        assert_eq!(admitted(&[web(1, &["sg-web"])]).verdict, Pass);
    }
}
