//! What the lab needs from the machine it runs on: found out, made, kept.

pub(super) mod cache;
pub mod doctor;
pub(super) mod image;
pub(super) mod recipe;
pub mod setup;
pub(super) mod tool;

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What a region needs from the machine, there and whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The hosts' base image.
    pub image: PathBuf,
    /// The DB instance's image.
    pub database: PathBuf,
    /// The emulator's Python environment.
    pub venv: PathBuf,
    /// Whether regions are made by an ordinary user.
    pub rootless: bool,
}
