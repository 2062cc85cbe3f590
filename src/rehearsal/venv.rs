//! The emulator's Python environment, made once from its pinned requirements and cached.

use std::path::PathBuf;
use std::time::Duration;

use super::cache::Cache;
use super::emulator_process::REQUIREMENTS;
use super::error::RehearsalError;
use super::spec::write;
use super::tool::{self, Tool};

const INSTALL_DEADLINE: Duration = Duration::from_secs(900);

/// Where the environment is in a cache, whether it has been made or not.
pub(super) fn entry(cache: &Cache) -> PathBuf {
    cache.entry("venv", REQUIREMENTS)
}

/// The environment, made first when it is missing.
pub(super) async fn ensure(cache: &Cache, say: &(dyn Fn(&str) + Sync)) -> Result<PathBuf, RehearsalError> {
    let entry = entry(cache);
    let done = entry.join("complete");
    if done.is_file() {
        return Ok(entry);
    }
    let _lock = cache.lock(&entry, say).await?;
    if done.is_file() {
        return Ok(entry);
    }
    say("making the emulator's Python environment (once, about a minute)");
    // An environment cannot be moved: its scripts name their folder. So it is made in place and marked when it is whole.
    if entry.exists() {
        std::fs::remove_dir_all(&entry).map_err(RehearsalError::file("remove", &entry))?;
    }
    // Debian's own python first: a version manager's shim may not exist for other users of the cache.
    let python = tool::find_first(&["/usr/bin/python3"], "python3")
        .ok_or_else(|| RehearsalError::ProgramMissing { program: "python3".to_owned() })?;
    Tool::new(&python).args(["-m", "venv"]).arg(&entry).deadline(INSTALL_DEADLINE).run().await?;
    let requirements = entry.join("requirements.txt");
    write(&requirements, REQUIREMENTS)?;
    let python = entry.join("bin/python");
    Tool::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r"])
        .arg(&requirements)
        .deadline(INSTALL_DEADLINE)
        .run()
        .await?;
    write(&done, "")?;
    Ok(entry)
}
