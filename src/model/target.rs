//! Targets: the hosts that actions work on, by name.

use super::decode::{field, known, only};
use super::{ActionKind, Decode, Expr, Foretold, HostKeys, HostName, InstanceId, LoginName, Tell, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A target as the runbook states it: its values may refer to inputs and outputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetSpec {
    /// Its name in the runbook.
    pub name: String,
    /// Field name -> value, checked against [`TargetSpec::FIELDS`].
    pub fields: BTreeMap<String, Expr>,
}

/// A target with its values: what an action gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its name in the runbook, e.g. `web-1`.
    pub name: String,
    /// An EC2 instance whose address is looked up each time it is needed; or `host`.
    pub instance: Option<InstanceId>,
    /// A host as the operator's ssh configuration knows it; or `instance`.
    pub host: Option<HostName>,
    /// The user to log in as; the ssh configuration's when absent.
    pub user: Option<LoginName>,
    /// The port; the ssh configuration's when absent.
    pub port: Option<u16>,
    /// Which of an instance's addresses to use.
    pub address: AddressChoice,
    /// The host's public keys, or the authority that vouches for it, pinned by an earlier action; without them the operator's
    /// own known_hosts decides.
    pub host_key: Option<HostKeys>,
}

/// Which address of an instance SSH uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressChoice {
    /// The public address.
    #[default]
    Public,
    /// The private address (a VPN, a bastion).
    Private,
    /// No address: the instance id is given to ssh, whose configuration knows the way (Session Manager's ProxyCommand).
    Id,
}

/// How a target is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach<'a> {
    /// By looking up this instance's address.
    Instance(&'a InstanceId, AddressChoice),
    /// By a name the ssh configuration resolves.
    Host(&'a str),
}

impl TargetSpec {
    /// The fields a target may have, with their types as a runbook's author sees them.
    pub const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("instance", "instance-id"),
        ("host", "string"),
        ("user", "string"),
        ("port", "int"),
        ("address", "string"),
        ("host_key", "string"),
    ];

    /// The fields that an action of this kind uses, by name. `ssh.pin-host-key` learns the host's key and does without one,
    /// so the key may come from that very action, or from a later one.
    pub fn used_by(&self, kind: ActionKind) -> impl Iterator<Item = (&str, &Expr)> {
        let learns = kind.learns_host_key();
        self.fields
            .iter()
            .map(|(name, expr)| (name.as_str(), expr))
            .filter(move |(name, _)| !learns || *name != "host_key")
    }
}

impl Target {
    /// How it is reached: an instance when one is given, else the host.
    #[must_use]
    pub fn reach(&self) -> Reach<'_> {
        match (&self.instance, &self.host) {
            (Some(id), _) => Reach::Instance(id, self.address),
            (None, Some(host)) => Reach::Host(host.as_str()),
            (None, None) => Reach::Host(&self.name),
        }
    }

    /// The name under which the host's key is pinned: the instance id, for an address may change hands.
    #[must_use]
    pub fn alias(&self) -> &str {
        match self.reach() {
            Reach::Instance(id, _) => id.as_str(),
            Reach::Host(host) => host,
        }
    }
}

impl Decode for AddressChoice {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        known(given)
    }
}

impl Decode for Target {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["name", "instance", "host", "user", "port", "address", "host_key"])?;
        Ok(Self {
            name: field(given, "name")?,
            instance: field(given, "instance")?,
            host: field(given, "host")?,
            user: field(given, "user")?,
            port: field(given, "port")?,
            address: field::<Option<AddressChoice>>(given, "address")?.unwrap_or_default(),
            host_key: field(given, "host_key")?,
        })
    }
}

impl Tell for Target {
    fn tell(&self, into: &mut Text) {
        into.push_str(&self.name);
        if self.alias() == self.name {
            return;
        }
        into.push_str(" (");
        match (&self.instance, &self.host) {
            (Some(id), _) => id.tell(into),
            (None, host) => host.iter().for_each(|host| host.tell(into)),
        }
        into.push_str(")");
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.alias() == self.name { f.write_str(&self.name) } else { write!(f, "{} ({})", self.name, self.alias()) }
    }
}
