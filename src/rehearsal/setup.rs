//! Getting a machine ready for rehearsals.

use super::cache::Cache;
use super::error::RehearsalError;
use super::{image, venv};
use std::path::PathBuf;

/// What a region needs from the machine, made once.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The hosts' base image.
    pub image: PathBuf,
    /// The emulator's Python environment.
    pub venv: PathBuf,
}

/// Makes ready.
pub async fn ensure(cache: &Cache, rootless: bool, say: &(dyn Fn(&str) + Sync)) -> Result<Prepared, RehearsalError> {
    let (image, venv) = tokio::join!(image::ensure(cache, rootless, say), venv::ensure(cache, say));
    Ok(Prepared { image: image?, venv: venv? })
}
