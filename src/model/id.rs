//! Ids of steps, actions and runs.
//!
//! Promise: an id that exists is well formed, so it can be put in file names, tags and commands without quoting. Ids of steps and
//! actions are cloned without copying their text: an executor has them in many places.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct IdError {
    /// The text that was given.
    pub text: String,
    /// What would have been accepted.
    pub expected: &'static str,
}

/// Whether a text is a plain id: lower-case letters, digits and single dashes inside, starting with a letter, at most 40.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let mut last = '-';
    !text.is_empty()
        && text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| {
            let fine = c.is_ascii_lowercase() || c.is_ascii_digit() || (c == '-' && last != '-');
            last = c;
            fine
        })
        && !text.ends_with('-')
}

/// Whether a text can name a round of a loop: like an id of at most 39 characters, but it may begin with a digit.
#[must_use]
pub fn is_round(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && is_id(&format!("r{text}"))
}

/// The id of an action in a round of a loop: `restart@web-1`.
#[must_use]
pub fn unrolled_id(id: &str, round: &str) -> String {
    format!("{id}@{round}")
}

/// Whether a text is the id of an action: an author's, or one of a round of a loop.
#[must_use]
pub fn is_action_id(text: &str) -> bool {
    match text.split_once('@') {
        Some((id, round)) => is_id(id) && is_round(round),
        None => is_id(text),
    }
}

/// What an operator who types this text instead of a step's id means by it; nothing for a text that is free to be an id.
/// A rollback to a step of such a name would be one to somewhere else.
#[must_use]
pub fn names_otherwise(text: &str) -> Option<&'static str> {
    let numbered = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
    match text.strip_prefix("step-") {
        _ if text == "start" => Some("what was before the first step"),
        Some(rest) if numbered(rest) => Some("a step by its number"),
        _ => None,
    }
}

/// The id of a step, e.g. `rds-multi-az`: never a text that [`names_otherwise`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StepId(Arc<str>);

/// An action within its step, written `step/action`, e.g. `clone-server/create-image`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ActionPath {
    step: StepId,
    name: Arc<str>,
}

/// The id of a run, e.g. `r20261123-174501-k3f9`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

impl StepId {
    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ActionPath {
    /// The path of action `name` in `step`.
    ///
    /// # Errors
    /// When `name` is not an action's id.
    pub fn new(step: &StepId, name: &str) -> Result<Self, IdError> {
        Self::try_from(format!("{}/{name}", step.0))
    }

    /// The step it belongs to.
    #[must_use]
    pub fn step(&self) -> &StepId {
        &self.step
    }

    /// Its name within the step.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl RunId {
    /// The text of the id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StepId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        if !is_id(&text) {
            Err(IdError { text, expected: "an id: lower-case letters, digits and dashes, starting with a letter" })
        } else if names_otherwise(&text).is_some() {
            Err(IdError { text, expected: "a step's id: neither `start` nor `step-` and a number" })
        } else {
            Ok(Self(text.into()))
        }
    }
}

impl TryFrom<String> for ActionPath {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        let path = text.split_once('/').filter(|(_, name)| is_action_id(name)).and_then(|(step, name)| {
            let step = StepId::try_from(step.to_owned()).ok()?;
            Some(Self { step, name: name.into() })
        });
        path.ok_or(IdError { text, expected: "an action's path, `step/action`" })
    }
}

impl TryFrom<String> for RunId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        if is_id(&text) && text.starts_with('r') {
            Ok(Self(text))
        } else {
            Err(IdError { text, expected: "a run's id, like `r20261123-174501-k3f9`" })
        }
    }
}

macro_rules! text_forms {
    ($($name:ident => |$it:ident| $text:expr),+ $(,)?) => {$(
        impl From<$name> for String {
            fn from($it: $name) -> String {
                let $it = &$it;
                $text
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $it = self;
                f.pad(&$text)
            }
        }
        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::try_from(text.to_owned())
            }
        }
    )+};
}

text_forms! {
    StepId => |it| String::from(it.as_str()),
    ActionPath => |it| format!("{}/{}", it.step.0, it.name),
    RunId => |it| it.0.clone(),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain() {
        for good in ["a", "step-1", "rds-multi-az", "x9"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "-a", "a-", "a--b", "A", "1a", "a_b", "a b", &"a".repeat(41)] {
            assert!(!is_id(bad), "{bad}");
        }
    }

    #[test]
    fn a_round_is_named_like_an_id_to_its_last_character() {
        for good in ["web-1", "1", "10-0-0-7", &"a".repeat(39)] {
            assert!(is_round(good) && is_action_id(&unrolled_id("restart", good)), "{good}");
        }
        let odd_at_the_end = format!("{}/", "a".repeat(39));
        for bad in ["", "-a", "a-", "a@b", "A", &"a".repeat(40), &odd_at_the_end] {
            assert!(!is_round(bad) && !is_action_id(&unrolled_id("restart", bad)), "{bad}");
        }
    }

    #[test]
    fn a_path_has_a_step_and_a_name() {
        let path: ActionPath = "clone-server/create-image".parse().unwrap();
        assert_eq!((path.step().as_str(), path.name()), ("clone-server", "create-image"));
        assert!("clone-server".parse::<ActionPath>().is_err());
        assert!("a/b/c".parse::<ActionPath>().is_err());
    }

    #[test]
    fn a_step_is_never_called_what_means_something_else() {
        for taken in ["start", "step-5", "step-12"] {
            assert!(taken.parse::<StepId>().is_err() && format!("{taken}/a").parse::<ActionPath>().is_err(), "{taken}");
        }
        for free in ["start-again", "restart", "step-five", "step-5a", "step"] {
            assert!(free.parse::<StepId>().is_ok(), "{free}");
        }
    }
}
