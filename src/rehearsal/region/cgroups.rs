//! Control groups of a region: systemd as a host's pid 1 wants one of its own, and takes it for the machine's root.
//!
//! A region has one group below the group it was started in, named by its folder, and each host one below that. They are
//! of the second version, without controllers: nothing is limited by them. The region's pid 1 takes them away when everything
//! else in it has ended; what a region has left that was killed with its pid 1, the next one takes away that is started from the
//! same group.

use std::fs;
use std::path::{Path, PathBuf};

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::machine::tool::Tool;

/// How groups of regions are called, so that left ones are known.
const PREFIX: &str = "runbook-lab-";
/// Where the region sees them.
const MOUNTED: &str = "/run/lab/cgroup";

/// Tries, in a mount namespace of its own, what [`Cgroups::join`] does; for a shell.
pub(in crate::rehearsal) const TRIAL: &str = "mount -t tmpfs tmpfs /run && mkdir /run/group && mount -t cgroup2 cgroup2 /run/group && \
    own=/run/group/$(sed -n 's,^0::/,,p' /proc/self/cgroup)/runbook-lab-try-$$ && mkdir \"$own\" && echo $$ >\"$own/cgroup.procs\" && \
    echo $$ >\"${own%/*}/cgroup.procs\" && rmdir \"$own\"";

/// The region's groups.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct Cgroups {
    /// The region's own.
    own: PathBuf,
}

impl Cgroups {
    /// Makes the region's group and moves this process, and whatever it starts from now on, into it.
    ///
    /// # Errors
    /// When groups cannot be made here: not as root, or not in this container.
    pub(in crate::rehearsal) async fn join(region: &Path) -> Result<Self, RehearsalError> {
        if crate::rehearsal::host::layers::in_user_namespace() {
            return Err(RehearsalError::Unsupported("it needs root".to_owned()));
        }
        fs::create_dir_all(MOUNTED).map_err(RehearsalError::file("create", MOUNTED))?;
        Tool::new("mount").args(["-t", "cgroup2", "-o", "nosuid,nodev,noexec", "cgroup2", MOUNTED]).run().await?;
        let above = own_place()?;
        sweep(&above);
        let name = region.file_name().unwrap_or_default().to_string_lossy();
        let own = above.join(format!("{PREFIX}{name}"));
        enter(&own)?;
        Ok(Self { own })
    }

    /// A host's group, made where there is none.
    pub(in crate::rehearsal) fn of(&self, host: &str) -> Result<PathBuf, RehearsalError> {
        let group = self.own.join(host);
        fs::create_dir_all(&group).map_err(RehearsalError::file("create", &group))?;
        Ok(group)
    }

    /// Takes a host's group away, and what its systemd has made in it.
    pub(in crate::rehearsal) fn forget(&self, host: &str) {
        remove(&self.own.join(host));
    }
}

/// Takes the groups of this region away, and whatever others have left beside them; for its pid 1, which has stayed where the
/// region was started and is the last.
pub(in crate::rehearsal) fn clear() {
    // Without the mount there was never a group.
    if let Ok(above) = own_place() {
        sweep(&above);
    }
}

/// The group that this process is in.
fn own_place() -> Result<PathBuf, RehearsalError> {
    let list = Path::new("/proc/self/cgroup");
    let text = fs::read_to_string(list).map_err(RehearsalError::file("read", list))?;
    let place = place_in(&text).ok_or_else(|| {
        RehearsalError::Unsupported("this process is in no control group that can be seen from here".to_owned())
    })?;
    Ok(Path::new(MOUNTED).join(place))
}

/// Where the second version's hierarchy has this process, relative to the root that can be seen from here.
fn place_in(list: &str) -> Option<&str> {
    let place = list.lines().find_map(|line| line.strip_prefix("0::/"))?;
    (!place.split('/').any(|part| part == "..")).then_some(place)
}

/// Makes a group and moves this process into it; another region may sweep it away before anybody is in it.
fn enter(group: &Path) -> Result<(), RehearsalError> {
    let procs = group.join("cgroup.procs");
    let mut last = None;
    for _ in 0..20 {
        fs::create_dir_all(group).map_err(RehearsalError::file("create", group))?;
        match fs::write(&procs, "0") {
            Ok(()) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    last.map_or(Ok(()), |error| Err(RehearsalError::file("write", &procs)(error)))
}

/// Takes away what regions have left. One that lives is left alone, its empty groups too: somebody is about to be in them.
fn sweep(above: &Path) {
    for group in folders(above) {
        let ours = group.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        if ours && !is_populated(&group) {
            remove(&group);
        }
    }
}

/// Whether somebody is in a group or in one below it (cgroup-v2, "cgroup.events"); one that cannot be asked counts as such.
fn is_populated(group: &Path) -> bool {
    fs::read_to_string(group.join("cgroup.events")).map_or(true, |events| !events.lines().any(|l| l == "populated 0"))
}

/// Removes a group and those below it, deepest first, as far as nobody is in them.
fn remove(group: &Path) {
    for below in folders(group) {
        remove(&below);
    }
    let _ = fs::remove_dir(group); // somebody is in it, or it is gone already
}

fn folders(group: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(group).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::place_in;

    #[test]
    fn the_place_is_that_of_the_second_version_below_the_visible_root() {
        let list = "4:memory:/a\n1:name=systemd:/b\n0::/user.slice/session-3.scope\n";
        assert_eq!(place_in(list), Some("user.slice/session-3.scope"));
        assert_eq!(place_in("1:cpu:/\n0::/\n"), Some(""));
        assert_eq!(place_in("0::/../../elsewhere\n"), None);
        assert_eq!(place_in("4:memory:/a\n"), None);
    }
}
