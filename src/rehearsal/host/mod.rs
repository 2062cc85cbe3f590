//! Making hosts and images follow the emulated account: what EC2 says shall run is booted, what it says shall stop
//! is powered off, and what happened is reported back.
//!
//! Each round compares one picture of the account with the hosts and starts what is missing; booting and powering
//! off take their time in tasks of their own, so a slow host holds up nothing. Images: of a stopped instance the
//! disk is frozen; of a running one (`NoReboot`) it is copied as it is at that moment, files half-written included.
//! Not handled: RebootInstances (the emulator does not tell), hibernation, volumes other than the root.

pub(in crate::rehearsal) mod body;
pub(in crate::rehearsal) mod common;
pub(in crate::rehearsal) mod firewall;
pub(in crate::rehearsal) mod handle;
pub(in crate::rehearsal) mod init;
pub(in crate::rehearsal) mod layers;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use self::body::{BootFiles, HostMachine, Running};
use crate::rehearsal::emulator::account::{AccountState, Instance, MachineImage};
use crate::rehearsal::emulator::client::{BodyEvent, EmulatorClient};
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::init::{Ended, Init};
use crate::rehearsal::host::layers::Volume;
use crate::rehearsal::region::around::AtHand;
use crate::rehearsal::region::diary::Diary;
use crate::rehearsal::region::network;
use crate::rehearsal::region::spec::RegionPlaces;
use crate::rehearsal::region::view::{HostView, View};

/// How long a host that did not come up is left alone before it is tried again.
const BOOT_AGAIN_AFTER: Duration = Duration::from_secs(5);

enum Phase {
    Off,
    Booting(JoinHandle<Result<Running, RehearsalError>>),
    Up(Box<Running>),
    Ending(JoinHandle<()>),
    /// It shut itself down, and EC2 has been told but does not say so yet.
    HaltedByGuest,
    /// It did not come up.
    Failed(Instant),
}

struct Host {
    machine: HostMachine,
    volume: Volume,
    phase: Phase,
}

/// All hosts and images of the region.
pub(in crate::rehearsal) struct Hosts {
    places: RegionPlaces,
    emulator: EmulatorClient,
    diary: Arc<Diary>,
    view: Arc<View>,
    hosts: BTreeMap<String, Host>,
    images: BTreeMap<String, Vec<PathBuf>>,
    copying: BTreeMap<String, JoinHandle<Result<Vec<PathBuf>, RehearsalError>>>,
    /// What an image the region did not make itself is: the bare base image.
    stock: Vec<PathBuf>,
    init: Init,
}

impl Hosts {
    pub(in crate::rehearsal) fn new(at_hand: AtHand, stock: Vec<PathBuf>, init: Init) -> Self {
        let AtHand { places, emulator, diary, view } = at_hand;
        let (hosts, images, copying) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { places, emulator, diary, view, hosts, images, copying, stock, init }
    }

    /// Says what an image's disk is, before an instance of it boots.
    pub(in crate::rehearsal) fn know_image(&mut self, image: &str, layers: Vec<PathBuf>) {
        self.images.insert(image.to_owned(), layers);
    }

    /// One look at the account, and everything that follows from it.
    pub(in crate::rehearsal) async fn round(&mut self, account: &AccountState) -> Result<(), RehearsalError> {
        for instance in &account.instances {
            self.follow(instance).await?;
        }
        for image in account.images.iter().filter(|image| image.state == "pending") {
            self.follow_image(image).await?;
        }
        let gone: Vec<String> = self
            .hosts
            .keys()
            .filter(|id| !account.instances.iter().any(|instance| instance.id == **id))
            .cloned()
            .collect();
        for id in gone {
            self.remove(&id).await?;
        }
        self.view.set_hosts(self.hosts.iter().map(|(id, host)| (id.clone(), host.view())).collect());
        Ok(())
    }

    async fn follow(&mut self, instance: &Instance) -> Result<(), RehearsalError> {
        let Some(address) = instance.private_ip else { return Ok(()) };
        if instance.state == "terminated" {
            return self.remove(&instance.id).await;
        }
        if !self.hosts.contains_key(&instance.id) {
            let image = self.images.get(&instance.image_id).unwrap_or(&self.stock).clone();
            let volume = Volume::new(self.places.hosts().join(&instance.id), image);
            let machine = HostMachine {
                id: instance.id.clone(),
                hostname: instance.hostname(),
                address,
                public: instance.public_ip,
            };
            self.hosts.insert(instance.id.clone(), Host { machine, volume, phase: Phase::Off });
        }
        let Some(host) = self.hosts.get_mut(&instance.id) else { return Ok(()) };
        host.follow_public_address(instance).await?;
        let phase = std::mem::replace(&mut host.phase, Phase::Off);
        let wanted = instance.state.as_str();
        let id = instance.id.as_str();
        host.phase = match phase {
            Phase::Booting(task) if task.is_finished() => match joined(task.await) {
                Ok(running) => {
                    self.diary.note(&format!("{id} ({}) is up at {address}", host.machine.hostname));
                    if let Some(keys) = &running.new_keys {
                        let text = body::console_text(&host.machine.hostname, keys);
                        tell(&self.emulator, &self.diary, &BodyEvent::Console { id, text: &text }).await;
                    }
                    tell(&self.emulator, &self.diary, &BodyEvent::InstanceRunning(id)).await;
                    Phase::Up(Box::new(running))
                }
                Err(error) => {
                    self.diary.trouble(&error.chain());
                    network::unplug(id).await;
                    Phase::Failed(Instant::now())
                }
            },
            Phase::Up(mut running) => match (running.ended(), wanted) {
                (None, "stopping" | "shutting-down" | "stopped") => {
                    self.diary.note(&format!("{id} is being powered off"));
                    Phase::Ending(tokio::spawn(running.power_off()))
                }
                (None, "pending") => {
                    tell(&self.emulator, &self.diary, &BodyEvent::InstanceRunning(id)).await;
                    Phase::Up(running)
                }
                (None, _) => Phase::Up(running),
                (Some(ended), "pending" | "running") => {
                    network::unplug(id).await;
                    if self.view.was_reset(id) || ended == Ended::Reboot {
                        self.diary.note(&format!("{id} reboots"));
                        host.boot(&self.places, &self.init)
                    } else {
                        self.diary.note(&format!("{id} shut itself down"));
                        tell(&self.emulator, &self.diary, &BodyEvent::GuestPoweredOff(id)).await;
                        Phase::HaltedByGuest
                    }
                }
                (Some(_), _) => {
                    network::unplug(id).await;
                    Phase::Off
                }
            },
            Phase::Ending(task) if task.is_finished() => {
                network::unplug(id).await;
                self.diary.note(&format!("{id} is off"));
                Phase::Off
            }
            Phase::Off if matches!(wanted, "pending" | "running") => host.boot(&self.places, &self.init),
            Phase::Failed(since) if matches!(wanted, "pending" | "running") && since.elapsed() > BOOT_AGAIN_AFTER => {
                host.boot(&self.places, &self.init)
            }
            Phase::Off | Phase::Failed(_) | Phase::HaltedByGuest if matches!(wanted, "stopping" | "shutting-down") => {
                tell(&self.emulator, &self.diary, &BodyEvent::InstanceStopped(id)).await;
                Phase::Off
            }
            Phase::HaltedByGuest if wanted == "running" => {
                tell(&self.emulator, &self.diary, &BodyEvent::GuestPoweredOff(id)).await;
                Phase::HaltedByGuest
            }
            Phase::HaltedByGuest if wanted == "pending" => host.boot(&self.places, &self.init), // started again already
            Phase::HaltedByGuest if wanted == "stopped" => Phase::Off,
            other => other,
        };
        Ok(())
    }

    async fn follow_image(&mut self, image: &MachineImage) -> Result<(), RehearsalError> {
        if self.images.contains_key(&image.id) {
            // Made in an earlier round whose report was lost.
            tell(&self.emulator, &self.diary, &BodyEvent::ImageFrozen(&image.id)).await;
            return Ok(());
        }
        let Some(host) = image.source_instance.as_ref().and_then(|id| self.hosts.get_mut(id)) else { return Ok(()) };
        let layer = self.places.images().join(&image.id);
        let made = if let Some(task) = self.copying.remove(&image.id) {
            if !task.is_finished() {
                self.copying.insert(image.id.clone(), task);
                return Ok(());
            }
            joined(task.await)?
        } else {
            match host.phase {
                Phase::Off | Phase::HaltedByGuest => host.volume.freeze(&layer).await?,
                Phase::Up(_) => {
                    let volume = host.volume.clone();
                    self.copying.insert(image.id.clone(), tokio::spawn(async move { volume.copy(&layer).await }));
                    return Ok(());
                }
                Phase::Booting(_) | Phase::Ending(_) | Phase::Failed(_) => return Ok(()),
            }
        };
        self.diary.note(&format!("{} is made of {}", image.id, host.machine.id));
        self.images.insert(image.id.clone(), made);
        tell(&self.emulator, &self.diary, &BodyEvent::ImageFrozen(&image.id)).await;
        Ok(())
    }

    async fn remove(&mut self, id: &str) -> Result<(), RehearsalError> {
        let Some(host) = self.hosts.remove(id) else { return Ok(()) };
        match host.phase {
            Phase::Up(mut running) => running.kill().await,
            Phase::Booting(task) => {
                if let Ok(Ok(mut running)) = task.await {
                    running.kill().await;
                }
            }
            Phase::Ending(task) => drop(task.await),
            Phase::Off | Phase::HaltedByGuest | Phase::Failed(_) => (),
        }
        if let Some(public) = host.machine.public {
            network::withdraw(None, public).await;
        }
        network::unplug(id).await;
        self.diary.note(&format!("{id} is gone"));
        host.volume.delete().await
    }

    /// Powers every host off, all at the same time.
    pub(in crate::rehearsal) async fn power_off_all(&mut self) {
        let mut ending = Vec::new();
        for (_, host) in std::mem::take(&mut self.hosts) {
            match host.phase {
                Phase::Up(running) => ending.push(tokio::spawn(running.power_off())),
                Phase::Ending(task) => ending.push(task),
                Phase::Booting(task) => task.abort(), // the end of the region is the end of it
                Phase::Off | Phase::HaltedByGuest | Phase::Failed(_) => (),
            }
        }
        for task in ending {
            let _ = task.await;
        }
    }
}

impl Host {
    fn boot(&self, places: &RegionPlaces, init: &Init) -> Phase {
        let (machine, volume) = (self.machine.clone(), self.volume.clone());
        let files = BootFiles { boot_script: places.boot_script(), logs: places.logs(), init: init.clone() };
        Phase::Booting(tokio::spawn(async move { body::boot(&machine, &volume, &files).await }))
    }

    /// A public address may come, change and go at any time: an Elastic IP is associated, a stop takes it away.
    async fn follow_public_address(&mut self, instance: &Instance) -> Result<(), RehearsalError> {
        if matches!(self.phase, Phase::Booting(_)) || self.machine.public == instance.public_ip {
            return Ok(());
        }
        let running = matches!(self.phase, Phase::Up(_));
        if let Some(old) = self.machine.public.take() {
            network::withdraw(running.then_some(self.machine.id.as_str()), old).await;
        }
        if let Some(new) = instance.public_ip {
            if running {
                network::publish(&self.machine.id, self.machine.address, new).await?;
            } else {
                network::route(self.machine.address, new).await?;
            }
        }
        self.machine.public = instance.public_ip;
        Ok(())
    }

    fn view(&self) -> HostView {
        HostView {
            hostname: self.machine.hostname.clone(),
            address: self.machine.address,
            root: self.volume.root(),
            init: if let Phase::Up(running) = &self.phase { Some(running.init()) } else { None },
        }
    }
}

/// Reports to the account. A report that is lost is made again in the next round: every phase knows which one is due.
async fn tell(emulator: &EmulatorClient, diary: &Diary, event: &BodyEvent<'_>) {
    if let Err(error) = emulator.report(event).await {
        diary.trouble(&error.chain());
    }
}

fn joined<T>(result: Result<Result<T, RehearsalError>, tokio::task::JoinError>) -> Result<T, RehearsalError> {
    result.unwrap_or_else(|error| Err(RehearsalError::Unsupported(format!("a task of the lab broke off: {error}"))))
}
