//! What every action promises.
//!
//! - `observe` only reads. It says how the world stands to what is wanted, whether this run made it so, and takes the
//!   before-image.
//! - `apply` makes the effect and returns as soon as the effect is made or under way. It is called only after an observe
//!   that did not find the effect. Called again with the same token it must not make a second one: creates look for
//!   their own work (token, name and tag) first.
//! - `verify` waits until the effect is complete and as wanted. It only reads, and is where waiting happens.
//! - `undo` works from the before-image and the outputs, both of which may be incomplete when the process died in between:
//!   then it looks for its own work by name and tag. It is safe to call again, touches only what this run made, waits until
//!   it is gone, and does not overwrite somebody's later change.

use super::Context;
use crate::model::{Change, Failure, Finding, Text, Values};

/// What `apply` gives.
pub(crate) type Applied = Values;

/// What `verify` gives.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verified {
    /// Outputs that became known only now.
    pub(crate) outputs: Values,
    /// What shows it, one line.
    pub(crate) evidence: String,
}

/// Why a phase did not come to its end.
#[derive(Debug, Clone)]
pub(crate) enum Stop {
    /// It failed.
    Failed(Failure),
    /// A person is needed first.
    Waiting {
        /// The gate's name.
        gate: String,
        /// What to do or judge.
        prompt: String,
    },
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed(failure)
    }
}

impl From<crate::access::SshError> for Stop {
    fn from(error: crate::access::SshError) -> Self {
        Stop::Failed(error.failure())
    }
}

impl Verified {
    /// Verified, shown by `evidence`, nothing more to give.
    pub(crate) fn by(evidence: impl Into<String>) -> Self {
        Self { outputs: Values::new(), evidence: evidence.into() }
    }
}

/// One kind of action.
pub(crate) trait Perform {
    /// IAM actions that observing needs; they only read.
    const OBSERVE_PERMISSIONS: &'static [&'static str] = &[];
    /// IAM actions that observing, applying and verifying need.
    const PERMISSIONS: &'static [&'static str] = &[];
    /// IAM actions that undoing needs beside those of observing.
    const UNDO_PERMISSIONS: &'static [&'static str] = &[];

    /// Parameters without which it can be observed: it is looked at before they are known, and `observe` never asks anybody
    /// about them.
    const MAY_BE_UNKNOWN: &'static [&'static str] = &[];

    /// What it will do, one sentence in the imperative, e.g. "stop `nginx` on web-1".
    fn sentence(&self) -> Text;

    /// What undo will do, one sentence; nothing when there is nothing to undo.
    fn undo_sentence(&self) -> Option<Text>;

    /// What it will change, as far as the parameters tell: the requests and commands of `apply`. Of a
    /// parameter something may not be known yet. Where looking tells more, the finding's own changes are shown instead.
    fn changes(&self) -> Vec<Change> {
        Vec::new()
    }

    /// Looks, changes nothing.
    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure>;

    /// Makes the effect.
    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop>;

    /// Waits until the effect is complete.
    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop>;

    /// Takes it back; answers what shows it.
    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop>;

    /// Ends what it has begun and what runs by itself, and takes nothing back: its run is given up. Answers what came of that, where
    /// there is anything of the kind.
    async fn give_up(&self, _cx: &Context<'_>) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    /// Removes what was kept where it ran so that it is found again, and of its undo, too, in that phase: its run has ended. That it
    /// was done stays known, and what it has done stays.
    async fn clear(&self, _cx: &Context<'_>) -> Result<(), Failure> {
        Ok(())
    }
}
