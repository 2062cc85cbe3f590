//! All public names of the world at one moment, by the name server that has them: the account's zones as Route 53's servers
//! have them, and everything above them (delegations, the name servers' addresses, AWS's own names) in one zone, the root.
//!
//! A zone is found by the world only as it is delegated, in the zone above it or by the registrar: an undelegated one, and a
//! second one of a name, are served and asked by nobody. Every record lasts a second: a switch has to be seen at once.
//!
//! Not handled: private zones inside their VPC, DNSSEC, more than one address of a name server.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::str::FromStr;
use std::sync::Arc;

use hickory_server::proto::rr::rdata::{A, NS, SOA};
use hickory_server::proto::rr::{LowerName, Name, RData, RecordSet, RecordType, RrKey};

use crate::rehearsal::emulator::account::{AccountRecord, Zone};

/// Seconds that anybody may remember an answer, also that there is none.
const TTL: u32 = 1;
/// An alias of an alias longer than this is a circle.
const LONGEST_CHAIN: usize = 8;
/// The root's own name server.
const ROOT_SERVER: &str = "a.root-servers.net.";

/// What one name server has.
pub(in crate::rehearsal) type Records = BTreeMap<RrKey, Arc<RecordSet>>;

/// What a domain's owner has told the registrar: the name servers of each domain, whose name is in its plain form.
pub(in crate::rehearsal) type Delegations = BTreeMap<String, BTreeSet<String>>;

/// A zone of the account that the world can ask for, and where its name servers are.
#[derive(Debug, Clone, Copy)]
pub(in crate::rehearsal) struct Hosted<'a> {
    pub(in crate::rehearsal) zone: &'a Zone,
    pub(in crate::rehearsal) address: Ipv4Addr,
}

/// All names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::rehearsal) struct PublicNames {
    /// What the root server has.
    pub(in crate::rehearsal) root: Records,
    /// What the servers of each hosted zone have: its name and its records, by their address.
    pub(in crate::rehearsal) hosted: BTreeMap<Ipv4Addr, (Name, Records)>,
    /// The ids of hosted zones that nobody asks: not delegated, or another zone of the name is.
    pub(in crate::rehearsal) hidden: BTreeSet<String>,
    /// Records that no name server could be given, in words.
    pub(in crate::rehearsal) unreadable: BTreeSet<String>,
}

impl PublicNames {
    /// `given`: the names that AWS gives (balancers, DB instances).
    pub(in crate::rehearsal) fn of(
        hosted: &[Hosted<'_>],
        given: &BTreeMap<String, Vec<Ipv4Addr>>,
        delegations: &Delegations,
        root: Ipv4Addr,
    ) -> Self {
        let mut names = Self::default();
        let given: BTreeMap<String, &Vec<Ipv4Addr>> = given.iter().map(|(name, all)| (plain(name), all)).collect();
        names.found(root);
        for (name, addresses) in &given {
            for address in *addresses {
                names.root_has(name, RData::A(A(*address)));
            }
        }
        for Hosted { zone, address } in hosted {
            for server in zone.name_servers() {
                names.root_has(&plain(server), RData::A(A(*address)));
            }
        }
        for (domain, servers) in delegations {
            for server in servers {
                match Name::from_ascii(absolute(server)) {
                    Ok(server) => names.root_has(&plain(domain), RData::NS(NS(server))),
                    Err(error) => names.refused(domain, "NS", server, &error.to_string()),
                }
            }
        }
        names.hidden = hidden(hosted, delegations);
        for Hosted { zone, address } in hosted {
            match Name::from_ascii(absolute(&zone.name)) {
                Ok(origin) => {
                    let records = names.records_of(zone, &given);
                    names.hosted.insert(*address, (origin, records));
                }
                Err(error) => names.refused(&zone.name, "zone", "", &error.to_string()),
            }
        }
        names
    }

    fn found(&mut self, address: Ipv4Addr) {
        let server = Name::from_ascii(ROOT_SERVER).unwrap_or_default();
        let soa = SOA::new(server.clone(), Name::root(), 1, 7200, 900, 1_209_600, TTL);
        self.root_has("", RData::SOA(soa));
        self.root_has("", RData::NS(NS(server)));
        self.root_has(&plain(ROOT_SERVER), RData::A(A(address)));
    }

    fn root_has(&mut self, name: &str, data: RData) {
        match Name::from_ascii(absolute(name)) {
            Ok(name) => add(&mut self.root, &name, data),
            Err(error) => self.refused(name, "name", "", &error.to_string()),
        }
    }

    fn records_of(&mut self, zone: &Zone, given: &BTreeMap<String, &Vec<Ipv4Addr>>) -> Records {
        let mut records = Records::new();
        for record in &zone.records {
            let Ok(name) = Name::from_ascii(absolute(&record.name)) else {
                self.refused(&record.name, &record.kind, "", "no name");
                continue;
            };
            if record.alias.is_some() {
                for address in addresses(record, zone, given, LONGEST_CHAIN) {
                    add(&mut records, &name, RData::A(A(address)));
                }
                continue;
            }
            for value in &record.values {
                match RecordType::from_str(&record.kind).map_err(|error| error.to_string()).and_then(|kind| {
                    RData::try_from_str(kind, &in_full(kind, value)).map_err(|error| error.to_string())
                }) {
                    Ok(data) => add(&mut records, &name, data),
                    Err(why) => self.refused(&record.name, &record.kind, value, &why),
                }
            }
        }
        records
    }

    fn refused(&mut self, name: &str, kind: &str, value: &str, why: &str) {
        self.unreadable.insert(format!("no name server can have {kind} `{value}` of `{name}`: {why}"));
    }
}

/// The zones to whose servers neither the registrar leads nor a zone that is found itself.
fn hidden(hosted: &[Hosted<'_>], delegations: &Delegations) -> BTreeSet<String> {
    let mut hidden: BTreeSet<String> = hosted.iter().map(|hosted| hosted.zone.id.clone()).collect();
    let at = |all: &Zone, name: &str| -> BTreeSet<String> {
        let there = |record: &&AccountRecord| record.kind == "NS" && plain(&record.name) == plain(name);
        all.records.iter().filter(there).flat_map(|record| &record.values).map(|server| plain(server)).collect()
    };
    let told = |name: &str| -> BTreeSet<String> {
        delegations.get(&plain(name)).into_iter().flatten().map(|server| plain(server)).collect()
    };
    for _ in hosted {
        for Hosted { zone, .. } in hosted {
            let above = hosted.iter().filter(|other| other.zone.name != zone.name && !hidden.contains(&other.zone.id));
            let asked = above.fold(told(&zone.name), |all, other| &all | &at(other.zone, &zone.name));
            if zone.name_servers().any(|server| asked.contains(&plain(server))) {
                hidden.remove(&zone.id);
            }
        }
    }
    hidden
}

impl Zone {
    /// The servers that Route 53 has given it: those of its own NS record.
    pub(in crate::rehearsal) fn name_servers(&self) -> impl Iterator<Item = &str> {
        let own = |record: &&AccountRecord| record.kind == "NS" && plain(&record.name) == plain(&self.name);
        self.records.iter().filter(own).flat_map(|record| record.values.iter().map(String::as_str))
    }
}

/// The IPv4 addresses that an alias leads to: those of a name of AWS's own, or of another record of the zone.
fn addresses(
    record: &AccountRecord,
    zone: &Zone,
    given: &BTreeMap<String, &Vec<Ipv4Addr>>,
    chain: usize,
) -> Vec<Ipv4Addr> {
    let Some(alias) = &record.alias else {
        return record.values.iter().filter_map(|value| value.parse().ok()).collect();
    };
    if record.kind != "A" || chain == 0 {
        return Vec::new();
    }
    let target = plain(&alias.dns_name);
    let target = target.strip_prefix("dualstack.").unwrap_or(&target);
    if let Some(addresses) = given.get(target) {
        return (*addresses).clone();
    }
    let there = |other: &&AccountRecord| other.kind == "A" && plain(&other.name) == target;
    zone.records.iter().filter(there).flat_map(|other| addresses(other, zone, given, chain - 1)).collect()
}

fn add(records: &mut Records, name: &Name, data: RData) {
    let kind = data.record_type();
    let set = records
        .entry(RrKey::new(LowerName::new(name), kind))
        .or_insert_with(|| Arc::new(RecordSet::with_ttl(name.clone(), kind, TTL)));
    Arc::make_mut(set).add_rdata(data);
}

/// Names in Route 53's values need no final dot, in a zone file they do.
fn in_full(kind: RecordType, value: &str) -> String {
    match kind {
        RecordType::NS | RecordType::CNAME | RecordType::MX | RecordType::SRV if !value.ends_with('.') => {
            format!("{value}.")
        }
        _ => value.to_owned(),
    }
}

/// One form of a name: lower case, no final dot; Route 53 writes a wildcard's star in octal.
pub(in crate::rehearsal) fn plain(name: &str) -> String {
    name.trim_end_matches('.').replace("\\052", "*").to_ascii_lowercase()
}

fn absolute(name: &str) -> String {
    format!("{}.", plain(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::emulator::account::AliasTarget;

    const ROOT: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 3);

    fn record(name: &str, kind: &str, values: &[&str]) -> AccountRecord {
        AccountRecord {
            name: name.into(),
            kind: kind.into(),
            ttl: None,
            values: values.iter().map(|&value| value.into()).collect(),
            alias: None,
        }
    }

    fn zone(id: &str, name: &str, server: &str, more: Vec<AccountRecord>) -> Zone {
        let soa = format!("{server}. hostmaster.{name} 1 7200 900 1209600 86400");
        let own = vec![record(name, "NS", &[server]), record(name, "SOA", &[soa.as_str()])];
        Zone { id: id.into(), name: name.into(), private: false, records: [own, more].concat() }
    }

    fn names(zones: &[Zone], delegations: &[(&str, &str)]) -> PublicNames {
        let hosted: Vec<Hosted<'_>> =
            (16..).zip(zones).map(|(last, zone)| Hosted { zone, address: Ipv4Addr::new(10, 77, 0, last) }).collect();
        let pair = vec![Ipv4Addr::new(10, 77, 200, 1), Ipv4Addr::new(10, 77, 200, 2)];
        let given = [("Site-1.elb.example".to_owned(), pair)].into();
        let mut all = Delegations::new();
        for (domain, server) in delegations {
            all.entry(plain(domain)).or_default().insert((*server).to_owned());
        }
        PublicNames::of(&hosted, &given, &all, ROOT)
    }

    /// The data of a name in the only hosted zone, as text.
    fn data(names: &PublicNames, name: &str, kind: RecordType) -> Vec<String> {
        let (_, records) = names.hosted.values().next().unwrap();
        let key = RrKey::new(LowerName::new(&Name::from_ascii(name).unwrap()), kind);
        let set = records.get(&key).map(|set| set.records_without_rrsigs().map(|r| r.data.to_string()).collect());
        set.unwrap_or_default()
    }

    #[test]
    fn a_zone_has_what_route_53_says_in_it() {
        let alias = |name: &str, kind: &str, to: &str| AccountRecord {
            alias: Some(AliasTarget { dns_name: to.into() }),
            ..record(name, kind, &[])
        };
        let records = vec![
            record("A.b.example.", "A", &["10.77.0.11", "10.77.0.12"]),
            record("c.b.example.", "CNAME", &["a.b.example"]),
            record("\\052.w.b.example.", "A", &["10.77.0.13"]),
            record("t.b.example.", "TXT", &["\"hello there\" \"you\""]),
            record("b.example.", "CAA", &["0 issue \"amazon.com\""]),
            record("b.example.", "MX", &["10 mail.b.example"]),
            alias("alias.b.example.", "A", "dualstack.site-1.elb.example."),
            alias("alias.b.example.", "AAAA", "dualstack.site-1.elb.example."),
            alias("twice.b.example.", "A", "alias.b.example."),
            alias("circle.b.example.", "A", "circle.b.example."),
        ];
        let names = names(&[zone("Z1", "b.example.", "ns-1.awsdns-01.com", records)], &[]);
        assert_eq!(data(&names, "a.b.example.", RecordType::A), ["10.77.0.11", "10.77.0.12"]);
        assert_eq!(data(&names, "c.b.example.", RecordType::CNAME), ["a.b.example."]);
        assert_eq!(data(&names, "*.w.b.example.", RecordType::A), ["10.77.0.13"], "Route 53 tells `*` as `\\052`");
        assert_eq!(data(&names, "b.example.", RecordType::CAA).len(), 1);
        assert_eq!(data(&names, "b.example.", RecordType::MX), ["10 mail.b.example."]);
        assert_eq!(data(&names, "t.b.example.", RecordType::TXT).len(), 1);
        for name in ["alias.b.example.", "twice.b.example."] {
            assert_eq!(data(&names, name, RecordType::A), ["10.77.200.1", "10.77.200.2"], "{name}");
            assert_eq!(data(&names, name, RecordType::AAAA), [""; 0], "{name}");
        }
        assert_eq!(data(&names, "circle.b.example.", RecordType::A), [""; 0]);
        assert!(names.unreadable.is_empty(), "{:?}", names.unreadable);
        let every = names.root.values().chain(names.hosted.values().flat_map(|(_, records)| records.values()));
        assert!(every.into_iter().all(|set| set.ttl() == TTL), "a switch is seen at once");
    }

    #[test]
    fn what_no_server_can_have_is_told() {
        let names = names(&[zone("Z1", "b.example.", "ns-1.x", vec![record("a.b.example.", "A", &["10.77.0"])])], &[]);
        let told: Vec<&String> = names.unreadable.iter().collect();
        assert!(told.len() == 1 && told[0].contains("A `10.77.0` of `a.b.example.`"), "{told:?}");
    }

    #[test]
    fn the_world_finds_a_zone_only_as_it_is_delegated() {
        let below = record("c.b.example.", "NS", &["ns-3.x."]);
        let zones = [
            zone("Z1", "b.example.", "ns-1.x", vec![below]),
            zone("Z2", "b.example.", "ns-2.x", Vec::new()),
            zone("Z3", "c.b.example.", "ns-3.x", Vec::new()),
        ];
        let hidden =
            |delegations: &[(&str, &str)]| -> Vec<String> { names(&zones, delegations).hidden.into_iter().collect() };
        assert_eq!(
            hidden(&[("b.example", "NS-1.x.")]),
            ["Z2"],
            "the second of two, and what is below the first is found"
        );
        assert_eq!(hidden(&[("b.example.", "ns-2.x")]), ["Z1", "Z3"], "nobody asks the zone above the third");
        assert_eq!(hidden(&[]), ["Z1", "Z2", "Z3"]);
        assert_eq!(hidden(&[("c.b.example.", "ns-3.x")]), ["Z1", "Z2"]);
    }
}
