//! The lab's cache: things that are slow to make and the same every time, each in a folder named by a hash of
//! its recipe. An entry is made beside its place and renamed into it: it is there whole, or not at all. Two
//! processes that want the same one wait for each other.

use crate::model::sha256;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use crate::rehearsal::error::RehearsalError;

/// Making an entry takes a minute or two; a lock held much longer is held by something that hangs.
const LOCK_DEADLINE: Duration = Duration::from_secs(1200);

/// The folder all labs of this account share.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// `$XDG_CACHE_HOME/runbook/lab`, by default `~/.cache/runbook/lab`.
    ///
    /// # Errors
    /// When neither `XDG_CACHE_HOME` nor `HOME` is set.
    pub fn of_account() -> Result<Self, RehearsalError> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
        let base = base.ok_or_else(|| {
            RehearsalError::Unsupported(
                "there is no place for the lab's cache; set `HOME` or `XDG_CACHE_HOME`".to_owned(),
            )
        })?;
        Ok(Self { folder: base.join("runbook/lab") })
    }

    /// A cache in a folder of the caller's choice.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder of an entry, whether it exists or not.
    pub(in crate::rehearsal) fn entry(&self, kind: &str, recipe: &str) -> PathBuf {
        let hash: String = sha256(recipe).chars().take(16).collect();
        self.folder.join(format!("{kind}-{hash}"))
    }

    /// Waits until nobody else makes `entry`; held until dropped. `say` hears once that it is waiting.
    pub(in crate::rehearsal) async fn lock(
        &self,
        entry: &Path,
        say: &(dyn Fn(&str) + Sync),
    ) -> Result<File, RehearsalError> {
        fs::create_dir_all(&self.folder).map_err(RehearsalError::file("create", &self.folder))?;
        let path = entry.with_extension("lock");
        let file = File::create(&path).map_err(RehearsalError::file("create", &path))?;
        let started = Instant::now();
        let mut told = false;
        while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            if !told {
                say("waiting for another process that prepares the lab");
                told = true;
            }
            if started.elapsed() > LOCK_DEADLINE {
                return Err(RehearsalError::TooLate {
                    what: format!("the lock `{}` did not become free", path.display()),
                    after: LOCK_DEADLINE,
                    said: String::new(),
                });
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(file)
    }

    /// An empty folder to make an entry in; what a killed process left there is removed. Needs the lock.
    pub(in crate::rehearsal) fn workshop(entry: &Path) -> Result<PathBuf, RehearsalError> {
        let folder = entry.with_extension("making");
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(RehearsalError::file("remove", &folder))?;
        }
        fs::create_dir_all(&folder).map_err(RehearsalError::file("create", &folder))?;
        Ok(folder)
    }

    /// Puts a finished entry in its place.
    pub(in crate::rehearsal) fn publish(made: &Path, entry: &Path) -> Result<(), RehearsalError> {
        fs::rename(made, entry).map_err(RehearsalError::file("put in place", entry))
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[tokio::test]
    async fn an_entry_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("lab"));
        let entry = cache.entry("thing", "recipe 1");
        assert_ne!(entry, cache.entry("thing", "recipe 2"));
        let _lock = cache.lock(&entry, &|_| ()).await.unwrap();
        let made = Cache::workshop(&entry).unwrap();
        std::fs::write(made.join("half"), "").unwrap();
        assert!(!entry.exists());
        let made = Cache::workshop(&entry).unwrap();
        assert!(!made.join("half").exists(), "the remains of a killed process are gone");
        std::fs::write(made.join("whole"), "").unwrap();
        Cache::publish(&made, &entry).unwrap();
        assert!(entry.join("whole").exists());
    }
}
