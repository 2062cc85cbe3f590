//! The region's resolver: answers from the account's hosted zones and the names of balancers and databases, and knows nothing
//! else. There is no way out of the region, so every other name does not exist.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::watch;

use super::account::{Record, Zone};
use super::dns_message::{Data, Question, Verdict, read, write};
use super::error::RehearsalError;
use super::network::REGION_ADDRESS;

/// A chain of names longer than this is a circle.
const LONGEST_CHAIN: usize = 8;
const CNAME: u16 = 5;

/// All names of the region at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    zones: Vec<String>,
    records: BTreeMap<String, Vec<Data>>,
    aliases: BTreeMap<String, String>,
}

impl Names {
    /// The names of the account's zones, and those that AWS gives (balancers, DB instances).
    pub(super) fn of(zones: &[Zone], given: &BTreeMap<String, Vec<Ipv4Addr>>) -> Self {
        let mut names = Self::default();
        for (name, addresses) in given {
            names.records.insert(plain(name), addresses.iter().copied().map(Data::A).collect());
        }
        for zone in zones {
            names.zones.push(plain(&zone.name));
            for record in &zone.records {
                names.add(record);
            }
        }
        names
    }

    fn add(&mut self, record: &Record) {
        let name = plain(&record.name);
        if let Some(alias) = &record.alias {
            let target = plain(&alias.dns_name);
            self.aliases.insert(name, target.strip_prefix("dualstack.").unwrap_or(&target).to_owned());
            return;
        }
        let data = record.values.iter().filter_map(|value| match record.kind.as_str() {
            "A" => value.parse().ok().map(Data::A),
            "AAAA" => value.parse().ok().map(Data::Aaaa),
            "CNAME" => Some(Data::Cname(plain(value))),
            "NS" => Some(Data::Ns(plain(value))),
            "TXT" => Some(Data::Txt(value.trim_matches('"').to_owned())),
            _ => None,
        });
        self.records.entry(name).or_default().extend(data);
    }

    fn zone_of(&self, name: &str) -> Option<&str> {
        let holds = |zone: &&String| name == zone.as_str() || name.ends_with(&format!(".{zone}"));
        self.zones.iter().filter(holds).max_by_key(|zone| zone.len()).map(String::as_str)
    }

    /// Answers one question.
    fn answer(&self, question: &Question) -> Vec<u8> {
        let mut found = Vec::new();
        let mut name = question.name.clone();
        let mut known = false;
        for _ in 0..LONGEST_CHAIN {
            let alias = self.aliases.get(&name);
            let data = self.records.get(alias.unwrap_or(&name));
            known |= data.is_some() || alias.is_some() || self.zones.contains(&name);
            let Some(data) = data else { break };
            let wanted: Vec<&Data> = data.iter().filter(|data| data.number() == question.number).collect();
            if !wanted.is_empty() {
                found.extend(wanted.into_iter().map(|data| (name.clone(), data.clone())));
                break;
            }
            let next = data.iter().find_map(|data| if let Data::Cname(next) = data { Some(next) } else { None });
            let Some(next) = next.filter(|_| question.number != CNAME) else { break };
            found.push((std::mem::replace(&mut name, next.clone()), Data::Cname(next.clone())));
        }
        let verdict = if known { Verdict::Found } else { Verdict::NoSuchName };
        write(question, verdict, &found, self.zone_of(&question.name))
    }
}

fn plain(name: &str) -> String {
    name.trim_end_matches('.').replace("\\052", "*").to_ascii_lowercase()
}

/// Starts the resolver; it answers from the latest names sent through the channel.
pub(super) async fn serve() -> Result<watch::Sender<Arc<Names>>, RehearsalError> {
    let place = (REGION_ADDRESS, 53);
    let failed =
        |source| RehearsalError::File { doing: "listen on", path: format!("{REGION_ADDRESS}:53").into(), source };
    let udp = UdpSocket::bind(place).await.map_err(failed)?;
    let tcp = TcpListener::bind(place).await.map_err(failed)?;
    let (sender, names) = watch::channel(Arc::new(Names::default()));
    let names_of_tcp = names.clone();
    tokio::spawn(async move {
        let mut query = [0_u8; 1232];
        loop {
            // A client that went away, or sent nonsense, is its own affair.
            let Ok((length, client)) = udp.recv_from(&mut query).await else { continue };
            if let Some(question) = read(&query[..length]) {
                let answer = names.borrow().answer(&question);
                let _ = udp.send_to(&answer, client).await;
            }
        }
    });
    tokio::spawn(async move {
        loop {
            if let Ok((stream, _)) = tcp.accept().await {
                tokio::spawn(serve_stream(stream, names_of_tcp.clone()));
            }
        }
    });
    Ok(sender)
}

async fn serve_stream(mut stream: TcpStream, names: watch::Receiver<Arc<Names>>) -> Option<()> {
    loop {
        let length = stream.read_u16().await.ok()?;
        let mut query = vec![0; usize::from(length)];
        stream.read_exact(&mut query).await.ok()?;
        let answer = names.borrow().answer(&read(&query)?);
        stream.write_u16(u16::try_from(answer.len()).ok()?).await.ok()?;
        stream.write_all(&answer).await.ok()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rehearsal::account::Alias;

    fn record(name: &str, kind: &str, values: &[&str]) -> Record {
        Record {
            name: name.into(),
            kind: kind.into(),
            values: values.iter().map(|&value| value.into()).collect(),
            alias: None,
        }
    }

    fn names() -> Names {
        let alias = Record {
            alias: Some(Alias { dns_name: "dualstack.site-1.elb.example.".into() }),
            ..record("Alias.b.example.", "A", &[])
        };
        let records = vec![
            record("a.b.example.", "A", &["10.77.0.11"]),
            record("c.b.example.", "CNAME", &["a.b.example."]),
            record("_x.b.example.", "CNAME", &["_y.elsewhere."]),
            record("t.b.example.", "TXT", &["\"hello\""]),
            alias,
        ];
        let zone = Zone { id: "Z1".into(), name: "b.example.".into(), records };
        let balancers =
            [("Site-1.elb.example".to_owned(), vec![Ipv4Addr::new(10, 77, 200, 1), Ipv4Addr::new(10, 77, 200, 2)])];
        Names::of(&[zone], &balancers.into())
    }

    /// (response code, answers) for a question.
    fn ask(name: &str, number: u16) -> (u8, u8) {
        let mut query = vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            query.push(u8::try_from(label.len()).unwrap());
            query.extend(label.as_bytes());
        }
        query.push(0);
        query.extend(number.to_be_bytes());
        query.extend([0, 1]);
        let answer = names().answer(&read(&query).unwrap());
        (answer[3] & 0x0F, answer[7])
    }

    #[test]
    fn names_are_answered_as_route_53_would() {
        assert_eq!(ask("a.b.example", 1), (0, 1), "an address");
        assert_eq!(ask("A.B.example", 28), (0, 0), "a name without that type exists all the same");
        assert_eq!(ask("c.b.example", 1), (0, 2), "a CNAME with what it leads to");
        assert_eq!(ask("_x.b.example", 5), (0, 1), "a validation record");
        assert_eq!(ask("_x.b.example", 1), (0, 1), "a CNAME that leads out of the region");
        assert_eq!(ask("alias.b.example", 1), (0, 2), "an alias has the balancer's two addresses");
        assert_eq!(ask("site-1.elb.example", 1), (0, 2), "so has the balancer's own name");
        assert_eq!(ask("t.b.example", 16), (0, 1), "a text");
        assert_eq!(ask("nobody.b.example", 1), (3, 0), "a name that is not in the zone");
        assert_eq!(ask("www.debian.org", 1), (3, 0), "the world outside does not exist");
    }
}
