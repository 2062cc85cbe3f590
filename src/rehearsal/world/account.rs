//! What the account of a world has at first. The shapes are those of the emulator's seed (`emulator/seed.py`), which makes it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// An EC2 instance, beside what is on its disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceBefore {
    /// Its type; `t3.medium` without it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// The size of its disk, in GiB; 20 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_gib: Option<u32>,
    /// Whether it has an Elastic IP, or a public address that it happens to have.
    #[serde(default)]
    pub elastic_ip: bool,
    /// The IAM instance profile it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Its security groups; without any, one that lets in SSH, and the VPC on all ports.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Its tags besides `Name`, which is the host's.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Its subnet, and so its zone.
    #[serde(default)]
    pub subnet: LabSubnet,
}

/// The public subnets of the lab's VPC, each in a zone of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LabSubnet {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
}

/// Whom a security group lets in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleBefore {
    /// On which port; on all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// From where: another group of the world, or a range of addresses.
    pub from: String,
}

/// A DB instance. Whatever engine it is called, MariaDB answers at its endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseBefore {
    /// Its class; `db.t3.medium` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Its engine as AWS names it; `mariadb` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// The engine's version; 10.11.8 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its storage, in GiB; 20 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_gib: Option<u32>,
    /// Its security groups; without any, one that lets the VPC in on 3306.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Statements that are said at every start, so that said again they change nothing.
    #[serde(default)]
    pub sql: Vec<String>,
}

/// An internet-facing Application Load Balancer that forwards to hosts what it gets on port 80 or, with a certificate, on port 443.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BalancerBefore {
    /// The hosts behind it.
    pub hosts: Vec<String>,
    /// `HTTP` or `HTTPS`: what they are spoken to by.
    #[serde(default)]
    pub protocol: TargetProtocol,
    /// Their port.
    pub port: u16,
    /// The path by which they are checked; it must answer 200.
    pub health: String,
    /// One of the world's certificates: it ends TLS with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// What targets are spoken to by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TargetProtocol {
    /// In the clear.
    #[default]
    Http,
    /// By TLS.
    Https,
}

/// A record set of a public zone: values, or a host's public address, or an alias of a balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordBefore {
    /// Its name.
    pub name: String,
    /// Its type; `A` without it.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Its TTL in seconds; 60 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// Its values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The host whose public address it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The balancer it is an alias of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub balancer: Option<String>,
}

impl RuleBefore {
    /// Whether `from` is a range of IPv4 addresses.
    pub(super) fn is_range(&self) -> bool {
        self.from.split_once('/').is_some_and(|(address, bits)| {
            address.parse::<Ipv4Addr>().is_ok() && bits.parse::<u8>().is_ok_and(|bits| bits <= 32)
        })
    }
}

impl RecordBefore {
    /// Whether exactly one of what it can lead to is said.
    pub(super) fn is_clear(&self) -> bool {
        usize::from(!self.values.is_empty()) + usize::from(self.host.is_some()) + usize::from(self.balancer.is_some())
            == 1
    }
}
