//! The region's DNS, by Hickory: a root server, a server for each zone of the account as Route 53 has them, and the resolver
//! that everybody in the region asks, which finds its way from the root as any resolver does. There is no way out of the
//! region, so every name that nobody here has does not exist.

pub(in crate::rehearsal) mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_server::Server;
use hickory_server::net::runtime::TokioRuntimeProvider;
use hickory_server::proto::rr::{LowerName, Name};
use hickory_server::resolver::recursor::{DnssecPolicyConfig, RecursiveConfig, RecursorOptions};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::store::recursor::RecursiveZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneHandler, ZoneType};
use tokio::net::{TcpListener, UdpSocket};

use crate::rehearsal::dns::names::{Delegations, Hosted, PublicNames, Records, plain};
use crate::rehearsal::emulator::account::Zone;
use crate::rehearsal::emulator::client::EmulatorClient;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::file::write;
use crate::rehearsal::region::diary::Diary;
use crate::rehearsal::region::network::{self, REGION_ADDRESS};

/// Where the root server is.
const ROOT_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 3);
/// Where the servers of the first hosted zone are.
const FIRST_ZONE_ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 16);
const PORT: u16 = 53;
/// How long a client may keep a connection without asking anything.
const IDLE: Duration = Duration::from_secs(10);
const ANSWERS_HELD: usize = 32;

/// What domains' owners have told the registrar.
#[derive(Debug, Default)]
pub(in crate::rehearsal) struct Registrar(Mutex<Delegations>);

impl Registrar {
    /// Delegates a domain to these name servers, and to no others any more.
    pub(in crate::rehearsal) fn delegate(&self, domain: &str, servers: impl IntoIterator<Item = String>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(plain(domain), servers.into_iter().collect());
    }

    fn delegations(&self) -> Delegations {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// One server with one zone.
struct NameServer {
    zone: Arc<InMemoryZoneHandler>,
    _server: Server<Catalog>,
}

/// The region's name servers at work.
pub(in crate::rehearsal) struct NameServers {
    registrar: Arc<Registrar>,
    emulator: EmulatorClient,
    diary: Arc<Diary>,
    now: PublicNames,
    root: NameServer,
    hosted: BTreeMap<Ipv4Addr, NameServer>,
    /// Where the servers of each zone are, by its id.
    places: BTreeMap<String, Ipv4Addr>,
    told: BTreeSet<String>,
    _resolver: Server<Catalog>,
}

impl NameServers {
    /// Starts the root server and the resolver; the root's hints are written to `hints`.
    ///
    /// # Errors
    /// When a port cannot be had.
    pub(in crate::rehearsal) async fn serve(
        hints: &Path,
        emulator: EmulatorClient,
        diary: Arc<Diary>,
    ) -> Result<Self, RehearsalError> {
        network::add_server_address(ROOT_ADDRESS).await?;
        let now = PublicNames::of(&[], &BTreeMap::new(), &Delegations::new(), ROOT_ADDRESS);
        let root = NameServer::serve(ROOT_ADDRESS, &Name::root(), now.root.clone()).await?;
        write(hints, format!("a.root-servers.net. 3600 IN A {ROOT_ADDRESS}\n"))?;
        let config = RecursiveConfig {
            roots: hints.to_path_buf(),
            dnssec_policy: DnssecPolicyConfig::default(),
            // Its own list keeps it off private networks: the region is one.
            options: RecursorOptions { deny_server: Vec::new(), ..RecursorOptions::default() },
        };
        let provider = TokioRuntimeProvider::default();
        let resolver =
            RecursiveZoneHandler::try_from_config(Name::root(), ZoneType::External, config, None, provider).await;
        let resolver =
            resolver.map_err(|why| RehearsalError::Unsupported(format!("the resolver cannot be had: {why}")))?;
        let mut catalog = Catalog::new();
        catalog.upsert(LowerName::new(&Name::root()), vec![Arc::new(resolver)]);
        let resolver = listen(REGION_ADDRESS, catalog).await?;
        let (registrar, hosted, places, told) = Default::default();
        Ok(Self { registrar, emulator, diary, now, root, hosted, places, told, _resolver: resolver })
    }

    /// Whom a domain's owner tells its name servers.
    pub(in crate::rehearsal) fn registrar(&self) -> Arc<Registrar> {
        Arc::clone(&self.registrar)
    }

    /// Makes the servers have what there is in the account's zones, and the names that AWS gives.
    ///
    /// # Errors
    /// When the servers of a new zone cannot be started.
    pub(in crate::rehearsal) async fn follow(
        &mut self,
        zones: &[Zone],
        given: &BTreeMap<String, Vec<Ipv4Addr>>,
    ) -> Result<(), RehearsalError> {
        let public: Vec<&Zone> = zones.iter().filter(|zone| !zone.private).collect();
        for zone in &public {
            let next = u32::from(FIRST_ZONE_ADDRESS) + u32::try_from(self.places.len()).unwrap_or(0);
            self.places.entry(zone.id.clone()).or_insert_with(|| Ipv4Addr::from(next));
        }
        let hosted: Vec<Hosted<'_>> =
            public.into_iter().filter_map(|zone| Some(Hosted { zone, address: *self.places.get(&zone.id)? })).collect();
        let names = PublicNames::of(&hosted, given, &self.registrar.delegations(), ROOT_ADDRESS);
        if names == self.now {
            return Ok(());
        }
        if names.hidden != self.now.hidden {
            // ACM looks for its records where the world does.
            self.emulator.configure(serde_json::json!({ "hidden_zones": names.hidden })).await?;
        }
        for why in names.unreadable.difference(&self.told) {
            self.diary.trouble(why);
        }
        self.told.extend(names.unreadable.iter().cloned());
        for (address, (origin, records)) in &names.hosted {
            if let Some(server) = self.hosted.get(address) {
                server.have(records.clone()).await;
            } else {
                network::add_server_address(*address).await?;
                self.hosted.insert(*address, NameServer::serve(*address, origin, records.clone()).await?);
            }
        }
        // A zone that is gone has no servers any more.
        self.hosted.retain(|address, _| names.hosted.contains_key(address));
        self.root.have(names.root.clone()).await;
        self.now = names;
        Ok(())
    }
}

impl NameServer {
    async fn serve(address: Ipv4Addr, origin: &Name, records: Records) -> Result<Self, RehearsalError> {
        let zone = Arc::new(InMemoryZoneHandler::empty(origin.clone(), ZoneType::Primary, AxfrPolicy::Deny));
        let mut catalog = Catalog::new();
        let handler: Arc<dyn ZoneHandler> = Arc::clone(&zone) as Arc<dyn ZoneHandler>;
        catalog.upsert(LowerName::new(origin), vec![handler]);
        let server = Self { zone, _server: listen(address, catalog).await? };
        server.have(records).await;
        Ok(server)
    }

    async fn have(&self, records: Records) {
        *self.zone.records_mut().await = records;
    }
}

async fn listen(address: Ipv4Addr, catalog: Catalog) -> Result<Server<Catalog>, RehearsalError> {
    let failed = |source| RehearsalError::File { doing: "listen on", path: format!("{address}:{PORT}").into(), source };
    let mut server = Server::new(catalog);
    server.register_socket(UdpSocket::bind((address, PORT)).await.map_err(failed)?);
    server.register_listener(TcpListener::bind((address, PORT)).await.map_err(failed)?, IDLE, ANSWERS_HELD);
    Ok(server)
}
