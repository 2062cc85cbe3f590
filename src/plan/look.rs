//! What a look at the world says of one action of a plan.

use crate::model::{Failure, Finding};

/// What is known of an action in the world as it is.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// It was observed.
    Seen(Finding),
    /// It refuses, or could not be observed: the run must not begin.
    Refused(Failure),
    /// It cannot be looked at before an earlier action has run.
    NotYet,
    /// The run has done it: what was found then. It takes no more time.
    Done(Finding),
}

impl Look {
    /// What was found, by looking or by the run that has done it.
    #[must_use]
    pub fn finding(&self) -> Option<&Finding> {
        match self {
            Look::Seen(finding) | Look::Done(finding) => Some(finding),
            Look::Refused(_) | Look::NotYet => None,
        }
    }
}
