//! `security-group.closed`, and what rules of security groups admit.

use super::{Examine, Seen};
use crate::access::Aws;
use crate::action::Lines;
use crate::action::aws::{Admitted, failed};
use crate::model::{Failure, SecurityGroupClosed};
use aws_sdk_ec2::types::SecurityGroup;

/// The groups of these ids.
pub(super) async fn describe(aws: &Aws, ids: &[String]) -> Result<Vec<SecurityGroup>, Failure> {
    let pages =
        aws.read.ec2.describe_security_groups().set_group_ids(Some(ids.to_vec())).into_paginator().items().send();
    let groups = pages.collect::<Result<_, _>>().await;
    groups.map_err(failed(format!("cannot look at security group {}", ids.join(", "))))
}

/// Whether all addresses of an IPv4 range are admitted by one of the ranges.
pub(super) fn admits_range(admitted: &Admitted, inner: &str) -> bool {
    admitted.ranges.iter().any(|outer| contains(outer, inner))
}

/// Whether an IPv4 range holds another; a range that is not IPv4 holds none.
pub(super) fn contains(outer: &str, inner: &str) -> bool {
    let parse = |text: &str| {
        let (address, bits) = text.split_once('/')?;
        let address: std::net::Ipv4Addr = address.parse().ok()?;
        let bits = bits.parse::<u32>().ok().filter(|b| *b <= 32)?;
        Some((u32::from(address), bits))
    };
    let (Some((outer, wide)), Some((inner, narrow))) = (parse(outer), parse(inner)) else { return false };
    let mask = u32::MAX.checked_shl(32 - wide).unwrap_or(0);
    wide <= narrow && outer & mask == inner & mask
}

impl Examine for SecurityGroupClosed {
    const PERMISSIONS: &'static [&'static str] = &["ec2:DescribeSecurityGroups"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        const ROW: &str = "open";
        let aws = lines.aws().await?;
        let groups = describe(&aws, &[self.group.to_string()]).await?;
        let rules = groups.iter().flat_map(|g| g.ip_permissions());
        let admits = Admitted::on(i32::from(self.port), rules);
        let (id, port) = (&self.group, self.port);
        let world: Vec<&str> =
            admits.ranges.iter().map(String::as_str).filter(|r| matches!(*r, "0.0.0.0/0" | "::/0")).collect();
        Ok(vec![match world.is_empty() {
            true => Seen::pass(ROW, format!("`{id}` admits {} on {port}", admits.told())),
            false => Seen::warn(ROW, format!("`{id}` admits {} on {port}: anybody reaches it", world.join(" and "))).advise(
                format!(
                    "close it when the balancer serves the site: whoever knows the servers' addresses goes round the \
                     balancer (`aws ec2 revoke-security-group-ingress --group-id {id} --protocol tcp --port {port} --cidr \
                     0.0.0.0/0`)"
                ),
            ),
        }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_hold_ranges() {
        assert!(contains("0.0.0.0/0", "10.77.1.0/24"));
        assert!(contains("10.77.0.0/16", "10.77.1.0/24") && contains("10.77.1.0/24", "10.77.1.0/24"));
        assert!(!contains("10.77.1.11/32", "10.77.1.0/24") && !contains("10.78.0.0/16", "10.77.1.0/24"));
        assert!(!contains("2001:db8::/32", "10.77.1.0/24"));
    }
}
