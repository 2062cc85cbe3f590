//! What a killed process has left of its connections: folders with ssh's log, which nothing uses any more.
//!
//! Promises: only real folders of ours are removed, by the name that we give them, without a socket and untouched for an hour; so neither
//! a connection in use nor anything that another user has put there is.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How the folder of a connection is called, before what makes it unique.
pub(super) const PREFIX: &str = ".runbook-ssh-";
/// The socket in it, as `openssh` wants it called.
const SOCKET: &str = "master";
/// A connection that comes about has its socket long before.
const AGE: Duration = Duration::from_secs(3_600);

/// Removes what is left in this folder. What cannot be removed stays: it is in the temporary folder.
pub(super) fn sweep(temporary: &Path, now: SystemTime) {
    for folder in left(temporary, now) {
        let _ = std::fs::remove_dir_all(folder);
    }
}

fn left(temporary: &Path, now: SystemTime) -> Vec<PathBuf> {
    let own = rustix::process::geteuid().as_raw();
    let entries = std::fs::read_dir(temporary).into_iter().flatten().flatten();
    let is_left = |path: &PathBuf| {
        let Ok(folder) = std::fs::symlink_metadata(path) else { return false };
        let is_old = folder.modified().is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > AGE));
        folder.is_dir() && folder.uid() == own && is_old && std::fs::symlink_metadata(path.join(SOCKET)).is_err()
    };
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    named.map(|entry| entry.path()).filter(is_left).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_what_nothing_uses_is_removed() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |name: &str| temporary.path().join(name);
        for name in [".runbook-ssh-old", ".runbook-ssh-used", ".another-ssh-old"] {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(name).join("log"), "x").unwrap();
        }
        fs::write(path(".runbook-ssh-used/master"), "").unwrap();
        std::os::unix::fs::symlink(path(".another-ssh-old"), path(".runbook-ssh-link")).unwrap();
        sweep(temporary.path(), SystemTime::now());
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 4, "all of it is new");
        sweep(temporary.path(), SystemTime::now() + AGE * 2);
        let mut names: Vec<String> = fs::read_dir(temporary.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert_eq!(names, [".another-ssh-old", ".runbook-ssh-link", ".runbook-ssh-used"]);
    }
}
