//! The load balancers' body: one haproxy, two addresses for each balancer, certificates of the lab's authority.
//!
//! haproxy is started with the first listener, reloaded without losing a request when its configuration changes,
//! and ended with the last listener, so that nothing listens where nothing should. What its checks find is
//! reported to the account.

pub(in crate::rehearsal) mod config;
pub(in crate::rehearsal) mod haproxy;
pub(in crate::rehearsal) mod health;
mod route;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::rehearsal::balancer::config::{
    BalancerConfiguration, BalancerSurroundings, FASTER, TargetPlace, configuration, server_states,
};
use crate::rehearsal::balancer::haproxy::Haproxy;
use crate::rehearsal::balancer::health::{ServerHealth, TargetCheck, read};
use crate::rehearsal::dns::NameServers;
use crate::rehearsal::emulator::account::AccountState;
use crate::rehearsal::emulator::client::{BodyEvent, EmulatorClient};
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::file::write;
use crate::rehearsal::region::around::AtHand;
use crate::rehearsal::region::authority::Authority;
use crate::rehearsal::region::diary::Diary;
use crate::rehearsal::region::network;
use crate::rehearsal::region::spec::RegionPlaces;
use crate::rehearsal::region::view::View;

/// The network the balancers' addresses are taken from; no subnet of the account reaches it.
const FIRST_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 200, 10);

struct Known {
    since: Instant,
    health: ServerHealth,
    reported: bool,
}

/// The body of all load balancers.
pub(in crate::rehearsal) struct Balancer {
    places: RegionPlaces,
    authority: Authority,
    emulator: EmulatorClient,
    diary: Arc<Diary>,
    view: Arc<View>,
    names: NameServers,
    addresses: BTreeMap<String, [Ipv4Addr; 2]>,
    addresses_given: u8,
    certificates: BTreeMap<String, PathBuf>,
    haproxy: Haproxy,
    faster: u32,
    current: BalancerConfiguration,
    known: BTreeMap<TargetPlace, Known>,
}

impl Balancer {
    pub(in crate::rehearsal) fn new(
        at_hand: AtHand,
        authority: Authority,
        names: NameServers,
    ) -> Result<Self, RehearsalError> {
        let AtHand { places, emulator, diary, view } = at_hand;
        let folder = places.balancer();
        std::fs::create_dir_all(&folder).map_err(RehearsalError::file("create", &folder))?;
        let haproxy = Haproxy::new(folder.join("haproxy.cfg"), places.log("balancer.log"));
        Ok(Self {
            places,
            authority,
            emulator,
            diary,
            view,
            names,
            addresses: BTreeMap::new(),
            addresses_given: 0,
            certificates: BTreeMap::new(),
            haproxy,
            faster: FASTER,
            current: BalancerConfiguration::default(),
            known: BTreeMap::new(),
        })
    }

    /// Checks targets this many times faster than the account says, instead of the lab's own.
    pub(in crate::rehearsal) fn at_pace(mut self, pace: Option<u32>) -> Self {
        self.faster = pace.unwrap_or(self.faster);
        self
    }

    /// Makes addresses, names, certificates and listeners follow the account.
    pub(in crate::rehearsal) async fn follow(&mut self, account: &AccountState) -> Result<(), RehearsalError> {
        self.give_addresses(account).await?;
        let published = self.publish_names(account).await;
        self.sign_certificates(account).await?;
        let around = BalancerSurroundings {
            addresses: &self.addresses,
            certificates: &self.certificates,
            stats_socket: self.haproxy.socket(),
            faster: self.faster,
        };
        let wanted = configuration(account, &around);
        if wanted != self.current {
            self.apply(wanted).await?;
        }
        published
    }

    async fn give_addresses(&mut self, account: &AccountState) -> Result<(), RehearsalError> {
        let there = |arn: &str| account.load_balancers.iter().any(|balancer| balancer.arn == arn);
        let gone: Vec<String> = self.addresses.keys().filter(|arn| !there(arn)).cloned().collect();
        for arn in gone {
            for address in self.addresses.remove(&arn).into_iter().flatten() {
                network::remove_own_address(address).await?;
            }
        }
        for balancer in &account.load_balancers {
            if self.addresses.contains_key(&balancer.arn) {
                continue;
            }
            let [a, b, c, d] = FIRST_ADDRESS.octets();
            // Addresses are not given twice: an old name's client must not find a new balancer.
            let next = d.saturating_add(self.addresses_given);
            let pair = [Ipv4Addr::new(a, b, c, next), Ipv4Addr::new(a, b, c, next.saturating_add(1))];
            self.addresses_given = self.addresses_given.saturating_add(2);
            for address in pair {
                network::add_own_address(address).await?;
            }
            self.diary.note(&format!("balancer {} has {} and {}", balancer.dns_name, pair[0], pair[1]));
            self.addresses.insert(balancer.arn.clone(), pair);
        }
        self.view.set_balancers(self.addresses.iter().map(|(arn, pair)| (arn.clone(), pair.to_vec())).collect());
        Ok(())
    }

    /// The names of the account's zones, and those of AWS's own: balancers' and DB instances' endpoints.
    async fn publish_names(&mut self, account: &AccountState) -> Result<(), RehearsalError> {
        let balancers = account
            .load_balancers
            .iter()
            .filter_map(|balancer| Some((balancer.dns_name.clone(), self.addresses.get(&balancer.arn)?.to_vec())));
        let databases = account.db_instances.iter().filter_map(|db| Some((db.endpoint.clone(), vec![db.address?])));
        let given = balancers.chain(databases).collect();
        self.names.follow(&account.zones, &given).await
    }

    async fn sign_certificates(&mut self, account: &AccountState) -> Result<(), RehearsalError> {
        let used = account
            .load_balancers
            .iter()
            .flat_map(|balancer| &balancer.listeners)
            .flat_map(|listener| &listener.certificates);
        for arn in used {
            if self.certificates.contains_key(arn) {
                continue;
            }
            let Some(certificate) = account.certificates.iter().find(|certificate| certificate.arn == *arn) else {
                continue;
            };
            if certificate.status != "ISSUED" {
                continue;
            }
            let signed = self.authority.sign(&certificate.domain).await?;
            let file = self.places.balancer().join(format!("certificate-{}.pem", self.certificates.len()));
            write(&file, signed.chain + &signed.key)?;
            self.certificates.insert(arn.clone(), file);
        }
        Ok(())
    }

    async fn apply(&mut self, wanted: BalancerConfiguration) -> Result<(), RehearsalError> {
        self.known.retain(|place, _| wanted.targets.contains(place));
        for place in wanted.targets.clone() {
            let new = || Known { since: Instant::now(), health: ServerHealth::initial(), reported: false };
            self.known.entry(place).or_insert_with(new);
        }
        // haproxy believes in a server until its first check; the real balancer does not.
        let down: Vec<TargetPlace> =
            self.known.iter().filter(|(_, it)| it.health.state != "healthy").map(|(place, _)| place.clone()).collect();
        if wanted.text != self.current.text {
            self.haproxy.take(&wanted.text, &server_states(&down)).await?;
            self.diary.note("balancer has a new configuration");
        }
        self.current = wanted;
        for place in down {
            let order = format!("set server {}/{} health down\n", place.backend, place.server);
            self.haproxy.ask(&order).await?;
        }
        Ok(())
    }

    /// Reads what the checks found and reports what has changed.
    pub(in crate::rehearsal) async fn check(&mut self) -> Result<(), RehearsalError> {
        if self.current.targets.is_empty() || !self.haproxy.runs() {
            self.view.set_checks(Vec::new());
            return Ok(());
        }
        let lines = read(&self.haproxy.ask("show stat\n").await?);
        let mut checks = Vec::new();
        let mut orders = Vec::new();
        for (place, known) in &mut self.known {
            let Some(line) = lines.iter().find(|line| line.backend == place.backend && line.server == place.server)
            else {
                continue;
            };
            if line.may_be_taken_up(&known.health) {
                orders.push(format!("set server {}/{} health up\n", place.backend, place.server));
            }
            let health = line.judge(&known.health, known.since.elapsed(), place);
            if health != known.health || !known.reported {
                self.diary.note(&format!("{} is {} {}", place.id, health.state, health.description));
                let event = BodyEvent::TargetHealth {
                    target_group: &place.target_group,
                    id: &place.id,
                    port: place.port,
                    state: health.state,
                    reason: health.reason,
                    description: &health.description,
                };
                // Not told is told the next time round; the target may just have been deregistered.
                known.reported = self.emulator.report(&event).await.is_ok();
                known.health = health;
            }
            checks.push(TargetCheck {
                target_group: place.target_group.clone(),
                id: place.id.clone(),
                port: place.port,
                health: known.health.clone(),
            });
        }
        self.view.set_checks(checks);
        for order in orders {
            self.haproxy.ask(&order).await?;
        }
        Ok(())
    }

    /// Ends haproxy.
    pub(in crate::rehearsal) async fn end(&mut self) {
        self.haproxy.end().await;
    }
}
