//! Files of the lab, with errors that name them.

use super::error::RehearsalError;
use std::path::Path;

/// Writes a file of the region.
pub(in crate::rehearsal) fn write(path: &Path, content: impl AsRef<[u8]>) -> Result<(), RehearsalError> {
    std::fs::write(path, content).map_err(RehearsalError::file("write", path))
}
