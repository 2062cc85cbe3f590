//! Disks made of layers: a machine image is a stack of read-only directory trees, a host's volume is one writable
//! layer over its image's. Making an image of a stopped host renames its writable layer: nothing is copied.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::machine::tool::Tool;

/// Who owns a file inside a host, by the numbers of the base image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rehearsal) enum Owner {
    Root,
    /// The operator's account on the hosts, `ubuntu`.
    Operator,
    /// `www-data`, which nginx and php run as.
    Web,
}

impl Owner {
    /// Its number, the same for user and group.
    pub(in crate::rehearsal) fn number(self) -> u32 {
        match self {
            Self::Root => 0,
            Self::Operator => 1000,
            Self::Web => 33,
        }
    }
}

/// A layer being written. Folders it shares with the layer below keep that one's mode and owner.
pub(in crate::rehearsal) struct LayerWriter<'a> {
    root: PathBuf,
    below: &'a Path,
}

impl<'a> LayerWriter<'a> {
    pub(in crate::rehearsal) fn new(root: &Path, below: &'a Path) -> Result<Self, RehearsalError> {
        fs::create_dir_all(root).map_err(RehearsalError::file("create", root))?;
        Ok(Self { root: root.to_path_buf(), below })
    }

    /// Writes a file; `path` is absolute, as the host sees it.
    pub(in crate::rehearsal) fn file(
        &self,
        path: &str,
        content: impl AsRef<[u8]>,
        mode: u32,
        owner: Owner,
    ) -> Result<(), RehearsalError> {
        let target = self.place(path)?;
        fs::write(&target, content).map_err(RehearsalError::file("write", &target))?;
        give(&target, mode, owner)
    }

    pub(in crate::rehearsal) fn folder(&self, path: &str, mode: u32, owner: Owner) -> Result<(), RehearsalError> {
        let target = self.place(path)?;
        if !target.is_dir() {
            fs::create_dir(&target).map_err(RehearsalError::file("create", &target))?;
        }
        give(&target, mode, owner)
    }

    pub(in crate::rehearsal) fn link(&self, path: &str, to: &str) -> Result<(), RehearsalError> {
        let target = self.place(path)?;
        symlink(to, &target).map_err(RehearsalError::file("create", &target))
    }

    /// The path inside the layer, its parents made.
    fn place(&self, path: &str) -> Result<PathBuf, RehearsalError> {
        let relative = Path::new(path.trim_start_matches('/'));
        let mut here = self.root.clone();
        for part in relative.parent().unwrap_or(Path::new("")).components() {
            let below = self.below.join(here.strip_prefix(&self.root).unwrap_or(Path::new(""))).join(part);
            here.push(part);
            if here.is_dir() {
                continue;
            }
            fs::create_dir(&here).map_err(RehearsalError::file("create", &here))?;
            if let Ok(original) = fs::symlink_metadata(&below) {
                fs::set_permissions(&here, original.permissions())
                    .map_err(RehearsalError::file("change the mode of", &here))?;
                chown(&here, Some(original.uid()), Some(original.gid()))
                    .map_err(RehearsalError::file("change the owner of", &here))?;
            }
        }
        Ok(self.root.join(relative))
    }
}

fn give(path: &Path, mode: u32, owner: Owner) -> Result<(), RehearsalError> {
    chown(path, Some(owner.number()), Some(owner.number()))
        .map_err(RehearsalError::file("change the owner of", path))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(RehearsalError::file("change the mode of", path))
}

/// A host's disk. It stays mounted while the host is off, so that it can be looked into.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct Volume {
    folder: PathBuf,
    /// Lowest first.
    image: Vec<PathBuf>,
}

impl Volume {
    pub(in crate::rehearsal) fn new(folder: PathBuf, image: Vec<PathBuf>) -> Self {
        Self { folder, image }
    }

    /// Where the host's whole tree is seen from the region.
    pub(in crate::rehearsal) fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    fn upper(&self) -> PathBuf {
        self.folder.join("upper")
    }

    /// Mounts the disk unless it is.
    pub(in crate::rehearsal) async fn mount(&self) -> Result<(), RehearsalError> {
        let root = self.root();
        if root.join("etc").is_dir() {
            return Ok(());
        }
        for folder in [&root, &self.upper(), &self.folder.join("work")] {
            fs::create_dir_all(folder).map_err(RehearsalError::file("create", folder))?;
        }
        let lower: Vec<String> = self.image.iter().rev().map(|layer| layer.display().to_string()).collect();
        let options = format!(
            "lowerdir={},upperdir={},workdir={}{}",
            lower.join(":"),
            self.upper().display(),
            self.folder.join("work").display(),
            if in_user_namespace() { ",userxattr" } else { "" }
        );
        Tool::new("mount").args(["-t", "overlay", "lab", "-o", &options]).arg(&root).run().await.map(drop)
    }

    async fn unmount(&self) -> Result<(), RehearsalError> {
        if self.root().join("etc").is_dir() {
            Tool::new("umount").arg(self.root()).run().await?;
        }
        Ok(())
    }

    /// Makes an image of a host that is off; answers the image's layers, lowest first. The host goes on with a
    /// fresh writable layer over them.
    pub(in crate::rehearsal) async fn freeze(&mut self, into: &Path) -> Result<Vec<PathBuf>, RehearsalError> {
        self.mount().await?;
        self.unmount().await?;
        fs::rename(self.upper(), into).map_err(RehearsalError::file("freeze", self.upper()))?;
        let work = self.folder.join("work");
        fs::remove_dir_all(&work).map_err(RehearsalError::file("remove", &work))?;
        self.image.push(into.to_path_buf());
        self.mount().await?;
        Ok(self.image.clone())
    }

    /// Makes an image of a running host, as a snapshot without reboot does: what is on the disk at this moment,
    /// files half-written as they are.
    pub(in crate::rehearsal) async fn copy(&self, into: &Path) -> Result<Vec<PathBuf>, RehearsalError> {
        Tool::new("cp").args(["-a", "--reflink=auto"]).arg(self.upper()).arg(into).run().await?;
        let mut image = self.image.clone();
        image.push(into.to_path_buf());
        Ok(image)
    }

    /// Unmounts and deletes the disk; image layers stay.
    pub(in crate::rehearsal) async fn delete(&self) -> Result<(), RehearsalError> {
        self.unmount().await?;
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).map_err(RehearsalError::file("remove", &self.folder))?;
        }
        Ok(())
    }
}

/// Whether root here is an ordinary user outside: overlays then keep their notes in `user.*` attributes.
pub(in crate::rehearsal) fn in_user_namespace() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().collect::<Vec<_>>() != ["0", "0", "4294967295"]
}
