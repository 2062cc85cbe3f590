//! A need as it is written: a whole step, or one action.

use super::{ActionPath, IdError, StepId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What an action says it needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Needed {
    /// All of a step.
    Step(StepId),
    /// One action.
    Action(ActionPath),
}

impl TryFrom<String> for Needed {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        if text.contains('/') { text.try_into().map(Self::Action) } else { text.try_into().map(Self::Step) }
    }
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Step(step) => step.fmt(f),
            Self::Action(action) => action.fmt(f),
        }
    }
}

impl From<Needed> for String {
    fn from(needed: Needed) -> Self {
        needed.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_a_step_or_an_action() {
        let read = |text: &str| Needed::try_from(text.to_owned());
        assert!(matches!(read("rds-multi-az"), Ok(Needed::Step(_))));
        assert!(matches!(read("rds-multi-az/multi-az"), Ok(Needed::Action(_))));
        for wrong in ["step-5", "start", "a/b/c", "", "/", "A"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(String::from(read("a/b").unwrap()), "a/b");
    }
}
