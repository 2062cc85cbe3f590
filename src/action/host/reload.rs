//! Reloads a service of a host.

use super::preview::command_of;
use super::stray;
use super::systemd::{Unit, asking, read_units, systemctl};
use crate::action::{Context, Glance, wait_until};
use crate::model::{Change, Failure, Service, Target, Text, Value, Values, is_unit_file, tell};

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

/// Who takes a change of a file that an action makes, and takes it back: systemd, where it is one of its units, a service that is
/// reloaded, and one that is restarted.
///
/// systemd is told in every case: by itself it takes a unit for changed only when its file is newer than what it has read, which one that
/// is put back as it was is not.
/// A reload may come twice, and does after a death in between; a restart comes once, as far as that is known: what the action has given
/// says that it came.
#[derive(Clone, Copy, Default)]
pub(super) struct Takers<'a> {
    pub(super) path: &'a str,
    pub(super) reload: Option<&'a Service>,
    pub(super) restart: Option<&'a Service>,
}

/// The output by which a restart is known to have come.
const RESTARTED: &str = "restarted";

impl Takers<'_> {
    /// The part of a sentence that names them.
    pub(super) fn told(&self) -> Text {
        let units = self.is_unit().then(|| Text::from(", let systemd read its units anew"));
        let reload = self.reload.map(|service| tell!(", reload `{}` if it runs", service));
        let restart = self.restart.map(|service| tell!(", restart `{}` if it runs", service));
        Text::joined(units.into_iter().chain(reload).chain(restart), "")
    }

    /// The commands that follow.
    pub(super) fn commands(&self, on: &Target) -> Vec<Change> {
        let of = |verb: &'static str, service: Option<&Service>| service.map(|it| command_of(on, &asking(verb, it)));
        let units = self.is_unit().then(|| command_of(on, &read_units()));
        units.into_iter().chain(of("reload", self.reload)).chain(of("restart", self.restart)).collect()
    }

    fn is_unit(&self) -> bool {
        is_unit_file(self.path)
    }

    /// Has them take the change; what is to be told of that.
    pub(super) async fn take(&self, cx: &Context<'_>, host: &Target) -> Result<String, Failure> {
        let mut told = String::new();
        if self.is_unit() {
            cx.run_ok(host, read_units(), "`systemctl daemon-reload`").await?;
        }
        if let Some(service) = self.reload {
            told.push_str(&match reload_if_active(cx, host, service).await? {
                true => format!(", `{service}` reloaded"),
                false => format!(", `{service}` does not run"),
            });
        }
        if let Some(service) = self.restart {
            told.push_str(&match restart_if_active(cx, host, service).await? {
                true => format!(", `{service}` restarted"),
                false => format!(", `{service}` does not run"),
            });
        }
        Ok(told)
    }

    /// The same once more, in case it did not come: what is known to have come is left out.
    pub(super) async fn take_again(&self, cx: &Context<'_>, host: &Target) -> Result<String, Failure> {
        let restart = self.restart.filter(|_| !cx.call().outputs.contains_key(RESTARTED));
        Self { restart, ..*self }.take(cx, host).await
    }

    /// What an action gives that has had them take its change.
    pub(super) fn given(&self) -> Values {
        self.restart.map(|_| (RESTARTED.to_owned(), Value::from(true))).into_iter().collect()
    }
}

/// Restarts a service if it runs, and waits until it is active; answers whether it did.
async fn restart_if_active(cx: &Context<'_>, host: &Target, unit: &Service) -> Result<bool, Failure> {
    let found = Unit::look(cx, host, unit).await?;
    stray::must_be_none(cx, host, unit, &found).await?;
    if !found.is_active() {
        return Ok(false);
    }
    systemctl(cx, host, "restart", unit).await?;
    let what = format!("`{unit}` is active on {}", host.name);
    wait_until(cx, &what, async || {
        let now = Unit::look(cx, host, unit).await?;
        let told = format!("`{unit}` on {} is {}", host.name, now.state);
        Ok(if now.is_active() { Glance::Done(()) } else { Glance::NotYet(told) })
    })
    .await?;
    Ok(true)
}
