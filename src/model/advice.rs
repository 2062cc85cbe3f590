//! What an operator can do about a failure, as data: who knows the failure says which way there is, display says the words.
//!
//! Promise: nobody but display writes a command of this tool with a run's name, so that what is told can be typed as it is
//! where the run is. A journal of before, in which advice was a text, is read as something done by hand.

use super::{ActionPath, Resolution, StepId};
use serde::{Deserialize, Serialize};

/// What an operator can do: something by hand, something typed, or one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Advice {
    /// What is done or found out by hand first.
    by_hand: Option<String>,
    /// What is typed then, one after the other.
    ways: Vec<Recourse>,
    /// What the last of them does: a verb with its object ("makes another").
    effect: Option<String>,
}

/// What is typed for the run that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recourse {
    /// Go on.
    Resume,
    /// Plan anew what has not run, with this put in place of an input's value (`NAME=VALUE`), where it helps.
    Replan(Option<String>),
    /// Allow what a gate asks.
    Approve(String),
    /// Decide what an action is.
    Resolve(ActionPath, Resolution),
    /// Take back a step, and what came after it; without one, as far as the operator says.
    TakeBack(Option<StepId>),
}

impl Advice {
    /// Something done by hand, after which nothing need be typed.
    #[must_use]
    pub fn by_hand(text: impl Into<String>) -> Self {
        Self { by_hand: Some(text.into()), ways: Vec::new(), effect: None }
    }

    /// Something typed.
    #[must_use]
    pub fn way(way: Recourse) -> Self {
        Self { by_hand: None, ways: vec![way], effect: None }
    }

    /// Something done by hand; going on is right after it.
    #[must_use]
    pub fn then_resume(by_hand: impl Into<String>) -> Self {
        Self::by_hand(by_hand).then(Recourse::Resume)
    }

    /// Going on, which does this: a verb with its object ("tries again").
    #[must_use]
    pub fn resume(effect: impl Into<String>) -> Self {
        Self::way(Recourse::Resume).which(effect)
    }

    /// The same, and this is typed after it.
    #[must_use]
    pub fn then(mut self, way: Recourse) -> Self {
        self.ways.push(way);
        self
    }

    /// The same, which does this: a verb with its object.
    #[must_use]
    pub fn which(mut self, effect: impl Into<String>) -> Self {
        self.effect = Some(effect.into());
        self
    }

    /// What is done by hand: all that helps where no run has been opened.
    #[must_use]
    pub fn done_by_hand(&self) -> Option<&str> {
        self.by_hand.as_deref()
    }

    /// What is typed.
    #[must_use]
    pub fn ways(&self) -> &[Recourse] {
        &self.ways
    }

    /// What that does.
    #[must_use]
    pub fn effect(&self) -> Option<&str> {
        self.effect.as_deref()
    }
}

impl<T: Into<String>> From<T> for Advice {
    fn from(text: T) -> Self {
        Self::by_hand(text)
    }
}

/// As it is kept: what is done by hand alone is a text, as it always was.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    ByHand(String),
    Typed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by_hand: Option<String>,
        ways: Vec<Recourse>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        effect: Option<String>,
    },
}

impl From<Stored> for Advice {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::ByHand(text) => Self::by_hand(text),
            Stored::Typed { by_hand, ways, effect } => Self { by_hand, ways, effect },
        }
    }
}

impl From<Advice> for Stored {
    fn from(advice: Advice) -> Self {
        match advice {
            Advice { by_hand: Some(text), ways, effect: None } if ways.is_empty() => Self::ByHand(text),
            Advice { by_hand, ways, effect } => Self::Typed { by_hand, ways, effect },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_kept_is_read_again_also_as_it_was_kept_before() {
        let advice = Advice::then_resume("start it").which("looks again");
        for advice in
            [Advice::by_hand("look at it"), advice, Advice::way(Recourse::Approve("g".into())), Advice::resume("x")]
        {
            let kept = serde_json::to_value(&advice).expect("data");
            assert_eq!(serde_json::from_value::<Advice>(kept.clone()).expect("read"), advice, "{kept}");
        }
        let before: Advice = serde_json::from_value(json!("wait for it, then `runbook resume`")).expect("a text");
        assert_eq!(before, Advice::by_hand("wait for it, then `runbook resume`"));
        assert_eq!(serde_json::to_value(Advice::by_hand("look")).expect("data"), json!("look"));
    }
}
