//! The emulator's Python environment, made once from its requirements, pinned by version and content, and cached.

use std::path::PathBuf;
use std::time::Duration;

use crate::rehearsal::emulator::process::REQUIREMENTS;
use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::file::write;
use crate::rehearsal::machine::cache::Cache;
use crate::rehearsal::machine::tool::{self, Tool};

const INSTALL_DEADLINE: Duration = Duration::from_secs(900);

/// Where the environment is in a cache, whether it has been made or not.
pub(in crate::rehearsal) fn entry(cache: &Cache) -> PathBuf {
    cache.entry("venv", REQUIREMENTS)
}

/// The python that environments are made with. Debian's own comes first: a version manager's shim would tie the
/// cache to one user's home.
pub(in crate::rehearsal) fn python() -> Option<PathBuf> {
    let own = PathBuf::from("/usr/bin/python3");
    if own.is_file() { Some(own) } else { tool::find("python3") }
}

/// The environment, made first when it is missing.
pub(in crate::rehearsal) async fn ensure(
    cache: &Cache,
    say: &(dyn Fn(&str) + Sync),
) -> Result<PathBuf, RehearsalError> {
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
    let python = python().ok_or_else(|| RehearsalError::ProgramMissing { program: "python3".to_owned() })?;
    Tool::new(&python).args(["-m", "venv"]).arg(&entry).deadline(INSTALL_DEADLINE).run().await?;
    let requirements = entry.join("requirements.txt");
    write(&requirements, REQUIREMENTS)?;
    let python = entry.join("bin/python");
    Tool::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        // Known by content, and nothing of a package's own is run to build it.
        .args(["--no-deps", "--require-hashes", "--only-binary", ":all:", "-r"])
        .arg(&requirements)
        .deadline(INSTALL_DEADLINE)
        .run()
        .await?;
    write(&done, "")?;
    Ok(entry)
}
