//! Whom rules of security groups admit on a port: address ranges, groups and prefix lists, each as EC2 names it.

use aws_sdk_ec2::types::IpPermission;
use std::collections::BTreeSet;

/// Whom rules admit.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::action) struct Admitted {
    /// IPv4 and IPv6 ranges.
    pub(in crate::action) ranges: BTreeSet<String>,
    /// Prefix lists, whose ranges only EC2 knows.
    pub(in crate::action) prefix_lists: BTreeSet<String>,
    /// Security groups.
    pub(in crate::action) groups: BTreeSet<String>,
}

impl Admitted {
    /// Whom those of the rules admit that are for `port`.
    pub(in crate::action) fn on<'r>(port: i32, rules: impl Iterator<Item = &'r IpPermission>) -> Self {
        let mut admitted = Self::default();
        for rule in rules.filter(|rule| covers(rule, port)) {
            admitted.ranges.extend(rule.ip_ranges().iter().filter_map(|r| r.cidr_ip()).map(str::to_owned));
            admitted.ranges.extend(rule.ipv6_ranges().iter().filter_map(|r| r.cidr_ipv6()).map(str::to_owned));
            let lists = rule.prefix_list_ids().iter().filter_map(|l| l.prefix_list_id());
            admitted.prefix_lists.extend(lists.map(str::to_owned));
            let groups = rule.user_id_group_pairs().iter().filter_map(|g| g.group_id());
            admitted.groups.extend(groups.map(str::to_owned));
        }
        admitted
    }

    /// "`sg-1`, `pl-1`, 10.0.0.0/16", or "nobody".
    pub(in crate::action) fn told(&self) -> String {
        let named = self.groups.iter().chain(&self.prefix_lists).map(|id| format!("`{id}`"));
        let all: Vec<String> = named.chain(self.ranges.iter().cloned()).collect();
        if all.is_empty() { "nobody".into() } else { all.join(", ") }
    }
}

/// Whether a rule is for a port.
fn covers(rule: &IpPermission, port: i32) -> bool {
    match rule.ip_protocol() {
        Some("-1") => true,
        Some("tcp" | "6") => rule.from_port().is_some_and(|p| p <= port) && rule.to_port().is_some_and(|p| port <= p),
        _ => false,
    }
}
