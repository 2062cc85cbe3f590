//! The region as a whole: what [`Region::start`] brings up, and what can be asked and done to it afterwards.
//!
//! It runs inside the namespaces of `enter.rs`; everything in it is a child of this process, so nothing of it
//! outlives the region, however it ends.

pub(in crate::rehearsal) mod around;
pub(in crate::rehearsal) mod authority;
pub(in crate::rehearsal) mod cgroups;
pub(in crate::rehearsal) mod diary;
pub mod enter;
pub(in crate::rehearsal) mod network;
pub(in crate::rehearsal) mod operator;
pub(in crate::rehearsal) mod reconcile;
pub(in crate::rehearsal) mod spec;
pub(in crate::rehearsal) mod view;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::rehearsal::balancer::Balancer;
use crate::rehearsal::balancer::health::TargetCheck;
use crate::rehearsal::database::{Content, Databases, server};
use crate::rehearsal::dns::{NameServers, Registrar};
use crate::rehearsal::emulator::account::{Instance, SeededAccount};
use crate::rehearsal::emulator::client::EmulatorClient;
use crate::rehearsal::emulator::process;
use crate::rehearsal::error::{RehearsalError, tail};
use crate::rehearsal::file::write;
use crate::rehearsal::host::firewall::Firewall;
use crate::rehearsal::host::handle::HostHandle;
use crate::rehearsal::host::init::Init;
use crate::rehearsal::host::{Hosts, common};
use crate::rehearsal::machine::tool::Tool;
use crate::rehearsal::region::around::AtHand;
use crate::rehearsal::region::authority::Authority;
use crate::rehearsal::region::cgroups::Cgroups;
use crate::rehearsal::region::diary::Diary;
use crate::rehearsal::region::reconcile::Reconcile;
use crate::rehearsal::region::spec::{RegionPlaces, RegionSpec};
use crate::rehearsal::region::view::View;
use crate::rehearsal::site::STAND_IN_VERSION;
use crate::rehearsal::site::release::Release;
use crate::rehearsal::world::disk::Stock;
use crate::rehearsal::world::file::World;
use crate::rehearsal::world::names::WorldNames;
use crate::rehearsal::world::secrets::Secrets;

/// How many times faster than on AWS all waits of a run go, where no pace is asked for.
const FASTER: u32 = 50;

/// How long a database may take until it answers.
const DATABASE_DEADLINE: Duration = Duration::from_secs(60);

/// A running region with what its world file says.
pub struct Region {
    world: World,
    names: WorldNames,
    venv: PathBuf,
    release: Option<Release>,
    account: SeededAccount,
    environment: BTreeMap<String, String>,
    emulator: EmulatorClient,
    process: Child,
    places: RegionPlaces,
    diary: Arc<Diary>,
    view: Arc<View>,
    reconcile: Reconcile,
    open: Option<String>,
    small: Option<String>,
    registrar: Arc<Registrar>,
    pace: Option<u32>,
}

impl Region {
    /// Brings up network, account, hosts and balancer, and returns when databases answer; hosts are on their way then
    /// (`world::raise` waits for them). `say` hears what is done.
    ///
    /// # Errors
    /// When any part does not come up in its time; the message has the end of that part's log.
    pub async fn start(spec: &RegionSpec, say: &(dyn Fn(&str) + Sync)) -> Result<Self, RehearsalError> {
        enter::refuse_outside()?;
        let resolver = network::resolver()?;
        prepare_mounts().await?;
        let places = RegionPlaces::make(spec)?;
        let diary = Arc::new(Diary::open(&places.log("region.log"))?);
        write(&places.boot_script(), include_str!("../host/boot.sh"))?;
        network::lay(&resolver).await?;
        let firewall = Firewall::raise().await.map_err(|error| error.chain());
        let open = firewall.as_ref().err().cloned();
        if let Some(why) = &open {
            diary.note(&format!("security groups are not enforced: {why}"));
            say(&format!("security groups are not enforced: {why}"));
        }
        let groups = Cgroups::join(&places.dir).await.map_err(|error| error.chain());
        let small = groups.as_ref().err().map(|why| format!("hosts have a small init in place of systemd: {why}"));
        if let Some(why) = &small {
            diary.note(why);
        }
        let init = groups.map_or(Init::Small, Init::Systemd);
        let authority_folder = places.authority();
        let (emulator, authority, public_key) = tokio::join!(
            process::start(&spec.machine.venv, &places),
            Authority::found(&authority_folder),
            operator::settle(&places),
        );
        let ((process, emulator), authority, public_key) = (emulator?, authority?, public_key?);
        diary.note("the emulated account answers");
        say("the emulated account answers");
        emulator.configure(spec.conduct.settings()).await?;
        let account = emulator.seed(spec.world.account()).await?;
        diary.note("the account has what it has at first");

        let names = NameServers::serve(&places.dir.join("root.hints"), emulator.clone(), Arc::clone(&diary)).await?;
        let registrar = names.registrar();
        let version = spec.release.as_ref().map_or(STAND_IN_VERSION, |release| release.version.as_str());
        let secrets = Secrets::make_up(&spec.world.secrets)?;
        let known = WorldNames::of(&account, &secrets, (&places.home(), version));
        let mut databases =
            Databases::new(places.clone(), emulator.clone(), Arc::clone(&diary), spec.machine.database.clone());
        for (id, database) in &spec.world.databases {
            // One a line, as a server's `init_file` wants them.
            let line = |sql: &String| known.fill(sql).split_whitespace().collect::<Vec<_>>().join(" ") + ";\n";
            let statements = database.sql.iter().map(line).collect();
            databases.know(id, Content { layers: vec![spec.machine.database.clone()], statements });
        }
        let (base, common) = (spec.machine.image.clone(), places.images().join("common"));
        common::write_layer(&common, &base, &init, &public_key)?;
        let release = spec.release.as_ref();
        let stock = Stock { world: &spec.world, names: &known, authority: &authority, release };
        for (name, host) in &spec.world.hosts {
            stock.write(host, &places.images().join(format!("host-{name}")), &base).await?;
        }

        let view = Arc::new(View::default());
        let stock = vec![base, common];
        let at_hand = AtHand {
            places: places.clone(),
            emulator: emulator.clone(),
            diary: Arc::clone(&diary),
            view: Arc::clone(&view),
        };
        let mut hosts = Hosts::new(at_hand.clone(), stock.clone(), init);
        let at_first = emulator.state().await?;
        for zone in at_first.zones.iter().filter(|zone| !zone.private) {
            registrar.delegate(&zone.name, zone.name_servers().map(str::to_owned));
        }
        for (name, host) in &account.hosts {
            let carries = spec.world.hosts.get(name).is_some_and(|host| host.nextcloud.is_some());
            let release = release.filter(|_| carries).map(Release::layer);
            let own = places.images().join(format!("host-{name}"));
            hosts.know_image(&host.image, stock.iter().cloned().chain(release).chain([own]).collect());
        }
        let balancer = Balancer::new(at_hand, authority, names)?.at_pace(spec.conduct.pace);
        let bodies = reconcile::Bodies { hosts, databases, balancer, firewall: firewall.ok() };
        let reconcile = reconcile::start(bodies, emulator.clone(), Arc::clone(&diary), Arc::clone(&view));
        let pace = spec.conduct.pace.unwrap_or(FASTER);
        let own = spec.world.environment.iter().map(|(name, value)| (name.clone(), known.fill(value)));
        let environment = operator::environment(&places, &account.region, own, pace);
        let region = Self {
            world: spec.world.clone(),
            names: known,
            venv: spec.machine.venv.clone(),
            release: release.cloned(),
            account,
            environment,
            emulator,
            process,
            places,
            diary,
            view,
            reconcile,
            open,
            small,
            registrar,
            pace: spec.conduct.pace,
        };
        for endpoint in region.account.databases.values() {
            region.await_database(endpoint).await?;
        }
        Ok(region)
    }

    /// Waits until a database answers at its endpoint's name.
    async fn await_database(&self, endpoint: &str) -> Result<(), RehearsalError> {
        let started = Instant::now();
        while !server::answers_at(endpoint).await {
            if started.elapsed() > DATABASE_DEADLINE {
                return Err(RehearsalError::TooLate {
                    what: format!("the database did not answer at `{endpoint}`"),
                    after: DATABASE_DEADLINE,
                    said: tail(&self.places.log("region.log"), 10),
                });
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        self.diary.note(&format!("the database at {endpoint} answers"));
        Ok(())
    }

    /// The Nextcloud release that hosts carry; none where they carry the stand-in.
    #[must_use]
    pub fn release(&self) -> Option<&Release> {
        self.release.as_ref()
    }

    /// What there is in it at first, as the world file says it.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// What the world file's names stand for.
    #[must_use]
    pub fn names(&self) -> &WorldNames {
        &self.names
    }

    /// A line for the region's log.
    pub(in crate::rehearsal) fn note(&self, what: &str) {
        self.diary.note(what);
    }

    /// The emulator's Python, and the folder of its programs.
    pub(in crate::rehearsal) fn python(&self) -> (PathBuf, PathBuf) {
        (self.venv.join("bin/python"), self.places.emulator())
    }

    /// The path of a log of this name.
    pub(in crate::rehearsal) fn log(&self, name: &str) -> PathBuf {
        self.places.log(name)
    }

    /// The ids of what the account had at first.
    #[must_use]
    pub fn account(&self) -> &SeededAccount {
        &self.account
    }

    /// The emulated account's control side.
    #[must_use]
    pub fn emulator(&self) -> &EmulatorClient {
        &self.emulator
    }

    /// The region's folder: `logs/`, `state/` (journals), `home/` (the operator's).
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.places.dir
    }

    /// The variables of an operator's shell in the region.
    #[must_use]
    pub fn environment(&self) -> &BTreeMap<String, String> {
        &self.environment
    }

    /// A program in the operator's shell: its environment, its home as the working directory.
    ///
    /// # Panics
    /// Never: an empty `argv` answers a command that cannot be started.
    #[must_use]
    pub fn command(&self, argv: &[&str]) -> Command {
        let mut command = Command::new(argv.first().copied().unwrap_or_default());
        command
            .args(argv.iter().skip(1))
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.places.home())
            .kill_on_drop(true);
        command
    }

    /// A host that exists, running or not.
    #[must_use]
    pub fn host(&self, instance: &str) -> Option<HostHandle> {
        let view = self.view.host(instance)?;
        Some(HostHandle::of(view))
    }

    /// The hosts that are up, by their instances.
    pub(in crate::rehearsal) fn running_hosts(&self) -> BTreeMap<String, HostHandle> {
        let up = self.view.hosts().into_iter().filter(|(_, host)| host.init.is_some());
        up.map(|(instance, host)| (instance, HostHandle::of(host))).collect()
    }

    /// The instance with this `Name` tag, of those that are not gone.
    pub(in crate::rehearsal) async fn instance_named(&self, name: &str) -> Result<Option<String>, RehearsalError> {
        let instances = self.emulator.state().await?.instances;
        let there = |it: &&Instance| {
            it.name.as_deref() == Some(name) && !matches!(it.state.as_str(), "terminated" | "shutting-down")
        };
        Ok(instances.iter().find(there).map(|it| it.id.clone()))
    }

    /// The public SSH keys a host has now.
    ///
    /// # Errors
    /// When it has none, or does not exist.
    pub fn host_keys(&self, instance: &str) -> Result<Vec<String>, RehearsalError> {
        let host = self.host(instance);
        host.ok_or_else(|| RehearsalError::Unsupported(format!("there is no host `{instance}`")))?.ssh_keys()
    }

    /// Makes the operator's `known_hosts` know a host under one more address.
    ///
    /// # Errors
    /// As for [`Region::host_keys`].
    pub fn introduce(&self, instance: &str, address: Ipv4Addr) -> Result<(), RehearsalError> {
        operator::know_host(&self.places, address, &self.host_keys(instance)?)
    }

    /// Makes the operator's ssh know the world's hosts by their names.
    pub(in crate::rehearsal) fn name_hosts(&self) -> Result<(), RehearsalError> {
        let path = self.places.ssh_config();
        let usual = std::fs::read_to_string(&path).map_err(RehearsalError::file("read", &path))?;
        let named =
            self.account.hosts.iter().map(|(name, host)| format!("Host {name}\n  HostName {}\n\n", host.address));
        write(&path, named.collect::<String>() + &usual)
    }

    /// What the balancer's checks say of every target that a listener uses.
    #[must_use]
    pub fn balancer_health(&self) -> Vec<TargetCheck> {
        self.view.checks()
    }

    /// What has gone wrong in the lab itself so far; a rehearsal with troubles proves nothing.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        self.diary.troubles()
    }

    /// How many times faster than on AWS things go here; none where they go as fast as they can.
    #[must_use]
    pub fn pace(&self) -> Option<u32> {
        self.pace
    }

    /// Why security groups are not enforced in this region; none when they are.
    #[must_use]
    pub fn unenforced(&self) -> Option<&str> {
        self.open.as_deref()
    }

    /// Why the hosts' pid 1 is not systemd; none when it is.
    #[must_use]
    pub fn without_systemd(&self) -> Option<&str> {
        self.small.as_deref()
    }

    /// Tells the registrar a domain's name servers, in place of those it had.
    pub fn delegate(&self, domain: &str, servers: impl IntoIterator<Item = String>) {
        self.registrar.delegate(domain, servers);
    }

    /// Pulls a host's network cable: connections hang, nobody is told.
    ///
    /// # Errors
    /// When the host has no cable, because it does not run.
    pub async fn cut(&self, instance: &str) -> Result<(), RehearsalError> {
        self.diary.note(&format!("{instance} is cut off"));
        network::set_cable(instance, false).await
    }

    /// Puts the cable back.
    ///
    /// # Errors
    /// As for [`Region::cut`].
    pub async fn uncut(&self, instance: &str) -> Result<(), RehearsalError> {
        self.diary.note(&format!("{instance} is connected again"));
        network::set_cable(instance, true).await
    }

    /// Resets a host, as a power failure or a crash of its kernel does: all of it ends at this moment, and it boots again.
    ///
    /// # Errors
    /// When it does not run.
    pub fn reset(&self, instance: &str) -> Result<(), RehearsalError> {
        let off = || RehearsalError::Unsupported(format!("there is no running host `{instance}`"));
        let init = self.view.host(instance).and_then(|host| host.init).ok_or_else(off)?;
        self.diary.note(&format!("{instance} is reset"));
        self.view.reset(instance);
        rustix::process::kill_process(init, rustix::process::Signal::KILL).map_err(|_| off())
    }

    /// Ends the region in order: hosts, balancer, emulator.
    pub async fn stop(mut self) {
        self.diary.note("the region ends");
        self.reconcile.stop().await;
        let _ = self.process.kill().await; // ended already is as good
    }
}

/// The region's own `/run`, seen by nobody outside and gone with it.
async fn prepare_mounts() -> Result<(), RehearsalError> {
    Tool::new("mount").args(["--make-rprivate", "/"]).run().await?;
    Tool::new("mount").args(["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run"]).run().await?;
    for folder in ["/run/netns", "/run/lab", "/run/lab/databases"] {
        std::fs::create_dir_all(folder).map_err(RehearsalError::file("create", folder))?;
    }
    // What databases write takes nothing of the servers' disks.
    Tool::new("mount").args(["-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run/lab/databases"]).run().await?;
    Ok(())
}
