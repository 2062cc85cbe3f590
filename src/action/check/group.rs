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
        let ids: Vec<String> = self.groups.iter().map(ToString::to_string).collect();
        let groups = describe(&aws, &ids).await?;
        let port = self.port;
        let all = Admitted::on(i32::from(port), groups.iter().flat_map(|g| g.ip_permissions()));
        let told = ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        let open = groups.iter().find_map(|g| {
            let admits = Admitted::on(i32::from(port), g.ip_permissions().iter());
            let world = admits.ranges.iter().find(|r| matches!(r.as_str(), "0.0.0.0/0" | "::/0"))?;
            Some((g.group_id().unwrap_or_default(), world.clone()))
        });
        let verb = if ids.len() == 1 { "admits" } else { "admit" };
        let evidence = format!("{told} {verb} {} on {port}", all.told());
        Ok(vec![match open {
            None => Seen::pass(ROW, evidence),
            Some((id, world)) => {
                let rule = match world.contains(':') {
                    true => format!(
                        "--ip-permissions IpProtocol=tcp,FromPort={port},ToPort={port},Ipv6Ranges=[{{CidrIpv6={world}}}]"
                    ),
                    false => format!("--protocol tcp --port {port} --cidr {world}"),
                };
                Seen::warn(ROW, format!("`{id}` admits {world} on {port}: anybody reaches it")).advise(format!(
                    "close it when the balancer serves the site: whoever knows the servers' addresses goes round the balancer \
                     (`aws ec2 revoke-security-group-ingress --group-id {id} {rule}`)"
                ))
            }
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
