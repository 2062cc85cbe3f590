//! What hosts wrote of themselves, kept when a rehearsal did not pass: they are gone with the region, and so is their memory.

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::file::write;
use crate::rehearsal::region::Region;
use crate::rehearsal::world::command::on_handle;

/// Writes the journal of each running host beside the region's logs, as `journal-NAME.log`.
///
/// # Errors
/// When a journal cannot be read or written.
pub(in crate::rehearsal) async fn keep(region: &Region) -> Result<(), RehearsalError> {
    if region.without_systemd().is_some() {
        return Ok(()); // nothing on such a host keeps one
    }
    let instances = region.emulator().state().await?.instances;
    for (id, host) in region.running_hosts() {
        let name = instances.iter().find(|it| it.id == id).and_then(|it| it.name.as_deref()).unwrap_or(&id);
        let argv = ["journalctl", "--no-pager", "--output=short-precise"];
        let output = on_handle(&host, &argv, &format!("the journal of {name}")).await?;
        write(&region.log(&format!("journal-{}.log", name.replace('/', "-"))), &output.stdout)?;
    }
    Ok(())
}
