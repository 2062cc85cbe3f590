//! A gate: where a run waits for a person.

use crate::model::ActionPath;

/// A question to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The action that asks.
    pub action: ActionPath,
    /// What to do or judge.
    pub prompt: String,
    /// The generation of the action that asked; a redo after a rollback asks anew.
    pub generation: u32,
    /// The answer, once given: whether approved, and by whom.
    pub answer: Option<(bool, String)>,
}

impl Gate {
    pub(super) fn is_approved(&self) -> bool {
        matches!(self.answer, Some((true, _)))
    }
}
