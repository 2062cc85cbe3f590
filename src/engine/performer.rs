//! Who performs calls: the one seam between the engine and the world.

use crate::access::{Access, Beat};
use crate::action;
use crate::model::{ActionCall, GuardCall, LookAhead, Outcome, Sighting};
use std::rc::Rc;

/// Performs calls.
pub trait Performer {
    /// Performs one call to its end. A failure of the deed is an outcome.
    fn perform(&self, call: ActionCall, beat: Beat) -> impl Future<Output = Outcome>;

    /// Looks at a guard, which only reads. What cannot be found out is a bad sighting.
    fn look(&self, call: GuardCall) -> impl Future<Output = Sighting>;
}

/// Looks at actions before all of their parameters are known.
pub trait Lookout {
    /// Observes as far as the kind can. A failure to look is an outcome.
    fn look_ahead(&self, ahead: LookAhead, beat: Beat) -> impl Future<Output = Outcome>;
}

/// Performs calls here, through real connections.
#[derive(Debug, Clone)]
pub struct Worker {
    access: Rc<Access>,
}

impl Worker {
    /// A worker with these connections.
    #[must_use]
    pub fn new(access: Rc<Access>) -> Self {
        Self { access }
    }

    /// The connections.
    pub(super) fn access(&self) -> &Access {
        &self.access
    }
}

impl Performer for Worker {
    async fn perform(&self, call: ActionCall, beat: Beat) -> Outcome {
        action::perform(&call, &self.access, &beat).await
    }

    async fn look(&self, call: GuardCall) -> Sighting {
        action::sight(&call, &self.access).await
    }
}

impl Lookout for Worker {
    async fn look_ahead(&self, ahead: LookAhead, beat: Beat) -> Outcome {
        action::look_ahead(&ahead, &self.access, &beat).await
    }
}
