//! A name server for one test, on loopback: it answers from the emulated account's zones and balancers, and from what a test
//! sets itself, as an operator would at a DNS provider.

use super::emulator::Emulator;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};

/// What every balancer's name resolves to.
pub(crate) const BALANCER: Ipv4Addr = Ipv4Addr::new(10, 77, 200, 1);

type Set = Arc<Mutex<BTreeMap<String, (u16, String)>>>;

const A: u16 = 1;
const NS: u16 = 2;
const CNAME: u16 = 5;
const CAA: u16 = 257;

pub(crate) struct Names {
    pub(crate) place: SocketAddr,
    set: Set,
}

impl Names {
    pub(crate) fn of(emulator: &Emulator) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let place = socket.local_addr().unwrap();
        let set = Set::default();
        let (emulator, known) = (emulator.clone(), Arc::clone(&set));
        std::thread::spawn(move || {
            let mut query = [0; 1500];
            while let Ok((length, client)) = socket.recv_from(&mut query) {
                let answer = answer(&query[..length], &emulator.state(), &known.lock().unwrap());
                socket.send_to(&answer, client).unwrap();
            }
        });
        Self { place, set }
    }

    /// Somebody sets an address by hand.
    pub(crate) fn set_address(&self, name: &str, address: &str) {
        self.set.lock().unwrap().insert(name.to_owned(), (A, address.to_owned()));
    }

    /// Somebody sets a CNAME by hand.
    pub(crate) fn set_cname(&self, name: &str, target: &str) {
        self.set.lock().unwrap().insert(name.to_owned(), (CNAME, target.to_owned()));
    }

    /// Somebody delegates a domain to this name server.
    pub(crate) fn delegate(&self, name: &str, server: &str) {
        self.set.lock().unwrap().insert(name.to_owned(), (NS, server.to_owned()));
    }

    /// Somebody sets a CAA record of one property, such as `issue`.
    pub(crate) fn set_caa(&self, name: &str, property: &str, value: &str) {
        self.set.lock().unwrap().insert(name.to_owned(), (CAA, format!("{property} {value}")));
    }

    pub(crate) fn remove(&self, name: &str) {
        self.set.lock().unwrap().remove(name);
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').trim_start_matches("dualstack.").to_ascii_lowercase()
}

/// The records at a name: type and value.
fn records(name: &str, account: &Value, set: &BTreeMap<String, (u16, String)>) -> Vec<(u16, String)> {
    let items = |value: &Value| value.as_array().cloned().unwrap_or_default();
    if items(&account["load_balancers"]).iter().any(|b| plain(b["dns_name"].as_str().unwrap()) == name) {
        return vec![(A, BALANCER.to_string())];
    }
    if let Some(record) = set.get(name) {
        return vec![record.clone()];
    }
    let zones = items(&account["zones"]);
    let there = zones.iter().flat_map(|zone| items(&zone["records"]));
    there
        .filter(|record| plain(record["name"].as_str().unwrap()) == name)
        .flat_map(|record| match (record["type"].as_str().or(record["kind"].as_str()), &record["alias"]) {
            (_, alias) if alias.is_object() => records(&plain(alias["dns_name"].as_str().unwrap()), account, set),
            (Some("A"), _) => items(&record["values"]).iter().map(|v| (A, v.as_str().unwrap().to_owned())).collect(),
            (Some("CNAME"), _) => {
                items(&record["values"]).iter().map(|v| (CNAME, plain(v.as_str().unwrap()))).collect()
            }
            (Some("NS"), _) => items(&record["values"]).iter().map(|v| (NS, plain(v.as_str().unwrap()))).collect(),
            _ => Vec::new(),
        })
        .collect()
}

fn wire(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}

fn answer(query: &[u8], account: &Value, set: &BTreeMap<String, (u16, String)>) -> Vec<u8> {
    let (mut at, mut labels) = (12, Vec::new());
    while query[at] != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..at + 1 + length]).to_ascii_lowercase());
        at += length + 1;
    }
    let wanted = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let mut name = labels.join(".");
    let (mut found, mut known) = (Vec::new(), false);
    for _ in 0..8 {
        let there = records(&name, account, set);
        known |= !there.is_empty();
        let fits: Vec<_> = there.iter().filter(|(kind, _)| *kind == wanted).cloned().collect();
        if !fits.is_empty() {
            found.extend(fits.into_iter().map(|(kind, value)| (name.clone(), kind, value)));
            break;
        }
        let Some((_, next)) = there.into_iter().find(|(kind, _)| *kind == CNAME) else { break };
        found.push((std::mem::replace(&mut name, next.clone()), CNAME, next));
    }
    let mut out = query[..2].to_vec();
    out.extend([0x84, if known { 0x80 } else { 0x83 }, 0, 1, 0, u8::try_from(found.len()).unwrap(), 0, 0, 0, 0]);
    out.extend(&query[12..at + 5]);
    for (name, kind, value) in found {
        let data = match kind {
            A => value.parse::<Ipv4Addr>().unwrap().octets().to_vec(),
            CAA => {
                let (property, value) = value.split_once(' ').unwrap();
                let length = u8::try_from(property.len()).unwrap();
                [&[0, length][..], property.as_bytes(), value.as_bytes()].concat()
            }
            _ => wire(&value),
        };
        out.extend(wire(&name));
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0, 1]);
        out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        out.extend(data);
    }
    out
}
