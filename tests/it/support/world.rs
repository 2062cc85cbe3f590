//! The world on which `single-to-ha` is rehearsed, for tests that need a site.

use runbook::rehearsal::{SeededAccount, World, parse_world};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;

/// The world file that comes with the tool.
pub(crate) fn single_to_ha() -> World {
    parse_world("single-to-ha.world.yaml", include_str!("../../../runbooks/single-to-ha.world.yaml")).unwrap().world
}

/// The ids of what it has.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) vpc: String,
    pub(crate) subnets: BTreeMap<String, String>,
    pub(crate) instance: String,
    pub(crate) private_ip: Ipv4Addr,
    pub(crate) public_ip: Ipv4Addr,
    pub(crate) web_group: String,
    pub(crate) db: String,
    pub(crate) db_endpoint: String,
    pub(crate) zone: String,
    pub(crate) fqdn: String,
}

impl Site {
    pub(crate) fn of(account: &SeededAccount) -> Self {
        let host = &account.hosts["nextcloud-web-1"];
        Self {
            region: account.region.clone(),
            account: account.account.clone(),
            vpc: account.vpc.clone(),
            subnets: account.subnets.clone(),
            instance: host.instance.clone(),
            private_ip: host.address,
            public_ip: host.public.unwrap(),
            web_group: account.groups["nextcloud-web"].clone(),
            db: "nextcloud-db".to_owned(),
            db_endpoint: account.databases["nextcloud-db"].clone(),
            zone: account.zones["nextcloud.example"].clone(),
            fqdn: "cloud.nextcloud.example".to_owned(),
        }
    }
}
