//! A command that is only looked by, where nothing of it is kept: its end says whether something is so.

use super::forward::HELD;
use super::{Errand, Station, station_user};
use crate::action::Lines;
use crate::model::{Account, Argument, Environment, Expectation, Failure, HostPath, Target, Text, tell};
use std::time::Duration;

/// How long a look may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A command whose end says whether something is so.
pub(in crate::action) struct CommandProbe<'a>(Errand<'a>);

/// The same before it is said what is run.
pub(in crate::action) struct CommandSite<'a>(Station<'a>);

impl<'a> CommandProbe<'a> {
    /// One that looks on a host, or on this machine, as root or as a user where that is said.
    ///
    /// # Errors
    /// When both are said, or there is no host to be another user on.
    pub(in crate::action) fn looking(
        on: Option<&'a Target>,
        (sudo, user): (bool, Option<&'a Account>),
    ) -> Result<CommandSite<'a>, Failure> {
        if on.is_none() && (sudo || user.is_some()) {
            return Err(Failure::refused("`sudo` and `user` are for hosts: give it an `on`"));
        }
        Ok(CommandSite(Station { host: on, user: station_user(sudo, user)? }))
    }

    /// In this folder, with these variables.
    pub(in crate::action) fn given(mut self, cwd: Option<&'a HostPath>, env: Option<&'a Environment>) -> Self {
        (self.0.cwd, self.0.env) = (cwd, env);
        self
    }

    /// With this end as the good one.
    pub(in crate::action) fn expecting(mut self, expect: Option<&Expectation>) -> Self {
        self.0.expect = expect.cloned().unwrap_or_default();
        self
    }

    /// What it waits for, in a sentence.
    pub(in crate::action) fn wanted(&self) -> Text {
        let place = &self.0.place;
        tell!("`{} on {}{} {}", self.0.line.told(), place.name(), place.told_as(), self.0.expect.told())
    }

    /// Why it was not run for a plan.
    pub(in crate::action) fn held(&self) -> &'static str {
        HELD
    }

    /// Runs it to its end: whether that is a good one, and what was seen.
    pub(in crate::action) async fn look(&self, lines: &Lines<'_>) -> Result<(bool, String), Failure> {
        let (errand, given) = (&self.0, self.0.given().await?);
        let output = errand.place.look(lines, (&errand.line.argv(), given), LIMIT).await?;
        let program = errand.line.program();
        if !output.answers() {
            let failure = errand.place.did_not_work(&format!("`{program}`"), program, output);
            return Err(given.veil().over_failure(failure));
        }
        let told = format!("`{program}` on {}: {}", errand.place.name(), given.veil().over_end(&output));
        if !errand.expect.takes(output.status) {
            return Ok((false, told));
        }
        Ok(match errand.expect.misses(&given.veil().over(&output.text())) {
            None => (true, told),
            Some(why) => (false, format!("{told}; {why}")),
        })
    }
}

impl<'a> CommandSite<'a> {
    /// What is run.
    ///
    /// # Errors
    /// When neither or both are given, or it can be no command.
    pub(in crate::action) fn line(
        self,
        argv: Option<&[Argument]>,
        shell: Option<&Text>,
    ) -> Result<CommandProbe<'a>, Failure> {
        Errand::new(self.0, argv, shell).map(CommandProbe)
    }
}
