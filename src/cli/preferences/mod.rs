//! The operator's own settings file, for what is else typed or exported each time.
//!
//! It is looked for in one place that is the operator's alone: one that lies beside a runbook may be somebody else's, and what is
//! in it would be run. What is typed counts before the environment, that before the file, and the file before what comes with the tool.

mod file;
mod place;
mod show;

pub(in crate::cli) use show::settings;

use crate::cli::CommandFailure;
use crate::cli::args::Common;

/// Fills in what was neither typed nor exported.
///
/// # Errors
/// When the file cannot be read, is not the operator's alone, or something in it cannot be meant.
pub(in crate::cli) fn complete(common: Common) -> Result<Common, CommandFailure> {
    let Some(file) = place::find(&common)? else { return Ok(common) };
    let read = file::read(&file)?;
    Ok(Common {
        state: common.state.or(read.state),
        ssh_config: common.ssh_config.or(read.ssh_config),
        trust_ca: common.trust_ca.or(read.trust_ca),
        poll_interval: common.poll_interval.or(read.poll_interval),
        no_probe: common.no_probe || read.probe == Some(false),
        notify: read.notify,
        ..common
    })
}
