//! DNS as this machine's resolver sees it, asked anew each time: nothing is cached here, and /etc/hosts is not looked at,
//! for what is asked is what others will see.
//!
//! It does not ask authoritative servers: a record that is cached elsewhere may still be the old one there.

use crate::model::Failure;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// The resolver of this process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dns {
    server: Option<SocketAddr>,
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

    async fn ask(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Failure> {
        let told = |e: &NetError| Failure::transient(format!("cannot resolve `{name}` ({kind})")).cause(e.to_string());
        // The final dot keeps the system's search domains out.
        let absolute = format!("{}.", name.trim_end_matches('.'));
        match self.resolver().map_err(|e| told(&e))?.lookup(absolute, kind).await {
            Ok(answer) => Ok(answer.answers().iter().map(|record| record.data.clone()).collect()),
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
