//! The emulated account as one picture: what exists in it that has a body in the region, and the ids of what
//! it has at first. The shapes are the emulator's (`emulator/view.py`, `emulator/seed.py`); what the region does not
//! need is not read.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use serde::Deserialize;
use serde_json::Value;

/// Everything in the account that has a body in the region.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AccountState {
    /// Moves when anything changes.
    #[serde(default)]
    pub version: u64,
    /// Instances, terminated ones for a while too.
    #[serde(default)]
    pub instances: Vec<Instance>,
    /// Images owned by the account.
    #[serde(default)]
    pub images: Vec<MachineImage>,
    /// Security groups.
    #[serde(default)]
    pub security_groups: Vec<SecurityGroup>,
    /// DB instances.
    #[serde(default)]
    pub db_instances: Vec<DbInstance>,
    /// Load balancers with their listeners.
    #[serde(default)]
    pub load_balancers: Vec<LoadBalancer>,
    /// Target groups with their targets.
    #[serde(default)]
    pub target_groups: Vec<TargetGroup>,
    /// Certificates, issued or not.
    #[serde(default)]
    pub certificates: Vec<Certificate>,
    /// Hosted zones with all records.
    #[serde(default)]
    pub zones: Vec<Zone>,
    /// What the emulator itself did wrong so far: answers that do not fit AWS's own model.
    #[serde(default)]
    pub troubles: Vec<String>,
}

/// An instance as EC2 sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Instance {
    /// `i-...`
    pub id: String,
    /// `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.
    pub state: String,
    /// The image it was launched from.
    pub image_id: String,
    /// Its address for life.
    pub private_ip: Option<Ipv4Addr>,
    /// Its Elastic IP, or the address it happens to have while it runs.
    pub public_ip: Option<Ipv4Addr>,
    /// The Name tag.
    pub name: Option<String>,
    /// The ids of its interfaces' groups.
    #[serde(default)]
    pub security_groups: Vec<String>,
}

impl Instance {
    /// The Name tag as a host name; the instance id where there is none.
    pub(in crate::rehearsal) fn hostname(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default().to_ascii_lowercase();
        let fit: String =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' }).take(60).collect();
        let fit = fit.trim_matches('-');
        if fit.is_empty() { self.id.clone() } else { fit.to_owned() }
    }
}

/// A machine image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MachineImage {
    /// `ami-...`
    pub id: String,
    /// `pending`, `available`, `failed`.
    pub state: String,
    /// The instance it is made of.
    pub source_instance: Option<String>,
}

/// A security group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SecurityGroup {
    /// `sg-...`
    pub id: String,
    /// Whom it admits.
    #[serde(default)]
    pub ingress: Vec<Permission>,
}

/// One rule of a security group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Permission {
    /// `tcp`, `udp`, `icmp`, a number, or `-1` for all.
    pub protocol: String,
    /// The first port; none for all.
    pub from: Option<i32>,
    /// The last port.
    pub to: Option<i32>,
    /// Address ranges as sources.
    #[serde(default)]
    pub cidrs: Vec<String>,
    /// Groups as sources: their members' private addresses.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// A DB instance.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DbInstance {
    /// Its identifier.
    pub id: String,
    /// `available`, `modifying`, `rebooting`, ...
    pub status: String,
    /// The name clients resolve.
    pub endpoint: String,
    /// The address of the zone that serves; none when its subnets are not known.
    pub address: Option<Ipv4Addr>,
    /// The ids of its security groups.
    #[serde(default)]
    pub security_groups: Vec<String>,
    /// How often it was started again so far, by a reboot or a failover.
    #[serde(default)]
    pub boots: u64,
}

/// An Application Load Balancer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct LoadBalancer {
    /// Its ARN.
    pub arn: String,
    /// The name clients resolve.
    pub dns_name: String,
    /// The ids of its groups.
    #[serde(default)]
    pub security_groups: Vec<String>,
    /// Attributes by key, e.g. `idle_timeout.timeout_seconds`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// What it listens on; none at first.
    #[serde(default)]
    pub listeners: Vec<AccountListener>,
}

/// A port of a load balancer and what is done with requests to it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AccountListener {
    /// Its ARN.
    pub arn: String,
    /// The port.
    pub port: u16,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// ARNs of its certificates, the default one first.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// The default actions in the shape of the ELBv2 API.
    #[serde(default)]
    pub default_actions: Vec<Value>,
    /// Its other rules, by priority: the first one that fits a request counts.
    #[serde(default)]
    pub rules: Vec<AccountRule>,
}

/// What is done with the requests to a listener that fit all of its conditions.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AccountRule {
    /// Its place among the rules of the listener.
    pub priority: u32,
    /// Its conditions in the shape of the ELBv2 API.
    pub conditions: Vec<Value>,
    /// Its actions in the same shape.
    pub actions: Vec<Value>,
}

/// A target group.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TargetGroup {
    /// Its ARN.
    pub arn: String,
    /// Its name, one of a kind in the account.
    pub name: String,
    /// How targets are spoken to: `HTTP` or `HTTPS`.
    pub protocol: String,
    /// The port of targets that name none.
    pub port: u16,
    /// How targets are checked.
    pub health_check: HealthCheck,
    /// Attributes by key, e.g. `stickiness.enabled`.
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// The registered targets.
    #[serde(default)]
    pub targets: Vec<AccountTarget>,
}

/// How a target group checks its targets.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HealthCheck {
    /// The path asked for.
    pub path: Option<String>,
    /// A port, or `traffic-port`.
    pub port: Option<Value>,
    /// `HTTP` or `HTTPS`.
    pub protocol: Option<String>,
    /// Seconds between checks.
    pub interval: u64,
    /// Seconds until a check has failed.
    pub timeout: u64,
    /// Good checks in a row until a target is healthy again.
    pub healthy: u32,
    /// Bad checks in a row until it is unhealthy.
    pub unhealthy: u32,
    /// The good statuses: `200`, `200-399`, `200,302`.
    pub matcher: Option<String>,
}

/// One registered target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub struct AccountTarget {
    /// An instance id.
    pub id: String,
    /// Its port; the group's when there is none.
    pub port: Option<u16>,
    /// How often it was registered so far: another number is another registration.
    #[serde(default)]
    pub registration: u32,
}

/// A certificate of ACM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Certificate {
    /// Its ARN.
    pub arn: String,
    /// The domain it is for.
    pub domain: String,
    /// `PENDING_VALIDATION`, `ISSUED`, ...
    pub status: String,
}

/// A hosted zone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Zone {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether only VPCs see it.
    #[serde(default)]
    pub private: bool,
    /// All its record sets.
    #[serde(default)]
    pub records: Vec<AccountRecord>,
}

/// A record set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccountRecord {
    /// Its name.
    pub name: String,
    /// `A`, `CNAME`, ...
    #[serde(rename = "type")]
    pub kind: String,
    /// For how many seconds an answer may be kept; none for an alias.
    #[serde(default)]
    pub ttl: Option<u32>,
    /// Its values; none for an alias.
    #[serde(default)]
    pub values: Vec<String>,
    /// What it is an alias of.
    #[serde(default)]
    pub alias: Option<AliasTarget>,
}

/// The target of an alias record.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AliasTarget {
    /// A load balancer's name, or another record's.
    pub dns_name: String,
}

/// The ids of what the account has at first, as the emulator made it; by the names of the world file.
#[derive(Debug, Clone, Deserialize)]
pub struct SeededAccount {
    /// The account's region.
    pub region: String,
    /// The account id.
    pub account: String,
    /// The VPC.
    pub vpc: String,
    /// Its two public subnets, by the last letter of their zone: `a` and `b`.
    pub subnets: BTreeMap<String, String>,
    /// The key pair's name.
    pub key_name: String,
    /// The ids of the security groups.
    pub groups: BTreeMap<String, String>,
    /// The hosts.
    pub hosts: BTreeMap<String, SeededHost>,
    /// The DB instances' endpoints.
    pub databases: BTreeMap<String, String>,
    /// The certificates' ARNs.
    pub certificates: BTreeMap<String, String>,
    /// The balancers.
    pub balancers: BTreeMap<String, SeededBalancer>,
    /// The ids of the hosted zones.
    pub zones: BTreeMap<String, String>,
}

/// A balancer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SeededBalancer {
    /// Its ARN.
    pub arn: String,
    /// Its name in DNS.
    pub dns_name: String,
    /// The target group it forwards to.
    pub target_group: String,
}

/// A host.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SeededHost {
    /// Its instance.
    pub instance: String,
    /// The image it was launched from, its own.
    pub image: String,
    /// Its private address.
    pub address: Ipv4Addr,
    /// Its Elastic IP, or the public address it happens to have.
    pub public: Option<Ipv4Addr>,
    /// The Elastic IP's allocation id, where it has one.
    pub allocation: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: Option<&str>) -> Instance {
        Instance {
            id: "i-1".into(),
            state: "running".into(),
            image_id: "ami-1".into(),
            private_ip: None,
            public_ip: None,
            name: name.map(str::to_owned),
            security_groups: Vec::new(),
        }
    }

    #[test]
    fn a_name_tag_becomes_a_host_name() {
        assert_eq!(named(Some("Nextcloud web 2")).hostname(), "nextcloud-web-2");
        assert_eq!(named(Some("  ")).hostname(), "i-1");
        assert_eq!(named(None).hostname(), "i-1");
    }
}
