//! `wait.for`, and the check `probe.holds`.

use super::{Probe, Probed, What};
use crate::action::check::{Examine, Seen};
use crate::action::command::CommandProbe;
use crate::action::{Applied, Context, Glance, Lines, Perform, Stop, Verified, undo_of_look, wait_until};
use crate::model::{Failure, Finding, Found, ProbeHolds, Text, WaitFor, tell};

const ONE_THING: &str = "one thing is probed: `port`, `http`, `file`, `target_health`, or a command (`argv`, `shell`)";
/// What a look at targets asks.
const ASKED: &[&str] = &["elasticloadbalancing:DescribeTargetHealth"];

macro_rules! probes {
    ($($kind:ident),+) => {$(
        impl $kind {
            fn probe(&self) -> Result<Probe<'_>, Failure> {
                let is_command = (self.argv.is_some() || self.shell.is_some()).then_some(());
                let what = match (&self.port, &self.http, &self.file, &self.target_health, is_command) {
                    (Some(port), None, None, None, None) => What::Port(port),
                    (None, Some(http), None, None, None) => What::Http(http),
                    (None, None, Some(file), None, None) => What::File(file),
                    (None, None, None, Some(targets), None) => What::Targets(targets),
                    (None, None, None, None, Some(())) => What::Command(Box::new(
                        CommandProbe::looking(self.on.as_ref(), (self.sudo == Some(true), self.user.as_ref()))?
                            .line(self.argv.as_deref(), self.shell.as_deref())?
                            .given(self.cwd.as_ref(), self.env.as_ref())
                            .expecting(self.expect.as_ref()),
                    )),
                    _ => return Err(Failure::refused(ONE_THING)),
                };
                Ok(Probe { on: self.on.as_ref(), as_root: self.sudo == Some(true), what })
            }
        }
    )+};
}

probes! { WaitFor, ProbeHolds }

impl WaitFor {
    async fn wait(&self, cx: &Context<'_>) -> Result<String, Failure> {
        let probe = self.probe()?;
        let wanted = self.times.unwrap_or(1).max(1);
        let mut in_a_row = 0;
        wait_until(&cx.every(self.every), probe.wanted().as_str(), async || {
            let seen = probe.look(&cx.lines()).await?;
            in_a_row = if seen.holds == Some(true) { in_a_row + 1 } else { 0 };
            Ok(match in_a_row {
                n if n >= wanted && wanted > 1 => Glance::Done(format!("{}, {wanted} times in a row", seen.told)),
                n if n >= wanted => Glance::Done(seen.told),
                0 => Glance::NotYet(seen.told),
                n => Glance::NotYet(format!("{}, {n} of {wanted} times", seen.told)),
            })
        })
        .await
    }
}

impl Perform for WaitFor {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = ASKED;
    const PERMISSIONS: &'static [&'static str] = ASKED;

    fn sentence(&self) -> Text {
        match self.probe() {
            Ok(probe) => tell!("wait until {}", probe.wanted()),
            Err(refusal) => refusal.message.into(),
        }
    }

    fn undo_sentence(&self) -> Option<Text> {
        let probe = self.probe().ok().filter(|_| self.also_after_undo == Some(true))?;
        Some(tell!("wait again until {}", probe.wanted()))
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        let Probed { holds, told } = self.probe()?.look(&cx.lines()).await?;
        let found = match holds {
            Some(true) if self.times.unwrap_or(1) <= 1 => Found::Holds,
            _ => Found::Absent,
        };
        Ok(Finding::new(found, false, told))
    }

    async fn apply(&self, _: &Context<'_>) -> Result<Applied, Stop> {
        Ok(Applied::new())
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        Ok(Verified::by(self.wait(cx).await?))
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        undo_of_look(self.also_after_undo, self.wait(cx)).await
    }
}

impl Examine for ProbeHolds {
    const PERMISSIONS: &'static [&'static str] = ASKED;

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        const ROW: &str = "holds";
        let probe = self.probe()?;
        let Probed { holds, told } = probe.look(lines).await?;
        let seen = match (holds, self.verdict.as_ref().map(Text::as_str)) {
            (None, _) => Seen::not_checkable(ROW, told),
            (Some(true), _) => Seen::pass(ROW, told),
            (Some(false), None | Some("refuse")) => Seen::refuse(ROW, told),
            (Some(false), Some("warn")) => Seen::warn(ROW, told),
            (Some(false), Some(other)) => {
                return Err(Failure::refused(format!("`verdict` is `{other}`, and is to be `refuse` or `warn`")));
            }
        };
        let seen = if holds == Some(true) { seen } else { seen.advise(format!("see to it that {}", probe.wanted())) };
        Ok(vec![match (&self.helps, holds) {
            (Some(helps), Some(false)) => seen.advise(helps.as_str()),
            _ => seen,
        }])
    }
}
