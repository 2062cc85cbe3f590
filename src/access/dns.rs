//! DNS as this machine's resolver sees it, asked anew each time: nothing is cached here, and /etc/hosts is not looked at,
//! for what is asked is what others will see.
//!
//! It does not ask authoritative servers: a record that is cached elsewhere may still be the old one there.

use crate::model::Failure;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// The resolver of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dns {
    server: Option<SocketAddr>,
}

/// Who may issue certificates, as a name's CAA records say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuers {
    /// Any authority: the records restrict nobody (only `iodef` or `issuewild`).
    Any,
    /// These authorities, parameters left out; nobody when there is none.
    Only(Vec<String>),
}

impl Dns {
    /// A resolver that asks `server`, or the system's own name servers when there is none given.
    #[must_use]
    pub fn asking(server: Option<SocketAddr>) -> Self {
        Self { server }
    }

    /// The addresses a name resolves to, CNAMEs followed; none when the name does not exist.
    ///
    /// # Errors
    /// When no name server gives an answer.
    pub async fn addresses(&self, name: &str) -> Result<BTreeSet<IpAddr>, Failure> {
        let mut found = BTreeSet::new();
        for kind in [RecordType::A, RecordType::AAAA] {
            found.extend(self.ask(name, kind).await?.into_iter().filter_map(|data| match data {
                RData::A(v4) => Some(IpAddr::V4(v4.0)),
                RData::AAAA(v6) => Some(IpAddr::V6(v6.0)),
                _ => None,
            }));
        }
        Ok(found)
    }

    /// The name a CNAME record leads to, in lower case and without the final dot; nothing when there is no such record.
    ///
    /// # Errors
    /// When no name server gives an answer.
    pub async fn cname(&self, name: &str) -> Result<Option<String>, Failure> {
        Ok(self.ask(name, RecordType::CNAME).await?.into_iter().find_map(|data| match data {
            RData::CNAME(target) => Some(target.0.to_ascii().trim_end_matches('.').to_ascii_lowercase()),
            _ => None,
        }))
    }

    /// The name servers of the zone whose top this name is, in lower case and without the final dot; none when it is not the
    /// top of a zone, as far as the world knows.
    ///
    /// # Errors
    /// When no name server gives an answer.
    pub async fn name_servers(&self, name: &str) -> Result<BTreeSet<String>, Failure> {
        // Whoever answers a CNAME at the name answers for another name.
        let found = self.records_at(name, RecordType::NS).await?.into_iter().filter_map(|data| match data {
            RData::NS(server) => Some(server.0.to_ascii().trim_end_matches('.').to_ascii_lowercase()),
            _ => None,
        });
        Ok(found.collect())
    }

    /// What a name's HTTPS record says (RFC 9460), as text; none when there is no such record.
    ///
    /// # Errors
    /// When no name server gives an answer.
    pub async fn https(&self, name: &str) -> Result<Vec<String>, Failure> {
        let found = self.records_at(name, RecordType::HTTPS).await?.into_iter();
        Ok(found.filter(|data| matches!(data, RData::HTTPS(_))).map(|data| data.to_string()).collect())
    }

    /// How long a name's addresses may still be kept, in seconds, as the resolver says: a cached answer counts down, so that
    /// the record's own TTL may be longer. Nothing when the name has no IPv4 address.
    ///
    /// # Errors
    /// When no name server gives an answer.
    pub async fn ttl(&self, name: &str) -> Result<Option<u32>, Failure> {
        Ok(self.records(name, RecordType::A).await?.into_iter().map(|(ttl, _)| ttl).max())
    }

    /// Whom the CAA records at exactly this name let issue certificates; nothing when there are no CAA records, and a
    /// parent's count (RFC 8659, 3: the first set found on the way up is the one that counts, whatever it says).
    ///
    /// # Errors
    /// When no name server gives an answer.
    pub async fn caa(&self, name: &str) -> Result<Option<Issuers>, Failure> {
        let found = self.ask(name, RecordType::CAA).await?;
        let caa: Vec<_> =
            found.into_iter().filter_map(|d| if let RData::CAA(caa) = d { Some(caa) } else { None }).collect();
        if caa.is_empty() {
            return Ok(None);
        }
        // Only `issue` properties restrict who may issue for a plain name (RFC 8659, 4.2).
        let issue: Vec<_> = caa.iter().filter(|caa| caa.tag.eq_ignore_ascii_case("issue")).collect();
        if issue.is_empty() {
            return Ok(Some(Issuers::Any));
        }
        let issuer = |value: &[u8]| {
            let text = String::from_utf8_lossy(value).to_ascii_lowercase();
            text.split(';').next().unwrap_or_default().trim().to_owned()
        };
        let named = issue.into_iter().map(|caa| issuer(&caa.value)).filter(|issuer| !issuer.is_empty());
        Ok(Some(Issuers::Only(named.collect())))
    }

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Failure> {
        Ok(self.records(name, kind).await?.into_iter().map(|(_, data)| data).collect())
    }

    /// The records at exactly this name.
    async fn records_at(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Failure> {
        let here = |owner: &str| owner.trim_end_matches('.').eq_ignore_ascii_case(name.trim_end_matches('.'));
        let found = self.answers(name, kind).await?;
        Ok(found.into_iter().filter(|(owner, _, _)| here(owner)).map(|(_, _, data)| data).collect())
    }

    /// TTL and data of each record of the answer.
    async fn records(&self, name: &str, kind: RecordType) -> Result<Vec<(u32, RData)>, Failure> {
        Ok(self.answers(name, kind).await?.into_iter().map(|(_, ttl, data)| (ttl, data)).collect())
    }

    /// Owner, TTL and data of each record of the answer.
    async fn answers(&self, name: &str, kind: RecordType) -> Result<Vec<(String, u32, RData)>, Failure> {
        let told = |e: &NetError| Failure::transient(format!("cannot resolve `{name}` ({kind})")).cause(e.to_string());
        // The final dot keeps the system's search domains out.
        let absolute = format!("{}.", name.trim_end_matches('.'));
        match self.resolver().map_err(|e| told(&e))?.lookup(absolute, kind).await {
            Ok(answer) => {
                let record = |record: &Record| (record.name.to_ascii(), record.ttl, record.data.clone());
                Ok(answer.answers().iter().map(record).collect())
            }
            Err(e) if e.is_no_records_found() => Ok(Vec::new()),
            Err(e) => Err(told(&e)),
        }
    }

    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let mut builder = match self.server {
            None => TokioResolver::builder_tokio()?,
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
                TokioResolver::builder_with_config(
                    ResolverConfig::from_parts(None, Vec::new(), vec![server]),
                    TokioRuntimeProvider::default(),
                )
            }
        };
        let options = builder.options_mut();
        options.use_hosts_file = ResolveHosts::Never;
        options.cache_size = 0;
        builder.build()
    }
}
