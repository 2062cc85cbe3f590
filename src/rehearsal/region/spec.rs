//! What a region is made from, and where its files are.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::machine::Machine;
use crate::rehearsal::site::release::Release;
use crate::rehearsal::world::file::World;

/// What one region is made from. It is written to a file by the process that sets the lab up and read by the
/// process that becomes the region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionSpec {
    /// The region's own folder on the machine: logs, the operator's home, journals. It stays when the region ends.
    /// Not below `/run`, which the region replaces by its own.
    pub dir: PathBuf,
    /// What the machine has for it, as [`crate::rehearsal::machine::setup::ensure`] answers it.
    pub machine: Machine,
    /// How the emulated account behaves.
    #[serde(default)]
    pub conduct: Conduct,
    /// What there is in it at first.
    pub world: World,
    /// The Nextcloud its host carries; the stand-in where there is none.
    pub release: Option<Release>,
}

impl RegionSpec {
    /// A region with this world in it, as AWS behaves at its fastest.
    #[must_use]
    pub fn new(dir: PathBuf, machine: Machine, world: World) -> Self {
        Self { dir, machine, conduct: Conduct::default(), world, release: None }
    }
}

/// How the emulated account behaves where AWS is slow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conduct {
    /// How many answers a state in transition lasts.
    pub ticks: u32,
    /// For how many looks, at the most, what was just made is not found yet (eventual consistency); 0: it is at once.
    pub lag: u32,
    /// Whether every list comes entry by entry, the first page of each empty but for the way to the next.
    pub paged: bool,
    /// Each transition takes what it takes on AWS, this many times faster; none: as many answers as `ticks` says.
    pub pace: Option<u32>,
}

impl Default for Conduct {
    fn default() -> Self {
        Self { ticks: 1, lag: 2, paged: true, pace: None }
    }
}

impl Conduct {
    /// The emulator's settings for it (`emulator/state.py`).
    pub(in crate::rehearsal) fn settings(&self) -> serde_json::Value {
        serde_json::json!({
            "ticks": self.ticks, "new_ticks": self.lag, "tag_ticks": self.lag.min(1), "snapshot_ticks": self.lag,
            // An image is pending for long after its snapshots were begun.
            "image_ticks": 8 * self.ticks,
            "page_size": u32::from(self.paged), "empty_pages": self.paged,
            "pace": self.pace.unwrap_or(0), "body": true, "judge_caller": true,
        })
    }
}

/// The region's files.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct RegionPlaces {
    pub(in crate::rehearsal) dir: PathBuf,
    /// Volumes and images: in memory, so that they end with the region, and an overlay's writable layer works
    /// there whatever the machine's own file system is.
    volumes: PathBuf,
}

impl RegionPlaces {
    pub(in crate::rehearsal) fn make(spec: &RegionSpec) -> Result<Self, RehearsalError> {
        if spec.dir.starts_with("/run") {
            return Err(RehearsalError::Unsupported(format!(
                "the region's folder `{}` is below `/run`, which the region replaces; choose another",
                spec.dir.display()
            )));
        }
        let places = Self { dir: spec.dir.clone(), volumes: PathBuf::from("/run/lab") };
        for folder in [
            places.logs(),
            places.home().join(".ssh"),
            places.state(),
            places.emulator(),
            places.images(),
            places.hosts(),
            places.databases(),
        ] {
            std::fs::create_dir_all(&folder).map_err(RehearsalError::file("create", folder))?;
        }
        Ok(places)
    }

    pub(in crate::rehearsal) fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }

    pub(in crate::rehearsal) fn log(&self, name: &str) -> PathBuf {
        self.logs().join(name)
    }

    pub(in crate::rehearsal) fn home(&self) -> PathBuf {
        self.dir.join("home")
    }

    pub(in crate::rehearsal) fn state(&self) -> PathBuf {
        self.dir.join("state")
    }

    pub(in crate::rehearsal) fn emulator(&self) -> PathBuf {
        self.dir.join("emulator")
    }

    pub(in crate::rehearsal) fn authority(&self) -> PathBuf {
        self.dir.join("authority")
    }

    pub(in crate::rehearsal) fn balancer(&self) -> PathBuf {
        self.dir.join("balancer")
    }

    pub(in crate::rehearsal) fn images(&self) -> PathBuf {
        self.volumes.join("images")
    }

    pub(in crate::rehearsal) fn hosts(&self) -> PathBuf {
        self.volumes.join("hosts")
    }

    pub(in crate::rehearsal) fn databases(&self) -> PathBuf {
        self.volumes.join("databases")
    }

    pub(in crate::rehearsal) fn boot_script(&self) -> PathBuf {
        self.dir.join("boot.sh")
    }

    pub(in crate::rehearsal) fn known_hosts(&self) -> PathBuf {
        self.home().join(".ssh/known_hosts")
    }

    pub(in crate::rehearsal) fn ssh_key(&self) -> PathBuf {
        self.home().join(".ssh/id_ed25519")
    }

    pub(in crate::rehearsal) fn ssh_config(&self) -> PathBuf {
        self.home().join(".ssh/config")
    }
}
