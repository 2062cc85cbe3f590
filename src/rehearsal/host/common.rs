//! What every host of the lab has over the base image.

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::host::init::Init;
use crate::rehearsal::host::layers::{LayerWriter, Owner};
use std::path::Path;

/// Writes it: what its init takes, and the operator's key (which EC2's
/// key pair puts there).
pub(in crate::rehearsal) fn write_layer(
    layer: &Path,
    base: &Path,
    init: &Init,
    public_key: &str,
) -> Result<(), RehearsalError> {
    let writer = LayerWriter::new(layer, base)?;
    init.write(&writer, base)?;
    // The lab does at a first boot what this has cloud-init do.
    let cloud = "cloud_final_modules:\n - keys_to_console\n";
    writer.file("/etc/cloud/cloud.cfg", cloud, 0o644, Owner::Root)?;
    writer.folder("/home/ubuntu", 0o755, Owner::Operator)?;
    writer.folder("/home/ubuntu/.ssh", 0o700, Owner::Operator)?;
    writer.file("/home/ubuntu/.ssh/authorized_keys", public_key, 0o600, Owner::Operator)
}
