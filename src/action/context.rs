//! What an action gets of the world: its call, the connections, its line to the operator. Nothing else.

use super::Lines;
use crate::access::{Access, Aws, Beat, RemoteCommand, RemoteOutput, SshError};
use crate::model::{ActionCall, Failure, Renamed, Target, TimeSpan, Value};
use serde::de::DeserializeOwned;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The context of one phase of one action.
pub(crate) struct Context<'a> {
    call: &'a ActionCall,
    access: &'a Access,
    beat: &'a Beat,
    started: Instant,
    every: Option<TimeSpan>,
    renamed: Mutex<Renamed>,
}

/// The tag that marks what a run created or claimed.
pub(crate) const RUN_TAG: &str = "runbook:run";
/// The tag that names the step.
pub(crate) const STEP_TAG: &str = "runbook:step";

impl<'a> Context<'a> {
    pub(crate) fn new(call: &'a ActionCall, access: &'a Access, beat: &'a Beat) -> Self {
        Self { call, access, beat, started: Instant::now(), every: None, renamed: Mutex::default() }
    }

    /// The call.
    pub(crate) fn call(&self) -> &'a ActionCall {
        self.call
    }

    /// An undo has made something anew: what was called `old` is called `new` now.
    pub(crate) fn rename(&self, old: &str, new: &str) {
        let mut renamed = self.renamed.lock().unwrap_or_else(PoisonError::into_inner);
        renamed.insert(old.to_owned(), new.to_owned());
    }

    /// What undoing has renamed.
    pub(crate) fn renamed(&self) -> Renamed {
        self.renamed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The connections.
    pub(crate) fn access(&self) -> &'a Access {
        self.access
    }

    /// The line to the operator.
    pub(crate) fn beat(&self) -> &'a Beat {
        self.beat
    }

    /// How long until this phase's deadline.
    pub(crate) fn time_left(&self) -> Duration {
        let limit = self.access.settings().pace.limit(Duration::from_secs(self.call.deadline_s));
        limit.saturating_sub(self.started.elapsed())
    }

    /// Waits until the next look is due, or this phase's deadline.
    pub(crate) async fn pause(&self) {
        tokio::time::sleep(self.between_looks().min(self.time_left())).await;
    }

    /// The time between two looks.
    pub(crate) fn between_looks(&self) -> Duration {
        let settings = self.access.settings();
        settings.pace.wait(self.every.map_or(settings.poll, |every| Duration::from_millis(every.ms())))
    }

    /// The same with this time between two looks, where one is said.
    pub(crate) fn every(&self, every: Option<TimeSpan>) -> Context<'a> {
        Context {
            call: self.call,
            access: self.access,
            beat: self.beat,
            started: self.started,
            every,
            renamed: Mutex::default(),
        }
    }

    /// How many looks, a pause apart, there are in this time as it is meant; two at least. Patience is counted in looks, so that a
    /// slow machine, or a busy one, gets as many as a fast one.
    pub(crate) fn looks(&self, within: Duration) -> u32 {
        let looks = within.as_millis().div_ceil(self.access.settings().poll.as_millis().max(1));
        u32::try_from(looks).unwrap_or(u32::MAX).max(2)
    }

    /// The AWS clients of the runbook's region.
    ///
    /// # Errors
    /// When the runbook names no region.
    pub(crate) async fn aws(&self) -> Result<Arc<Aws>, Failure> {
        self.lines().aws().await
    }

    /// The ways to the world that checks have too.
    pub(crate) fn lines(&self) -> Lines<'a> {
        Lines::new(self.access, self.call.region.as_deref()).looking_ahead(self.call.ahead)
    }

    /// The tags for what is created: the operator's own, the run's and the step's, and the name where there is one.
    pub(crate) fn tags(&self, name: Option<&str>) -> Vec<(String, String)> {
        let own = self.call.tags.iter().filter(|(k, _)| !k.starts_with("aws:") && !k.starts_with("runbook:"));
        let mut tags: Vec<_> = own.map(|(k, v)| (k.clone(), v.clone())).filter(|(k, _)| k != "Name").collect();
        tags.extend(name.map(|n| ("Name".to_owned(), n.to_owned())));
        tags.push((RUN_TAG.to_owned(), self.call.run.to_string()));
        tags.push((STEP_TAG.to_owned(), self.call.action.step().to_string()));
        tags
    }

    /// Whether a resource with these tags was made by this run.
    pub(crate) fn is_ours<'t>(&self, tags: impl IntoIterator<Item = (&'t str, &'t str)>) -> bool {
        tags.into_iter().any(|(key, value)| key == RUN_TAG && value == self.call.run.as_str())
    }

    /// The before-image, as the action's own type.
    ///
    /// # Errors
    /// When there is none or it has another form (a journal of another version).
    pub(crate) fn before<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_value(self.call.before.clone()).map_err(|e| {
            Failure::permanent(format!("the before-image of `{}` cannot be used", self.call.action))
                .cause(e.to_string())
        })
    }

    /// The before-image, or nothing when none was recorded: then undo looks for its own work by its tag.
    ///
    /// # Errors
    /// When it has another form.
    pub(crate) fn before_if_any<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        if self.call.before.is_null() { Ok(None) } else { self.before().map(Some) }
    }

    /// An output of this action that is a text, if it is known already.
    pub(crate) fn output(&self, name: &str) -> Option<&'a str> {
        self.call.outputs.get(name).and_then(Value::as_str)
    }

    /// Runs a command on a target; its address is looked up now.
    ///
    /// # Errors
    /// When there is no answer. A command that ran and failed is an answer.
    pub(crate) async fn run(&self, target: &Target, command: RemoteCommand) -> Result<RemoteOutput, SshError> {
        self.lines().run(target, command).await
    }

    /// Runs a command that must succeed, and answers what it printed.
    ///
    /// # Errors
    /// When there is no answer, or it exits with another status than 0; `what` says what was tried.
    pub(crate) async fn run_ok(&self, target: &Target, command: RemoteCommand, what: &str) -> Result<String, Failure> {
        self.lines().run_ok(target, command, what).await
    }

    /// Where a target is now. An instance's address is looked up each time: it changes when the instance stops.
    ///
    /// # Errors
    /// When the instance is unknown or has no such address.
    pub(crate) async fn address(&self, target: &Target) -> Result<String, Failure> {
        self.lines().address(target).await
    }
}
