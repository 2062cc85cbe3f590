//! The DB instances' body: a MariaDB for each, in a network namespace of its own, found by its endpoint's name.
//!
//! Both zones of a Multi-AZ instance write the same storage, and one of them serves: a failover ends the server as a host
//! failure does, and starts another on the same storage with the other zone's address, to which the endpoint's name
//! leads from then on. Not handled: read replicas, snapshots, storage that is full, a class's size, TLS.

pub(in crate::rehearsal) mod server;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::rehearsal::database::server::{DatabaseServer, ServerPlace};
use crate::rehearsal::emulator::account::{AccountState, DbInstance};
use crate::rehearsal::emulator::client::{BodyEvent, EmulatorClient};
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::layers::Volume;
use crate::rehearsal::region::diary::Diary;
use crate::rehearsal::region::spec::RegionPlaces;

/// How long a server that did not come up is left alone before it is tried again.
const START_AGAIN_AFTER: Duration = Duration::from_secs(5);

enum Phase {
    Off,
    Starting(JoinHandle<Result<DatabaseServer, RehearsalError>>),
    Up(Box<DatabaseServer>),
    Ending(JoinHandle<()>),
    /// It did not come up.
    Failed(Instant),
}

struct Database {
    volume: Volume,
    phase: Phase,
}

/// What a DB instance has in it when it is first seen.
#[derive(Debug, Clone, Default)]
pub(in crate::rehearsal) struct Content {
    /// Its storage's layers, lowest first.
    pub(in crate::rehearsal) layers: Vec<PathBuf>,
    /// Statements, one a line, that are said at every start.
    pub(in crate::rehearsal) statements: String,
}

/// All DB instances of the region.
pub(in crate::rehearsal) struct Databases {
    places: RegionPlaces,
    emulator: EmulatorClient,
    diary: Arc<Diary>,
    databases: BTreeMap<String, Database>,
    known: BTreeMap<String, Content>,
    /// What an instance the region did not make itself has in it.
    stock: Content,
}

impl Databases {
    pub(in crate::rehearsal) fn new(
        places: RegionPlaces,
        emulator: EmulatorClient,
        diary: Arc<Diary>,
        image: PathBuf,
    ) -> Self {
        let stock = Content { layers: vec![image], statements: String::new() };
        Self { places, emulator, diary, databases: BTreeMap::new(), known: BTreeMap::new(), stock }
    }

    /// Says what a DB instance has in it, before it is first seen.
    pub(in crate::rehearsal) fn know(&mut self, id: &str, content: Content) {
        self.known.insert(id.to_owned(), content);
    }

    /// One look at the account, and everything that follows from it.
    pub(in crate::rehearsal) async fn round(&mut self, account: &AccountState) -> Result<(), RehearsalError> {
        let there = |id: &str| account.db_instances.iter().any(|instance| instance.id == id);
        let gone: Vec<String> = self.databases.keys().filter(|id| !there(id)).cloned().collect();
        for id in gone {
            if let Some(database) = self.databases.remove(&id) {
                database.end().await?;
                self.diary.note(&format!("{id} is gone"));
            }
        }
        for instance in &account.db_instances {
            self.follow(instance).await?;
        }
        Ok(())
    }

    async fn follow(&mut self, instance: &DbInstance) -> Result<(), RehearsalError> {
        let Some(address) = instance.address else { return Ok(()) };
        let content = self.known.get(&instance.id).unwrap_or(&self.stock).clone();
        let (emulator, diary) = (&self.emulator, &self.diary);
        let folder = self.places.databases().join(&instance.id);
        let database = self
            .databases
            .entry(instance.id.clone())
            .or_insert_with(|| Database { volume: Volume::new(folder, content.layers), phase: Phase::Off });
        let place = ServerPlace { id: instance.id.clone(), address, boot: instance.boots };
        let log = self.places.log(&format!("{}.log", instance.id));
        let start = |volume: &Volume| {
            let (volume, place, statements) = (volume.clone(), place.clone(), content.statements.clone());
            Phase::Starting(tokio::spawn(async move { DatabaseServer::start(&volume, place, &statements, &log).await }))
        };
        let phase = std::mem::replace(&mut database.phase, Phase::Off);
        database.phase = match phase {
            Phase::Starting(task) if task.is_finished() => match joined(task.await) {
                Ok(server) => {
                    diary.note(&format!("{} answers at {}", instance.id, server.place().address));
                    tell(emulator, diary, &instance.id, server.place().boot).await;
                    Phase::Up(Box::new(server))
                }
                Err(error) => {
                    diary.trouble(&error.chain());
                    Phase::Failed(Instant::now())
                }
            },
            Phase::Up(mut server) => {
                if server.has_ended() {
                    diary.trouble(&format!("the server of {} ended by itself; it is started again", instance.id));
                    Phase::Ending(tokio::spawn(server.kill()))
                } else if server.place().address != place.address {
                    diary.note(&format!("{} fails over to {}", instance.id, place.address));
                    Phase::Ending(tokio::spawn(server.kill()))
                } else if server.place().boot != place.boot {
                    diary.note(&format!("{} is started again", instance.id));
                    Phase::Ending(tokio::spawn(server.stop()))
                } else {
                    if instance.status == "rebooting" {
                        tell(emulator, diary, &instance.id, place.boot).await; // what was told was lost
                    }
                    Phase::Up(server)
                }
            }
            Phase::Ending(task) if task.is_finished() => start(&database.volume),
            Phase::Failed(since) if since.elapsed() > START_AGAIN_AFTER => start(&database.volume),
            Phase::Off => start(&database.volume),
            other => other,
        };
        Ok(())
    }

    /// Ends all servers, at the same time.
    pub(in crate::rehearsal) async fn end_all(&mut self) {
        let ending: Vec<_> = std::mem::take(&mut self.databases)
            .into_values()
            // What is left of a storage ends with the region.
            .map(|database| tokio::spawn(async move { database.end().await.map_err(drop) }))
            .collect();
        for task in ending {
            let _ = task.await;
        }
    }
}

impl Database {
    async fn end(self) -> Result<(), RehearsalError> {
        match self.phase {
            Phase::Up(server) => server.kill().await,
            Phase::Starting(task) => {
                if let Ok(server) = joined(task.await) {
                    Box::new(server).kill().await;
                }
            }
            Phase::Ending(task) => drop(task.await),
            Phase::Off | Phase::Failed(_) => (),
        }
        self.volume.delete().await
    }
}

async fn tell(emulator: &EmulatorClient, diary: &Diary, id: &str, boots: u64) {
    if let Err(error) = emulator.report(&BodyEvent::DatabaseUp { id, boots }).await {
        diary.trouble(&error.chain());
    }
}

fn joined<T>(result: Result<Result<T, RehearsalError>, tokio::task::JoinError>) -> Result<T, RehearsalError> {
    result.unwrap_or_else(|error| Err(RehearsalError::Unsupported(format!("a task of the lab broke off: {error}"))))
}
