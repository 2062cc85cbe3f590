//! Security groups, enforced: what the groups of an instance, balancer or database do not admit does not reach it, and whoever
//! tries hears nothing, as on AWS.
//!
//! The groups of the account become one nftables table in the region's network namespace. Hosts hang on a bridge, so their
//! packets to each other pass these rules only where the bridge hands them to the IP layer (`bridge-nf-call-iptables`); the
//! bridge's own tables would do without that, and cannot tell answers from requests on kernels without bridge conntrack.
//!
//! As on AWS: the rules of all groups of an interface count together; a group as source means its members' private
//! addresses; answers pass whatever the rules say; nothing is refused, it is dropped (EC2 User Guide, "Security groups":
//! "you can assign multiple security groups to an instance", "security groups are stateful", "you can specify allow rules,
//! but not deny rules").
//!
//! Not handled: outbound rules (the account's groups let everything out), prefix lists, IPv6, and the region's own services
//! (names, the API, the object store), which no group guards on AWS either.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::net::Ipv4Addr;

use crate::rehearsal::emulator::account::{AccountState, Permission, SecurityGroup};
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::machine::tool::Tool;
use crate::rehearsal::region::network;

/// Whether bridged packets pass the IP layer's rules, in this network namespace.
const BRIDGED: &str = "/proc/sys/net/bridge/bridge-nf-call-iptables";

/// What nftables is told first. It is refused where the kernel cannot tell answers from requests.
const NOTHING_YET: &str = "table inet lab { chain guarded { ct state established,related accept; }; }\n";

/// The same as a script, to be tried in a namespace of its own.
pub(in crate::rehearsal) const TRIAL: &str = "echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables && \
                                echo 'table inet lab { chain guarded { ct state established,related accept; }; }' | nft -f -";

/// Something that security groups stand before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::rehearsal) struct Guarded {
    /// Its addresses where others reach it.
    pub(in crate::rehearsal) reached_at: Vec<Ipv4Addr>,
    /// Its addresses where a group is meant as a source.
    pub(in crate::rehearsal) comes_from: Vec<Ipv4Addr>,
    /// The ids of its groups.
    pub(in crate::rehearsal) groups: Vec<String>,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(in crate::rehearsal) struct Firewall {
    current: String,
}

impl Firewall {
    /// Prepares the namespace.
    ///
    /// # Errors
    /// Where groups cannot be enforced: the kernel does not hand bridged packets on, or has no nftables.
    pub(in crate::rehearsal) async fn raise() -> Result<Self, RehearsalError> {
        fs::write(BRIDGED, "1").map_err(RehearsalError::file("write", BRIDGED))?;
        Tool::new("nft").args(["-f", "-"]).input(NOTHING_YET).run().await?;
        Ok(Self::default())
    }

    /// Makes the rules follow the account. `balancers`: the addresses of each, by ARN.
    ///
    /// # Errors
    /// When nftables refuses them.
    pub(in crate::rehearsal) async fn follow(
        &mut self,
        account: &AccountState,
        balancers: &BTreeMap<String, Vec<Ipv4Addr>>,
    ) -> Result<(), RehearsalError> {
        let wanted = ruleset(&guarded(account, balancers), &account.security_groups);
        if wanted != self.current {
            Tool::new("nft").args(["-f", "-"]).input(wanted.as_str()).run().await?;
            self.current = wanted;
        }
        Ok(())
    }
}

/// Everything in the account that groups stand before and that has an address in the region.
fn guarded(account: &AccountState, balancers: &BTreeMap<String, Vec<Ipv4Addr>>) -> Vec<Guarded> {
    let instances = account.instances.iter().filter(|instance| instance.state != "terminated").filter_map(|instance| {
        let private = instance.private_ip?;
        Some(Guarded {
            reached_at: std::iter::once(private).chain(instance.public_ip).collect(),
            comes_from: vec![private],
            groups: instance.security_groups.clone(),
        })
    });
    let balancers = account.load_balancers.iter().filter_map(|balancer| {
        let addresses = balancers.get(&balancer.arn)?.clone();
        let groups = balancer.security_groups.clone();
        Some(Guarded { reached_at: addresses.clone(), comes_from: addresses, groups })
    });
    let databases = account.db_instances.iter().filter_map(|database| {
        let address = vec![database.address?];
        Some(Guarded { reached_at: address.clone(), comes_from: address, groups: database.security_groups.clone() })
    });
    instances.chain(balancers).chain(databases).collect()
}

/// The table: replaced as a whole, so that no packet meets half of it.
fn ruleset(guarded: &[Guarded], groups: &[SecurityGroup]) -> String {
    let mut chains = String::new();
    let mut doors = Vec::new();
    for (number, thing) in guarded.iter().enumerate() {
        let _ = writeln!(chains, "  chain guarded{number} {{");
        let of_thing = groups.iter().filter(|group| thing.groups.contains(&group.id));
        let lines: BTreeSet<String> =
            of_thing.flat_map(|group| &group.ingress).flat_map(|rule| admitted(rule, guarded)).collect();
        for line in lines {
            let _ = writeln!(chains, "    {line} accept");
        }
        chains.push_str("    drop\n  }\n");
        doors.extend(thing.reached_at.iter().map(|address| format!("{address} : jump guarded{number}")));
    }
    let doors = match doors.as_slice() {
        [] => String::new(),
        doors => format!("    ip daddr vmap {{ {} }}\n", doors.join(", ")),
    };
    let hooks: String = ["forward", "input", "output"]
        .iter()
        .map(|hook| {
            format!(
                "  chain {hook} {{\n    type filter hook {hook} priority 0; policy accept;\n    jump guarded\n  }}\n"
            )
        })
        .collect();
    format!(
        "table inet lab\ndelete table inet lab\ntable inet lab {{\n{chains}  chain guarded {{\n    ct state established,related accept\n    \
         ip saddr {} accept\n{doors}  }}\n{hooks}}}\n",
        network::LAB_ADDRESS
    )
}

/// What packets one permission admits: a condition for each source. One at a time, for ranges in a set may not overlap, and an
/// operator's do.
fn admitted(rule: &Permission, guarded: &[Guarded]) -> Vec<String> {
    let members = guarded.iter().filter(|thing| thing.groups.iter().any(|group| rule.groups.contains(group)));
    let ranges = rule.cidrs.iter().filter(|range| !range.contains(':')).cloned();
    let sources = ranges.chain(members.flat_map(|thing| &thing.comes_from).map(ToString::to_string));
    let ports = match (rule.from, rule.to) {
        (Some(from), Some(to)) if from == to => from.to_string(),
        (Some(from), Some(to)) => format!("{from}-{to}"),
        _ => "0-65535".to_owned(),
    };
    let what = match rule.protocol.as_str() {
        "-1" => String::new(),
        "tcp" | "6" => format!(" tcp dport {ports}"),
        "udp" | "17" => format!(" udp dport {ports}"),
        other => format!(" meta l4proto {other}"),
    };
    sources.map(|source| format!("ip saddr {source}{what}")).collect()
}

#[cfg(test)]
#[path = "firewall_test.rs"]
mod tests;
