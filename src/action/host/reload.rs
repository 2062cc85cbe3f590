//! Reloads a service of a host.

use super::stray;
use super::systemd::{Unit, systemctl};
use crate::action::Context;
use crate::model::{Failure, Service, Target};

/// Reloads a service if it runs; answers whether it did. One that runs without systemd cannot be reloaded by it, and would
/// go on with the old files: that is refused.
pub(super) async fn reload_if_active(cx: &Context<'_>, host: &Target, unit: &Service) -> Result<bool, Failure> {
    let found = Unit::look(cx, host, unit).await?;
    stray::must_be_none(cx, host, unit, &found).await?;
    if found.is_active() {
        systemctl(cx, host, "reload", unit).await?;
    }
    Ok(found.is_active())
}
